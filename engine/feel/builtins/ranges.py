"""Ranges from text: `range("[1..3]")`. Only literals may be its ends."""

import re

from engine.feel.compare import compare
from engine.feel.errors import FeelError
from engine.feel.limits import Budget
from engine.feel.registry import builtin
from engine.feel.strings import unescape
from engine.feel.temporal import (
    parse_date,
    parse_date_time,
    parse_duration,
    parse_temporal,
    parse_time,
)
from engine.feel.values import CONTEXT, Range, finite

_END = r'(?:"(?:[^"\\]|\\.)*+"|[^".\[\]]|\.(?!\.))+'
_RANGE = re.compile(rf"([\[\](])({_END})\.\.({_END})([\[\])])", re.DOTALL)
_NUMBER = re.compile(r"-?\s*(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CALL = re.compile(r'(@|[a-z ]+\()\s*"([^"\\]*)"\s*(\)?)')
_READERS = {
    "date(": parse_date,
    "time(": parse_time,
    "date and time(": parse_date_time,
    "duration(": parse_duration,
}


@builtin("range", "from: string", budget=True, steps=4)
def range_from(budget: Budget, source: str) -> Range | None:
    """The closed or half-open range that the text shows; None when it is none, or runs down."""
    found = _RANGE.fullmatch(source.strip())
    if found is None:
        return None
    start, end = _end(found[2].strip()), _end(found[3].strip())
    if compare("<=", start, end, budget) is not True:
        return None
    return Range(start, end, found[1] == "[", found[4] == "]")


def _end(source: str) -> object:
    if _NUMBER.fullmatch(source):
        return finite(CONTEXT.create_decimal(source.replace(" ", "")))
    if source[:1] == source[-1:] == '"' and len(source) > 1:
        return _string(source)
    found = _CALL.fullmatch(source)
    if found is None or (found[1] == "@") == bool(found[3]):
        return None
    return parse_temporal(found[2]) if found[1] == "@" else _moment(found[1], found[2])


def _string(source: str) -> str | None:
    try:
        return unescape(source[1:-1], (1, 1))
    except FeelError:
        return None


def _moment(function: str, source: str) -> object:
    reader = _READERS.get(" ".join(function.split()).replace(" (", "("))
    return reader(source) if reader else None
