"""Expressions that read nothing always give the same: it has to be what is wanted there."""

from collections.abc import Callable, Iterator
from typing import Any

from engine.feel import FeelError, evaluate, to_json_native
from engine.findings import Finding, short
from engine.runtime.elements.loops import MOST
from engine.runtime.lint.expressions import Gives, Written
from engine.runtime.lint.page import Page
from engine.text import Text, text


def _is_truth(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= MOST


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST


_WANTED: dict[Gives, tuple[Callable[[Any], bool], Text]] = {
    Gives.TRUTH: (_is_truth, text("写一个真或假的条件，例如 amount > 100")),
    Gives.COUNT: (_is_count, text("写零到{n}的整数", n=MOST)),
    Gives.LIST: (_is_list, text("写一个最多{n}项的清单", n=MOST)),
    Gives.ID: (_is_number, text("写给出编号的名称，例如 =scorer")),
}


def wrong_constants(page: Page, one: Written) -> Iterator[Finding]:
    """What an expression without names gives where something else is wanted."""
    if one.gives is None:
        return
    try:
        value = to_json_native(evaluate(one.source, {}))
    except FeelError:
        return  # told when it runs, with its element
    fits, remedy = _WANTED[one.gives]
    if not fits(value):
        shown = "null" if value is None else short(str(value))
        message = text("“{source}”总是得到{value}", source=short(one.source), value=shown)
        yield page.error(one.at, message, remedy)
