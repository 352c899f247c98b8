"""Dates and times that Python's own types cannot hold: other years, and parts of a microsecond.

FEEL knows years of up to nine digits and seconds of nine decimals. What fits is Python's date,
time or datetime; only the rest is one of the types here, which compare, print and add alike.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MAX_YEAR = 999_999_999
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class WideDate:
    """A day of a year beyond 1 to 9999."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class NanoTime:
    """A time of day and the nanoseconds (1 to 999) behind its microseconds."""

    clock: time
    nanos: int


@dataclass(frozen=True, slots=True)
class WideMoment:
    """A date and time of which one part is wide."""

    day: date | WideDate
    clock: time | NanoTime


WIDE = frozenset({WideDate, NanoTime, WideMoment})
Day = date | WideDate
Clock = time | NanoTime
Moment = datetime | WideMoment


def make_date(year: int, month: int, day: int) -> Day | None:
    """The day, None when there is none."""
    if not 1 <= month <= 12 or not 1 <= day <= month_length(year, month) or abs(year) > MAX_YEAR:
        return None
    return date(year, month, day) if 1 <= year <= 9999 else WideDate(year, month, day)


def month_length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _LENGTHS[month - 1] + (leap and month == 2)


def combine(day: Day, clock: Clock) -> Moment:
    """A date and a time of day together."""
    if isinstance(day, date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    return WideMoment(day, clock)


def parts(moment: Moment) -> tuple[Day, Clock]:
    """The date of a date and time, and its time of day."""
    if isinstance(moment, datetime):
        return moment.date(), moment.timetz()
    return moment.day, moment.clock


def plain_clock(clock: Clock) -> time:
    """The time of day to the microsecond."""
    return clock.clock if isinstance(clock, NanoTime) else clock


def plain(value: object) -> object:
    """Python's own value where the only loss is less than a microsecond, else the same."""
    if isinstance(value, NanoTime):
        return value.clock
    if isinstance(value, WideMoment) and isinstance(value.day, date):
        return datetime.combine(value.day, plain_clock(value.clock))
    return value


def ordinal(day: Day) -> int:
    """Days since the first of March of the year 0, of any year."""
    year, month = (day.year - 1, day.month + 9) if day.month < 3 else (day.year, day.month - 3)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day.day - 1


def from_ordinal(days: int) -> Day | None:
    """The day of an ordinal; None beyond the years that FEEL knows."""
    era, rest = divmod(days, 146_097)
    year = (rest - rest // 1460 + rest // 36_524 - rest // 146_096) // 365
    rest -= 365 * year + year // 4 - year // 100
    month = (5 * rest + 2) // 153
    day = rest - (153 * month + 2) // 5 + 1
    january = month >= 10
    return make_date(year + 400 * era + january, month - 9 if january else month + 3, day)


def offset(value: object) -> timedelta | None:
    """The distance to UTC, None without a zone."""
    if isinstance(value, NanoTime):
        return value.clock.utcoffset()
    if isinstance(value, WideMoment):
        alike = date(value.day.year % 400 + 2000, value.day.month, value.day.day)
        return datetime.combine(alike, plain_clock(value.clock)).utcoffset()
    return value.utcoffset() if isinstance(value, time | datetime) else None


def key(value: object) -> tuple[int, int] | None:
    """Something to compare by: whole seconds in UTC, and nanoseconds; None for other values."""
    if isinstance(value, time | NanoTime):
        return _clock_key(value, offset(value))
    if isinstance(value, datetime | WideMoment):
        day, clock = parts(value)
        seconds, nanos = _clock_key(clock, offset(value))
        return ordinal(day) * _DAY + seconds, nanos
    return (ordinal(value) * _DAY, 0) if isinstance(value, date | WideDate) else None


def _clock_key(clock: Clock, distance: timedelta | None) -> tuple[int, int]:
    bare = plain_clock(clock)
    seconds = bare.hour * 3600 + bare.minute * 60 + bare.second
    if distance is not None:
        seconds -= distance.days * _DAY + distance.seconds
    nanos = clock.nanos if isinstance(clock, NanoTime) else 0
    return seconds, bare.microsecond * 1000 + nanos


def add_days(day: Day, length: timedelta) -> Day | None:
    """A date some days on; the time that is left over is dropped."""
    return from_ordinal(ordinal(day) + length.days)


def add_months(day: Day, months: int) -> Day | None:
    """The corresponding day `months` later, or the month's last day when it has none."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if abs(year) > MAX_YEAR:
        return None
    return make_date(year, month0 + 1, min(day.day, month_length(year, month0 + 1)))


def add_to_moment(moment: Moment, length: timedelta) -> Moment | None:
    """A date and time some time on; wall clock time."""
    day, clock = parts(moment)
    bare = plain_clock(clock)
    since = timedelta(
        hours=bare.hour, minutes=bare.minute, seconds=bare.second, microseconds=bare.microsecond
    )
    try:
        total = since + length
    except OverflowError:
        return None
    moved = from_ordinal(ordinal(day) + total.days)
    if moved is None:
        return None
    rest = (datetime(2000, 1, 1) + (total - timedelta(days=total.days))).time()  # noqa: DTZ001
    made = rest.replace(tzinfo=bare.tzinfo)
    return combine(moved, NanoTime(made, clock.nanos) if isinstance(clock, NanoTime) else made)


def months_on(moment: Moment, months: int) -> Moment | None:
    day, clock = parts(moment)
    moved = add_months(day, months)
    return None if moved is None else combine(moved, clock)


def difference(left: object, right: object) -> timedelta | None:
    """From the right to the left; None when only one has a zone, or they are too far apart."""
    a, b = key(left), key(right)
    if a is None or b is None or (offset(left) is None) != (offset(right) is None):
        return None
    try:
        return timedelta(seconds=a[0] - b[0], microseconds=(a[1] - b[1]) // 1000)
    except OverflowError:
        return None


def weekday(day: Day) -> int:
    """1 for Monday to 7 for Sunday."""
    return (ordinal(day) + 2) % 7 + 1


def format_day(day: Day) -> str:
    """YYYY-MM-DD, with as many digits and the sign that the year needs."""
    sign = "-" if day.year < 0 else ""
    return f"{sign}{abs(day.year):04d}-{day.month:02d}-{day.day:02d}"
