"""What may follow a dot: entries of contexts, and the parts of dates, times, durations, ranges."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.temporal import seconds
from engine.feel.values import CONTEXT, Months, Range
from engine.feel.wide import NanoTime, WideDate, WideMoment, offset, parts, plain_clock, weekday

Property = Callable[[Any], object]


def _offset(value: time | datetime) -> timedelta | None:
    return value.utcoffset()


def _zone(value: time | datetime) -> str | None:
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def _sign(value: Months) -> int:
    return -1 if value.months < 0 else 1


def _part(unit: Callable[[timedelta], Decimal]) -> Property:
    """A duration's part carries the duration's sign."""

    def read(value: timedelta) -> Decimal:
        part = unit(abs(value))
        return part if value >= timedelta() else CONTEXT.minus(part)

    return read


_DATE: dict[str, Property] = {
    "year": lambda d: Decimal(d.year),
    "month": lambda d: Decimal(d.month),
    "day": lambda d: Decimal(d.day),
    "weekday": lambda d: Decimal(weekday(d)),
}
_TIME: dict[str, Property] = {
    "hour": lambda t: Decimal(t.hour),
    "minute": lambda t: Decimal(t.minute),
    "second": lambda t: Decimal(t.second),
    "time offset": _offset,
    "timezone": _zone,
}
_DAYS: dict[str, Property] = {
    "days": _part(lambda t: Decimal(t.days)),
    "hours": _part(lambda t: Decimal(t.seconds // 3600)),
    "minutes": _part(lambda t: Decimal(t.seconds % 3600 // 60)),
    "seconds": _part(lambda t: seconds(timedelta(0, t.seconds % 60, t.microseconds))),
}
_MONTHS: dict[str, Property] = {
    "years": lambda m: Decimal(abs(m.months) // 12 * _sign(m)),
    "months": lambda m: Decimal(abs(m.months) % 12 * _sign(m)),
}
_RANGE: dict[str, Property] = {
    "start": lambda r: r.start,
    "end": lambda r: r.end,
    "start included": lambda r: r.start_included,
    "end included": lambda r: r.end_included,
}


def _of_day(name: str) -> Property:
    return lambda m: _DATE[name](parts(m)[0])


def _of_clock(name: str) -> Property:
    return lambda m: _TIME[name](plain_clock(parts(m)[1]))


def _bare(name: str) -> Property:
    return lambda t: _TIME[name](t.clock)


PROPERTIES: dict[type, dict[str, Property]] = {
    date: _DATE,
    time: _TIME,
    datetime: {**_DATE, **_TIME},
    timedelta: _DAYS,
    Months: _MONTHS,
    Range: _RANGE,
    WideDate: _DATE,
    NanoTime: {name: _bare(name) for name in _TIME},
    WideMoment: {
        **{name: _of_day(name) for name in _DATE},
        **{name: _of_clock(name) for name in _TIME},
        "time offset": offset,
    },
}
