"""`danbao lint`: one line a file for programs, readable lines for people, and an exit status."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from engine.config import ROOT
from tests.runtime.diagrams import form, process, user
from tests.runtime.lint.planting import between, spread
from web.cli import main

BAD = spread(process("bad", between(user("u", "mayor:maker", deadline=""), "u")))


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["lint", *map(str, words)])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_all_that_is_shipped_can_be_published() -> None:
    result = run("--json", ROOT / "bpmn")
    assert result.exit_code == 0, result.output
    found = lines(result)
    assert len(found) > 40
    assert all(set(one) == {"file", "findings"} for one in found)
    assert [one["file"] for one in found if one["findings"]] == []


def test_a_mistake_is_one_json_object_with_all_that_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "bad.bpmn"
    path.write_bytes(BAD)
    result = run("--json", path)
    assert result.exit_code == 1
    (found,) = lines(result)
    assert found["file"] == str(path)
    for one in found["findings"]:
        assert set(one) == {"level", "element", "name", "line", "message", "remedy"}
        assert (one["level"], one["element"], one["name"]) == ("error", "u", "u")
        assert one["line"] == 5
        assert one["message"]
        assert one["remedy"]
    assert any("mayor" in one["message"] for one in found["findings"])


def test_people_read_file_line_element_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "bad.bpmn"
    path.write_bytes(BAD)
    chinese, english = run(path), run("--lang", "en", path)
    assert f"{path}:5: 错误 u [u]: 承办方“mayor”不存在" in chinese.output
    assert f"{path}:5: error u [u]: " in english.output.lower()
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in english.output)


def test_files_given_together_know_each_other(tmp_path: Path) -> None:
    (tmp_path / "own.bpmn").write_bytes(
        process("own", between(user("u").replace('"f"', '"mine"'), "u"))
    )
    assert run(tmp_path / "own.bpmn").exit_code == 1
    (tmp_path / "mine.form").write_bytes(form("mine"))
    assert run(tmp_path / "own.bpmn", tmp_path / "mine.form").exit_code == 0
    assert run(tmp_path).exit_code == 0


def test_what_is_missing_or_of_another_kind_is_a_finding_too(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "table.dmn").write_bytes(b"<nothing/>")
    (tmp_path / "rules.yaml").write_bytes(b"a: [")
    (tmp_path / "broken.form").write_bytes(b"{")
    names = ("gone.bpmn", "picture.png", "table.dmn", "rules.yaml", "broken.form")
    result = run("--json", *(tmp_path / name for name in names))
    assert result.exit_code == 1
    assert {Path(one["file"]).name for one in lines(result) if one["findings"]} == set(names)
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_condition_of_a_form_that_cannot_be_read_names_its_field(tmp_path: Path) -> None:
    path = tmp_path / "mine.form"
    shown = b'"key": "outcome", "conditional": {"hide": "=a =="}'
    path.write_bytes(form("mine").replace(b'"key": "outcome"', shown))
    (found,) = lines(run("--json", path))
    assert [one["element"] for one in found["findings"]] == ["outcome"]


def test_a_folder_with_nothing_to_check_is_no_success(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "没有可以检查的文件" in result.output
