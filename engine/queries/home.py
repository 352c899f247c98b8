"""The figures of the home page: of the whole scheme for the finance bureau, else of one's own."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Integer, cast, extract, false, func, or_, select
from sqlalchemy.orm import Session

from engine.clock import SHANGHAI
from engine.models import (
    Agreement,
    AgreementStatus,
    BatchStatus,
    Decision,
    Disbursement,
    EntryStatus,
    Filing,
    GuaranteeCase,
    LoanCase,
    LoanStatus,
    ReferralBatch,
    WhitelistEntry,
    WorkItem,
)
from engine.operations.access import (
    everywhere,
    own_district,
    sees_all,
    taking_part,
    visible_cases,
)
from engine.people import Actor

APPROVED = (
    LoanStatus.APPROVED.value,
    LoanStatus.PARTIAL.value,
    LoanStatus.DISBURSED.value,
    LoanStatus.FILED.value,
    LoanStatus.IN_FORCE.value,
)
NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Figures:
    """Key figures. Amounts 元, rate % a year weighted by amount."""

    listed: int
    listed_this_month: int
    lines: Decimal
    lines_firms: int
    first_loans: int
    paid: Decimal
    paid_firms: int
    outstanding: Decimal
    outstanding_firms: int
    guaranteed: Decimal
    rate: Decimal | None


def figures(session: Session, actor: Actor, today: date) -> Figures:
    """The figures of this year (lines, disbursements) and of today (whitelist, balances)."""
    year = date(today.year, 1, 1)
    listed, fresh = session.execute(
        select(
            func.count(WhitelistEntry.id),
            func.count(WhitelistEntry.id).filter(GuaranteeCase.id.in_(_listed_since(today))),
        )
        .join(GuaranteeCase, GuaranteeCase.id == WhitelistEntry.case_id)
        .where(
            visible_cases(actor),
            WhitelistEntry.status == EntryStatus.ACTIVE.value,
            WhitelistEntry.valid_to >= today,
        )
    ).one()
    lines, firms, first, rate = session.execute(
        select(
            func.coalesce(func.sum(LoanCase.credit_line), NOTHING),
            func.count(GuaranteeCase.enterprise_id.distinct()),
            func.count(LoanCase.id).filter(LoanCase.is_first_loan.is_(True)),
            func.sum(LoanCase.credit_line * LoanCase.rate)
            / func.nullif(func.sum(LoanCase.credit_line), 0),
        )
        .join(GuaranteeCase, GuaranteeCase.id == LoanCase.case_id)
        .where(
            visible_cases(actor),
            _own_loans(actor),
            LoanCase.status.in_(APPROVED),
            LoanCase.decided_at >= _start(year),
        )
    ).one()
    paid, paid_firms, left, left_firms = _paid(session, actor, year)
    return Figures(
        listed=listed,
        listed_this_month=fresh,
        lines=lines,
        lines_firms=firms,
        first_loans=first,
        paid=paid,
        paid_firms=paid_firms,
        outstanding=left,
        outstanding_firms=left_firms,
        guaranteed=_guaranteed(session, actor),
        rate=rate,
    )


def _listed_since(today: date) -> ColumnElement[int]:
    from engine.models import Whitelist

    first = today.replace(day=1)
    query = (
        select(WhitelistEntry.case_id)
        .join(Whitelist, Whitelist.id == WhitelistEntry.whitelist_id)
        .where(Whitelist.released_on >= first)
    )
    return query.scalar_subquery()


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _own_loans(actor: Actor) -> ColumnElement[bool]:
    """A bank's figures are of its own loans, not of what others lent to the same firms."""
    if actor.org_kind == "BANK":
        return LoanCase.bank_id == actor.org_id
    return LoanCase.id.is_not(None)


