"""A firm's whole way, from the list to the subsidy, through the diagrams as they are published."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.audit.verify import verify_chain
from engine.models import Clock, Filing, GuaranteeCase, SubsidyRow, Whitelist
from engine.operations.exposure import exposure
from tests.firing import fire_timers
from tests.imports.builders import code, row
from tests.operations import subsidised
from tests.operations.banking import (
    approve,
    at,
    check_payment,
    decide,
    district,
    loan,
    pay_out,
    sign,
    subject,
)
from tests.operations.world import PROGRAMME, World, office


@pytest.fixture
def town(world: World) -> World:
    """Three banks with agreements, and a treasury."""
    district(world)
    if "treasury" not in world.offices:
        world.offices["treasury"] = office(world.session, "treasury", "区国库", "TREASURY")
    for bank in ("bank", "bank2", "bank3"):
        sign(world, bank)
    world.session.commit()
    return world


def whitelisted(world: World) -> GuaranteeCase:
    """Referred, reviewed, released; a bank has been asked."""
    uscc = code()
    world.send("nanxiang", row(统一社会信用代码=uscc))
    case = world.case(uscc)
    world.pass_first(case)
    world.pass_centre(case)
    release = world.session.query(Whitelist).filter_by(status="OPEN").one()
    place, finance = f"whitelist:{release.id}", world["finance"]
    world.do(place, "compile_release", finance.maker, cases=[case.id])
    world.do(place, "confirm_release", finance.checker, outcome="CONFIRM")
    return case


def accept(world: World, case: GuaranteeCase) -> None:
    world.do(subject(case), "accept_case", at(world, case).maker, outcome="ACCEPT")


def file(world: World, case: GuaranteeCase) -> Filing:
    """Filed, accepted, and the fee paid."""
    centre = world["centre"]
    world.do(subject(case), "file_loan", at(world, case).maker, attestation=True)
    world.do(subject(case), "review_filing", centre.maker, outcome="ACCEPTED")
    world.do(subject(case), "check_filing", centre.checker, outcome="CONFIRM")
    filing = world.session.query(Filing).filter_by(case_id=case.id).one()
    fee = {"fee_paid": filing.fee_due, "fee_paid_on": date(2025, 12, 8), "invoice_no": "F-1"}
    world.do(subject(case), "register_fee", centre.maker, **fee)
    return filing


def elements(world: World, case: GuaranteeCase) -> Sequence[str]:
    return [item.element_id for item in world.open_tasks(subject(case))]


def test_from_the_list_to_the_subsidy_every_cent_is_accounted_for(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    approve(town, case)
    pay_out(town, case, amount=Decimal("2345678.91"))
    check_payment(town, case)
    filing = file(town, case)
    # 2345678.91 x 0.8 = 1876543.128 cut; x 0.005 = 9382.7156 rounded
    assert (filing.guaranteed_amount, filing.fee_due) == (
        Decimal("1876543.12"),
        Decimal("9382.72"),
    )
    assert (case.status, case.stage) == ("OPEN", 7)
    batch = subsidised.paid(town)
    [paid] = town.session.query(SubsidyRow).filter_by(batch_id=batch.id).all()
    assert (paid.status, paid.amount) == ("PAID", Decimal("9382.72"))
    assert case.status == "DONE"
    assert elements(town, case) == []
    town.session.commit()
    assert verify_chain(town.session, subject(case)).ok


def test_a_bank_that_declines_is_followed_by_another_with_its_own_ten_days(town: World) -> None:
    case = whitelisted(town)
    first = case.bank_id
    accept(town, case)
    town.now += timedelta(days=8)
    decide(town, case, outcome="DECLINED", decline_reason="CREDIT")
    town.do(subject(case), "approve_check", at(town, case).checker, outcome="CONFIRM")
    assert case.bank_id != first
    assert elements(town, case) == ["accept_case"]
    accept(town, case)
    item = town.task(subject(case), "approve_loan")
    assert (item.org_id, item.due_at) == (
        case.bank_id,
        datetime(2025, 12, 26, 15, 59, 59, tzinfo=UTC),
    )
    clock = town.session.query(Clock).filter_by(instance_id=case.instance_id, name="approval").one()
    assert clock.due_at == item.due_at


def test_when_nobody_lends_the_case_ends_without_a_bank(town: World) -> None:
    case = whitelisted(town)
    for _ in range(3):
        maker = at(town, case).maker
        town.do(subject(case), "accept_case", maker, outcome="REFUSE", refuse_reason="QUOTA")
    given = {"outcome": "CLOSE", "note": "三家均无额度"}
    town.do(subject(case), "coordinate", town["finance"].maker, **given)
    assert case.status == "NO_BANK"


def test_a_line_that_nobody_uses_ends_the_case_and_frees_the_ceiling(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    approve(town, case)
    town.session.commit()
    assert case.instance_id is not None
    fire_timers(town.session, case.instance_id, town.now + timedelta(days=100))
    assert (case.status, loan(town, case).status) == ("LINE_EXPIRED", "EXPIRED")
    assert exposure(town.session, case.enterprise_id, PROGRAMME).total == 0


def test_a_rejected_filing_ends_the_case_at_the_banks_own_risk(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    approve(town, case)
    pay_out(town, case)
    check_payment(town, case)
    centre = town["centre"]
    town.do(subject(case), "file_loan", at(town, case).maker, attestation=True)
    refusal = {"outcome": "REJECTED", "reasons": ["F03"], "note": "利率超过上限"}
    town.do(subject(case), "review_filing", centre.maker, **refusal)
    town.do(subject(case), "check_filing", centre.checker, outcome="CONFIRM")
    assert (case.status, loan(town, case).status) == ("FILING_REJECTED", "FILING_REJECTED")
    assert exposure(town.session, case.enterprise_id, PROGRAMME).total == 0
