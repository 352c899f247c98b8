"""Rounding and whole-number functions, exact to 34 digits."""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)

from engine.feel.registry import builtin
from engine.feel.values import CONTEXT, Months, finite

_SCALE = "scale: number"
_MIN_SCALE, _MAX_SCALE = -6111, 6176


def _round(value: Decimal, scale: Decimal, rounding: str) -> Decimal | None:
    """`value` with `scale` decimals; negative scales round to tens, hundreds, …"""
    if not _MIN_SCALE <= scale <= _MAX_SCALE:
        return None
    places = int(scale)
    exponent = value.as_tuple().exponent
    if places >= 0 and isinstance(exponent, int) and -exponent <= places:
        return value  # nothing to round, and quantize would need more than 34 digits
    step = Decimal((0, (1,), -places))
    rounded = value.quantize(step, rounding=rounding, context=CONTEXT)
    return finite(rounded if places >= 0 else CONTEXT.add(rounded, Decimal(0)))


@builtin("decimal", "n: number", _SCALE)
def decimal(value: Decimal, scale: Decimal) -> Decimal | None:
    return _round(value, scale, ROUND_HALF_EVEN)


@builtin("floor", "n: number")
@builtin("floor", "n: number", _SCALE)
def floor(value: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
    return _round(value, scale, ROUND_FLOOR)


@builtin("ceiling", "n: number")
@builtin("ceiling", "n: number", _SCALE)
def ceiling(value: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
    return _round(value, scale, ROUND_CEILING)


@builtin("round up", "n: number", _SCALE)
def round_up(value: Decimal, scale: Decimal) -> Decimal | None:
    return _round(value, scale, ROUND_UP)


@builtin("round down", "n: number", _SCALE)
def round_down(value: Decimal, scale: Decimal) -> Decimal | None:
    return _round(value, scale, ROUND_DOWN)


@builtin("round half up", "n: number", _SCALE)
def round_half_up(value: Decimal, scale: Decimal) -> Decimal | None:
    return _round(value, scale, ROUND_HALF_UP)


@builtin("round half down", "n: number", _SCALE)
def round_half_down(value: Decimal, scale: Decimal) -> Decimal | None:
    return _round(value, scale, ROUND_HALF_DOWN)


@builtin("abs", "n: number")
@builtin("abs", "n: duration")
def absolute(value: object) -> object:
    if isinstance(value, Months):
        return Months(abs(value.months))
    if isinstance(value, Decimal):
        return CONTEXT.abs(value)  # abs() would keep the digits of the thread's own context
    return abs(value)  # type: ignore[arg-type]  # a timedelta, by the declarations


@builtin("modulo", "dividend: number", "divisor: number")
def modulo(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """The remainder with the divisor's sign."""
    rest = CONTEXT.remainder(dividend, divisor)
    opposite = rest and (rest < 0) != (divisor < 0)
    return finite(CONTEXT.add(rest, divisor) if opposite else rest)


def _parity(value: Decimal) -> int | None:
    """0 for even numbers, 1 for odd ones; None for those that are not whole."""
    if value != value.to_integral_value():
        return None
    # Beyond 34 digits a number ends in zeros, and making an int of all its digits takes long.
    return 0 if value.adjusted() >= CONTEXT.prec else int(value) % 2


@builtin("even", "number: number")
def even(value: Decimal) -> bool:
    return _parity(value) == 0


@builtin("odd", "number: number")
def odd(value: Decimal) -> bool:
    return _parity(value) == 1


@builtin("number", "from: string")
@builtin("number", "from: string", "grouping separator: string?", "decimal separator: string?")
def number(source: str, grouping: str | None = None, point: str | None = None) -> Decimal | None:
    """A number from text, with the separators that it was written with."""
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        return None
    if grouping is not None and grouping == point:
        return None
    plain = source.replace(grouping, "") if grouping else source
    plain = plain.replace(point, ".") if point else plain
    digits = plain.strip().removeprefix("-").replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return None
    return finite(CONTEXT.create_decimal(plain.strip()))


@builtin("number", "from: number")
def number_itself(value: Decimal) -> Decimal:
    return value
