"""Amounts written out: the known cases of 支付结算办法, and every digit read back."""

import re
from decimal import Decimal
from random import Random

import pytest

from engine.documents.capital import capital


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "零元整"),
        ("0.01", "壹分"),
        ("0.10", "壹角整"),
        ("0.15", "壹角伍分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("10.05", "壹拾元零伍分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("100005", "壹拾万零伍元整"),
        ("10500", "壹万零伍佰元整"),
        ("1000000", "壹佰万元整"),
        ("1000001", "壹佰万零壹元整"),
        ("10001000", "壹仟万壹仟元整"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1002000300.04", "壹拾亿零贰佰万零叁佰元零肆分"),
        ("20000000.00", "贰仟万元整"),
        ("1000000000000", "壹万亿元整"),
        ("10000000000001", "壹拾万亿零壹元整"),
        (
            "99999999999999.99",
            "玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_known_cases(amount: str, written: str) -> None:
    assert capital(Decimal(amount)) == written


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "100000000000000", "NaN", "Infinity"])
def test_what_is_not_an_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="written out"):
        capital(Decimal(amount))


DIGITS = {name: value for value, name in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def read(words: str) -> int:
    """The whole number that capitals mean."""
    for name, size in (("亿", 10**8), ("万", 10**4)):
        if name in words:
            high, _, low = words.rpartition(name)
            return read(high) * size + read(low)
    pairs = re.findall(r"([壹贰叁肆伍陆柒捌玖])([拾佰仟]?)", words)
    return sum(DIGITS[digit] * UNITS.get(unit, 1) for digit, unit in pairs)


def read_amount(words: str) -> Decimal:
    whole, _, rest = words.rpartition("元") if "元" in words else ("", "", words)
    cents = sum(
        DIGITS[digit] * (10 if unit == "角" else 1)
        for digit, unit in re.findall(r"(\w)([角分])", rest)
    )
    return Decimal(read(whole) * 100 + cents) / 100


def test_every_amount_reads_back() -> None:
    rng = Random(7)  # noqa: S311 (a test's numbers)
    for _ in range(20_000):
        amount = Decimal(rng.randrange(10 ** rng.randrange(1, 17))) / 100
        # many noughts, which are where the rule is hard
        cents = int("".join(rng.choice((c, "0")) for c in str(int(amount * 100))))
        amount = Decimal(cents) / 100
        words = capital(amount)
        assert read_amount(words) == amount, words
        assert "零零" not in words
        assert not re.search(r"零[元万亿角]", words.replace("零元整", ""))
