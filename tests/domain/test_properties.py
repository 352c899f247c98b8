"""What holds for all values, tried with many."""

import json
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.calc import RULE_NAMES, calculate, calculate_lines
from engine.domain.enterprise import USCC_CHARACTERS, uscc_check_character, uscc_valid
from engine.domain.guarantee import FeeTerms, guarantee
from engine.domain.money import down, half_up
from engine.domain.risk import Borne, Caps, recovery, risk_split, split_claim
from engine.domain.subsidy import fee_refund, fee_subsidy

CENTS = st.integers(1, 10**12)
AMOUNTS = CENTS.map(lambda n: Decimal(n).scaleb(-2))
MAYBE_ZERO = st.integers(0, 10**12).map(lambda n: Decimal(n).scaleb(-2))
RATIOS = st.integers(1, 8500).map(lambda n: Decimal(n).scaleb(-4))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = """principal agreement_ratio fee_rate fee_basis from to lpr rate claims base balances start
amount unit code loans qualifications on contract_date size industry employees score years
effective_from"""
FIELDS = st.sampled_from(NAMES.split())


@given(AMOUNTS, RATIOS, RATIOS)
def test_no_more_than_85_percent_is_ever_guaranteed(
    principal: Decimal, agreed: Decimal, bank: Decimal
) -> None:
    found = guarantee(principal, agreed, FeeTerms(Decimal("0.005")), bank_year_ratio=bank)
    exact = Fraction(principal) * Fraction(min(agreed, bank))
    assert found.guaranteed <= principal * Decimal("0.85")
    assert 0 <= exact - Fraction(found.guaranteed) < Fraction(1, 100)
    assert abs(Fraction(found.fee) - Fraction(found.guaranteed) / 200) <= Fraction(1, 200)


@given(AMOUNTS, st.lists(AMOUNTS, max_size=6))
def test_every_claim_is_split_without_a_remainder_and_within_the_caps(
    base: Decimal, claims: list[Decimal]
) -> None:
    shares = risk_split(base, claims)
    assert [share.total for share in shares] == claims
    parts = [part for s in shares for part in (s.guarantor, s.pool, s.bank_excess)]
    assert min(parts, default=Decimal(0)) >= 0
    guarantor = sum((s.guarantor for s in shares), Decimal(0))
    assert guarantor <= down(base * Decimal("0.04"))
    assert guarantor + sum((s.pool for s in shares), Decimal(0)) <= down(base * Decimal("0.05"))


def test_an_excess_is_not_opened_again_when_the_package_grows() -> None:
    caps, million = Caps(), Decimal(1_000_000)
    first = split_claim(100 * million, Decimal(0), 6 * million, caps)
    later = split_claim(200 * million, 6 * million, 3 * million, caps)
    assert (first.guarantor, first.pool, first.bank_excess) == (4 * million, million, million)
    assert (later.guarantor, later.pool, later.bank_excess) == (2 * million, million, Decimal(0))


@given(MAYBE_ZERO, RATIOS, MAYBE_ZERO, MAYBE_ZERO, AMOUNTS)
def test_a_recovery_is_paid_out_to_the_last_cent(
    net: Decimal, ratio: Decimal, guarantor: Decimal, pool: Decimal, bank: Decimal
) -> None:
    got = recovery(net, ratio, Borne(guarantor, pool, bank))
    assert got.guarantor + got.pool + got.bank == net
    assert min(got.guarantor, got.pool, got.bank) >= 0
    assert got.pool == 0 or pool > 0
    assert got.guarantor == 0 or guarantor > 0


@given(AMOUNTS, MAYBE_ZERO, MAYBE_ZERO, RATIOS)
def test_a_subsidy_is_never_more_than_what_the_firm_bore(
    paid: Decimal, refunded: Decimal, other: Decimal, ratio: Decimal
) -> None:
    found = fee_subsidy(paid, refunded=refunded, other_subsidy=other, ratio=ratio)
    assert 0 <= found.subsidy <= max(paid - refunded - other, Decimal(0))


@given(MAYBE_ZERO, st.integers(1, 1100), st.data())
def test_a_refund_and_what_stays_make_up_the_fee(
    paid: Decimal, term: int, data: st.DataObject
) -> None:
    found = fee_refund(paid, data.draw(st.integers(0, term)), term)
    assert found.refund + found.net_subsidy == paid
    assert 0 <= found.refund <= paid


@given(st.fractions(0, 10**9))
def test_rounding_moves_by_less_than_a_cent(value: Fraction) -> None:
    assert 0 <= value - Fraction(down(value)) < Fraction(1, 100)
    assert abs(Fraction(half_up(value)) - value) <= Fraction(1, 200)
    assert half_up(value) >= down(value)


@given(st.text(USCC_CHARACTERS, min_size=9, max_size=9), st.integers(0, 17), st.data())
def test_one_wrong_character_makes_a_credit_code_invalid(
    organisation: str, place: int, data: st.DataObject
) -> None:
    body = "91310114" + organisation
    code = body + uscc_check_character(body)
    assert uscc_valid(code)
    assert uscc_valid(code.lower())
    wrong = data.draw(st.sampled_from(USCC_CHARACTERS).filter(lambda c: c != code[place]))
    assert not uscc_valid(code[:place] + wrong + code[place + 1 :])


@given(st.sampled_from(RULE_NAMES), st.dictionaries(FIELDS, JSON, max_size=5) | JSON)
def test_nothing_in_json_makes_a_rule_fall_over(rule: str, values: object) -> None:
    answer = calculate(rule, values)
    assert isinstance(answer, dict)
    json.dumps(answer)


@given(st.text())
def test_no_line_makes_the_batch_fall_over(line: str) -> None:
    for answer in calculate_lines([line, '{"id": "last", "rule": "uscc", "in": {"code": "1"}}']):
        answer.encode()
        last = json.loads(answer)
    assert last == {"id": "last", "out": {"valid": False}}


def test_a_broken_line_is_named_and_spoils_no_other() -> None:
    good = '{"id": 7, "rule": "uscc", "in": {"code": "91350100M000100Y43"}}'
    lines = ["{", "", good, "[" * 100_000, '{"id": NaN}', "[]", '{"id": {"a": 1}, "rule": 3}']
    answers = [json.loads(line) for line in calculate_lines(lines)]
    invalid = {"error": "invalid_json"}
    assert answers[0] == {"id": None, "line": 1, "out": invalid}
    assert answers[1] == {"id": 7, "out": {"valid": True}}
    assert [answer["line"] for answer in answers[2:5]] == [4, 5, 6]
    assert [answer["out"]["error"] for answer in answers[2:4]] == ["invalid_json"] * 2
    assert answers[5] == {"id": None, "out": {"error": "unknown_rule"}}
