"""Agreements: terms, rounds of review, the order of signing, effect, suspension, expiry."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import Agreement, AgreementReview, GuaranteeCase, Instance, LoanCase
from engine.operations.agreement_life import begin_agreements, resume, suspend, terminate
from engine.operations.agreement_start import start_agreement
from engine.people import SYSTEM
from tests.operations.banking import at, begin, listed, loan, refused, sign, subject
from tests.operations.world import PROGRAMME, World

TERMS: dict[str, Any] = {
    "effective_from": date(2025, 12, 15),
    "effective_to": date(2026, 12, 14),
    "ceiling_normal": Decimal("10000000"),
    "ceiling_key": Decimal("20000000"),
    "guarantee_ratio": Decimal("0.8"),
    "fee_rate": Decimal("0.005"),
    "fee_basis": "FLAT",
    "risk_cap_guarantor": Decimal("0.04"),
    "risk_cap_total": Decimal("0.05"),
    "approval_days": 10,
    "day_type": "CALENDAR",
    "filing_days": 10,
    "batch_quota": None,
    "claim_overdue_days": 60,
}


def start(world: World, bank: str = "bank", guarantor: str = "centre") -> Agreement:
    pair = (world[bank].org.id, world[guarantor].org.id)
    return start_agreement(world.session, *pair, PROGRAMME, world["finance"].maker, world.now)


def place(agreement: Agreement) -> str:
    return f"agreement:{agreement.id}"


def draft(world: World, agreement: Agreement, **values: Any) -> None:
    given = {**TERMS, "bank": agreement.bank_id, "guarantor": agreement.guarantor_id, **values}
    world.do(place(agreement), "draft", world["finance"].maker, **given)


def review(world: World, agreement: Agreement, **redlines: str) -> None:
    """All three parties; those with a redline do not agree."""
    for party, key in (("bank", "bank"), ("guarantor", "centre"), ("finance", "finance")):
        redline = redlines.get(party)
        given = {"outcome": "REDLINE", "redline": redline} if redline else {"outcome": "AGREE"}
        world.do(place(agreement), f"review_{party}", world[key].checker, **given)


def signed(world: World, agreement: Agreement, party: str, key: str, on: date) -> None:
    world.do(place(agreement), f"sign_{party}", world[key].head, signed_on=on, file=[1])


def all_sign(world: World, agreement: Agreement, on: date = date(2025, 12, 8)) -> None:
    for party, key in (("bank", "bank"), ("guarantor", "centre"), ("finance", "finance")):
        signed(world, agreement, party, key, on)


def conclude(world: World, agreement: Agreement, **values: Any) -> None:
    draft(world, agreement, **values)
    review(world, agreement)
    all_sign(world, agreement)


def waiting(world: World, bank: str = "bank") -> GuaranteeCase:
    """A case whose bank has no agreement in force yet."""
    case = listed(world)
    case.bank_id = world[bank].org.id
    one = LoanCase(case_id=case.id, attempt=1, bank_id=case.bank_id, assigned_by="PREFERENCE")
    one.assigned_at, one.status = world.now, "ACCEPTED"
    world.session.add(one)
    begin(world, case, "agreement_binding", bank=bank)
    return case


def is_done(world: World, case: GuaranteeCase) -> bool:
    return world.session.get_one(Instance, case.instance_id).status == "ENDED"


def test_a_draft_begins_with_the_programmes_terms_under_a_number(town: World) -> None:
    one = start(town)
    assert (one.agr_no, one.version, one.status) == ("JD-XY-2025-01", 1, "DRAFT")
    assert (one.ceiling_key, one.fee_rate) == (Decimal("20000000"), Decimal("0.005"))
    assert one.claim_rules == {"overdue_trigger_days": 60}
    assert start(town, "bank2").agr_no == "JD-XY-2025-02"


def test_a_second_draft_of_the_same_two_is_refused(town: World) -> None:
    start(town)
    with refused(town, Conflict):
        start(town)
    start(town, guarantor="jdg")
    with refused(town, NotFound):
        start_agreement(
            town.session, town["centre"].org.id, town["bank"].org.id, PROGRAMME, SYSTEM, town.now
        )


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"effective_to": date(2025, 12, 15)}, {"effective_to"}),
        ({"effective_from": date(2025, 1, 1), "effective_to": date(2025, 12, 8)}, {"effective_to"}),
        ({"effective_from": None}, {"effective_from"}),
        ({"ceiling_normal": Decimal("10000000.01")}, {"override_reason"}),
        ({"ceiling_key": Decimal("9999999")}, {"ceiling_key"}),
        ({"approval_days": 0}, {"approval_days"}),
        ({"filing_days": -1}, {"filing_days"}),
        ({"batch_quota": Decimal(0)}, {"batch_quota"}),
        ({"fee_rate": Decimal(0)}, {"fee_rate"}),
        ({"fee_basis": "WEEKLY"}, {"fee_basis"}),
        ({"bank": 9998, "guarantor": 9999}, {"bank", "guarantor"}),
    ],
)
def test_terms_that_cannot_be_are_refused_where_they_stand(
    town: World, values: dict[str, Any], fields: set[str]
) -> None:
    one = start(town)
    with refused(town, InvalidInput) as why:
        draft(town, one, **values)
    assert why.fields == fields
    assert one.status == "DRAFT"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"guarantee_ratio": Decimal("0.8501")}, "ratio_above_cap"),
        ({"risk_cap_guarantor": Decimal("0.05"), "risk_cap_total": Decimal("0.04")}, "risk_cap"),
        ({"risk_cap_total": Decimal("0.0501")}, "risk_cap"),
    ],
)
def test_ratio_and_caps_are_hard_whatever_reason_is_given(
    town: World, values: dict[str, Any], code: str
) -> None:
    one = start(town)
    with refused(town, RuleRefused) as why:
        draft(town, one, **values, override_reason="市里同意")
    assert why.code == code


def test_a_higher_ceiling_needs_a_reason_and_85_per_cent_is_allowed(town: World) -> None:
    one = start(town)
    higher = {"ceiling_normal": Decimal("12000000"), "guarantee_ratio": Decimal("0.85")}
    draft(town, one, **higher, override_reason="经三方商定")
    assert (one.status, one.ceiling_normal) == ("REVIEW", Decimal("12000000.00"))


def test_a_redline_goes_back_to_the_draft_until_all_three_agree(town: World) -> None:
    one = start(town)
    draft(town, one)
    review(town, one, bank="审批天数改为15天")
    assert (one.status, len(one.redlines)) == ("DRAFT", 1)
    assert one.redlines[0]["wanted"] == [{"party": "bank", "text": "审批天数改为15天"}]
    draft(town, one, approval_days=15)
    review(town, one)
    assert one.status == "SIGNING"
    rounds = town.session.query(AgreementReview.round).filter_by(agreement_id=one.id).all()
    assert sorted(number for (number,) in rounds) == [1, 1, 1, 2, 2, 2]


def test_a_redline_without_words_is_refused(town: World) -> None:
    one = start(town)
    draft(town, one)
    with refused(town, InvalidInput) as why:
        given = {"outcome": "REDLINE", "redline": "  "}
        town.do(place(one), "review_bank", town["bank"].checker, **given)
    assert why.fields == {"redline"}


def test_bank_then_guarantor_then_bureau_sign_and_not_in_the_future(town: World) -> None:
    one = start(town)
    draft(town, one)
    review(town, one)
    assert [item.element_id for item in town.open_tasks(place(one))] == ["sign_bank"]
    with refused(town, InvalidInput) as why:
        signed(town, one, "bank", "bank", date(2025, 12, 9))
    assert why.fields == {"signed_on"}
    with refused(town, NotFound):
        town.do(place(one), "sign_bank", town["bank2"].head, signed_on=date(2025, 12, 8), file=[1])
    all_sign(town, one)
    assert [each["party"] for each in one.signatures] == ["bank", "guarantor", "finance"]
    assert one.status == "EFFECTIVE"


def test_it_does_not_begin_before_the_last_signature(town: World) -> None:
    one = start(town)
    conclude(town, one, effective_from=date(2025, 12, 1))
    assert one.effective_from == date(2025, 12, 8)
    assert town.events("agreement_effective")


def test_cases_that_waited_go_on_when_it_takes_effect_other_banks_cases_wait(
    town: World,
) -> None:
    mine, other = waiting(town), waiting(town, "bank2")
    assert not is_done(town, mine)
    one = start(town)
    conclude(town, one, effective_from=date(2025, 12, 8))
    assert is_done(town, mine)
    assert not is_done(town, other)
    assert (mine.agreement_id, mine.guarantor_id) == (one.id, town["centre"].org.id)
    assert loan(town, mine).agreement_id == one.id


def test_one_that_begins_later_takes_no_case_before_its_day(town: World) -> None:
    case, one = waiting(town), start(town)
    conclude(town, one)
    assert one.status == "EFFECTIVE"
    assert not is_done(town, case)
    begin_agreements(town.session, town.now + timedelta(days=6))
    assert not is_done(town, case)
    begin_agreements(town.session, town.now + timedelta(days=7))
    assert is_done(town, case)


def test_the_next_version_replaces_the_one_in_force_on_its_first_day(town: World) -> None:
    old = sign(town, "bank", agr_no="JD-XY-2025-05", batch_quota=Decimal("9000000"))
    new = start(town)
    assert (new.agr_no, new.version, new.batch_quota) == (old.agr_no, 2, old.batch_quota)
    other = sign(town, "bank", "jdg")
    conclude(town, new)
    assert old.status == "EFFECTIVE", "新版本尚未到生效日"
    begin_agreements(town.session, town.now + timedelta(days=7))
    assert (old.status, new.status, other.status) == ("REPLACED", "EFFECTIVE", "EFFECTIVE")


def test_suspension_stops_new_cases_and_resuming_lets_them_go_on(town: World) -> None:
    one, head = sign(town, "bank"), town["finance"].head
    suspend(town.session, one.id, "代偿率预警", head, town.now)
    case = waiting(town)
    assert not is_done(town, case)
    resume(town.session, one.id, "整改完成", head, town.now)
    assert is_done(town, case)
    assert town.actions(place(one)) == ["agreement.suspended", "agreement.effective"]


def test_only_the_bureaus_head_decides_with_a_reason_and_termination_is_for_good(
    town: World,
) -> None:
    one, now = sign(town, "bank"), town.now
    for actor in (town["finance"].maker, town["bank"].head, SYSTEM):
        with refused(town, NotAllowed):
            suspend(town.session, one.id, "理由", actor, now)
    with refused(town, InvalidInput):
        terminate(town.session, one.id, " ", town["finance"].head, now)
    terminate(town.session, one.id, "银行退出", town["finance"].head, now)
    with refused(town, Conflict):
        resume(town.session, one.id, "理由", town["finance"].head, now)


def test_what_has_begun_does_not_begin_again(town: World) -> None:
    old, new = sign(town, "bank"), start(town)
    conclude(town, new)
    for days in (7, 7, 8):
        begin_agreements(town.session, town.now + timedelta(days=days))
    assert town.actions(place(old)) == ["agreement.replaced"]
    assert len(town.events("agreement_replaced")) == 1


def test_of_two_guarantors_the_one_with_more_room_is_bound(town: World) -> None:
    sign(town, "bank", "centre", batch_quota=Decimal("1000000"))
    larger = sign(town, "bank", "jdg", batch_quota=Decimal("9000000"))
    case = waiting(town)
    assert is_done(town, case)
    assert (case.agreement_id, case.guarantor_id) == (larger.id, town["jdg"].org.id)


def test_the_whole_way_from_the_whitelist_to_an_accepted_case(town: World) -> None:
    sign(town, "bank")
    case = listed(town)
    begin(town, case)
    town.do(subject(case), "accept_case", at(town, case).maker, outcome="ACCEPT")
    begin(town, case, "agreement_binding", bank="bank")
    assert is_done(town, case)
    assert loan(town, case).agreement_id == case.agreement_id is not None
