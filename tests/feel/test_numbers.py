"""Numbers are decimal: what is written is what is computed with."""

from decimal import Context, Decimal, Inexact, Rounded, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feel import evaluate, to_json_native

CENTS = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


def test_one_tenth_and_two_tenths_are_exactly_three_tenths() -> None:
    assert evaluate("0.1 + 0.2 = 0.3", {}) is True
    assert evaluate("0.1 + 0.2", {}) == Decimal("0.3")


@given(CENTS, CENTS)
def test_sums_and_differences_of_money_are_exact(a: Decimal, b: Decimal) -> None:
    context = {"a": a, "b": b}
    assert evaluate("a + b", context) == a + b
    assert evaluate("a - b + b = a", context) is True


@given(st.integers(), st.integers())
def test_whole_numbers_compare_as_python_compares_them(a: int, b: int) -> None:
    if max(abs(a), abs(b)) < 10**34:
        assert evaluate("a < b", {"a": a, "b": b}) is (a < b)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 3 - 2", "5"),
        ("-3 ** 2", "9"),
        ("3 ** 4 ** 5", "3486784401"),
        ("2 ** -1", "0.5"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
        (".5 + 1.5e2", "150.5"),
        ("1/*一*/+2 // 二", "3"),
        ("modulo(-12, 5)", "3"),
        ("modulo(12, -5)", "-3"),
        ("decimal(2.5, 0)", "2"),
        ("decimal(1/3, 2)", "0.33"),
        ("round half up(2.5, 0)", "3"),
        ("round half up(-1.125, 2)", "-1.13"),
        ("round half down(2.5, 0)", "2"),
        ("round up(1.111, 2)", "1.12"),
        ("round down(1.119, 2)", "1.11"),
        ("round half up(12345, -2)", "12300"),
        ("floor(-1.5)", "-2"),
        ("ceiling(-1.5)", "-1"),
        ("floor(1.29, 1)", "1.2"),
        ("abs(-4)", "4"),
        ('number("1,234.50", ",", ".")', "1234.50"),
        ('number("-7")', "-7"),
        ("sum([0.1, 0.2, 0.3])", "0.6"),
        ("mean(1, 2, 6)", "3"),
    ],
)
def test_arithmetic(source: str, expected: str) -> None:
    assert evaluate(source, {}) == Decimal(expected)


@pytest.mark.parametrize(
    "source",
    [
        'floor(1.5, "1")',
        "floor(1.5, null)",
        'number("1", ",", 1)',
        "1 / 0",
        "0 / 0",
        "(1e6144) * 10",
        '"a" + 1',
        "-true",
        'number("x")',
        "null + 1",
    ],
)
def test_arithmetic_without_a_result_is_null_and_never_infinite(source: str) -> None:
    assert evaluate(source, {}) is None


def test_a_float_is_the_number_that_json_showed() -> None:
    assert evaluate("rate = 0.035", {"rate": 0.035}) is True


@pytest.mark.parametrize(
    ("source", "expected"),
    [("2.50 * 2", 5), ("5 / 2", "2.5"), ("-0", 0), ("1e40", "1" + "0" * 40)],
)
def test_json_gets_whole_numbers_as_int_and_others_as_exact_text(
    source: str, expected: object
) -> None:
    found = to_json_native(evaluate(source, {}))
    assert found == expected
    assert type(found) is type(expected)


LONG_NUMBER = "1.234567890123456789012345678901234"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"abs(-{LONG_NUMBER})", LONG_NUMBER),
        (f"-(-{LONG_NUMBER})", LONG_NUMBER),
        (f"{LONG_NUMBER} * 1", LONG_NUMBER),
        (f"min([{LONG_NUMBER}, 2])", LONG_NUMBER),
        (f"median([{LONG_NUMBER}])", LONG_NUMBER),
        ("modulo(1234567890123456789012345678901234, 7)", "2"),
        ("(for i in 1e30..1e30+2 return i - 1e30)[3]", "2"),
        ("(for i in [1e30..1e30+2) return i - 1e30)[-1]", "1"),
        ("(for i in 1e30+2..1e30 return i - 1e30)[1]", "2"),
        ("time(1, 2, 59.9999999990000000000000000000001).second", "59"),
        ('abs(@"-PT59.999999S").seconds', "59.999999"),
        ('@"-PT59.999999S".seconds', "-59.999999"),
    ],
)
def test_no_digit_of_34_is_lost_whatever_the_threads_own_context(
    source: str, expected: str
) -> None:
    for digits in (3, 28):
        with localcontext(Context(prec=digits, traps=[Inexact, Rounded])):
            assert evaluate(source, {}) == Decimal(expected)


@pytest.mark.parametrize(
    ("number", "even"),
    [("0", True), ("-3", False), ("1e40", True), ("1e33 + 1", False), ("-1e6144", True)],
)
def test_every_whole_number_is_even_or_odd(number: str, even: bool) -> None:
    assert evaluate(f"[even({number}), odd({number})]", {}) == [even, not even]


def test_a_number_that_is_not_whole_is_neither_even_nor_odd() -> None:
    assert evaluate("[even(1.5), odd(1.5), even(1e-6000)]", {}) == [False, False, False]


def test_minus_nothing_is_nothing() -> None:
    assert str(evaluate('@"-P1D".hours', {})) == "0"