def _paid(session: Session, actor: Actor, year: date) -> tuple[Decimal, int, Decimal, int]:
    firm, since = GuaranteeCase.enterprise_id, Disbursement.disbursed_on >= year
    owing = Disbursement.balance > 0
    query = (
        select(
            func.coalesce(func.sum(Disbursement.amount).filter(since), NOTHING),
            func.count(firm.distinct()).filter(since),
            func.coalesce(func.sum(Disbursement.balance), NOTHING),
            func.count(firm.distinct()).filter(owing),
        )
        .join(LoanCase, LoanCase.id == Disbursement.loan_case_id)
        .join(GuaranteeCase, GuaranteeCase.id == LoanCase.case_id)
        .where(visible_cases(actor), _own_loans(actor), Disbursement.confirmed)
    )
    paid, paid_firms, left, left_firms = session.execute(query).one()
    return paid, paid_firms, left, left_firms


def _guaranteed(session: Session, actor: Actor) -> Decimal:
    query = (
        select(func.coalesce(func.sum(Filing.guaranteed_amount), NOTHING))
        .join(GuaranteeCase, GuaranteeCase.id == Filing.case_id)
        .where(visible_cases(actor), Filing.status == "ACCEPTED")
    )
    return session.scalar(query) or NOTHING


@dataclass(frozen=True)
class Funnel:
    """How many cases of this year have come how far."""

    referred: int
    reviewed: int
    listed: int
    approved: int
    paid: int

    @property
    def steps(self) -> list[int]:
        """In their order."""
        return [self.referred, self.reviewed, self.listed, self.approved, self.paid]


def funnel(session: Session, actor: Actor, today: date) -> Funnel:
    """Referred this year → passed the first review → on a whitelist → approved → paid out."""
    reviewed = (
        select(Decision.case_id)
        .where(
            Decision.kind == "FIRST_REVIEW",
            Decision.outcome == "PASS",
            Decision.confirmed_at.is_not(None),
        )
        .scalar_subquery()
    )
    listed = select(WhitelistEntry.case_id).scalar_subquery()
    approved = select(LoanCase.case_id).where(_own_loans(actor), LoanCase.status.in_(APPROVED))
    paid = (
        select(LoanCase.case_id)
        .join(Disbursement, Disbursement.loan_case_id == LoanCase.id)
        .where(_own_loans(actor), Disbursement.confirmed)
    )
    total = func.count(GuaranteeCase.id)
    query = select(
        total,
        total.filter(GuaranteeCase.id.in_(reviewed)),
        total.filter(GuaranteeCase.id.in_(listed)),
        total.filter(GuaranteeCase.id.in_(approved.scalar_subquery())),
        total.filter(GuaranteeCase.id.in_(paid.scalar_subquery())),
    ).where(visible_cases(actor), GuaranteeCase.referred_at >= _start(date(today.year, 1, 1)))
    return Funnel(*session.execute(query).one())


def monthly(session: Session, actor: Actor, today: date) -> list[tuple[int, int, Decimal]]:
    """(year, month, 元 paid out) of the last twelve months, the present one last."""
    months = [_months_before(today, n) for n in range(11, -1, -1)]
    year = cast(extract("year", Disbursement.disbursed_on), Integer)
    month = cast(extract("month", Disbursement.disbursed_on), Integer)
    query = (
        select(year, month, func.sum(Disbursement.amount))
        .join(LoanCase, LoanCase.id == Disbursement.loan_case_id)
        .join(GuaranteeCase, GuaranteeCase.id == LoanCase.case_id)
        .where(
            visible_cases(actor),
            _own_loans(actor),
            Disbursement.confirmed,
            Disbursement.disbursed_on >= date(*months[0], 1),
        )
        .group_by(year, month)
    )
    found = {(y, m): amount for y, m, amount in session.execute(query).tuples()}
    return [(y, m, found.get((y, m), NOTHING)) for y, m in months]


def _months_before(today: date, n: int) -> tuple[int, int]:
    index = today.year * 12 + today.month - 1 - n
    return index // 12, index % 12 + 1


