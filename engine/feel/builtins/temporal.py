"""Dates, times and durations. `today` and `now` are the host's: nothing here reads the clock."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal

from engine.feel.registry import builtin
from engine.feel.temporal import (
    make_months,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)
from engine.feel.values import CONTEXT, Months
from engine.feel.wide import (
    Clock,
    Day,
    Moment,
    NanoTime,
    WideMoment,
    combine,
    make_date,
    month_length,
    ordinal,
    parts,
    weekday,
)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("date", "from: string", steps=2)
def date_from_string(source: str) -> Day | None:
    return parse_date(source)


@builtin("date", "from: date and time")
def date_from_moment(moment: Moment) -> Day:
    return parts(moment)[0]


@builtin("date", "from: date")
def date_itself(day: Day) -> Day:
    return day


@builtin("date", "year: number", "month: number", "day: number")
def date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> Day | None:
    whole = [_small(year), _small(month), _small(day)]
    return make_date(*(part for part in whole if part is not None)) if None not in whole else None


def _small(value: Decimal) -> int | None:
    """A whole number that a calendar could mean."""
    whole = value.adjusted() < 10 and value == value.to_integral_value()
    return int(value) if whole else None


@builtin("time", "from: string", steps=2)
def time_from_string(source: str) -> Clock | None:
    return parse_time(source)


@builtin("time", "from: date and time")
def time_from_moment(moment: Moment) -> Clock:
    return parts(moment)[1]


@builtin("time", "from: date")
def time_from_date(_day: Day) -> time:
    return time(tzinfo=UTC)


@builtin("time", "from: time")
def time_itself(clock: Clock) -> Clock:
    return clock


@builtin("time", "hour: number", "minute: number", "second: number", "offset: duration?")
def time_from_parts(
    hour: Decimal, minute: Decimal, second: Decimal, offset: timedelta | Months | None = None
) -> Clock | None:
    if isinstance(offset, Months):
        return None
    return _clock(hour, minute, second, None if offset is None else timezone(offset))


def _clock(hour: Decimal, minute: Decimal, second: Decimal, zone: tzinfo | None) -> Clock | None:
    hours, minutes = _small(hour), _small(minute)
    if hours is None or minutes is None or not 0 <= second < 60:
        return None
    whole = int(second)
    nanos = int(CONTEXT.scaleb(CONTEXT.subtract(second, Decimal(whole)), Decimal(9)))
    clock = time(hours, minutes, whole, nanos // 1000, zone)
    return NanoTime(clock, nanos % 1000) if nanos % 1000 else clock


@builtin("date and time", "from: string", steps=3)
def date_time_from_string(source: str) -> Moment | None:
    return parse_date_time(source)


@builtin("date and time", "from: date and time")
def date_time_itself(moment: Moment) -> Moment:
    return moment


@builtin("date and time", "date: date", "time: time")
def date_time_from_parts(day: Day, clock: Clock) -> Moment:
    return combine(day, clock)


@builtin("date and time", "date: date and time", "time: time")
def date_time_from_moment(moment: Moment, clock: Clock) -> Moment:
    return combine(parts(moment)[0], clock)


_NUMBERS = tuple(f"{n}: number" for n in ("year", "month", "day", "hour", "minute", "second"))


@builtin("date and time", *_NUMBERS)
@builtin("date and time", *_NUMBERS, "offset: duration")
@builtin("date and time", *_NUMBERS, "timezone: string")
def date_time_from_numbers(
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    zone: timedelta | Months | str | None = None,
) -> Moment | None:
    """From its parts, in a zone by its distance to UTC or by its name."""
    if isinstance(zone, Months):
        return None
    known = parse_time(f"00:00:00@{zone}") if isinstance(zone, str) else None
    if isinstance(zone, str) and not isinstance(known, time):
        return None
    where = known.tzinfo if isinstance(known, time) else None
    if isinstance(zone, timedelta):
        where = timezone(zone)
    found, clock = date_from_parts(year, month, day), _clock(hour, minute, second, where)
    return None if found is None or clock is None else combine(found, clock)


@builtin("duration", "from: string", steps=2)
def duration(source: str) -> timedelta | Months | None:
    return parse_duration(source)


@builtin("duration", "from: duration")
def duration_itself(length: timedelta | Months) -> timedelta | Months:
    return length


@builtin("years and months duration", "from: date", "to: date", steps=2)
@builtin("years and months duration", "from: date and time", "to: date and time")
@builtin("years and months duration", "from: date", "to: date and time")
@builtin("years and months duration", "from: date and time", "to: date")
def months_between(start: Day | Moment, end: Day | Moment) -> Months | None:
    """Whole months from one day to another, negative when the second is earlier."""
    start, end = _day(start), _day(end)
    if ordinal(end) < ordinal(start):
        back = months_between(end, start)
        return Months(-back.months) if back else None
    months = (end.year - start.year) * 12 + end.month - start.month
    return make_months(months - (end.day < start.day))


def _day(value: Day | Moment) -> Day:
    return parts(value)[0] if isinstance(value, datetime | WideMoment) else value


@builtin("day of week", "date: date")
@builtin("day of week", "date: date and time")
def day_of_week(day: Day | Moment) -> str:
    return _DAYS[weekday(_day(day)) - 1]


@builtin("month of year", "date: date")
@builtin("month of year", "date: date and time")
def month_of_year(day: Day | Moment) -> str:
    return _MONTHS[_day(day).month - 1]


@builtin("day of year", "date: date")
@builtin("day of year", "date: date and time")
def day_of_year(day: Day | Moment) -> Decimal:
    found = _day(day)
    return Decimal(sum(month_length(found.year, m) for m in range(1, found.month)) + found.day)


@builtin("week of year", "date: date")
@builtin("week of year", "date: date and time")
def week_of_year(day: Day | Moment) -> Decimal:
    """ISO 8601; a calendar repeats every 400 years."""
    found = _day(day)
    alike = date(found.year % 400 + 2000, found.month, found.day)
    return Decimal(alike.isocalendar().week)
