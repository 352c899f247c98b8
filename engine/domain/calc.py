"""The rules for machines: JSON in, JSON out, never an exception (spec D, examples.jsonl)."""

import json
from collections.abc import Iterable, Iterator, Mapping

from engine.domain.calc_rules import RULES, Answer, Out
from engine.domain.reader import Reader
from engine.domain.trace import Trace
from engine.errors import InvalidInput, RuleRefused
from engine.text import Text, text

RULE_NAMES = tuple(RULES)


def calculate(rule: object, payload: object) -> Out:
    """The output of a rule; amounts as strings with two decimals.

    {"error": code} when the rule refuses, {"error": "invalid_input", "fields": {name: why}} when
    values are missing or malformed, {"error": "unknown_rule"}.
    """
    return calculate_with_trace(rule, payload)[0]


def calculate_with_trace(rule: object, payload: object) -> tuple[Out, tuple[Trace, ...]]:
    """`calculate`, and how the figures came about (one trace for each claim of risk-split)."""
    work = RULES.get(rule) if isinstance(rule, str) else None
    if work is None:
        return {"error": "unknown_rule"}, ()
    if not isinstance(payload, Mapping):
        return _invalid({"in": text("应为对象")}), ()
    try:
        answer: Answer = work(Reader(payload))
    except InvalidInput as wrong:
        return _invalid(wrong.fields), ()
    except RuleRefused as refusal:
        return {"error": refusal.code}, ()
    return answer.out, answer.traces


def _invalid(fields: Mapping[str, Text]) -> Out:
    return {"error": "invalid_input", "fields": {name: str(why) for name, why in fields.items()}}


def calculate_lines(lines: Iterable[str]) -> Iterator[str]:
    """For each line {id, rule, in} a line {id, out}, in order; blank lines are left out.

    A line that is not JSON gives {"id": null, "line": n, "out": {"error": "invalid_json"}}, one
    that is no object invalid_input; the others are not affected.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield dump(_calculate_line(number, line))


def _calculate_line(number: int, line: str) -> Out:
    try:
        case = load(line)
    except ValueError:
        return {"id": None, "line": number, "out": {"error": "invalid_json"}}
    if not isinstance(case, dict):
        return {"id": None, "line": number, "out": _invalid({"line": text("应为对象")})}
    known = case.get("id")
    name = known if isinstance(known, str | int) else None
    return {"id": name, "out": calculate(case.get("rule"), case.get("in"))}


def load(line: str) -> object:
    """The JSON value; ValueError for everything else, also NaN and depths Python cannot follow."""
    try:
        value: object = json.loads(line, parse_constant=_no_constant)
    except RecursionError as deep:
        raise ValueError("nested too deep") from deep
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def dump(value: object) -> str:
    """One line of JSON that can be written as UTF-8 whatever the strings in it hold."""
    line = json.dumps(value, ensure_ascii=False)
    # lone surrogates are valid in JSON escapes, but not in UTF-8
    return line if _encodable(line) else json.dumps(value)


def _encodable(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True
