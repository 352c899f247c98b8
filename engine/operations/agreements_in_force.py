"""Which tripartite agreements take new cases on a day, and what of their package is left (P5)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.models import Agreement, AgreementStatus, LoanCase, LoanStatus

ZERO = Decimal("0.00")
# A quota counts approved lines; repayment does not release it, only cancellation or expiry (I.19).
# A loan whose filing was rejected is the bank's own risk and takes nothing of the package (P7).
COUNTED = (
    LoanStatus.APPROVED.value,
    LoanStatus.PARTIAL.value,
    LoanStatus.DISBURSED.value,
    LoanStatus.FILED.value,
    LoanStatus.IN_FORCE.value,
)
PREPARING = (
    AgreementStatus.DRAFT.value,
    AgreementStatus.REVIEW.value,
    AgreementStatus.SIGNING.value,
)


def takes_new(agreement: Agreement, day: date) -> bool:
    """Whether new cases may use it on the day: signed, begun, not ended, suspended or replaced."""
    first, last = agreement.effective_from, agreement.effective_to
    if agreement.status != AgreementStatus.EFFECTIVE.value or first is None or last is None:
        return False
    return first <= day <= last


def in_force(
    session: Session, programme: str, day: date, *, bank_id: int | None = None
) -> list[Agreement]:
    """The agreements that take new cases, one a bank and guarantor (its newest version), by id."""
    query = select(Agreement).where(
        Agreement.programme == programme,
        Agreement.status == AgreementStatus.EFFECTIVE.value,
        Agreement.effective_from <= day,
        Agreement.effective_to >= day,
    )
    if bank_id is not None:
        query = query.where(Agreement.bank_id == bank_id)
    ordered = session.scalars(query.order_by(Agreement.version, Agreement.id)).all()
    newest = {(one.bank_id, one.guarantor_id): one for one in ordered}
    return sorted(newest.values(), key=lambda one: one.id)


def banks_preparing(session: Session, programme: str, day: date) -> set[int]:
    """The banks whose agreement is being drafted or signed, or has yet to begin."""
    query = select(Agreement).where(Agreement.programme == programme)
    return {one.bank_id for one in session.scalars(query) if _is_coming(one, day)}


def _is_coming(agreement: Agreement, day: date) -> bool:
    begins = agreement.effective_from
    effective = agreement.status == AgreementStatus.EFFECTIVE.value
    return agreement.status in PREPARING or (effective and begins is not None and begins > day)


def used_quota(session: Session, agreement: Agreement, *, without: int | None = None) -> Decimal:
    """Approved lines of the package, 元. An amended version goes on with its predecessor's package;
    one that begins after the other ended has its own. `without`: a loan case not to count."""
    query = select(func.coalesce(func.sum(LoanCase.credit_line), ZERO)).where(
        LoanCase.agreement_id.in_(_package(session, agreement)), LoanCase.status.in_(COUNTED)
    )
    if without is not None:
        query = query.where(LoanCase.id != without)
    return session.scalars(query).one() or ZERO


def _package(session: Session, agreement: Agreement) -> Sequence[int]:
    query = select(Agreement.id).where(
        Agreement.agr_no == agreement.agr_no,
        Agreement.version <= agreement.version,
        Agreement.effective_to >= agreement.effective_from,
    )
    return [agreement.id, *session.scalars(query)]


def free_quota(session: Session, agreement: Agreement) -> Decimal | None:
    """What the package still takes, 元; None when it has no quota."""
    if agreement.batch_quota is None:
        return None
    return max(agreement.batch_quota - used_quota(session, agreement), ZERO)
