"""Which bank a whitelisted case goes to next (P6: preference, relationship, score and quota)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.models import (
    Agreement,
    BankSelection,
    Bid,
    GuaranteeCase,
    LoanCase,
    LoanStatus,
    Organisation,
    OrgKind,
    ReferralBatch,
    ReferralItem,
)
from engine.operations.agreements_in_force import banks_preparing, free_quota, in_force

PREFERENCE = "PREFERENCE"
RELATIONSHIP = "RELATIONSHIP"
SCORE = "SCORE"
COORDINATION = "COORDINATION"
UNLIMITED = Decimal("Infinity")
BUSY = (LoanStatus.ASSIGNED.value, LoanStatus.ACCEPTED.value)


@dataclass(frozen=True)
class Choice:
    """A bank and why it was chosen (LoanCase.assigned_by)."""

    bank_id: int
    assigned_by: str


@dataclass(frozen=True)
class Candidates:
    """The banks that may be next, the better first; `ready` have an agreement in force and quota,
    the agreements of the `coming` are on their way."""

    ready: Sequence[Choice]
    coming: Sequence[Choice]

    def any_ready(self, by: str) -> bool:
        return any(one.assigned_by == by for one in self.ready)

    def any_coming(self, by: str) -> bool:
        return any(one.assigned_by == by for one in self.coming)

    def first(self, by: str | None = None) -> Choice | None:
        """The first of those to be chosen `by`, or of all."""
        every = (*self.ready, *self.coming)
        return next((one for one in every if by in (None, one.assigned_by)), None)


def candidates(session: Session, case: GuaranteeCase, tried: set[int], today: date) -> Candidates:
    """The banks not in `tried`: the enterprise's preference, the banks that referred it, and (in
    force only) the others by selection score, free quota and fewest open cases."""
    banks = _active_banks(session) - tried
    wished = [one for one in _wished(session, case) if one.bank_id in banks]
    agreements = in_force(session, case.programme, today)
    room = {one.bank_id for one in agreements if _has_room(session, one)} & banks
    coming = banks_preparing(session, case.programme, today)
    ranked = [Choice(bank, SCORE) for bank in _by_score(session, agreements, room)]
    ready = [one for one in wished if one.bank_id in room]
    return Candidates([*ready, *ranked], [one for one in wished if one.bank_id in coming])


def _active_banks(session: Session) -> set[int]:
    query = select(Organisation.id).where(
        Organisation.kind == OrgKind.BANK.value, Organisation.active
    )
    return set(session.scalars(query))


def _wished(session: Session, case: GuaranteeCase) -> list[Choice]:
    """The preferred bank, then the banks that referred the case, first submission first."""
    preferred = [Choice(case.pref_bank_id, PREFERENCE)] if case.pref_bank_id else []
    query = (
        select(ReferralBatch.org_id)
        .join(ReferralItem, ReferralItem.batch_id == ReferralBatch.id)
        .where(ReferralItem.case_id == case.id)
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    return [*preferred, *(Choice(org, RELATIONSHIP) for org in session.scalars(query))]


def _has_room(session: Session, agreement: Agreement) -> bool:
    free = free_quota(session, agreement)
    return free is None or free > 0


def _by_score(session: Session, agreements: Sequence[Agreement], room: set[int]) -> list[int]:
    scores = _scores(session, [(one.bank_id, one.guarantor_id) for one in agreements])
    free: dict[int, Decimal] = {}
    for one in agreements:
        left = free_quota(session, one)
        most = UNLIMITED if left is None else left
        free[one.bank_id] = max(free.get(one.bank_id, Decimal(0)), most)
    busy = _open_cases(session)
    return sorted(
        room, key=lambda bank: (-scores.get(bank, Decimal(0)), -free[bank], busy.get(bank, 0), bank)
    )


def _scores(session: Session, pairs: Sequence[tuple[int, int]]) -> dict[int, Decimal]:
    """The average of each bank's newest successful bid to a guarantor it has an agreement with."""
    query = (
        select(Bid.bank_id, BankSelection.guarantor_id, Bid.average)
        .join(BankSelection, BankSelection.id == Bid.selection_id)
        .where(Bid.chosen, Bid.average.is_not(None), BankSelection.published_at.is_not(None))
        .order_by(BankSelection.published_at, Bid.id)
    )
    found: dict[int, Decimal] = {}
    for bank, guarantor, average in session.execute(query).tuples():
        if (bank, guarantor) in pairs and average is not None:
            found[bank] = average
    return found


def _open_cases(session: Session) -> dict[int, int]:
    query = (
        select(LoanCase.bank_id, func.count())
        .where(LoanCase.status.in_(BUSY))
        .group_by(LoanCase.bank_id)
    )
    return dict(session.execute(query).tuples().all())
