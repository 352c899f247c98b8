"""The compatibility kit: all of it passes, and its runner says when that is not so."""

from pathlib import Path

import pytest

from tests.dmn.files import decision, file, literal
from tests.dmn_tck.__main__ import main, summary
from tests.dmn_tck.run import NEEDS_JAVA, run_all

FOLDER = Path(__file__).parents[3] / "shared" / "dmn-tck"
CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase">
<modelName>m.dmn</modelName><testCase id="one"><resultNode name="d"><expected>
<value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:decimal">{value}</value>
</expected></resultNode></testCase></testCases>"""


def test_the_whole_compatibility_kit_passes() -> None:
    if not FOLDER.exists():
        pytest.skip("../shared/dmn-tck is not there: DMN conformance was not checked")
    found = summary(run_all(FOLDER))
    levels = found["by_level"]
    assert levels == {
        "2": {"passed": 126, "total": 126},
        "3": {"passed": 1432, "total": 1432},
    }
    assert set(found["not_applicable"]) == NEEDS_JAVA  # type: ignore[call-overload]


def _kit(folder: Path, value: int) -> Path:
    place = folder / "compliance-level-2" / "0001"
    place.mkdir(parents=True)
    (place / "m.dmn").write_bytes(file(decision("d", literal("1 + 1"))))
    (place / "m-test.xml").write_text(CASES.format(value=value), "utf-8")
    return folder


@pytest.mark.parametrize(("value", "code"), [(2, 0), (3, 1)])
def test_the_runner_fails_when_a_test_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: int, code: int
) -> None:
    assert main([str(_kit(tmp_path, value)), "-v"]) == code
    assert ("FAILED 0001 one d" in capsys.readouterr().out) is bool(code)


def test_the_runner_fails_where_there_is_nothing_to_run(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