@dataclass(frozen=True)
class Bank:
    """A bank's working time at the approval: median and ninth decile of the days used."""

    name: str
    n: int
    median: float
    most: float
    late: int


def approval_days(session: Session, actor: Actor) -> list[Bank]:
    """How long banks take to decide, in calendar days from opening to decision."""
    from engine.models import Organisation

    days = extract("epoch", WorkItem.completed_at - WorkItem.opened_at) / 86400
    query = (
        select(
            Organisation.short_name,
            func.count(WorkItem.id),
            func.percentile_cont(0.5).within_group(days),
            func.percentile_cont(0.9).within_group(days),
            func.count(WorkItem.id).filter(WorkItem.completed_at > WorkItem.due_at),
        )
        .join(Organisation, Organisation.id == WorkItem.org_id)
        .where(
            WorkItem.element_id == "approve_loan",
            WorkItem.status == "DONE",
            or_(WorkItem.org_id == actor.org_id, _overseen(actor)),
        )
        .group_by(Organisation.id)
        .order_by(func.percentile_cont(0.5).within_group(days))
        .limit(6)
    )
    return [
        Bank(name, n, float(median), float(most), late)
        for name, n, median, most, late in session.execute(query).tuples()
    ]


def _overseen(actor: Actor) -> ColumnElement[bool]:
    return taking_part(actor, WorkItem.instance_id) if sees_all(actor) else false()


@dataclass(frozen=True)
class Ahead:
    """A day to come and what falls on it. `kind` names the sentence, `n` its number."""

    day: date
    kind: str
    n: int
    more: int = 0


def ahead(session: Session, actor: Actor, today: date) -> list[Ahead]:
    """Closing days of lists, ends of agreements and of whitelist entries, soonest first."""
    found = [*_closings(session, actor, today), *_agreements(session, actor, today)]
    ends = select(WhitelistEntry.valid_to, func.count(WhitelistEntry.id)).join(
        GuaranteeCase, GuaranteeCase.id == WhitelistEntry.case_id
    )
    ends = ends.where(
        visible_cases(actor),
        WhitelistEntry.status == EntryStatus.ACTIVE.value,
        WhitelistEntry.valid_to >= today,
        GuaranteeCase.status == "OPEN",
    )
    by_day = ends.group_by(WhitelistEntry.valid_to).order_by(WhitelistEntry.valid_to).limit(2)
    found += [Ahead(day, "whitelist", n) for day, n in session.execute(by_day).tuples()]
    return sorted(found, key=lambda one: one.day)[:6]


def _closings(session: Session, actor: Actor, today: date) -> list[Ahead]:
    sent = ReferralBatch.status == BatchStatus.SUBMITTED.value
    total = func.count(ReferralBatch.id)
    query = (
        select(ReferralBatch.closing_on, total.filter(sent), total.filter(~sent))
        .where(
            ReferralBatch.closing_on >= today, ReferralBatch.status != BatchStatus.WITHDRAWN.value
        )
        .group_by(ReferralBatch.closing_on)
        .order_by(ReferralBatch.closing_on)
        .limit(3)
    )
    query = query.where(own_district(actor, ReferralBatch.org_id))
    return [Ahead(day, "list", n, more) for day, n, more in session.execute(query).tuples()]


def _agreements(session: Session, actor: Actor, today: date) -> list[Ahead]:
    query = (
        select(Agreement.effective_to, func.count(Agreement.id))
        .where(Agreement.status == AgreementStatus.EFFECTIVE.value, Agreement.effective_to >= today)
        .group_by(Agreement.effective_to)
        .order_by(Agreement.effective_to)
        .limit(2)
    )
    if not everywhere(actor):
        parties = (Agreement.bank_id, Agreement.guarantor_id, Agreement.finance_id)
        query = query.where(or_(*(party == actor.org_id for party in parties)))
    return [Ahead(day, "agreement", n) for day, n in session.execute(query).tuples() if day]
