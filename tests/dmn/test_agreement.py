"""The decision tables say what `danbao calc` says: examples, and inputs of all kinds."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ROOT
from engine.domain import enterprise, guarantee, quota, subsidy
from engine.domain.codes import LoanType, RateType, Size, SupportClass
from engine.domain.programme import Programme
from engine.domain.size import BOUNDS, Figures, sme_size
from engine.errors import RuleRefused
from engine.programmes import load_programmes
from tests.domain.shared import MODELS, shared_file

DAY = date(2026, 3, 2)
DAYS = st.dates(date(2022, 1, 1), date(2030, 12, 31))
MAYBE = st.none() | st.booleans()


def ask(file: str, decision: str, **inputs: object) -> Any:
    """What a table says; amounts may be text, as a case's data have them."""
    return MODELS[file].evaluate(decision, inputs).required()


def _sizes(one: Mapping[str, Any]) -> object:
    return {"size": ask("size_class", "size_class", **one)}


def _support(one: Mapping[str, Any]) -> object:
    held = [{"open_ended": False, **each} for each in one["qualifications"]]
    found = ask("support_class", "support_class", qualifications=held, on_date=one["on"])
    return {"support_class": found}


def _ceiling(one: Mapping[str, Any]) -> object:
    ceiling = guarantee.CEILINGS[SupportClass(one["support_class"])]
    given = {**one, "requested": one["new"], "programme_ceiling": ceiling}
    excess = ask("ceiling", "ceiling_excess", **given)
    return {"route": ask("ceiling", "ceiling_route", **given), "excess": _fixed(excess)}


def _lookback(one: Mapping[str, Any]) -> object:
    months = _months(one["agricultural"])
    return {"hit": ask("negative_list", "lookback", **one, programme_lookback_months=months)}


def _months(agricultural: bool) -> int:
    return enterprise.AGRICULTURAL_MONTHS if agricultural else enterprise.LOOKBACK_MONTHS


def _fixed(value: object) -> str:
    return str(Decimal(str(value)).quantize(Decimal("0.01")))


def _quota(one: Mapping[str, Any]) -> object:
    excess = ask("quota", "quota_excess", **one)
    return {"result": ask("quota", "quota_result", **one), "excess": _fixed(excess)}


def _lpr(one: Mapping[str, Any]) -> object:
    table = [{"published_on": day, "rate": rate} for day, rate in one["lpr"].items()]
    given = {**one, "lpr": table, "rate_type": "FIXED"}
    result = ask("lpr_cap", "lpr_result", **given)
    if result == "NO_LPR":
        return {"error": "no_lpr_published"}
    lpr = Decimal(str(ask("lpr_cap", "lpr_in_force", **given))).quantize(Decimal("0.01"))
    excess = Decimal(str(ask("lpr_cap", "lpr_excess_bp", **given))).quantize(Decimal("0.1"))
    return {"lpr": str(lpr), "within": result == "WITHIN", "excess_bp": str(excess)}


RULES = {
    "sme-size": _sizes,
    "support-class": _support,
    "renewal": lambda one: {"eligible": ask("renewal", "renewal", **one)},
    "lookback": _lookback,
    "ceiling": _ceiling,
    "quota": _quota,
    "lpr-cap": _lpr,
}


