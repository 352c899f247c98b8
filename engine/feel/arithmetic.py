"""The operators + - * / **: a table from the kinds of both sides to what is done.

Every function returns None where FEEL says null: no finite result, or beyond the calendar.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.feel.errors import Pos
from engine.feel.limits import MAX_EXPONENT, Budget, check_string, too_big
from engine.feel.temporal import add_months, from_microseconds, make_months, microseconds
from engine.feel.values import CONTEXT, Months, finite, kind_of
from engine.text import text

# The table has already checked the kinds, so the operands are Any here.
Operation = Callable[[Any, Any], object]


def _add_date(day: date, length: timedelta) -> date | None:
    """Days and time added to a date's midnight; the time that is left over is dropped."""
    moved = _add_moment(datetime.combine(day, time()), length)
    return moved.date() if moved else None


def _add_moment(moment: datetime, length: timedelta) -> datetime | None:
    try:
        return moment + length
    except OverflowError:
        return None


def _add_time(clock: time, length: timedelta) -> time:
    """Time of day goes round the clock."""
    start = datetime.combine(date(2000, 1, 2), clock.replace(tzinfo=None))
    return (
        (start + timedelta(seconds=length.seconds, microseconds=length.microseconds))
        .time()
        .replace(tzinfo=clock.tzinfo)
    )


def _add_lengths(left: timedelta, right: timedelta) -> timedelta | None:
    try:
        return left + right
    except OverflowError:
        return None


def _between_moments(left: datetime, right: datetime) -> timedelta | None:
    if (left.utcoffset() is None) != (right.utcoffset() is None):
        return None
    return left - right


def _between_times(left: time, right: time) -> timedelta | None:
    day = date(2000, 1, 2)
    return _between_moments(datetime.combine(day, left), datetime.combine(day, right))


def _divide(left: Decimal, right: Decimal) -> Decimal | None:
    return finite(CONTEXT.divide(left, right))


def _power(base: Decimal, exponent: Decimal) -> Decimal | None:
    if abs(exponent) > MAX_EXPONENT:
        raise too_big(text("指数"), MAX_EXPONENT)
    return finite(CONTEXT.power(base, exponent))


def _scale_months(length: Months, factor: Decimal) -> Months | None:
    count = CONTEXT.multiply(Decimal(length.months), factor)
    return make_months(int(count)) if count.is_finite() and count.adjusted() < 15 else None


def _divide_months(length: Months, divisor: Decimal) -> Months | None:
    count = CONTEXT.divide(Decimal(length.months), divisor)
    return make_months(int(count)) if count.is_finite() and count.adjusted() < 15 else None


def _scale_days(length: timedelta, factor: Decimal) -> timedelta | None:
    return from_microseconds(CONTEXT.multiply(microseconds(length), factor))


def _divide_days(length: timedelta, divisor: Decimal) -> timedelta | None:
    return from_microseconds(CONTEXT.divide(microseconds(length), divisor))


_PLUS: dict[tuple[type, type], Operation] = {
    (Decimal, Decimal): lambda a, b: finite(CONTEXT.add(a, b)),
    (str, str): lambda a, b: a + b,
    (date, timedelta): _add_date,
    (timedelta, date): lambda a, b: _add_date(b, a),
    (date, Months): lambda a, b: add_months(a, b.months),
    (Months, date): lambda a, b: add_months(b, a.months),
    (datetime, timedelta): _add_moment,
    (timedelta, datetime): lambda a, b: _add_moment(b, a),
    (datetime, Months): lambda a, b: add_months(a, b.months),
    (Months, datetime): lambda a, b: add_months(b, a.months),
    (time, timedelta): _add_time,
    (timedelta, time): lambda a, b: _add_time(b, a),
    (timedelta, timedelta): _add_lengths,
    (Months, Months): lambda a, b: make_months(a.months + b.months),
}
_MINUS: dict[tuple[type, type], Operation] = {
    (Decimal, Decimal): lambda a, b: finite(CONTEXT.subtract(a, b)),
    (date, date): lambda a, b: a - b,
    (date, timedelta): lambda a, b: _add_date(a, -b),
    (date, Months): lambda a, b: add_months(a, -b.months),
    (datetime, datetime): _between_moments,
    (datetime, timedelta): lambda a, b: _add_moment(a, -b),
    (datetime, Months): lambda a, b: add_months(a, -b.months),
    (time, time): _between_times,
    (time, timedelta): lambda a, b: _add_time(a, -b),
    (timedelta, timedelta): lambda a, b: _add_lengths(a, -b),
    (Months, Months): lambda a, b: make_months(a.months - b.months),
}
_TIMES: dict[tuple[type, type], Operation] = {
    (Decimal, Decimal): lambda a, b: finite(CONTEXT.multiply(a, b)),
    (timedelta, Decimal): _scale_days,
    (Decimal, timedelta): lambda a, b: _scale_days(b, a),
    (Months, Decimal): _scale_months,
    (Decimal, Months): lambda a, b: _scale_months(b, a),
}
_OVER: dict[tuple[type, type], Operation] = {
    (Decimal, Decimal): _divide,
    (timedelta, Decimal): _divide_days,
    (Months, Decimal): _divide_months,
    (timedelta, timedelta): lambda a, b: _divide(microseconds(a), microseconds(b)),
    (Months, Months): lambda a, b: _divide(Decimal(a.months), Decimal(b.months)),
}
OPERATIONS: dict[str, dict[tuple[type, type], Operation]] = {
    "+": _PLUS,
    "-": _MINUS,
    "*": _TIMES,
    "/": _OVER,
    "**": {(Decimal, Decimal): _power},
}


def apply(op: str, left: object, right: object, budget: Budget, pos: Pos) -> object:
    """`left op right`, or None with a note on the budget when the two do not go together."""
    operation = OPERATIONS[op].get((type(left), type(right)))
    if operation is None:
        if left is not None and right is not None:
            kinds = {"left": kind_of(left), "right": kind_of(right), "op": op}
            budget.note(pos, text("“{op}”不能用于{left}和{right}", **kinds))
        return None
    try:
        result = operation(left, right)
    except OverflowError:
        # A zone's offset can carry a moment at the calendar's edge over it.
        result = None
    if result is None:
        budget.note(pos, text("“{op}”没有可用的结果", op=op))
    return check_string(result, budget) if isinstance(result, str) else result


def negate(value: object, budget: Budget, pos: Pos) -> object:
    """Unary minus, of numbers and durations."""
    if isinstance(value, Decimal):
        return CONTEXT.minus(value)
    if isinstance(value, timedelta):
        return _add_lengths(timedelta(), value * -1) if value > timedelta.min else None
    if isinstance(value, Months):
        return Months(-value.months)
    if value is not None:
        budget.note(pos, text("“-”不能用于{kind}", kind=kind_of(value)))
    return None
