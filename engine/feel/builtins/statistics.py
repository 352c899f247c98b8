"""Roots, powers and statistics, to 34 digits."""

from decimal import Decimal
from functools import reduce

from engine.feel.builtins.lists import numbers_of, total
from engine.feel.compare import equals
from engine.feel.limits import Budget
from engine.feel.registry import builtin
from engine.feel.values import CONTEXT, finite


@builtin("sqrt", "number: number")
def square_root(value: Decimal) -> Decimal | None:
    return None if value < 0 else finite(CONTEXT.sqrt(value))


@builtin("exp", "number: number", steps=6)
def exponential(value: Decimal) -> Decimal | None:
    # Beyond this the result is infinite or nothing, and computing it would take long.
    if not -15_000 <= value <= 15_000:
        return Decimal(0) if value < 0 else None
    return finite(CONTEXT.exp(value))


@builtin("log", "number: number", steps=12)
def logarithm(value: Decimal) -> Decimal | None:
    return finite(CONTEXT.ln(value)) if value > 0 else None


@builtin("product", "*list: list")
def product(items: list[object]) -> Decimal | None:
    numbers = numbers_of(items)
    return finite(reduce(CONTEXT.multiply, numbers)) if numbers else None


@builtin("median", "*list: list")
def median(items: list[object]) -> Decimal | None:
    numbers = sorted(numbers_of(items) or [])
    if not numbers:
        return None
    half = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[half]
    return finite(CONTEXT.divide(CONTEXT.add(numbers[half - 1], numbers[half]), Decimal(2)))


@builtin("stddev", "*list: list", steps=2)
def standard_deviation(items: list[object]) -> Decimal | None:
    """Of a sample."""
    numbers, summed = numbers_of(items), total(items)
    if numbers is None or summed is None or len(numbers) < 2:
        return None
    middle = CONTEXT.divide(summed, Decimal(len(numbers)))
    distances = [CONTEXT.subtract(number, middle) for number in numbers]
    squares = reduce(CONTEXT.add, [CONTEXT.multiply(d, d) for d in distances])
    return finite(CONTEXT.sqrt(CONTEXT.divide(squares, Decimal(len(numbers) - 1))))


@builtin("mode", "*list: list")
def mode(items: list[object]) -> list[object] | None:
    """The most frequent numbers, smallest first."""
    if not items:
        return []
    numbers = numbers_of(items)
    if numbers is None:
        return None
    counts: dict[Decimal, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values())
    return [number for number in sorted(counts) if counts[number] == most]


@builtin("is", "value1: any?", "value2: any?", budget=True)
def same(budget: Budget, left: object = None, right: object = None) -> bool:
    """The same value of the same kind, for times in the same zone too."""
    zones = [getattr(value, "tzinfo", None) for value in (left, right)]
    names = [getattr(zone, "key", None) for zone in zones]
    offsets = [getattr(value, "utcoffset", lambda: None)() for value in (left, right)]
    if names[0] != names[1] or offsets[0] != offsets[1]:
        return False
    return equals(left, right, budget) is True
