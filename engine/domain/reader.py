"""Reads a rule's values out of JSON. Numbers come as strings or whole numbers, never floats."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from engine.domain.dates import Span
from engine.domain.validate import Problems
from engine.text import Text, text

DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
YEARS = range(1900, 2201)  # leaves room for every period that is added
NEVER = date(1900, 1, 1)

Choice = TypeVar("Choice", bound=StrEnum)
Read = TypeVar("Read")


def parse_decimal(raw: object) -> Decimal | None:
    """A finite decimal from a plain numeral or a whole number; None if it is not one."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw) if abs(raw) < 10**20 else None
    plain = isinstance(raw, str) and DECIMAL.fullmatch(raw)
    return Decimal(str(raw)) if plain else None


def parse_whole(raw: object) -> int | None:
    """A whole number, also as a string; None if it is not one."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    return int(raw) if isinstance(raw, str) and WHOLE.fullmatch(raw) else None


def parse_day(raw: object) -> date | None:
    """A date written YYYY-MM-DD, of 1900 to 2200; None if it is not one."""
    if not (isinstance(raw, str) and DAY.fullmatch(raw)):
        return None
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        return None
    return day if day.year in YEARS else None


class Reader:
    """Typed access to a JSON object. What is wrong is collected, and raised by `done()`.

    Until then a value that could not be read is replaced by a harmless one, so that the other
    fields are still looked at.
    """

    def __init__(
        self, values: Mapping[str, object], problems: Problems | None = None, prefix: str = ""
    ) -> None:
        self.values = values
        self.problems = problems or Problems()
        self.prefix = prefix

    def done(self) -> None:
        """Raise InvalidInput with everything that could not be read."""
        self.problems.done()

    def has(self, name: str) -> bool:
        """Whether a value other than null is there."""
        return self.values.get(name) is not None

    def problem(self, name: str, message: Text) -> None:
        """Note a problem with a field."""
        self.problems.add(self.prefix + name, message)

    def _read(
        self, name: str, parse: Callable[[object], Read | None], wanted: Text, instead: Read
    ) -> Read:
        if not self.has(name):
            self.problem(name, text("必填"))
            return instead
        value = parse(self.values[name])
        if value is None:
            self.problem(name, wanted)
            return instead
        return value

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal:
        """A decimal; required unless a default is given."""
        if default is not None and not self.has(name):
            return default
        wanted = text("应为十进制数（字符串或整数），不能为浮点数")
        return self._read(name, parse_decimal, wanted, Decimal(0))

    def decimal_or_none(self, name: str) -> Decimal | None:
        """A decimal, or None if it is absent."""
        return self.decimal(name) if self.has(name) else None

    def whole(self, name: str) -> int:
        """A required whole number."""
        return self._read(name, parse_whole, text("应为整数"), 1)

    def day(self, name: str) -> date:
        """A required date."""
        return self._read(name, parse_day, text("应为日期，如2025-03-10"), NEVER)

    def day_or_none(self, name: str) -> date | None:
        """A date, or None if it is absent."""
        return self.day(name) if self.has(name) else None

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            self.problem(name, text("应为true或false"))
            return default
        return value

    def flag_or_none(self, name: str) -> bool | None:
        """true, false, or None if it is absent."""
        return self.flag(name) if self.has(name) else None

    def string(self, name: str) -> str:
        """A required, non-empty string."""
        return self._read(name, _nonempty, text("应为非空字符串"), "")

    def choice(self, name: str, codes: type[Choice], default: Choice | None = None) -> Choice:
        """One of the codes; required unless a default is given."""
        first = next(iter(codes))
        if default is not None and not self.has(name):
            return default
        wanted = text("应为{codes}之一", codes="、".join(codes))
        return self._read(name, lambda raw: _member(codes, raw), wanted, first)

    def items(self, name: str, required: bool = True) -> list[object]:
        """A list; empty when it is absent and not required."""
        if not required and not self.has(name):
            return []
        return self._read(name, lambda raw: raw if isinstance(raw, list) else None, _LIST, [])

    def readers(self, name: str, required: bool = True) -> "list[Reader]":
        """A list of objects, a reader for each; their fields are reported as name[0].field."""
        found = []
        for n, item in enumerate(self.items(name, required)):
            if isinstance(item, dict):
                found.append(Reader(item, self.problems, f"{self.prefix}{name}[{n}]."))
            else:
                self.problem(f"{name}[{n}]", text("应为对象"))
        return found

    def table(self, name: str) -> dict[date, Decimal]:
        """An object of dates and decimals."""
        wanted = text("应为日期到数值的对象")
        nothing: dict[str, object] = {}
        raw = self._read(name, lambda v: v if isinstance(v, dict) else None, wanted, nothing)
        inner = Reader(raw, self.problems, f"{self.prefix}{name}.")
        found = {}
        for key in raw:
            day = parse_day(key)
            if day is None:
                inner.problem(str(key), text("应为日期，如2025-03-10"))
            else:
                found[day] = inner.decimal(key)
        return found

    def span(self) -> Span:
        """The fields from and to."""
        return Span(self.day("from"), self.day("to"))


_LIST = text("应为列表")


def _nonempty(raw: object) -> str | None:
    return raw if isinstance(raw, str) and raw.strip() else None


def _member(codes: type[Choice], raw: object) -> Choice | None:
    # `in` would raise for values that cannot be hashed
    return next((code for code in codes if code.value == raw), None)
