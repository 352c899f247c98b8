"""What an enterprise already takes of its ceiling, over all banks of a programme (D.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.models import Disbursement, GuaranteeCase, LoanCase, LoanStatus

# An approval counts from the bank's decision on; a loan whose filing was rejected is the bank's
# own risk (P7) and takes nothing of the programme's ceiling.
COUNTED = (
    LoanStatus.APPROVED.value,
    LoanStatus.PARTIAL.value,
    LoanStatus.DISBURSED.value,
    LoanStatus.FILED.value,
    LoanStatus.IN_FORCE.value,
)
ZERO = Decimal("0.00")


class ExposureKind(StrEnum):
    """OUTSTANDING: paid out and not repaid. UNDRAWN: approved and not paid out yet."""

    OUTSTANDING = "OUTSTANDING"
    UNDRAWN = "UNDRAWN"


@dataclass(frozen=True)
class ExposureItem:
    """One amount that counts, 元, and whose it is."""

    kind: ExposureKind
    bank: str
    amount: Decimal
    loan_case_id: int


@dataclass(frozen=True)
class Exposure:
    """All that counts for one enterprise and programme."""

    items: tuple[ExposureItem, ...]

    @property
    def total(self) -> Decimal:
        """Outstanding and undrawn, 元."""
        return sum((item.amount for item in self.items), ZERO)

    def of(self, kind: ExposureKind) -> Decimal:
        """The sum of one kind, 元."""
        return sum((item.amount for item in self.items if item.kind is kind), ZERO)


def exposure(
    session: Session, enterprise_id: int, programme: str, *, without: int | None = None
) -> Exposure:
    """outstanding + approved undrawn, all banks, same programme (D.2).

    A line counts whole: what of it is not paid out yet may still be. `without`: the id of the loan
    case that is being decided, which must not count against itself.
    """
    loans = _loans(session, enterprise_id, programme)
    counted = [loan for loan in loans if loan.id != without]
    paid = _paid_out(session, [loan.id for loan in counted])
    items = [item for loan in counted for item in _items(loan, paid.get(loan.id, []))]
    return Exposure(tuple(items))


def _loans(session: Session, enterprise_id: int, programme: str) -> Sequence[LoanCase]:
    query = (
        select(LoanCase)
        .join(GuaranteeCase)
        .where(
            GuaranteeCase.enterprise_id == enterprise_id,
            GuaranteeCase.programme == programme,
            LoanCase.status.in_(COUNTED),
        )
        .options(joinedload(LoanCase.bank))
        .order_by(LoanCase.id)
    )
    return session.scalars(query).all()


def _paid_out(session: Session, loan_ids: Sequence[int]) -> dict[int, list[Disbursement]]:
    found: dict[int, list[Disbursement]] = {}
    if loan_ids:
        query = select(Disbursement).where(Disbursement.loan_case_id.in_(loan_ids))
        for each in session.scalars(query.order_by(Disbursement.id)):
            found.setdefault(each.loan_case_id, []).append(each)
    return found


def _items(loan: LoanCase, paid: Sequence[Disbursement]) -> list[ExposureItem]:
    outstanding = sum((each.balance for each in paid), ZERO)
    drawn = sum((each.amount for each in paid), ZERO)
    undrawn = max((loan.credit_line or ZERO) - drawn, ZERO)
    amounts = ((ExposureKind.OUTSTANDING, outstanding), (ExposureKind.UNDRAWN, undrawn))
    name = loan.bank.short_name
    return [ExposureItem(kind, name, amount, loan.id) for kind, amount in amounts if amount]
