"""Dates, times and durations: read from and written as ISO 8601 text, and calendar arithmetic."""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from engine.feel.values import CONTEXT, Months
from engine.feel.wide import (
    Clock,
    Day,
    Moment,
    NanoTime,
    WideDate,
    WideMoment,
    combine,
    format_day,
    make_date,
)

_DATE = re.compile(r"(-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:(Z)|([+-])([0-9]{2}):([0-9]{2})|@([A-Za-z][A-Za-z0-9_+/-]{0,60}))?"
)
_MONTHS = re.compile(r"(-?)P(?=[0-9])(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?")
_DAYS = re.compile(
    r"(-?)P(?=[0-9T])(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{0,9})?)S)?)?"
)
_ZEROS = re.compile(r"(\.[0-9]*[1-9])0+(?![0-9])")  # at the end of a fraction
MICROSECOND = timedelta(microseconds=1)
_MAX_OFFSET = timedelta(hours=18)
_MAX_MONTHS = 12 * 999_999_999


def parse_date(source: str) -> Day | None:
    """A date from YYYY-MM-DD, None when it is not one."""
    found = _DATE.fullmatch(source)
    return make_date(int(found[1]), int(found[2]), int(found[3])) if found else None


def parse_time(source: str) -> Clock | None:
    """A time from hh:mm:ss, with optional fraction and Z, offset or @zone."""
    found = _TIME.fullmatch(source)
    if found is None:
        return None
    hour, minute, second, fraction = found.group(1, 2, 3, 4)
    nanos = int((fraction or "").ljust(9, "0"))
    try:
        clock = time(int(hour), int(minute), int(second), nanos // 1000, _zone(found))
        return NanoTime(clock, nanos % 1000) if nanos % 1000 else clock
    except ValueError:
        return None


def _zone(found: re.Match[str]) -> tzinfo | None:
    utc, sign, hours, minutes, name = found.group(5, 6, 7, 8, 9)
    if utc:
        return UTC
    if name:
        return _named(name)
    if not sign:
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _MAX_OFFSET or int(minutes) > 59:
        raise ValueError(offset)
    return timezone(-offset if sign == "-" else offset)


@lru_cache(maxsize=1024)
def _named(name: str) -> ZoneInfo:
    """A zone by its name; there are some 600. Raises ValueError for others.

    Looking one up on the disk takes a quarter of a millisecond, whether there is such a zone or
    not, and zoneinfo itself keeps only eight.
    """
    if name not in _names():
        raise ValueError(name)
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _names() -> set[str]:
    return available_timezones()


def parse_date_time(source: str) -> Moment | None:
    """A date and time; a date alone is its midnight."""
    day_text, separator, time_text = source.partition("T")
    day = parse_date(day_text)
    moment = parse_time(time_text) if separator else time()
    return None if day is None or moment is None else combine(day, moment)


def parse_duration(source: str) -> timedelta | Months | None:
    """A duration: years and months (P1Y2M), or days and time (P3DT4H)."""
    months = _MONTHS.fullmatch(source)
    if months:
        count = int(months[2] or 0) * 12 + int(months[3] or 0)
        return make_months(-count if months[1] else count)
    days = _DAYS.fullmatch(source)
    if days is None:
        return None
    try:
        length = timedelta(
            days=int(days[2] or 0),
            hours=int(days[3] or 0),
            minutes=int(days[4] or 0),
            microseconds=int(CONTEXT.scaleb(Decimal(days[5] or 0), Decimal(6))),
        )
        return -length if days[1] else length
    except OverflowError:
        return None


def parse_temporal(source: str) -> object:
    """What an `@"…"` literal means, None when it means nothing."""
    for parse in (parse_date, parse_time, parse_duration):
        value = parse(source)
        if value is not None:
            return value
    return parse_date_time(source)


def make_months(count: int) -> Months | None:
    """A duration of `count` months, None beyond a billion years."""
    return Months(count) if abs(count) <= _MAX_MONTHS else None


def add_months(day: date, months: int) -> date | None:
    """The corresponding day `months` later, or the month's last day when it has none."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    last = calendar.monthrange(year, month0 + 1)[1]
    return day.replace(year=year, month=month0 + 1, day=min(day.day, last))


def microseconds(length: timedelta) -> Decimal:
    """A duration as a whole number of microseconds."""
    return Decimal(length // MICROSECOND)


def from_microseconds(count: Decimal) -> timedelta | None:
    """A duration from microseconds, cut to whole ones; None when it is too long."""
    if not count.is_finite() or count.adjusted() > 25:
        return None
    try:
        return timedelta(microseconds=int(count))
    except OverflowError:
        return None


def seconds(length: timedelta) -> Decimal:
    """A duration in seconds, exact."""
    whole, rest = divmod(length // MICROSECOND, 1_000_000)
    if not rest:
        return Decimal(whole)
    return CONTEXT.scaleb(microseconds(length), Decimal(-6)).normalize(CONTEXT)


def format_duration(value: timedelta | Months) -> str:
    """ISO 8601: P1Y2M, P3DT4H, PT0S."""
    if isinstance(value, Months):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if value.months < 0 else "") + "P" + (body or "0M")
    return ("-" if value < timedelta() else "") + _format_days(abs(value))


def _format_days(length: timedelta) -> str:
    hours, rest = divmod(length.seconds, 3600)
    minutes, whole = divmod(rest, 60)
    fraction = f".{length.microseconds:06d}".rstrip("0") if length.microseconds else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{whole}{fraction}S" if whole or fraction else ""
    days = f"{length.days}D" if length.days else ""
    return f"P{days}T{clock}" if clock else f"P{days}" if days else "PT0S"


def format_wide(value: WideDate | NanoTime | WideMoment) -> str:
    """As format_moment does, with all digits of the year and nine of the second."""
    if isinstance(value, WideDate):
        return format_day(value)
    if isinstance(value, WideMoment):
        clock = value.clock
        written = format_wide(clock) if isinstance(clock, NanoTime) else format_moment(clock)
        return f"{format_day(value.day)}T{written}"
    zone = format_moment(value.clock.replace(microsecond=0))[8:]
    micro = value.clock.microsecond
    bare = value.clock.replace(microsecond=0, tzinfo=None).isoformat()
    return f"{bare}.{micro:06d}{value.nanos:03d}".rstrip("0") + zone


def format_moment(value: date | time | datetime) -> str:
    """ISO 8601, with Z for UTC and @ for a named zone."""
    zone = getattr(value, "tzinfo", None)
    named = f"@{zone.key}" if isinstance(zone, ZoneInfo) else ""
    if named and isinstance(value, time | datetime):
        value = value.replace(tzinfo=None)
    written = _ZEROS.sub(r"\1", value.isoformat())
    return (written.removesuffix("+00:00") + "Z" if written.endswith("+00:00") else written) + named
