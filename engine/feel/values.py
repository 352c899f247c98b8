"""The values of FEEL, and the decimal arithmetic they are computed with.

number → Decimal (34 digits, half-even), string → str, boolean → bool, null → None, date → date,
time → time, date and time → datetime (each has a wide type, see wide.py), days and time duration →
timedelta, years and months duration → Months, list → list, context → dict with str keys,
range → Range, function → Function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal

from engine.feel.wide import NanoTime, WideDate, WideMoment

CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""IEEE 754 decimal128 without traps: an impossible result is not finite, and becomes null."""

Operator = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A years and months duration; `months` may be negative."""

    months: int


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end that is None is open to infinity."""

    start: object
    end: object
    start_included: bool
    end_included: bool


@dataclass(frozen=True, slots=True)
class TypeOf:
    """A type: its name, what its elements, fields or arguments are, and a test of its values.

    The parts of a function type are its parameters' types and, last, its result's.
    """

    name: str
    keys: tuple[str, ...] = ()
    parts: tuple["TypeOf", ...] = ()
    allows: Callable[[object], bool] | None = None


class Function:
    """Base of everything that can be called: built-ins, host functions and lambdas."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def takes(self, kinds: "Sequence[TypeOf]") -> bool:
        """Whether it is known to accept arguments of these types."""
        del kinds
        return False


class SignedFunction(Function):
    """A function with named, typed parameters: a lambda, or one that a DMN model defines.

    `kinds` are the types of the parameters (None: any), `result` that of what it returns.
    """

    __slots__ = ("kinds", "params", "result")

    def __init__(
        self,
        name: str,
        params: tuple[str, ...],
        kinds: "tuple[TypeOf | None, ...]",
        result: "TypeOf | None" = None,
    ) -> None:
        super().__init__(name)
        self.params = params
        self.kinds = kinds
        self.result = result


class HostFunction(Function):
    """A function that the caller of the evaluation provides, e.g. `working days`."""

    __slots__ = ("call",)

    def __init__(self, name: str, call: Callable[..., object]) -> None:
        super().__init__(name)
        self.call = call


KINDS: dict[type, str] = {
    type(None): "Null",
    Decimal: "number",
    str: "string",
    bool: "boolean",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    Months: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    WideDate: "date",
    NanoTime: "time",
    WideMoment: "date and time",
}

TYPE_NAMES = frozenset(KINDS.values()) | {"Any", "function"}


def kind_of(value: object) -> str:
    """The FEEL type name of a value."""
    return KINDS.get(type(value), "function")


def finite(value: Decimal) -> Decimal | None:
    """The number, or None when the operation had no finite result."""
    return value if value.is_finite() else None
