"""Dates, times and durations. `today` and `now` are the host's: nothing here reads the clock."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from engine.feel.registry import builtin
from engine.feel.temporal import (
    make_months,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)
from engine.feel.values import Months

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("date", "from: string")
def date_from_string(source: str) -> date | None:
    return parse_date(source)


@builtin("date", "from: date and time")
def date_from_moment(moment: datetime) -> date:
    return moment.date()


@builtin("date", "from: date")
def date_itself(day: date) -> date:
    return day


@builtin("date", "year: number", "month: number", "day: number")
def date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    parts = [_small(year), _small(month), _small(day)]
    return date(*(part for part in parts if part is not None)) if None not in parts else None


def _small(value: Decimal) -> int | None:
    """A whole number that a calendar could mean."""
    whole = value.adjusted() < 6 and value == value.to_integral_value()
    return int(value) if whole else None


@builtin("time", "from: string")
def time_from_string(source: str) -> time | None:
    return parse_time(source)


@builtin("time", "from: date and time")
def time_from_moment(moment: datetime) -> time:
    return moment.timetz()


@builtin("time", "from: date")
def time_from_date(_day: date) -> time:
    return time(tzinfo=UTC)


@builtin("time", "from: time")
def time_itself(clock: time) -> time:
    return clock


@builtin("time", "hour: number", "minute: number", "second: number", "offset: duration?")
def time_from_parts(
    hour: Decimal, minute: Decimal, second: Decimal, offset: timedelta | Months | None = None
) -> time | None:
    hours, minutes = _small(hour), _small(minute)
    if hours is None or minutes is None or not 0 <= second < 60 or isinstance(offset, Months):
        return None
    micro = int((second - int(second)) * 1_000_000)
    zone = None if offset is None else timezone(offset)
    return time(hours, minutes, int(second), micro, zone)


@builtin("date and time", "from: string")
def date_time_from_string(source: str) -> datetime | None:
    return parse_date_time(source)


@builtin("date and time", "date: date", "time: time")
def date_time_from_parts(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock)


@builtin("date and time", "date: date and time", "time: time")
def date_time_from_moment(moment: datetime, clock: time) -> datetime:
    return datetime.combine(moment.date(), clock)


@builtin("duration", "from: string")
def duration(source: str) -> timedelta | Months | None:
    return parse_duration(source)


@builtin("duration", "from: duration")
def duration_itself(length: timedelta | Months) -> timedelta | Months:
    return length


@builtin("years and months duration", "from: date", "to: date")
@builtin("years and months duration", "from: date and time", "to: date and time")
def months_between(start: date, end: date) -> Months | None:
    """Whole months from one day to another, negative when the second is earlier."""
    if end < start:
        back = months_between(end, start)
        return Months(-back.months) if back else None
    months = (end.year - start.year) * 12 + end.month - start.month
    return make_months(months - (end.day < start.day))


@builtin("day of week", "date: date")
@builtin("day of week", "date: date and time")
def day_of_week(day: date) -> str:
    return _DAYS[day.weekday()]


@builtin("month of year", "date: date")
@builtin("month of year", "date: date and time")
def month_of_year(day: date) -> str:
    return _MONTHS[day.month - 1]


@builtin("day of year", "date: date")
@builtin("day of year", "date: date and time")
def day_of_year(day: date) -> Decimal:
    return Decimal(day.timetuple().tm_yday)


@builtin("week of year", "date: date")
@builtin("week of year", "date: date and time")
def week_of_year(day: date) -> Decimal:
    return Decimal(day.isocalendar().week)
