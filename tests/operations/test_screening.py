"""Checks and reviews: what may pass, who has to decide, what the other parties are told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from engine.errors import InvalidInput, NotAllowed, RuleRefused
from engine.models import CheckResult, Decision, GuaranteeCase, LoanCase
from engine.operations.exposure import ExposureKind, exposure
from tests.imports.builders import code, row
from tests.operations.world import ALL_FINE, NOW, PROGRAMME, World, person


def sent(world: World, **changes: Any) -> GuaranteeCase:
    """A case in the first review."""
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm, **changes))
    return world.case(firm)


def subject(case: GuaranteeCase) -> str:
    return f"case:{case.id}"


def check(world: World, case: GuaranteeCase, name: str) -> CheckResult:
    query = select(CheckResult).where(CheckResult.case_id == case.id, CheckResult.code == name)
    return world.session.scalars(query).one()


def decisions(world: World, case: GuaranteeCase) -> list[tuple[str, str]]:
    query = select(Decision).where(Decision.case_id == case.id).order_by(Decision.id)
    return [(each.kind, each.outcome) for each in world.session.scalars(query)]


def lend(world: World, case: GuaranteeCase, line: str) -> LoanCase:
    """A loan of the same enterprise, approved by the bank and not paid out."""
    loan = LoanCase(
        case_id=case.id,
        attempt=1,
        bank_id=world["bank"].org.id,
        assigned_by="PREFERENCE",
        status="APPROVED",
        assigned_at=NOW,
        credit_line=Decimal(line),
    )
    world.session.add(loan)
    world.session.flush()
    return loan


def test_checks_are_stored_with_their_working_and_the_enterprise_is_classified(
    world: World,
) -> None:
    case = sent(world, **{"从业人员": 45, "营业收入": 2600})
    assert (case.size_class, case.support_class) == ("SMALL", "NORMAL")
    assert case.enterprise.size_class == "SMALL"
    size = check(world, case, "E4")
    assert size.outcome == "PASS"
    assert size.trace is not None
    assert size.trace["steps"]
    assert check(world, case, "N1").outcome == "JUDGE", "没有查过的交经办判断"


def test_an_address_in_another_district_fails_whatever_the_list_says(world: World) -> None:
    case = sent(world, 所属街镇="南翔镇", 经营地址="上海市闵行区虹梅路1号")
    assert check(world, case, "E1_ADDRESS").outcome == "FAIL"


def test_a_review_does_not_pass_before_every_question_is_answered(world: World) -> None:
    case = sent(world)
    with pytest.raises(InvalidInput) as refused:
        world.review(case, judge_N3=None)
    assert set(refused.value.fields) == {"judge_N3"}


def test_a_judgement_that_something_is_wrong_keeps_a_case_from_passing(world: World) -> None:
    case = sent(world)
    with pytest.raises(RuleRefused) as refused:
        world.review(case, judge_N3="NOT_OK")
    assert refused.value.code == "check_failed"


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal("10000000.01")])
def test_the_suggested_amount_stays_within_the_ceiling(
    world: World, amount: Decimal | None
) -> None:
    case = sent(world)
    with pytest.raises(InvalidInput) as refused:
        world.review(case, suggested_amount=amount)
    assert set(refused.value.fields) == {"suggested_amount"}


def test_what_the_enterprise_has_already_counts_against_the_ceiling(world: World) -> None:
    case = sent(world)
    loan = lend(world, case, "7500000")
    found = exposure(world.session, case.enterprise_id, PROGRAMME)
    assert [(each.kind, each.amount) for each in found.items] == [
        (ExposureKind.UNDRAWN, Decimal("7500000.00"))
    ]
    assert exposure(world.session, case.enterprise_id, PROGRAMME, without=loan.id).total == 0
    with pytest.raises(InvalidInput):
        world.review(case, suggested_amount=Decimal("2500000.01"))
    world.review(case, suggested_amount=Decimal("2500000"))


def test_a_loan_approved_between_review_and_check_stops_the_confirmation(world: World) -> None:
    case = sent(world)
    world.review(case, suggested_amount=Decimal("9000000"))
    lend(world, case, "5000000")
    with pytest.raises(RuleRefused) as refused:
        world.do(subject(case), "first_check", world["finance"].checker, outcome="CONFIRM")
    assert refused.value.code == "amount_outdated"
    assert case.suggested_amount is None


def test_key_class_needs_a_valid_certificate(world: World) -> None:
    case = sent(world, 资质="高新技术企业", 资质有效期至="2025-12-01")
    with pytest.raises(InvalidInput) as refused:
        world.review(case, support_class="KEY")
    assert set(refused.value.fields) == {"support_class"}


def test_a_confirmed_review_goes_to_the_centre_with_its_amount(world: World) -> None:
    case = sent(world)
    world.pass_first(case)
    assert case.suggested_amount == Decimal("3000000.00")
    assert world.task(subject(case), "centre_review").org_id == world["centre"].org.id
    reviewed = world.session.scalars(select(Decision).where(Decision.case_id == case.id)).one()
    assert reviewed.by_id == world["finance"].maker.person_id
    assert reviewed.confirmed_by == world["finance"].checker.person_id


def test_who_reviewed_does_not_confirm(world: World) -> None:
    both = person(world.session, world["finance"].org, "both", "maker", "checker")
    case = sent(world)
    values = {"outcome": "PASS", "suggested_amount": Decimal("100"), **ALL_FINE}
    world.do(subject(case), "first_review", both, **values)
    with pytest.raises(NotAllowed):
        world.do(subject(case), "first_check", both, outcome="CONFIRM")


def test_a_checker_who_returns_a_review_gives_a_reason(world: World) -> None:
    case = sent(world)
    world.review(case)
    with pytest.raises(InvalidInput):
        world.do(subject(case), "first_check", world["finance"].checker, outcome="RETURN")
    values = {"outcome": "RETURN", "note": "金额偏高"}
    world.do(subject(case), "first_check", world["finance"].checker, **values)
    assert world.task(subject(case), "first_review")
    assert check(world, case, "N1").answer == "OK", "判断不必重做"


def test_a_firm_outside_the_scope_needs_the_head(world: World) -> None:
    case = sent(world, 行业="贸易")
    world.review(case)
    head = world["finance"].head
    with pytest.raises(InvalidInput):
        world.do(subject(case), "head_opinion", head, outcome="APPROVE")
    world.do(subject(case), "head_opinion", head, outcome="APPROVE", note="街镇重点企业")
    world.do(subject(case), "first_check", world["finance"].checker, outcome="CONFIRM")
    assert world.task(subject(case), "centre_review")


def test_a_head_who_rejects_outweighs_the_maker(world: World) -> None:
    case = sent(world, 推荐类别="其他", 推荐说明="成长性好")
    world.review(case)
    values = {"outcome": "REJECT", "note": "不符合导向"}
    world.do(subject(case), "head_opinion", world["finance"].head, **values)
    world.do(subject(case), "first_check", world["finance"].checker, outcome="CONFIRM")
    assert world.task(subject(case), "objection")
    assert case.suggested_amount is None
    (event,) = world.events("case_rejected")
    assert event.payload["note"] == "不符合导向"


def test_a_soft_rule_is_overridden_only_with_a_reason_and_the_head(world: World) -> None:
    case = sent(world, 经营地址="上海市闵行区虹梅路1号")
    with pytest.raises(InvalidInput) as refused:
        world.review(case)
    assert set(refused.value.fields) == {"override_reason"}
    world.review(case, override_reason="本季度迁入，已签租约")
    assert world.task(subject(case), "head_opinion")


def test_a_return_names_its_reasons_and_goes_to_the_referrer(world: World) -> None:
    case = sent(world)
    with pytest.raises(InvalidInput):
        world.review(case, outcome="RETURN")
    with pytest.raises(InvalidInput) as other:
        world.review(case, outcome="RETURN", reasons=["R99"])
    assert set(other.value.fields) == {"note"}
    world.review(case, outcome="RETURN", reasons=["R01"])
    item = world.task(subject(case), "correct_referral")
    assert item.org_id == world["nanxiang"].org.id
    (event,) = world.events("case_returned")
    assert event.payload["reasons"] == ["R01"]
    assert event.payload["org_id"] == world["nanxiang"].org.id


def test_a_correction_is_checked_again_and_keeps_the_judgements_that_still_hold(
    world: World,
) -> None:
    case = sent(world, 营业收入=None)
    assert check(world, case, "E4").outcome == "MISSING"
    with pytest.raises(RuleRefused):
        world.review(case)
    world.review(case, outcome="RETURN", reasons=["R03"])
    maker = world["nanxiang"].maker
    with pytest.raises(InvalidInput):
        world.do(subject(case), "correct_referral", maker)
    values = {"revenue": Decimal("2600"), "need_amount": Decimal("4000000"), "statement": "补营收"}
    world.do(subject(case), "correct_referral", maker, **values)
    assert check(world, case, "E4").outcome == "PASS"
    assert check(world, case, "N1").answer == "OK"
    assert case.need_amount == Decimal("4000000")
    assert case.items[0].need_amount == Decimal("4000000")
    assert world.task(subject(case), "first_review")


def test_conflicting_needs_are_judged_again_when_a_new_one_joins(world: World) -> None:
    case = sent(world, 融资需求=600)
    firm = {"统一社会信用代码": case.enterprise.uscc, "企业名称": case.enterprise.name}
    world.send("kewei", row(**firm, 推荐类别="高企", 融资需求=500))
    with pytest.raises(InvalidInput) as refused:
        world.review(case)
    assert set(refused.value.fields) == {"judge_NEED_CONFLICT"}
    world.review(case, outcome="RETURN", reasons=["R01"], judge_NEED_CONFLICT="600")
    assert check(world, case, "NEED_CONFLICT").answer == "600"
    world.send("bank", row(**firm, 推荐类别="存量", 融资需求=800))
    assert check(world, case, "NEED_CONFLICT").answer is None
    assert check(world, case, "N1").answer == "OK"


def test_a_rejected_case_ends_after_the_time_for_an_objection(world: World) -> None:
    case = sent(world)
    with pytest.raises(InvalidInput):
        world.review(case, outcome="REJECT")
    world.review(case, outcome="REJECT", reject_reason="N4")
    world.do(subject(case), "first_check", world["finance"].checker, outcome="CONFIRM")
    assert len(world.events("case_rejected")) == 1
    world.do(subject(case), "objection", world["nanxiang"].maker, outcome="NONE")
    assert case.status == "REJECTED"
    assert case.closed_at == NOW


def test_one_objection_is_looked_into_and_no_second(world: World) -> None:
    case, finance, maker = sent(world), world["finance"], world["nanxiang"].maker
    world.review(case, outcome="REJECT", reject_reason="N3")
    world.do(subject(case), "first_check", finance.checker, outcome="CONFIRM")
    with pytest.raises(InvalidInput):
        world.do(subject(case), "objection", maker, outcome="FILE")
    world.do(subject(case), "objection", maker, outcome="FILE", statement="已和解")
    world.review(case, outcome="REJECT", reject_reason="N3")
    world.do(subject(case), "first_check", finance.checker, outcome="CONFIRM")
    assert case.status == "REJECTED"
    assert world.open_tasks(subject(case)) == []


def test_a_correction_that_does_not_come_lets_the_case_expire(world: World) -> None:
    from tests.firing import fire_timers

    case = sent(world)
    world.review(case, outcome="RETURN", reasons=["R01"])
    assert case.instance_id is not None
    fire_timers(world.session, case.instance_id, datetime(2025, 12, 16, tzinfo=UTC))
    assert case.status == "EXPIRED"
    assert len(world.events("case_expired")) == 1


def test_the_centre_may_not_approve_more_than_was_suggested_without_a_reason(
    world: World,
) -> None:
    case, centre = sent(world), world["centre"]
    world.pass_first(case)
    more = {"outcome": "PASS", "approved_amount": Decimal("3500000")}
    with pytest.raises(InvalidInput) as refused:
        world.do(subject(case), "centre_review", centre.maker, **more)
    assert set(refused.value.fields) == {"note"}
    world.do(subject(case), "centre_review", centre.maker, **more, note="订单充足")
    assert case.approved_amount is None, "复核后才生效"
    world.do(subject(case), "centre_check", centre.checker, outcome="CONFIRM")
    assert case.approved_amount == Decimal("3500000")


def test_the_centre_returns_a_case_to_the_first_review(world: World) -> None:
    case, centre = sent(world), world["centre"]
    world.pass_first(case)
    values = {"outcome": "RETURN", "reasons": ["R03"], "note": "核实营收"}
    world.do(subject(case), "centre_review", centre.maker, **values)
    world.do(subject(case), "centre_check", centre.checker, outcome="CONFIRM")
    assert world.task(subject(case), "first_review").org_id == world["finance"].org.id
    assert decisions(world, case)[-1] == ("CENTRE_REVIEW", "RETURN")


def test_an_expired_authorisation_is_no_authorisation(world: World) -> None:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm), authorised=False)
    case, maker = world.case(firm), world["nanxiang"].maker
    values = {"signed_on": date(2024, 1, 1), "valid_to": date(2025, 1, 1)}
    with pytest.raises(InvalidInput):
        world.do(subject(case), "supply_authorisation", maker, **values)


def test_what_a_check_misses_can_be_supplied_by_a_correction(world: World) -> None:
    case = sent(world, 行业="没有听说过的行业")
    assert check(world, case, "E4").outcome == "MISSING"
    world.review(case, outcome="RETURN", reasons=["R03"])
    values = {"industry": "软件", "remark": "区重点企业", "statement": "行业改为软件"}
    world.do(subject(case), "correct_referral", world["nanxiang"].maker, **values)
    assert case.enterprise.size_industry == "SOFTWARE"
    assert check(world, case, "E4").outcome == "PASS"
    assert case.items[0].remark == "区重点企业"