def test_the_tables_give_every_size_and_eligibility_example_of_the_specification() -> None:
    lines = shared_file("examples.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [case for case in map(json.loads, lines) if case["rule"] in RULES]
    wrong = [case["id"] for case in cases if RULES[case["rule"]](case["in"]) != case["out"]]
    assert len(cases) >= 22
    assert wrong == []


FIGURES = st.none() | st.sampled_from(
    [bound + step for row in BOUNDS.values() for three in row.values() for bound in three
     for step in (-1, 0, 1)]
)  # fmt: skip


@given(st.sampled_from(sorted(BOUNDS)), FIGURES, FIGURES, FIGURES)
def test_sizes_agree_around_every_bound(
    industry: str, employees: int | None, revenue: int | None, assets: int | None
) -> None:
    numbers = [None if n is None else Decimal(n) for n in (employees, revenue, assets)]
    expected = sme_size(industry, Figures(*numbers)).size
    figures = dict(zip(("employees", "revenue", "assets"), numbers, strict=True))
    assert ask("size_class", "size_class", industry=industry, **figures) == expected


@given(st.lists(st.tuples(st.none() | DAYS, st.booleans()), max_size=3), DAYS)
def test_support_classes_agree(held: list[tuple[date | None, bool]], on: date) -> None:
    kept = [enterprise.Qualification("X", day, ended) for day, ended in held]
    facts = [{"code": "X", "expires_on": d, "open_ended": e} for d, e in held]
    expected = enterprise.support_class(kept, on).support_class
    assert ask("support_class", "support_class", qualifications=facts, on_date=on) == expected


@given(DAYS, st.integers(-3, 3), st.booleans(), st.none() | st.sampled_from([6, 12, 24, 60]))
def test_lookbacks_agree_on_the_days_around_their_start(
    on: date, off: int, agricultural: bool, months: int | None
) -> None:
    rule = enterprise.lookback(on, on, agricultural=agricultural, months=months)
    event = rule.since + timedelta(off)
    given_ = {"screened_on": on, "programme_lookback_months": months or _months(agricultural)}
    found = ask("negative_list", "lookback", **given_, event_on=event)
    assert found is enterprise.lookback(on, event, agricultural=agricultural, months=months).hit


@given(
    st.sampled_from([size for size in Size]),
    st.sampled_from([kind for kind in LoanType]),
    st.dates(date(2027, 9, 1), date(2027, 10, 31)),
    st.none() | st.integers(-2, 2),
    st.tuples(MAYBE, MAYBE, MAYBE),
)
def test_renewals_agree(
    size: Size,
    kind: LoanType,
    maturity: date,
    off: int | None,
    facts: tuple[bool | None, bool | None, bool | None],
) -> None:
    applied = None if off is None else maturity + timedelta(off)
    expected = enterprise.renewal(size, kind, maturity, enterprise.RenewalFacts(applied, *facts))
    names = dict(zip(("real_need", "lawful", "no_arrears"), facts, strict=True))
    given_ = {"size": size.value, "loan_type": kind.value, "maturity": maturity}
    assert ask("renewal", "renewal", **given_, applied_on=applied, **names) is expected.eligible


AMOUNTS = st.decimals(0, 30_000_000, places=2)


@given(
    st.sampled_from([one for one in SupportClass]),
    AMOUNTS,
    AMOUNTS.map(lambda a: a + 1),
    st.none() | st.just(Decimal(8_000_000)) | AMOUNTS.map(lambda a: a + 1),
)
def test_ceilings_agree(
    support: SupportClass, exposure: Decimal, new: Decimal, agreed: Decimal | None
) -> None:
    expected = guarantee.ceiling(support, exposure, new, agreement_ceiling=agreed)
    given_ = {"exposure": exposure, "requested": new, "agreement_ceiling": agreed}
    inputs = {**given_, "programme_ceiling": guarantee.CEILINGS[support]}
    assert ask("ceiling", "ceiling_route", **inputs) == expected.route
    assert Decimal(str(ask("ceiling", "ceiling_excess", **inputs))) == expected.excess


@given(AMOUNTS, AMOUNTS, AMOUNTS.map(lambda a: a + 1))
def test_quotas_agree(limit: Decimal, used: Decimal, requested: Decimal) -> None:
    expected = quota.quota(limit, used, requested).result
    assert ask("quota", "quota_result", limit=limit, used=used, requested=requested) == expected


@given(
    st.decimals("2.5", "3.5", places=2),
    st.sampled_from([one for one in RateType]),
    st.integers(-5, 5),
    st.dates(date(2024, 10, 1), date(2025, 6, 30)),
)
def test_rate_caps_agree(rate: Decimal, kind: RateType, spread: int, signed: date) -> None:
    table = {date(2024, 10, 21): Decimal("3.10"), date(2025, 5, 20): Decimal("3.00")}
    listed = [{"published_on": day, "rate": value} for day, value in table.items()]
    given_ = {"contract_date": signed, "rate": rate, "rate_type": kind.value, "lpr": listed}
    found = ask("lpr_cap", "lpr_result", **given_, spread_bp=spread)
    try:
        rule = guarantee.lpr_cap(signed, rate, table, rate_type=kind, spread_bp=Decimal(spread))
    except RuleRefused:
        assert found == "NO_LPR"
    else:
        assert found == ("WITHIN" if rule.within else "OVER")


@given(st.decimals(0, 100, places=2))
def test_grades_agree(score: Decimal) -> None:
    expected = subsidy.grade_of(score)
    assert ask("institution_grade", "institution_grade", score=score) == expected


PROGRAMMES = load_programmes(ROOT / "bpmn" / "programmes").values()


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda one: one.code)
def test_every_referrer_and_category_of_the_programmes_agrees(programme: Programme) -> None:
    parameters = programme.at(DAY)
    for source, allowed in parameters.matrix("referrer_categories").items():
        for item in parameters.code_list("referral_categories").items:
            given_ = {"programme": programme.code, "source_type": source, "category": item.code}
            found = ask("referrer_category", "referrer_category", **given_)
            assert (found == "PASS") is ("*" in allowed or item.code in allowed), given_
