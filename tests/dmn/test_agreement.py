"""The decision tables and the rules in Python say the same: examples, and inputs of all kinds."""

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
from engine.domain.codes import LoanType, Outcome, RateType, Size, SupportClass
from engine.domain.programme import Programme
from engine.domain.screening import AdverseEvent, Applicant, Check, Referral, propose, screen
from engine.domain.size import BOUNDS, Figures, sme_size
from engine.errors import RuleRefused
from engine.programmes import load_programmes
from engine.runtime.decisions import load_models
from engine.text import text
from tests.domain.shared import shared_file

FOLDER = ROOT / "bpmn" / "decisions"
MODELS = load_models({path.stem: path.read_bytes() for path in FOLDER.glob("*.dmn")})
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
    given = {**one, "requested": one["new"]}
    excess = ask("ceiling", "ceiling_excess", **given)
    return {"route": ask("ceiling", "ceiling_route", **given), "excess": _fixed(excess)}


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
    "lookback": lambda one: {"hit": ask("negative_list", "lookback", **one)},
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
    given_ = {"screened_on": on, "agricultural": agricultural, "event_on": event}
    found = ask("negative_list", "lookback", **given_, programme_lookback_months=months)
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
    given_ = {"support_class": support.value, "exposure": exposure, "requested": new}
    for programme in (None, guarantee.CEILINGS[support]):
        inputs = {**given_, "agreement_ceiling": agreed, "programme_ceiling": programme}
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


CODES = st.sampled_from(["E4", "E1_ADDRESS", "E1_OTHER", "N1", "AUTHORISATION", "TERM"])
CHECKS = st.lists(
    st.builds(
        Check,
        CODES,
        st.sampled_from([one for one in Outcome]),
        st.just(text("x")),
        st.just(text("x")),
        st.just("x"),
        negative=st.booleans(),
        needs_head=st.booleans(),
    ),
    max_size=5,
)


def _rows(checks: tuple[Check, ...]) -> list[dict[str, object]]:
    names = ("code", "outcome", "negative", "needs_head")
    return [{n: str(v) if (v := getattr(c, n)) is c.outcome else v for n in names} for c in checks]


@given(CHECKS)
def test_proposals_agree(checks: list[Check]) -> None:
    found = ask("approval", "screening_proposal", checks=_rows(tuple(checks)))
    assert found == propose(tuple(checks))


PROGRAMMES = load_programmes(ROOT / "bpmn" / "programmes").values()


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda one: one.code)
def test_every_referrer_and_category_of_the_programmes_agrees(programme: Programme) -> None:
    parameters = programme.at(DAY)
    for source, allowed in parameters.matrix("referrer_categories").items():
        for item in parameters.code_list("referral_categories").items:
            given_ = {"programme": programme.code, "source_type": source, "category": item.code}
            found = ask("referrer_category", "referrer_category", **given_)
            assert (found == "PASS") is ("*" in allowed or item.code in allowed), given_


JIADING = load_programmes(ROOT / "bpmn" / "programmes")["JD_KCD"].at(DAY)
REFERRALS = st.builds(
    Referral,
    st.just("南翔镇"),
    st.just("SUBDISTRICT"),
    st.sampled_from(["OTHER", "HIGH_TECH"]),
    st.just(Decimal(3_000_000)),
    st.just(12),
    st.sampled_from(["", "纳税大户"]),
)
AMOUNT = st.sampled_from([None, Decimal(400), Decimal(3000), Decimal(50_000)])
EVENTS = st.builds(AdverseEvent, st.just("失信"), st.none() | st.just(DAY) | DAYS)
APPLICANTS = st.builds(
    Applicant,
    st.sampled_from(["INDUSTRY", "RETAIL"]) | st.none(),
    st.builds(Figures, st.sampled_from([None, Decimal(5), Decimal(1200)]), AMOUNT, AMOUNT),
    MAYBE,
    target_settle=st.booleans(),
    agricultural=st.booleans(),
    scope=st.sampled_from([None, "CULTURE"]),
    qualifications=st.lists(
        st.builds(enterprise.Qualification, st.just("HIGH_TECH"), st.none() | DAYS, st.booleans()),
        max_size=2,
    ).map(tuple),
    referrals=st.lists(REFERRALS, max_size=2).map(tuple),
    lawful=MAYBE,
    adverse=st.none() | st.lists(EVENTS, max_size=2).map(tuple),
    litigation=MAYBE,
    excluded_by=st.sampled_from([None, "", "FINANCE"]),
    major_breach=MAYBE,
)


def _scope_of(one: Applicant) -> dict[str, object]:
    """The facts that the table of the scope asks for."""
    figures = {name: getattr(one.figures, name) for name in ("employees", "revenue", "assets")}
    held = [
        {"code": q.code, "expires_on": q.expires_on, "open_ended": q.open_ended}
        for q in one.qualifications
    ]
    return {
        "size": ask("size_class", "size_class", industry=one.size_industry, **figures),
        "support_class": ask("support_class", "support_class", qualifications=held, on_date=DAY),
        "in_district": one.in_district,
        "target_settle": one.target_settle,
        "in_scope": one.scope is not None,
        "only_other": bool(one.referrals) and all(r.category == "OTHER" for r in one.referrals),
        "reason_given": any(r.remark for r in one.referrals),
    }


@given(APPLICANTS)
def test_scope_checks_agree_with_the_screening_of_a_case(one: Applicant) -> None:
    found = screen(one, DAY, JIADING)
    said = {check.code: check.outcome.value for check in found.checks}
    facts = _scope_of(one)
    assert (facts["size"], facts["support_class"]) == (found.size, found.support_class)
    assert ask("scope", "size_check", **facts) == said["E4"]
    assert ask("scope", "address_check", **facts)["outcome"] == said["E1_ADDRESS"]
    assert ask("scope", "support_check", **facts)["outcome"] == said["E1_SUPPORT"]
    other = ask("scope", "other_category_check", **facts)["outcome"]
    assert other == said.get("E1_OTHER", "NONE")
    own = tuple(c for c in found.checks if c.code.startswith(("E1_A", "E1_S", "E1_O", "E4")))
    expected = {"HEAD": "PASS", "CONDITIONAL": "PASS"}
    result = ask("scope", "scope", **facts)["result"]
    assert expected.get(result, result) == propose(own)
    if result in expected or result == "PASS":
        assert (result == "HEAD") is any(check.needs_head for check in own)


NEGATIVE = {
    "N1": "lawful_check",
    "N2": "credit_check",
    "N3": "litigation_check",
    "N4": "fund_rule_check",
    "N5": "breach_check",
}


@given(APPLICANTS)
def test_the_negative_list_agrees_with_the_screening_of_a_case(one: Applicant) -> None:
    events = one.adverse
    facts = {
        "lawful": one.lawful,
        "adverse": None if events is None else [{"event_on": e.event_on} for e in events],
        "screened_on": DAY,
        "agricultural": one.agricultural,
        "litigation": one.litigation,
        "excluded_by": one.excluded_by,
        "major_breach": one.major_breach,
    }
    checks = tuple(check for check in screen(one, DAY, JIADING).checks if check.negative)
    said = {check.code: check.outcome.value for check in checks}
    assert {n: ask("negative_list", d, **facts) for n, d in NEGATIVE.items()} == said
    result = ask("negative_list", "negative_list", **facts)
    assert {"CLEAR": "PASS"}.get(result, result) == propose(checks)
