"""Giving a case up, and how cases end."""

from datetime import date
from decimal import Decimal

import pytest

from engine.errors import Conflict, InvalidInput, NotAllowed
from engine.models import Disbursement, GuaranteeCase, Instance, LoanCase
from engine.operations.cases import may_withdraw, on_instance_ended, withdraw_case
from engine.operations.exposure import ExposureKind, exposure
from engine.people import SYSTEM
from engine.runtime.context import StepContext
from engine.runtime.in_force import programme_of
from tests.imports.builders import code, row
from tests.operations.world import NOW, PROGRAMME, World


def sent(world: World) -> GuaranteeCase:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    return world.case(firm)


def loan(world: World, case: GuaranteeCase, **values: object) -> LoanCase:
    given = {"status": "APPROVED", "credit_line": Decimal("2000000"), **values}
    one = LoanCase(
        case_id=case.id,
        attempt=1,
        bank_id=world["bank"].org.id,
        assigned_by="SCORE",
        assigned_at=NOW,
        **given,
    )
    world.session.add(one)
    world.session.flush()
    return one


def test_the_first_referrer_withdraws_a_case_and_nothing_stays_open(world: World) -> None:
    case = sent(world)
    lent = loan(world, case, status="ASSIGNED")
    withdraw_case(world.session, case.id, "企业不再需要", world["nanxiang"].maker, NOW)
    assert (case.status, case.closed_at) == ("WITHDRAWN", NOW)
    assert lent.status == "WITHDRAWN"
    assert world.open_tasks(f"case:{case.id}") == []
    assert world.session.get_one(Instance, case.instance_id).status == "CANCELLED"
    assert "case.withdrawn" in world.actions(f"case:{case.id}")
    assert len(world.events("case_withdrawn")) == 1


def test_a_withdrawn_enterprise_can_be_referred_again(world: World) -> None:
    case = sent(world)
    firm = case.enterprise.uscc
    withdraw_case(world.session, case.id, "材料有误", world["finance"].maker, NOW)
    world.send("kewei", row(统一社会信用代码=firm, 推荐类别="高企"))
    assert world.case(firm).status == "OPEN"


def test_others_do_not_withdraw_a_case(world: World) -> None:
    case = sent(world)
    for office in ("kewei", "bank", "centre"):
        assert not may_withdraw(world.session, case, world[office].maker)
        with pytest.raises(NotAllowed):
            withdraw_case(world.session, case.id, "误", world[office].maker, NOW)
    with pytest.raises(InvalidInput):
        withdraw_case(world.session, case.id, " ", world["nanxiang"].maker, NOW)
    assert case.status == "OPEN"


def test_a_case_with_a_signed_contract_is_not_withdrawn(world: World) -> None:
    case = sent(world)
    loan(world, case, contract_no="JK-1", contract_date=date(2025, 12, 8))
    with pytest.raises(Conflict) as refused:
        withdraw_case(world.session, case.id, "误", world["finance"].maker, NOW)
    assert refused.value.code == "contract_signed"
    assert world.task(f"case:{case.id}", "first_review")


def test_withdrawing_twice_is_answered_with_what_happened(world: World) -> None:
    case = sent(world)
    withdraw_case(world.session, case.id, "误报", world["finance"].maker, NOW)
    with pytest.raises(Conflict) as refused:
        withdraw_case(world.session, case.id, "误报", world["finance"].maker, NOW)
    assert refused.value.code == "case_closed"


def test_a_case_that_waits_to_be_started_can_be_withdrawn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.operations import submission

    monkeypatch.setattr(submission, "AT_ONCE", 0)
    case = sent(world)
    assert case.instance_id is None
    withdraw_case(world.session, case.id, "误报", world["nanxiang"].maker, NOW)
    assert case.status == "WITHDRAWN"


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("end_done", "DONE"),
        ("end_no_bank", "NO_BANK"),
        ("end_case_by_case", "CASE_BY_CASE"),
        ("end_line_expired", "LINE_EXPIRED"),
        ("end_filing_rejected", "FILING_REJECTED"),
    ],
)
def test_the_end_event_says_what_became_of_a_case(world: World, end: str, status: str) -> None:
    case = sent(world)
    on_instance_ended(context(world, case), end)
    assert (case.status, case.closed_at) == (status, NOW)


def test_an_end_that_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(Conflict):
        on_instance_ended(context(world, sent(world)), "end_somehow")


def context(world: World, case: GuaranteeCase) -> StepContext:
    instance = world.session.get_one(Instance, case.instance_id)
    parameters = programme_of(world.session, PROGRAMME).at(date(2025, 12, 8))
    return StepContext(world.session, NOW, SYSTEM, instance, parameters)


def test_what_is_paid_out_counts_by_its_balance_and_the_rest_of_the_line_too(
    world: World,
) -> None:
    case = sent(world)
    lent = loan(world, case, status="DISBURSED")
    world.session.add(
        Disbursement(
            loan_case_id=lent.id,
            bank_id=lent.bank_id,
            loan_no="1",
            amount=Decimal("1500000"),
            balance=Decimal("900000"),
            disbursed_on=date(2025, 12, 8),
            maturity_on=date(2026, 12, 7),
        )
    )
    world.session.flush()
    found = exposure(world.session, case.enterprise_id, PROGRAMME)
    assert found.of(ExposureKind.OUTSTANDING) == Decimal("900000.00")
    assert found.of(ExposureKind.UNDRAWN) == Decimal("500000.00")
    assert found.total == Decimal("1400000.00")
    assert exposure(world.session, case.enterprise_id, "MH_PARK_CHAMBER").total == 0
    lent.status = "FILING_REJECTED"
    world.session.flush()
    assert exposure(world.session, case.enterprise_id, PROGRAMME).total == 0
