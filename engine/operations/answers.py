"""A reviewer's judgements, as they are typed, stored with the checks, and given to the rules.

A form posts `judge_<check code>` as OK or NOT_OK, for the checklist also `judge_<item code>` for
each of its items; where a check asks for something else (which need stands), any words.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.domain.programme import Parameters
from engine.models import CheckResult

PREFIX = "judge_"
CHECKLIST = "E1_CHECKLIST"
OK = "OK"
NOT_OK = "NOT_OK"
YES = {"OK", "YES", "TRUE", "PASS", "1"}
NO = {"NOT_OK", "NO", "FALSE", "FAIL", "0"}


def posted(values: Mapping[str, Any], parameters: Parameters) -> dict[str, str]:
    """The answers in a form's values, by check code, as they are stored."""
    given = {
        name.removeprefix(PREFIX): str(value)
        for name, value in values.items()
        if name.startswith(PREFIX) and value not in (None, "")
    }
    items = parameters.code_list("judgement_items").codes
    by_item = {code: given.pop(code) for code in items if code in given}
    if by_item and CHECKLIST not in given and len(by_item) == len(items):
        given[CHECKLIST] = _together(by_item)
    return {code: _normal(answer) for code, answer in given.items()}


def _together(by_item: Mapping[str, str]) -> str:
    denied = [code for code, answer in by_item.items() if answer.upper() in NO]
    return f"{NOT_OK}:{','.join(denied)}" if denied else OK


def _normal(answer: str) -> str:
    if answer.upper() in YES:
        return OK
    return NOT_OK if answer.upper() in NO else answer


def as_facts(stored: Mapping[str, str], parameters: Parameters) -> dict[str, bool]:
    """Stored answers as the rules want them: True for in order, by check or checklist item."""
    facts: dict[str, bool] = {}
    for code, answer in stored.items():
        if code == CHECKLIST:
            facts.update(_checklist(answer, parameters.code_list("judgement_items").codes))
        elif answer in (OK, NOT_OK):
            facts[code] = answer == OK
    return facts


def _checklist(answer: str, items: Iterable[str]) -> dict[str, bool]:
    verdict, _, denied = answer.partition(":")
    if verdict == OK:
        return dict.fromkeys(items, True)
    wrong = denied.split(",") if denied else list(items)
    return {code: code not in wrong for code in items}


def stored(results: Iterable[CheckResult]) -> dict[str, str]:
    """The answers that were given so far, by check code."""
    return {each.code: each.answer for each in results if each.answer}
