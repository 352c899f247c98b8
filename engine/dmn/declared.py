"""Inputs as JSON holds them, read as the types that a model declares for them.

A case's data are JSON: dates are ISO text, and numbers that are not whole are text as well, so
that they stay exact. Where a model declares a date or a number, such text is what it stands for.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from engine.feel.temporal import parse_date, parse_date_time, parse_duration, parse_time
from engine.feel.values import TypeOf, kind_of

_NUMBER = re.compile(r"-?[0-9]{1,34}(?:\.[0-9]{1,34})?")


def _number(source: str) -> Decimal | None:
    return Decimal(source) if _NUMBER.fullmatch(source) else None


_READERS: dict[str, Callable[[str], object]] = {
    "number": _number,
    "date": parse_date,
    "time": parse_time,
    "date and time": parse_date_time,
    "days and time duration": parse_duration,
    "years and months duration": parse_duration,
}


def as_declared(value: object, kind: TypeOf | None) -> object:
    """The value as the type reads it, or itself where the type has nothing to say about it."""
    if kind is None:
        return value
    if isinstance(value, str) and kind.name in _READERS:
        found = _READERS[kind.name](value)
        return found if found is not None and kind_of(found) == kind.name else value
    if isinstance(value, list) and kind.name == "list" and kind.parts:
        return [as_declared(item, kind.parts[0]) for item in value]
    if isinstance(value, Mapping) and kind.keys:
        kinds = dict(zip(kind.keys, kind.parts, strict=True))
        return {key: as_declared(item, kinds.get(key)) for key, item in value.items()}
    return value
