"""`danbao calc`."""

import json
from pathlib import Path

from click.testing import CliRunner

from web.commands.calc import calc

INPUT = '{"limit": "1", "used": "0", "requested": "2"}'


def test_a_rule_is_calculated_from_the_command_line() -> None:
    result = CliRunner().invoke(calc, ["quota", "--input", INPUT])
    assert result.exit_code == 0
    assert json.loads(result.output) == {"result": "WAITLIST", "excess": "1.00"}


def test_the_input_may_come_from_stdin_and_the_trace_is_printed() -> None:
    result = CliRunner().invoke(calc, ["quota", "--input", "-", "--trace"], input=INPUT)
    answer = json.loads(result.output)
    assert answer["trace"][0]["formula"] == ["已用额度0.00 + 本次申请2.00 − 总额度1.00 = 超出1.00"]


def test_a_batch_survives_a_byte_that_is_not_text(tmp_path: Path) -> None:
    lines = b'\xef\xbb\xbf{"id": 1, "rule": "quota", "in": ' + INPUT.encode() + b"}\n\xff\n"
    (tmp_path / "batch.jsonl").write_bytes(lines)
    result = CliRunner().invoke(calc, ["--batch", str(tmp_path / "batch.jsonl")])
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert answers[0] == {"id": 1, "out": {"result": "WAITLIST", "excess": "1.00"}}
    assert answers[1] == {"id": None, "line": 2, "out": {"error": "invalid_json"}}


def test_broken_json_is_an_answer_and_a_missing_rule_a_usage_error() -> None:
    result = CliRunner().invoke(calc, ["quota", "--input", "{"])
    assert (result.exit_code, json.loads(result.output)) == (0, {"error": "invalid_json"})
    usage = CliRunner().invoke(calc, [])
    assert usage.exit_code == 2
    assert "guarantee" in usage.output
