"""What one bank has done: its cases and amounts, as far as they concern the actor (R8)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import (
    Agreement,
    CaseStatus,
    Disbursement,
    Enterprise,
    Filing,
    GuaranteeCase,
    LoanCase,
    LoanStatus,
    Organisation,
    OrgKind,
)
from engine.operations.agreements_in_force import COUNTED
from engine.people import Actor
from engine.queries.banks import IN_HAND, concerned, loans, visible_agreements

MOST_CASES = 50


@dataclass(frozen=True)
class BankFigures:
    """What a bank has done. Amounts 元; `received` counts the cases ever assigned to it."""

    received: int
    in_hand: int
    declined: int
    approved: Decimal
    disbursed: Decimal
    guaranteed: Decimal


@dataclass(frozen=True)
class LoanLine:
    """A case at a bank."""

    case_id: int
    case_no: str
    enterprise: str
    status: str
    agreement_id: int | None
    agr_no: str | None
    credit_line: Decimal | None
    rate: Decimal | None
    assigned_at: datetime


def bank_for(session: Session, bank_id: int, actor: Actor) -> Organisation:
    """The bank, if the actor may know of its work here. Raises NotFound otherwise."""
    bank = session.get(Organisation, bank_id)
    if bank is None or bank.kind != OrgKind.BANK.value:
        raise NotFound()
    if actor.org_kind == OrgKind.BANK.value:
        if bank.id != actor.org_id:
            raise NotFound()
        return bank
    agreed = exists().where(visible_agreements(actor), Agreement.bank_id == bank_id)
    lent = exists().where(
        LoanCase.case_id == GuaranteeCase.id,
        LoanCase.bank_id == bank_id,
        concerned(actor, GuaranteeCase.instance_id),
    )
    if not session.scalar(select(or_(agreed, lent))):
        raise NotFound()
    return bank


def bank_figures(session: Session, bank_id: int, actor: Actor) -> BankFigures:
    """The bank's cases and amounts, as far as they concern the actor."""
    counted = LoanCase.status.in_(COUNTED)
    open_here = LoanCase.status.in_(IN_HAND) & (GuaranteeCase.status == CaseStatus.OPEN.value)
    cases = select(
        func.count(),
        func.count().filter(open_here),
        func.count().filter(LoanCase.status == LoanStatus.DECLINED.value),
        func.coalesce(func.sum(LoanCase.credit_line).filter(counted), 0),
    )
    received, in_hand, declined, approved = session.execute(_at_bank(cases, bank_id, actor)).one()
    paid = select(
        func.coalesce(func.sum(Disbursement.amount), 0),
        func.coalesce(func.sum(Filing.guaranteed_amount), 0),
    )
    joined = (
        _at_bank(paid, bank_id, actor)
        .join(Disbursement, Disbursement.loan_case_id == LoanCase.id)
        .outerjoin(
            Filing, (Filing.disbursement_id == Disbursement.id) & (Filing.status == "ACCEPTED")
        )
        .where(Disbursement.confirmed)
    )
    disbursed, guaranteed = session.execute(joined).one()
    sums = Decimal(approved), Decimal(disbursed), Decimal(guaranteed)
    return BankFigures(received, in_hand, declined, *sums)


def _at_bank(query: Select[Any], bank_id: int, actor: Actor) -> Select[Any]:
    return (
        query.select_from(LoanCase)
        .join(GuaranteeCase, GuaranteeCase.id == LoanCase.case_id)
        .where(loans(actor, [bank_id]))
    )


def bank_cases(session: Session, bank_id: int, actor: Actor) -> list[LoanLine]:
    """The bank's newest cases that concern the actor."""
    query = _at_bank(
        select(LoanCase, GuaranteeCase.case_no, Enterprise.name, Agreement.agr_no), bank_id, actor
    )
    query = (
        query.join(Enterprise, Enterprise.id == GuaranteeCase.enterprise_id)
        .outerjoin(Agreement, Agreement.id == LoanCase.agreement_id)
        .order_by(LoanCase.assigned_at.desc(), LoanCase.id.desc())
        .limit(MOST_CASES)
    )
    return [_loan(*one) for one in session.execute(query)]


def _loan(loan: LoanCase, case_no: str, enterprise: str, agr_no: str | None) -> LoanLine:
    return LoanLine(
        case_id=loan.case_id,
        case_no=case_no,
        enterprise=enterprise,
        status=loan.status,
        agreement_id=loan.agreement_id,
        agr_no=agr_no,
        credit_line=loan.credit_line,
        rate=loan.rate,
        assigned_at=loan.assigned_at,
    )
