"""Equality and order. The answer is True, False or None: None when the kinds do not match."""

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel import wide
from engine.feel.limits import MAX_DEPTH, Budget, too_big
from engine.feel.values import Months, Operator, Range, kind_of
from engine.feel.wide import WIDE
from engine.text import text

_INSTANTS = 2  # steps of comparing two instants
_LONG_TEXT = 128  # characters that are compared in a step
_PLAIN = frozenset({Decimal, str, date, timedelta, Months})  # without zones to look at
_ORDERED = _PLAIN | {time, datetime}
# What they are applied to has been checked for its kind.
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(op: Operator, left: object, right: object, budget: Budget) -> bool | None:
    """Apply a comparison operator; None when the two cannot be compared."""
    if op == "=":
        return equals(left, right, budget)
    if op == "!=":
        same = equals(left, right, budget)
        return None if same is None else not same
    return order(_ORDERINGS[op], left, right, budget)


def order(
    test: Callable[[Any, Any], bool], left: object, right: object, budget: Budget | None = None
) -> bool | None:
    """Compare two values of one ordered kind; None when there are none.

    What takes longer than numbers costs the budget steps; without one, it is free.
    """
    kind = type(left)
    if kind is type(right) and kind in _PLAIN:
        if isinstance(left, str) and isinstance(right, str):
            _charge_texts(left, right, budget)
        return test(left, right)
    if by_instant(left) or by_instant(right):
        return _compare_instants(test, left, right, budget)
    if kind is not type(right) or kind not in _ORDERED or _mixed_zones(left, right):
        return None
    return test(left, right)


def by_instant(value: object) -> bool:
    """Whether a value is compared by `wide.key`: it is wide, or stands in a zone with a name.

    Python sets two times of one zone against each other by what the clock on the wall shows.
    """
    return type(value) in WIDE or (
        isinstance(value, datetime) and isinstance(value.tzinfo, ZoneInfo)
    )


def _compare_instants(
    test: Callable[[Any, Any], bool], left: object, right: object, budget: Budget | None
) -> bool | None:
    if budget is not None:
        budget.charge(_INSTANTS)
    one_zone = (wide.offset(left) is None) != (wide.offset(right) is None)
    if kind_of(left) != kind_of(right) or one_zone:
        return None
    return test(wide.key(left), wide.key(right))


def _charge_texts(left: str, right: str, budget: Budget | None) -> None:
    """Long texts that begin alike take long to compare."""
    if len(left) >= _LONG_TEXT <= len(right) and budget is not None:
        budget.charge(min(len(left), len(right)) // _LONG_TEXT)


def _mixed_zones(left: object, right: object) -> bool:
    """Whether only one of two times knows its zone, so that neither comes first."""
    if not isinstance(left, time | datetime) or not isinstance(right, time | datetime):
        return False
    return (left.utcoffset() is None) != (right.utcoffset() is None)


def equals(left: object, right: object, budget: Budget, depth: int = 0) -> bool | None:
    """FEEL equality: null equals only null; other kinds must agree, else the answer is None."""
    kind = type(left)
    if left is None or right is None:
        return left is right
    if kind in _ORDERED or by_instant(left) or by_instant(right):
        return order(operator.eq, left, right, budget)
    if kind is not type(right):
        return None
    if isinstance(left, list) and isinstance(right, list):
        return _equal_lists(left, right, budget, _deeper(depth))
    if isinstance(left, dict) and isinstance(right, dict):
        return _equal_contexts(left, right, budget, _deeper(depth))
    if isinstance(left, Range) and isinstance(right, Range):
        return _equal_ranges(left, right, budget, _deeper(depth))
    return bool(left == right)


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise too_big(text("值的嵌套层数"), MAX_DEPTH)
    return depth + 1


def _equal_lists(
    left: list[object], right: list[object], budget: Budget, depth: int
) -> bool | None:
    if len(left) != len(right):
        return False
    budget.charge(1 + (len(left) >> 3))
    return all(equals(a, b, budget, depth) for a, b in zip(left, right, strict=True))


def _equal_contexts(
    left: dict[str, object], right: dict[str, object], budget: Budget, depth: int
) -> bool | None:
    if left.keys() != right.keys():
        return False
    budget.charge(1 + (len(left) >> 3))
    return all(equals(left[key], right[key], budget, depth) for key in left)


def _equal_ranges(left: Range, right: Range, budget: Budget, depth: int) -> bool | None:
    budget.charge(1)
    if (left.start_included, left.end_included) != (right.start_included, right.end_included):
        return False
    starts = equals(left.start, right.start, budget, depth)
    return bool(starts and equals(left.end, right.end, budget, depth))


def in_range(value: object, bounds: Range, budget: Budget) -> bool | None:
    """Whether a value lies in a range; None when it cannot be compared with an end."""
    above: bool | None = True
    below: bool | None = True
    if bounds.start is not None:
        test = operator.ge if bounds.start_included else operator.gt
        above = order(test, value, bounds.start, budget)
    if bounds.end is not None:
        test = operator.le if bounds.end_included else operator.lt
        below = order(test, value, bounds.end, budget)
    if above is False or below is False:
        return False
    return None if above is None or below is None else True


def contains(items: list[object], value: object, budget: Budget) -> bool:
    """Whether some element equals the value."""
    budget.charge(len(items) >> 3)
    return any(equals(item, value, budget) for item in items)


def is_in(value: object, target: object, budget: Budget) -> bool | None:
    """`value in target`: inside a range, an element of a list (or of a range in it), or equal."""
    if isinstance(target, Range):
        return in_range(value, target, budget)
    if not isinstance(target, list):
        return equals(value, target, budget)
    budget.charge(len(target) >> 3)
    for item in target:
        ranged = isinstance(item, Range)
        found = in_range(value, item, budget) if ranged else equals(value, item, budget)
        if found:
            return True
    return isinstance(value, list) and equals(value, target, budget) is True


def mismatch(left: object, right: object) -> bool:
    """Whether two values that are both there are of different kinds."""
    return left is not None and right is not None and kind_of(left) != kind_of(right)
