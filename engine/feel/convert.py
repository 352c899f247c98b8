"""The bridge between FEEL values and what Python and JSON hold."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from engine.feel.errors import FeelError
from engine.feel.limits import MAX_DEPTH, too_big
from engine.feel.temporal import format_duration, format_moment, format_wide
from engine.feel.values import CONTEXT, Function, Months, Range, finite, kind_of
from engine.feel.wide import WIDE, NanoTime, WideDate, WideMoment
from engine.text import text

MAX_ITEMS = 100_000
"""Elements and entries of one converted value, all levels counted."""

MAX_SIGNS = 10_000_000
"""Characters of one result, all its texts and numbers counted."""

_EXACT = 10**34  # whole numbers below it are FEEL numbers as they are
_MAX_BITS = 20_000  # of an int; more digits than a FEEL number can hold
_SAME = WIDE | {str, bool, type(None), date, datetime, time, timedelta, Months, Range}


def from_python(value: object, name: str) -> object:
    """A FEEL value from int, Decimal, str, bool, None, date, datetime, time, timedelta, list, dict.

    A float is taken as the number that it prints as, which is what JSON said. Not finite numbers
    are null. Raises FeelError (feel_input) that says under which `name` something else was.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, int) and -_EXACT < value < _EXACT:
        return Decimal(value)
    return _Reader(name).read(value, 0)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.left = MAX_ITEMS

    def read(self, value: object, depth: int) -> object:
        if type(value) in _SAME or isinstance(value, Function):
            return value
        if isinstance(value, int | float | Decimal):
            return self._number(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, list | tuple | Mapping):
            return self._container(value, depth)
        return self._special(value)

    def _number(self, value: int | float | Decimal) -> Decimal | None:
        if isinstance(value, float):
            return finite(CONTEXT.create_decimal(repr(value)))
        if isinstance(value, int):
            if value.bit_length() > _MAX_BITS:
                raise too_big(text("{name}的位数", name=self.name), _MAX_BITS)
            value = Decimal(value)
        return None if value.is_snan() else finite(CONTEXT.plus(value))

    def _container(
        self, value: "list[object] | tuple[object, ...] | Mapping[object, object]", depth: int
    ) -> object:
        self.left -= len(value)
        if self.left < 0:
            raise too_big(text("{name}的元素个数", name=self.name), MAX_ITEMS)
        if depth >= MAX_DEPTH:
            raise too_big(text("{name}的嵌套层数", name=self.name), MAX_DEPTH)
        if isinstance(value, Mapping):
            return {self._key(key): self.read(item, depth + 1) for key, item in value.items()}
        return [self.read(item, depth + 1) for item in value]

    def _key(self, key: object) -> str:
        if not isinstance(key, str):
            raise self._refusal(key)
        return str.__str__(key)

    def _special(self, value: object) -> object:
        """Subclasses of the date types, which some libraries return."""
        if isinstance(value, datetime):
            return datetime.combine(value.date(), value.timetz(), value.tzinfo)
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        if isinstance(value, timedelta):
            return timedelta(value.days, value.seconds, value.microseconds)
        raise self._refusal(value)

    def _refusal(self, value: object) -> FeelError:
        kind = type(value).__name__
        message = text("{name}里有表达式不能使用的值（{kind}）", name=self.name, kind=kind)
        return FeelError("feel_input", message, remedy=text("改成数字、文字、日期、列表或对象"))


def to_json_native(value: object) -> object:
    """A FEEL value as JSON can hold it.

    Numbers are int if whole, else a string, exact; times are ISO 8601; ranges their FEEL text.
    Raises FeelError: feel_type for functions, feel_limit for what is too deep or too much.
    """
    return _write(check_result(value))


def _write(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return _json_number(value)
    if isinstance(value, dict):
        return {key: _write(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_write(item) for item in value]
    if isinstance(value, Range):
        return format_range(value)
    return format_scalar(value)


def check_result(value: object) -> object:
    """The value itself, unless writing it out would be too much.

    Lists that share their parts can be small here and astronomical when printed or compared:
    `{a: [1, 1], b: [a, a], c: [b, b], …}`, or one long text ten thousand times. Raises FeelError
    (feel_limit).
    """
    if isinstance(value, list | dict):
        _Measure().take(value, 0)
    return value


class _Measure:
    """What may still follow in a result."""

    def __init__(self) -> None:
        self.items = MAX_ITEMS
        self.signs = MAX_SIGNS

    def take(self, value: "list[object] | dict[str, object]", depth: int) -> None:
        self.items -= len(value)
        if self.items < 0:
            raise too_big(text("结果的元素个数"), MAX_ITEMS)
        if depth >= MAX_DEPTH:
            raise too_big(text("结果的嵌套层数"), MAX_DEPTH)
        if isinstance(value, dict):
            self.signs -= sum(map(len, value))
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, list | dict):
                self.take(item, depth + 1)
            else:
                self.signs -= _length(item)
        if self.signs < 0:
            raise too_big(text("文字长度"), MAX_SIGNS)


def _length(value: object) -> int:
    """About how long what is long will be when it is written."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Decimal):
        return abs(value.adjusted())
    return _length(value.start) + _length(value.end) if isinstance(value, Range) else 0


def _json_number(value: Decimal) -> int | str:
    # Beyond 34 digits a whole number is a power of ten with noise, and too long for int-to-text.
    if value == value.to_integral_value() and value.adjusted() <= 34:
        return int(value)
    return format_number(value)


def format_number(value: Decimal) -> str:
    """Plain digits, never an exponent."""
    return format(value, "f")


def format_scalar(value: object) -> str:
    """A value that is not a list or context, as FEEL's string() shows it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format_number(value)
    if isinstance(value, timedelta | Months):
        return format_duration(value)
    if isinstance(value, date | time):
        return format_moment(value)
    if isinstance(value, WideDate | NanoTime | WideMoment):
        return format_wide(value)
    if value is None:
        return "null"
    raise FeelError("feel_type", text("{kind}不能作为结果", kind=kind_of(value)))


def format_range(value: Range) -> str:
    """A range as it would be written, `[1..5)`; open ends show as `< 5`, `>= 1`."""
    if value.start is None:
        return ("<= " if value.end_included else "< ") + _format_end(value.end)
    if value.end is None:
        return (">= " if value.start_included else "> ") + _format_end(value.start)
    opening = "[" if value.start_included else "("
    closing = "]" if value.end_included else ")"
    return f"{opening}{_format_end(value.start)}..{_format_end(value.end)}{closing}"


def _format_end(value: object) -> str:
    if isinstance(value, list | dict | Range):
        raise FeelError("feel_type", text("{kind}不能作为结果", kind=kind_of(value)))
    return f'"{value}"' if isinstance(value, str) else format_scalar(value)
