"""List functions that work with places, counted from 1, or from the end when negative."""

from decimal import Decimal
from functools import cmp_to_key
from operator import lt

from engine.feel import wide
from engine.feel.calls import invoke
from engine.feel.compare import by_instant, order
from engine.feel.limits import Budget
from engine.feel.registry import builtin
from engine.feel.scope import Run
from engine.feel.values import Function, SignedFunction


def _place(items: list[object], position: Decimal) -> int | None:
    """The index of a place, cut to a whole number; None when there is no such element."""
    if not -len(items) - 1 < position < len(items) + 1:
        return None
    whole = int(position)
    if not whole:
        return None
    return whole - 1 if whole > 0 else len(items) + whole


@builtin("sublist", "list: list", "start position: number", "length: number?")
def sublist(
    items: list[object], start: Decimal, length: Decimal | None = None
) -> list[object] | None:
    at = _place(items, start)
    if at is None or (length is not None and not 1 <= length <= len(items) - at):
        return None
    return items[at:] if length is None else items[at : at + int(length)]


@builtin("insert before", "list: list", "position: number", "newItem: any")
def insert_before(items: list[object], position: Decimal, item: object) -> list[object] | None:
    at = _place(items, position)
    if at is None:
        return [*items, item] if position == len(items) + 1 else None
    return [*items[:at], item, *items[at:]]


@builtin("remove", "list: list", "position: number")
def remove(items: list[object], position: Decimal) -> list[object] | None:
    at = _place(items, position)
    return None if at is None else [*items[:at], *items[at + 1 :]]


@builtin("list replace", "list: list", "position: number", "newItem: any")
def replace_at(items: list[object], position: Decimal, item: object) -> list[object] | None:
    at = _place(items, position)
    return None if at is None else [*items[:at], item, *items[at + 1 :]]


@builtin("list replace", "list: list", "match: function", "newItem: any", run=True)
def replace_matching(
    run: Run, items: list[object], match: Function, item: object
) -> list[object] | None:
    """Replace every element for which match(element, newItem) is true."""
    if isinstance(match, SignedFunction) and len(match.params) != 2:
        return None
    made: list[object] = []
    for element in items:
        found = invoke(match, [element, item], None, run, None)
        if not isinstance(found, bool):
            return None
        made.append(item if found else element)
    return made


@builtin("sort", "list: list", budget=True)
def sort(budget: Budget, items: list[object]) -> list[object] | None:
    """In natural order; None when the elements have none."""
    if any(order(lt, item, items[0], budget) is None for item in items):
        return None
    # Each is compared some 13 times, and long texts may all begin alike.
    budget.charge(sum([len(item) for item in items if isinstance(item, str)]) >> 6)
    if any(by_instant(item) for item in items):
        return sorted(items, key=wide.key)  # type: ignore[arg-type]  # all have one
    return sorted(items)  # type: ignore[type-var]  # all of one ordered kind


@builtin("sort", "list: list", "precedes: function", run=True)
def sort_by(run: Run, items: list[object], precedes: Function) -> list[object] | None:
    """By a function that says whether its first argument comes before its second; stable."""
    clear = True

    def comes_first(left: object, right: object) -> int:
        nonlocal clear
        found = invoke(precedes, [left, right], None, run, None)
        clear = clear and isinstance(found, bool)
        return -1 if found is True else 0 if found is None else 1

    ordered = sorted(items, key=cmp_to_key(comes_first))
    return ordered if clear else None
