"""The automatic checks before the first review (E1-E4, P2)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.domain.codes import Outcome, ReviewDecision, Size, SupportClass
from engine.domain.enterprise import Qualification
from engine.domain.programme import Parameters
from engine.domain.screening import AdverseEvent, Applicant, Check, Referral, Screening, screen
from engine.domain.size import Figures
from engine.programmes import load_programmes
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


def _screen(applicant: Applicant, parameters: Parameters = JIADING) -> Screening:
    return screen(applicant, ON, parameters)


def _check(applicant: Applicant, code: str) -> Check:
    return next(check for check in _screen(applicant).checks if check.code == code)


def test_a_firm_in_order_passes_without_the_head() -> None:
    found = _screen(GOOD)
    assert {check.outcome for check in found.checks} == {Outcome.PASS}
    assert found.proposed is ReviewDecision.PASS
    assert not found.needs_head
    assert (found.size, found.support_class) == (Size.SMALL, SupportClass.NORMAL)


def test_a_valid_certificate_makes_it_key_through_its_last_day() -> None:
    held = replace(GOOD, scope=None, qualifications=(Qualification("HIGH_TECH", ON),))
    assert _screen(held).support_class is SupportClass.KEY
    expired = replace(held, qualifications=(Qualification("HIGH_TECH", date(2025, 12, 14)),))
    found = _screen(expired)
    assert found.support_class is SupportClass.NORMAL
    assert found.needs_head
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
