"""Two files that say the same are the same; any change of what they say is not."""

import re

import pytest
from lxml import etree

from engine.config import ROOT
from engine.runtime.same import first_difference, is_same

FILES = sorted((ROOT / "bpmn" / "processes").glob("*.bpmn"))
SOURCE = (ROOT / "bpmn" / "processes" / "bank_approval.bpmn").read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_written_another_way_is_the_same(path: object) -> None:
    source = path.read_bytes()  # type: ignore[attr-defined]
    compact = etree.tostring(
        etree.fromstring(source, etree.XMLParser(remove_blank_text=True)), encoding="utf-8"
    )
    renamed = source.replace(b"bpmn:", b"x:").replace(b"xmlns:bpmn=", b"xmlns:x=")
    plain = re.sub(rb"<bpmn:(incoming|outgoing)>.*?</bpmn:\1>", b"", source)
    bare = re.sub(rb"<!--.*?-->|<\?xml.*?\?>", b"", source, flags=re.S)
    for other in (compact, renamed, plain, bare):
        assert first_difference(source, other) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'name="\xe6\x8e\x88\xe4\xbf\xa1\xe5\xae\xa1\xe6\x89\xb9"', b'name="x"'),
        (b'camunda:formKey="bank_decision"', b'camunda:formKey="filing"'),
        (b'value="approval_period"', b'value="P5D"'),
        (b'name="clause" value="J3.4" /', b'name="clause" value="J3.5" /'),
        (b"<bpmn:flowNodeRef>disburse</bpmn:flowNodeRef>", b""),
        (b'=approve_loan_outcome = "RETURN"', b'=approve_loan_outcome = "PASS"'),
        (b'default="flow_gw_material_to_approve_check"', b""),
        (b"due(", b"due ("),
    ],
)
def test_every_change_of_what_is_said_is_told(old: bytes, new: bytes) -> None:
    assert old in SOURCE
    found = first_difference(SOURCE, SOURCE.replace(old, new, 1))
    assert found is not None
    assert not is_same(SOURCE.replace(old, new, 1), SOURCE)


def test_positions_and_the_way_of_a_line_count() -> None:
    moved = re.sub(rb'(<dc:Bounds x=")(\d+)', rb"\g<1>9\g<2>", SOURCE, count=1)
    assert not is_same(SOURCE, moved)
    points = re.findall(rb"<di:waypoint [^>]*/>", SOURCE)
    swapped = SOURCE.replace(points[0], b"@", 1).replace(points[1], points[0], 1)
    assert not is_same(SOURCE, swapped.replace(b"@", points[1], 1))


def test_a_step_more_or_less_is_told_with_its_place() -> None:
    more = SOURCE.replace(b"</bpmn:process>", b'<bpmn:task id="more" /></bpmn:process>')
    assert "more" in str(first_difference(SOURCE, more)) or "由" in str(
        first_difference(SOURCE, more)
    )
    assert not is_same(more, SOURCE)


def test_what_the_standard_takes_for_granted_may_be_written_out() -> None:
    said = SOURCE.replace(b"<bpmn:boundaryEvent ", b'<bpmn:boundaryEvent cancelActivity="true" ')
    assert is_same(SOURCE, said)
    other = SOURCE.replace(b"<bpmn:boundaryEvent ", b'<bpmn:boundaryEvent cancelActivity="false" ')
    assert not is_same(SOURCE, other)
