"""The automatic checks before the first review (E1-E4, P2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest

from engine.dmn import DecisionRefused, Result, load_models
from engine.domain.codes import Outcome, ReviewDecision, Size, SupportClass
from engine.domain.enterprise import Qualification
from engine.domain.programme import Parameters
from engine.domain.screening import (
    DECISIONS,
    AdverseEvent,
    Applicant,
    Ask,
    Check,
    Referral,
    Screening,
    screen,
)
from engine.domain.screening_said import read
from engine.domain.size import Figures
from engine.programmes import load_programmes
from tests.domain import shared
from tests.domain.shared import PROGRAMMES

ON = date(2025, 12, 15)
JIADING = load_programmes(PROGRAMMES)["JD_KCD"].at(ON)
TOWN = Referral("南翔镇", "SUBDISTRICT", "SUBDISTRICT_REFERRAL", Decimal(3_000_000), 12)
JUDGED = dict.fromkeys(("ORIENTATION", "MARKET", "BUSINESS_MODEL", "INTEGRITY"), True)
GOOD = Applicant(
    size_industry="INDUSTRY",
    figures=Figures(Decimal(120), Decimal(8800)),
    in_district=True,
    scope="SENSOR_IOT",
    referrals=(TOWN,),
    lawful=True,
    adverse=(),
    litigation=False,
    excluded_by="",
    major_breach=False,
    authorised_until=date(2026, 6, 30),
    answers=JUDGED,
)


def _screen(
    applicant: Applicant, parameters: Parameters = JIADING, ask: Ask = shared.ask
) -> Screening:
    return screen(applicant, ON, parameters, ask)


def _check(applicant: Applicant, code: str) -> Check:
    return next(check for check in _screen(applicant).checks if check.code == code)


def test_a_firm_in_order_passes_without_the_head() -> None:
    found = _screen(GOOD)
    assert {check.outcome for check in found.checks} == {Outcome.PASS}
    assert found.proposed is ReviewDecision.PASS
    assert not any(check.needs_head for check in found.checks)
    assert (found.size, found.support_class) == (Size.SMALL, SupportClass.NORMAL)


def test_a_valid_certificate_makes_it_key_through_its_last_day() -> None:
    held = replace(GOOD, scope=None, qualifications=(Qualification("HIGH_TECH", ON),))
    assert _screen(held).support_class is SupportClass.KEY
    expired = replace(held, qualifications=(Qualification("HIGH_TECH", date(2025, 12, 14)),))
    found = _screen(expired)
    assert found.support_class is SupportClass.NORMAL
    assert any(check.needs_head for check in found.checks)
    assert _check(expired, "QUALIFICATION_EXPIRY").outcome is Outcome.NOTICE


def test_a_certificate_without_a_date_is_not_relied_on() -> None:
    undated = replace(GOOD, qualifications=(Qualification("TECH_GIANT"),))
    assert _screen(undated).support_class is SupportClass.NORMAL
    assert "未填有效期" in str(_check(undated, "QUALIFICATION_EXPIRY").detail)
    lasting = replace(GOOD, qualifications=(Qualification("TECH_GIANT", open_ended=True),))
    assert _screen(lasting).support_class is SupportClass.KEY


def test_a_certificate_outside_the_list_does_not_count() -> None:
    odd = replace(GOOD, qualifications=(Qualification("BEST_CANTEEN", open_ended=True),))
    assert _screen(odd).support_class is SupportClass.NORMAL


@pytest.mark.parametrize(
    ("change", "code", "outcome", "proposed"),
    [
        ({"figures": Figures(Decimal(2000), Decimal(90000))}, "E4", "FAIL", "REJECT"),
        ({"figures": Figures(Decimal(120))}, "E4", "MISSING", "RETURN"),
        ({"size_industry": None}, "E4", "MISSING", "RETURN"),
        ({"size_industry": "什么"}, "E4", "MISSING", "RETURN"),
        ({"in_district": False}, "E1_ADDRESS", "FAIL", "REJECT"),
        ({"in_district": None}, "E1_ADDRESS", "MISSING", "RETURN"),
        ({"in_district": False, "size_industry": None}, "E1_ADDRESS", "FAIL", "RETURN"),
        (
            {"in_district": False, "size_industry": None, "major_breach": True},
            "E4",
            "MISSING",
            "REJECT",
        ),
        ({"in_district": False, "target_settle": True}, "E1_ADDRESS", "NOTICE", "PASS"),
        ({"scope": None}, "E1_SUPPORT", "JUDGE", "PASS"),
        ({"lawful": False}, "N1", "FAIL", "REJECT"),
        ({"lawful": None}, "N1", "JUDGE", "HOLD"),
        ({"adverse": None}, "N2", "JUDGE", "HOLD"),
        ({"litigation": True}, "N3", "FAIL", "REJECT"),
        ({"litigation": None}, "N3", "JUDGE", "HOLD"),
        ({"excluded_by": "REAL_ESTATE"}, "N4", "FAIL", "REJECT"),
        ({"major_breach": True}, "N5", "FAIL", "REJECT"),
        ({"authorised_until": None}, "AUTHORISATION", "MISSING", "HOLD"),
        ({"authorised_until": date(2025, 12, 14)}, "AUTHORISATION", "MISSING", "HOLD"),
        ({"authorised_until": ON}, "AUTHORISATION", "PASS", "PASS"),
        ({"answers": {}}, "E1_CHECKLIST", "JUDGE", "PASS"),
        ({"answers": {**JUDGED, "MARKET": False}}, "E1_CHECKLIST", "FAIL", "REJECT"),
        ({"whitelisted_until": ON}, "WHITELIST", "NOTICE", "PASS"),
        ({"outstanding": Decimal(1)}, "LOAN", "NOTICE", "PASS"),
        ({"outstanding": Decimal(8_000_000)}, "AMOUNT", "NOTICE", "PASS"),
        ({"referrals": (replace(TOWN, need_term=24),)}, "TERM", "NOTICE", "PASS"),
        ({"referrals": (replace(TOWN, source_type="DEPT_TAIWAN"),)}, "E3", "NOTICE", "PASS"),
        ({"referrals": (replace(TOWN, category="OTHER"),)}, "E1_OTHER", "MISSING", "RETURN"),
        (
            {"referrals": (replace(TOWN, category="OTHER", remark="镇重点"),)},
            "E1_OTHER",
            "JUDGE",
            "PASS",
        ),
    ],
)
def test_a_check_finds(change: dict[str, object], code: str, outcome: str, proposed: str) -> None:
    applicant = replace(GOOD, **change)  # type: ignore[arg-type]  # any field, by name
    assert _check(applicant, code).outcome.value == outcome
    assert _screen(applicant).proposed.value == proposed


def test_only_an_address_may_be_overridden_not_an_offence() -> None:
    assert _check(replace(GOOD, in_district=False), "E1_ADDRESS").overridable
    assert not _check(replace(GOOD, lawful=False), "N1").overridable


def test_an_answer_settles_what_was_not_known() -> None:
    asked = replace(GOOD, litigation=None, answers={**JUDGED, "N3": True})
    assert _check(asked, "N3").outcome is Outcome.PASS
    assert (
        _screen(replace(asked, answers={**JUDGED, "N3": False})).proposed is ReviewDecision.REJECT
    )


def test_an_offence_counts_for_two_years_and_three_in_farming() -> None:
    event = AdverseEvent("失信被执行人", date(2023, 12, 14), "法定代表人")
    assert _check(replace(GOOD, adverse=(event,)), "N2").outcome is Outcome.PASS
    hit = _check(replace(GOOD, adverse=(event,), agricultural=True), "N2")
    assert hit.outcome is Outcome.FAIL
    assert hit.trace is not None
    assert "2022-12-15" in str(hit.detail)
    undated = AdverseEvent("失信被执行人", None)
    assert _check(replace(GOOD, adverse=(undated,)), "N2").outcome is Outcome.MISSING


def test_two_referrers_are_both_credited_and_their_difference_is_shown() -> None:
    bank = Referral(
        "申城银行",
        "BANK",
        "EXISTING_BORROWER",
        Decimal(25_000_000),
        12,
        submitted_at=datetime(2025, 12, 8, tzinfo=UTC),
    )
    both = replace(GOOD, referrals=(TOWN, bank))
    assert "南翔镇、申城银行" in str(_check(both, "REFERRERS").detail)
    conflict = _check(both, "NEED_CONFLICT")
    assert conflict.outcome is Outcome.JUDGE
    assert "25,000,000.00" in str(conflict.detail)
    # the bank's was submitted, the town's not yet: the first submission wins
    assert _check(both, "AMOUNT").outcome is Outcome.NOTICE


def test_other_needs_no_head_when_somebody_reported_a_category() -> None:
    other = replace(TOWN, referrer="区科委", category="OTHER")
    codes = {check.code for check in _screen(replace(GOOD, referrals=(TOWN, other))).checks}
    assert "E1_OTHER" not in codes


def test_every_check_code_appears_once() -> None:
    codes = [check.code for check in _screen(GOOD).checks]
    assert len(codes) == len(set(codes))


def edited(key: str, *changes: tuple[str, str]) -> Ask:
    """The tables with one file changed, as an owner might."""
    source = shared.SOURCES[key].decode()
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    models = load_models({**shared.SOURCES, key: source.encode()})
    return partial(shared.answer, models)


def check_by(ask: Ask, code: str, applicant: Applicant = GOOD) -> Check:
    return next(one for one in _screen(applicant, ask=ask).checks if one.code == code)


def test_the_size_is_what_the_edited_table_says() -> None:
    ask = edited("size_class", ("&gt;= 划型界限.revenue_medium", "&gt;= 8801"))
    assert _screen(replace(GOOD, figures=Figures(Decimal(400), Decimal(8800)))).size == "MEDIUM"
    found = _screen(replace(GOOD, figures=Figures(Decimal(400), Decimal(8800))), ask=ask)
    assert found.size is Size.SMALL
    (size,) = (one for one in found.checks if one.code == "E4")
    assert str(size.detail) == "小型企业"
    assert size.trace is not None
    assert "营业收入类型SMALL" in "".join(size.trace.sentences())


def test_a_row_that_an_owner_rewrote_speaks_in_the_owners_words() -> None:
    ask = edited(
        "scope",
        ('<outputEntry id="address_check_4_out1"><text>"FAIL"</text>',
         '<outputEntry id="address_check_4_out1"><text>"JUDGE"</text>'),
        ("J2.1.3、I.10：经营地不在本区，原则性规定，负责人可放行",
         "J2.1.3：跨区{试点}，由经办判断"),
    )  # fmt: skip
    found = check_by(ask, "E1_ADDRESS", replace(GOOD, in_district=False))
    assert found.outcome is Outcome.JUDGE
    assert (str(found.detail), found.clause) == ("跨区{试点}，由经办判断", "J2.1.3")
    assert found.overridable


def test_an_industry_that_the_owner_takes_off_the_list_is_admitted() -> None:
    row = '<outputEntry id="fund_rule_check_4_out1"><text>"{}"</text>'
    ask = edited("negative_list", (row.format("FAIL"), row.format("PASS")))
    club = replace(GOOD, excluded_by="ENTERTAINMENT")
    assert _check(club, "N4").outcome is Outcome.FAIL
    assert check_by(ask, "N4", club).outcome is Outcome.PASS


def test_an_industry_that_no_row_names_is_for_a_person_to_look_at() -> None:
    ask = edited("negative_list", ('<text>"FINANCE"</text>', '<text>"FINANCE_OLD"</text>'))
    bank = replace(GOOD, excluded_by="FINANCE")
    assert _check(bank, "N4").outcome is Outcome.FAIL
    assert check_by(ask, "N4", bank).outcome is Outcome.JUDGE


def test_the_lookback_is_that_of_the_programme_and_of_nobody_else() -> None:
    facts = {"adverse": [{"event_on": ON}], "screened_on": ON}
    with pytest.raises(DecisionRefused, match="回溯期"):
        shared.ask("lookback_since", facts).required()


def test_a_mismatch_of_referrer_and_category_refuses_only_where_the_owner_wants_it() -> None:
    odd = replace(GOOD, referrals=(TOWN, replace(TOWN, source_type="DEPT_TAIWAN")))
    assert _check(odd, "E3").outcome is Outcome.NOTICE
    row = '<outputEntry id="referrer_category_20_out1"><text>"{}"</text>'
    allowed = '"PASS","NOTICE"'
    ask = edited(
        "referrer_category",
        (row.format("NOTICE"), row.format("FAIL")),
        (allowed, '"PASS","NOTICE","FAIL"'),
    )
    assert check_by(ask, "E3", odd).outcome is Outcome.FAIL
    assert _screen(odd, ask=ask).proposed is ReviewDecision.REJECT


@pytest.mark.parametrize("value", ["MAYBE", None, Decimal(1)])
def test_an_answer_that_nobody_can_act_on_is_refused(value: object) -> None:
    with pytest.raises(DecisionRefused) as refused:
        read(Result(value, ()))
    assert refused.value.remedy is not None


def test_every_decision_that_is_asked_is_declared() -> None:
    asked: set[str] = set()

    def listen(decision: str, facts: Mapping[str, object]) -> Result:
        asked.add(decision)
        return shared.ask(decision, facts)

    bad = AdverseEvent("失信被执行人", ON)
    _screen(replace(GOOD, adverse=(bad,)), ask=listen)
    assert asked == set(DECISIONS)
