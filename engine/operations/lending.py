"""What the bank's and the guarantor's steps share: a case's loan, its workings, its LPR table."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.encoding import native
from engine.domain.programme import Parameters
from engine.domain.trace import Trace
from engine.errors import Conflict
from engine.models import Disbursement, LoanCase, LprRate
from engine.text import text

_SHOWN = (
    *("status", "bank_id", "agreement_id", "attempt", "decision", "decline_reason", "credit_line"),
    *("rate", "rate_type", "lpr_spread_bp", "loan_type", "term_months", "is_first_loan"),
    *("contract_no", "contract_date", "parameter_version"),
)


def loan_of(session: Session, case_id: int) -> LoanCase:
    """The case's newest loan case: the bank that has it now. Raises Conflict without one."""
    query = select(LoanCase).where(LoanCase.case_id == case_id)
    found = session.scalar(query.order_by(LoanCase.attempt.desc()).limit(1))
    if found is None:
        raise Conflict("no_loan_case", text("案件还没有分派银行"))
    return found


def disbursement_of(session: Session, loan: LoanCase) -> Disbursement | None:
    """The loan's newest disbursement, confirmed or not."""
    query = select(Disbursement).where(Disbursement.loan_case_id == loan.id)
    return session.scalar(query.order_by(Disbursement.id.desc()).limit(1))


def keep(loan: LoanCase, *traces: Trace | None) -> None:
    """Store workings with the loan, the newest of each rule."""
    made = {trace.rule: trace.to_dict() for trace in traces if trace is not None}
    loan.traces = {**(loan.traces or {}), **made}


def shown(row: Any, names: tuple[str, ...] = _SHOWN) -> dict[str, Any]:
    """Columns of a row for the audit trail; of a loan case unless others are named."""
    found: dict[str, Any] = native({name: getattr(row, name) for name in names})
    return found


def lpr_table(session: Session, parameters: Parameters) -> Mapping[date, Decimal]:
    """The published 1-year LPRs in percent: the programme's, and those entered since (P18)."""
    entered = session.execute(select(LprRate.published_on, LprRate.rate)).tuples()
    return {**parameters.lpr_table(), **dict(entered.all())}
