"""Rounding. Rules compute with exact fractions and round once, on each final amount (spec D)."""

from decimal import Decimal
from fractions import Fraction
from math import floor

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
MAX_AMOUNT = Decimal("99999999999999.99")  # NUMERIC(16,2)

Exact = Decimal | Fraction | int


def _to_hundredths(value: Fraction) -> Decimal:
    return Decimal(floor(value * 100)).scaleb(-2)


def down(value: Exact) -> Decimal:
    """`value` (not negative) cut to 分: caps, guaranteed amounts and public payments."""
    return _to_hundredths(Fraction(value))


def half_up(value: Exact) -> Decimal:
    """`value` (not negative) rounded to 0.01, a half goes up: charges, shown interest, scores."""
    return _to_hundredths(Fraction(value) + Fraction(1, 200))


def half_up_tenths(value: Exact) -> Decimal:
    """`value` (not negative) rounded to 0.1, a half goes up: basis points."""
    return Decimal(floor(Fraction(value) * 10 + Fraction(1, 2))).scaleb(-1)


def plain(value: Decimal) -> str:
    """A decimal as written, never with an exponent."""
    return format(value, "f")


def fixed(value: Decimal) -> str:
    """An amount with exactly two decimals."""
    return f"{value:.2f}"
