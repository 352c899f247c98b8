"""List functions. None of them changes the list that it is given."""

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from operator import gt, lt
from typing import Any

from engine.feel.compare import contains, equals, order
from engine.feel.limits import MAX_DEPTH, Budget, check_list, too_big
from engine.feel.registry import builtin
from engine.feel.values import CONTEXT, finite
from engine.text import text


@builtin("list contains", "list: list", "element: any", budget=True)
def list_contains(budget: Budget, items: list[object], element: object) -> bool:
    return contains(items, element, budget)


@builtin("count", "list: list")
def count(items: list[object]) -> Decimal:
    return Decimal(len(items))


@builtin("min", "*list: list", budget=True)
def least(budget: Budget, items: list[object]) -> object:
    return _best(lt, items, budget)


@builtin("max", "*list: list", budget=True)
def greatest(budget: Budget, items: list[object]) -> object:
    return _best(gt, items, budget)


def minimum(items: list[object]) -> object:
    """What min() gives, for a decision table that collects the few answers of its rules."""
    return _best(lt, items, None)


def maximum(items: list[object]) -> object:
    """What max() gives, for a decision table as well."""
    return _best(gt, items, None)


def _best(better: Callable[[Any, Any], bool], items: list[object], budget: Budget | None) -> object:
    """The first of the extreme elements; None when the list is empty or cannot be ordered."""
    best: object = items[0] if items else None
    for item in items:
        found = order(better, item, best, budget)
        if found is None:
            return None
        if found:
            best = item
    return best


def numbers_of(items: list[object]) -> list[Decimal] | None:
    """The elements, if they are all numbers and there are some."""
    numbers = [item for item in items if isinstance(item, Decimal)]
    return numbers if numbers and len(numbers) == len(items) else None


@builtin("sum", "*list: list")
def total(items: list[object]) -> Decimal | None:
    numbers = numbers_of(items)
    return finite(reduce(CONTEXT.add, numbers)) if numbers else None


@builtin("mean", "*list: list")
def mean(items: list[object]) -> Decimal | None:
    summed = total(items)
    return None if summed is None else finite(CONTEXT.divide(summed, Decimal(len(items))))


@builtin("append", "list: list", "item: any")
def append_one(items: list[object], item: object) -> list[object]:
    return [*items, item]


@builtin("append", "**all: list")
def append(args: list[object]) -> list[object] | None:
    first = args[0] if args else []
    if first is None:
        return None
    return [*(first if isinstance(first, list) else [first]), *args[1:]]


@builtin("concatenate", "**lists: list", budget=True)
def concatenate(budget: Budget, lists: list[object]) -> list[object] | None:
    """One list of all; None when one of them is missing."""
    if any(part is None for part in lists):
        return None
    joined: list[object] = []
    for part in lists:
        check_list(joined, budget)
        joined.extend(part if isinstance(part, list) else [part])
    return joined


@builtin("union", "**lists: list", budget=True)
def union(budget: Budget, lists: list[object]) -> list[object] | None:
    joined = concatenate(budget, lists)
    return None if joined is None else distinct_values(budget, joined)


@builtin("distinct values", "list: list", budget=True)
def distinct_values(budget: Budget, items: list[object]) -> list[object]:
    kept: list[object] = []
    for item in items:
        if not contains(kept, item, budget):
            kept.append(item)
    return kept


@builtin("reverse", "list: list")
def reverse(items: list[object]) -> list[object]:
    return items[::-1]


@builtin("index of", "list: list", "match: any", budget=True)
def index_of(budget: Budget, items: list[object], match: object) -> list[object]:
    found = (i for i, item in enumerate(items, start=1) if equals(item, match, budget))
    return [Decimal(i) for i in found]


@builtin("flatten", "list: list", budget=True)
def flatten(budget: Budget, items: list[object]) -> list[object]:
    flat: list[object] = []
    _flatten_into(flat, items, budget, 0)
    return flat


def _flatten_into(flat: list[object], items: list[object], budget: Budget, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise too_big(text("值的嵌套层数"), MAX_DEPTH)
    budget.charge(1 + (len(items) >> 3))
    for item in items:
        if isinstance(item, list):
            _flatten_into(flat, item, budget, depth + 1)
        else:
            flat.append(item)
