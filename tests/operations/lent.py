"""Loans as the bank leaves them, without the way there: for tests of filing and subsidy."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from engine.models import (
    Agreement,
    Disbursement,
    Enterprise,
    Filing,
    GuaranteeCase,
    Instance,
    LoanCase,
)
from engine.people import SYSTEM
from engine.runtime.step import start_instance
from tests.imports.builders import code
from tests.operations.world import PROGRAMME, World

NUMBERS = count(1)
DISBURSED = date(2025, 12, 3)


def agreement(world: World, **values: Any) -> Agreement:
    """A tripartite agreement in force."""
    given = {"guarantee_ratio": Decimal("0.8"), "effective_from": date(2025, 12, 1), **values}
    one = Agreement(
        agr_no=f"XY-{next(NUMBERS)}",
        programme=PROGRAMME,
        guarantor_id=world["centre"].org.id,
        bank_id=world["bank"].org.id,
        finance_id=world["finance"].org.id,
        status="EFFECTIVE",
        effective_to=date(2030, 11, 30),
        created_at=world.now,
        **given,
    )
    world.session.add(one)
    world.session.flush()
    return one


def enterprise(world: World, **values: Any) -> Enterprise:
    """A firm with a name of its own."""
    given = {"name": f"上海示例（{next(NUMBERS)}）有限公司", **values}
    one = Enterprise(uscc=code(), updated_at=world.now, **given)
    world.session.add(one)
    world.session.flush()
    return one


def disbursed(
    world: World, terms: Agreement, amount: str = "2000000.00", on: date = DISBURSED
) -> Disbursement:
    """A case whose loan is paid out and checked."""
    firm, number = enterprise(world), next(NUMBERS)
    case = GuaranteeCase(
        case_no=f"JD-2025-{number:06}",
        programme=PROGRAMME,
        enterprise_id=firm.id,
        referred_at=world.now,
        category="街镇推荐",
        need_amount=Decimal(amount),
        need_term=12,
        need_purpose="采购原材料",
        bank_id=terms.bank_id,
        guarantor_id=terms.guarantor_id,
        agreement_id=terms.id,
        stage=6,
    )
    world.session.add(case)
    world.session.flush()
    loan = LoanCase(
        case_id=case.id,
        attempt=1,
        bank_id=terms.bank_id,
        agreement_id=terms.id,
        assigned_by="SCORE",
        assigned_at=world.now,
        status="DISBURSED",
        credit_line=Decimal(amount),
        contract_no=f"JK-{number}",
        contract_date=on,
    )
    world.session.add(loan)
    world.session.flush()
    return _paid_out(world, loan, amount, on)


def _paid_out(world: World, loan: LoanCase, amount: str, on: date) -> Disbursement:
    one = Disbursement(
        loan_case_id=loan.id,
        bank_id=loan.bank_id,
        loan_no=f"JJ-{loan.id}",
        amount=Decimal(amount),
        balance=Decimal(amount),
        disbursed_on=on,
        maturity_on=on.replace(year=on.year + 1),
        confirmed=True,
    )
    world.session.add(one)
    world.session.flush()
    return one


def start_filing(world: World, paid: Disbursement) -> str:
    """Start the filing of a disbursement; returns its subject."""
    case = paid.loan_case.case
    parties = {
        "bank": paid.bank_id,
        "guarantor": world["centre"].org.id,
        "finance": world["finance"].org.id,
    }
    start(world, case, "filing", parties)
    return f"case:{case.id}"


def start(world: World, case: GuaranteeCase, process: str, parties: dict[str, int]) -> Instance:
    """Start one stage's process for a case, as if the stages before had ended."""
    instance = start_instance(
        world.session,
        process,
        subject=f"case:{case.id}",
        title=case.case_no,
        programme=PROGRAMME,
        data={"case_id": case.id},
        parties=parties,
        actor=SYSTEM,
        now=world.now,
    )
    case.instance_id = instance.id
    world.session.flush()
    return instance


def filed(world: World, terms: Agreement, fee: str = "8000.00", **values: Any) -> Filing:
    """An accepted filing whose fee was paid in December 2025; its case waits for the subsidy."""
    paid = disbursed(world, terms)
    case = paid.loan_case.case
    given = {
        "fee_paid": Decimal(fee),
        "fee_paid_on": date(2025, 12, 30),
        "status": "ACCEPTED",
        **values,
    }
    one = Filing(
        case_id=case.id,
        filing_no=f"JD-BA-2025-{next(NUMBERS):04}",
        disbursement_id=paid.id,
        guarantor_id=terms.guarantor_id,
        agreement_id=terms.id,
        submitted_at=world.now,
        fee_due=Decimal(fee),
        **given,
    )
    world.session.add(one)
    world.session.flush()
    start(world, case, "subsidy_wait", {"finance": world["finance"].org.id})
    return one
