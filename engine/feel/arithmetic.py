"""The operators + - * / **: a table from the kinds of both sides to what is done.

Every function returns None where FEEL says null: no finite result, or beyond the calendar.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.errors import FeelError, Pos
from engine.feel.limits import MAX_EXPONENT, Budget, check_string, too_big
from engine.feel.temporal import add_months, from_microseconds, make_months, microseconds
from engine.feel.values import CONTEXT, Months, finite, kind_of
from engine.feel.wide import (
    WIDE,
    WideDate,
    WideMoment,
    add_days,
    add_to_moment,
    difference,
    months_on,
    plain,
)
from engine.feel.wide import add_months as wide_months
from engine.text import text

_ROOT = 20  # steps of a power whose exponent is no whole number
_WIDE_STEPS = 2  # steps of what is done with wide values

# The table has already checked the kinds, so the operands are Any here.
Operation = Callable[[Any, Any], object]


def _add_date(day: date, length: timedelta) -> date | None:
    """Days and time added to a date's midnight; the time that is left over is dropped."""
    moved = _add_moment(datetime.combine(day, time()), length)
    return moved.date() if moved else None


def _add_moment(moment: datetime, length: timedelta) -> datetime | None:
    """So much time later: where the clocks are put forward, the hour that is left out is none."""
    try:
        if isinstance(moment.tzinfo, ZoneInfo):
            return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)
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
    if left.tzinfo is right.tzinfo and isinstance(left.tzinfo, ZoneInfo):
        # Python would subtract what the clock on the wall shows.
        return left.astimezone(UTC) - right.astimezone(UTC)
    return left - right


def _between_day_and_moment(day: date, moment: datetime) -> timedelta | None:
    """A date is its midnight in UTC; a time without a zone cannot be set against it."""
    return _between_moments(datetime.combine(day, time(tzinfo=UTC)), moment)


def _between_times(left: time, right: time) -> timedelta | None:
    day = date(2000, 1, 2)
    return _between_moments(datetime.combine(day, left), datetime.combine(day, right))


def _divide(left: Decimal, right: Decimal) -> Decimal | None:
    return finite(CONTEXT.divide(left, right))


def _power(base: Decimal, exponent: Decimal) -> Decimal | None:
    if not -MAX_EXPONENT <= exponent <= MAX_EXPONENT:
        raise too_big(text("指数"), MAX_EXPONENT)
    if not exponent:
        return Decimal(1)  # of zero too, as in mathematics with whole numbers
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
    (date, datetime): _between_day_and_moment,
    (datetime, date): lambda a, b: _opposite(_between_day_and_moment(b, a)),
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
    if operation is None and (type(left) in WIDE or type(right) in WIDE):
        return _apply_wide(op, left, right, budget, pos)
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
    except FeelError as error:
        error.place(pos)
        raise
    if result is None and isinstance(left, date | timedelta | Months):
        result = _beyond(op, left, right)
    if type(result) is not Decimal:
        budget.charge(1, pos)
    if result is None:
        budget.note(pos, text("“{op}”没有可用的结果", op=op))
    return check_string(result, budget, pos) if isinstance(result, str) else result


def _opposite(length: timedelta | None) -> timedelta | None:
    return None if length is None else -length


def _apply_wide(op: str, left: object, right: object, budget: Budget, pos: Pos) -> object:
    """The same for years beyond Python's calendar and parts of microseconds."""
    budget.charge(_WIDE_STEPS, pos)
    result = _beyond(op, left, right)
    if result is None and (plain(left) is not left or plain(right) is not right):
        result = apply(op, plain(left), plain(right), budget, pos)
    if result is None:
        budget.note(pos, text("“{op}”没有可用的结果", op=op))
    return result


def _beyond(op: str, left: Any, right: Any) -> object:
    """Sums and differences of dates and moments in all years; None for everything else."""
    if op == "+" and isinstance(left, timedelta | Months):
        left, right = right, left
    if op == "-" and {kind_of(left), kind_of(right)} in ({"date"}, {"date and time"}):
        return difference(left, right)
    if op not in "+-":
        return None
    if isinstance(right, Months):
        return _months_beyond(left, -right.months if op == "-" else right.months)
    if isinstance(right, timedelta) and right > timedelta.min:
        return _length_beyond(left, -right if op == "-" else right)
    return None


def _months_beyond(left: object, months: int) -> object:
    if isinstance(left, datetime | WideMoment):
        return months_on(left, months)
    return wide_months(left, months) if isinstance(left, date | WideDate) else None


def _length_beyond(left: object, length: timedelta) -> object:
    if isinstance(left, datetime | WideMoment):
        return add_to_moment(left, length)
    return add_days(left, length) if isinstance(left, date | WideDate) else None


def power(op: str, left: object, right: object, budget: Budget, pos: Pos) -> object:
    """The same as apply for `**`, which takes long when the exponent is no whole number."""
    whole = isinstance(right, Decimal) and right == right.to_integral_value()
    budget.charge(1 if whole else _ROOT, pos)
    return apply(op, left, right, budget, pos)


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
