"""Fee subsidy by quarter (P9, G4): batches with their sums, one batch with its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, select, true
from sqlalchemy.orm import Session, aliased

from engine.errors import NotFound
from engine.models import (
    Agreement,
    Disbursement,
    Enterprise,
    Filing,
    GuaranteeCase,
    Organisation,
    OrgKind,
    PartyBinding,
    SubsidyBatch,
    SubsidyRow,
    WorkItem,
    WorkStatus,
)
from engine.people import Actor

PAYING = ("PROPOSED", "PAID", "FAILED")  # rows that the batch is about, or was
ZERO = Decimal(0)


@dataclass(frozen=True)
class BatchLine:
    """A quarter's batch. `amount` and `rows`: what is proposed or was paid, as the reader sees."""

    id: int
    batch_no: str
    programme: str
    period: str
    status: str
    publicity_to: date | None
    paid_on: date | None
    voucher_no: str | None
    parameter_version: str | None
    created_at: datetime
    instance_id: int | None
    rows: int
    amount: Decimal
    confirmed: int
    objections: int
    excluded: int
    carried: int
    failed: int


@dataclass(frozen=True)
class RowLine:
    """One filing in a batch. Amounts 元; `paid` is the fee before deductions."""

    id: int
    filing_id: int
    filing_no: str | None
    case_id: int
    enterprise: str
    uscc: str
    bank: str
    guarantor: str
    loan: Decimal
    fee_paid_on: date | None
    base: Decimal
    deductions: Decimal
    ratio: Decimal
    amount: Decimal
    status: str
    reason: str
    account: str | None
    account_bank: str | None
    confirmed_at: datetime | None
    objection: str | None
    objection_at: datetime | None
    trace: Mapping[str, Any]


@dataclass(frozen=True)
class BatchSheet:
    """A batch with its rows: those that are paid or to be paid, and those that are not."""

    line: BatchLine
    paying: tuple[RowLine, ...]
    left_out: tuple[RowLine, ...]
    tasks: tuple[WorkItem, ...]

    @property
    def amount(self) -> Decimal:
        """What is to be paid or was paid, 元; returned payments are not counted."""
        return sum((row.amount for row in self.paying if row.status != "FAILED"), ZERO)


def visible_batches(actor: Actor) -> ColumnElement[bool]:
    """The bureau's and its treasury's; a guarantor those that hold its own filings."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return true()
    if actor.org_kind == OrgKind.GUARANTOR.value:
        return exists().where(SubsidyRow.batch_id == SubsidyBatch.id, _rows_of(actor))
    if actor.org_kind not in (OrgKind.FINANCE.value, OrgKind.TREASURY.value):
        return false()
    return exists().where(
        PartyBinding.instance_id == SubsidyBatch.instance_id,
        PartyBinding.org_id == actor.org_id,
    )


def _rows_of(actor: Actor) -> ColumnElement[bool]:
    """The rows that the actor may see within a batch that is visible."""
    if actor.org_kind != OrgKind.GUARANTOR.value:
        return true()
    filed = aliased(Filing)
    return exists().where(filed.id == SubsidyRow.filing_id, filed.guarantor_id == actor.org_id)


def batches(session: Session, actor: Actor) -> list[BatchLine]:
    """The batches that the actor may see, newest quarter first."""
    query = _batches(actor).order_by(SubsidyBatch.period.desc(), SubsidyBatch.id.desc())
    return [_line(*one) for one in session.execute(query)]


def _batches(actor: Actor) -> Select[Any]:
    paying = SubsidyRow.status.in_(("PROPOSED", "PAID"))
    figures = (
        select(
            SubsidyRow.batch_id,
            func.count().filter(paying).label("rows"),
            func.sum(SubsidyRow.amount).filter(paying).label("amount"),
            func.count(SubsidyRow.account_confirmed_at).filter(paying).label("confirmed"),
            func.count(SubsidyRow.objection).label("objections"),
            func.count().filter(SubsidyRow.status == "EXCLUDED").label("excluded"),
            func.count().filter(SubsidyRow.status == "CARRY_FORWARD").label("carried"),
            func.count().filter(SubsidyRow.status == "FAILED").label("failed"),
        )
        .where(_rows_of(actor))
        .group_by(SubsidyRow.batch_id)
        .subquery()
    )
    return (
        select(SubsidyBatch, *(one for one in figures.c if one.key != "batch_id"))
        .outerjoin(figures, figures.c.batch_id == SubsidyBatch.id)
        .where(visible_batches(actor))
    )


def _line(batch: SubsidyBatch, rows: int | None, amount: Decimal | None, *more: int) -> BatchLine:
    confirmed, objections, excluded, carried, failed = (one or 0 for one in more)
    return BatchLine(
        id=batch.id,
        batch_no=batch.batch_no,
        programme=batch.programme,
        period=batch.period,
        status=batch.status,
        publicity_to=batch.publicity_to,
        paid_on=batch.paid_on,
        voucher_no=batch.voucher_no,
        parameter_version=batch.parameter_version,
        created_at=batch.created_at,
        instance_id=batch.instance_id,
        rows=rows or 0,
        amount=amount or ZERO,
        confirmed=confirmed,
        objections=objections,
        excluded=excluded,
        carried=carried,
        failed=failed,
    )


def batch_for(session: Session, batch_id: int, actor: Actor) -> BatchLine:
    """The batch with its sums. Raises NotFound outside the actor's scope."""
    found = session.execute(_batches(actor).where(SubsidyBatch.id == batch_id)).one_or_none()
    if found is None:
        raise NotFound()
    return _line(*found)


def batch_sheet(session: Session, batch_id: int, actor: Actor) -> BatchSheet:
    """The batch with its rows. Raises NotFound outside the actor's scope."""
    line = batch_for(session, batch_id, actor)
    rows = batch_rows(session, batch_id, actor)
    query = select(WorkItem).where(
        WorkItem.instance_id == line.instance_id, WorkItem.status == WorkStatus.OPEN.value
    )
    return BatchSheet(
        line=line,
        paying=tuple(one for one in rows if one.status in PAYING),
        left_out=tuple(one for one in rows if one.status not in PAYING),
        tasks=tuple(session.scalars(query.order_by(WorkItem.id))),
    )


def batch_rows(session: Session, batch_id: int, actor: Actor) -> list[RowLine]:
    """The rows of a batch that the actor may see, by id."""
    bank, guarantor = aliased(Organisation), aliased(Organisation)
    query = (
        select(
            SubsidyRow,
            Filing,
            Disbursement.amount,
            Enterprise.name,
            Enterprise.uscc,
            bank.short_name,
            guarantor.short_name,
        )
        .join(Filing, Filing.id == SubsidyRow.filing_id)
        .join(Disbursement, Disbursement.id == Filing.disbursement_id)
        .join(Enterprise, Enterprise.id == SubsidyRow.enterprise_id)
        .join(bank, bank.id == Disbursement.bank_id)
        .join(guarantor, guarantor.id == Filing.guarantor_id)
        .where(SubsidyRow.batch_id == batch_id, _rows_of(actor))
        .order_by(SubsidyRow.id)
    )
    return [_row(*one) for one in session.execute(query)]


def _row(
    row: SubsidyRow, filed: Filing, loan: Decimal, name: str, uscc: str, bank: str, guarantor: str
) -> RowLine:
    return RowLine(
        id=row.id,
        filing_id=filed.id,
        filing_no=filed.filing_no,
        case_id=filed.case_id,
        enterprise=name,
        uscc=uscc,
        bank=bank,
        guarantor=guarantor,
        loan=loan,
        fee_paid_on=filed.fee_paid_on,
        base=row.base,
        deductions=row.deductions,
        ratio=row.ratio,
        amount=row.amount,
        status=row.status,
        reason=row.reason,
        account=row.account_no,
        account_bank=row.account_bank,
        confirmed_at=row.account_confirmed_at,
        objection=row.objection,
        objection_at=row.objection_at,
        trace=row.trace or {},
    )


def waiting_fees(session: Session, actor: Actor, last: date) -> tuple[int, Decimal]:
    """Accepted filings with a fee paid by `last` that no batch has taken up: count and fees, 元."""
    taken = exists().where(
        SubsidyRow.filing_id == Filing.id,
        SubsidyRow.status.in_(("PROPOSED", "PAID", "EXCLUDED")),
    )
    query = (
        select(func.count(Filing.id), func.coalesce(func.sum(Filing.fee_paid), 0))
        .join(GuaranteeCase, GuaranteeCase.id == Filing.case_id)
        .join(Agreement, Agreement.id == Filing.agreement_id)
        .where(
            Filing.status == "ACCEPTED",
            Filing.fee_paid > 0,
            Filing.fee_paid_on <= last,
            Agreement.finance_id == actor.org_id,
            ~taken,
        )
    )
    count, fees = session.execute(query).one()
    return count, Decimal(fees)


def row_choices(
    session: Session, batch_id: int, statuses: Sequence[str]
) -> list[tuple[int, str, Decimal]]:
    """Rows that a form may tick: id, enterprise, amount. The caller has checked the task."""
    query = (
        select(SubsidyRow.id, Enterprise.name, SubsidyRow.amount)
        .join(Enterprise, Enterprise.id == SubsidyRow.enterprise_id)
        .where(SubsidyRow.batch_id == batch_id, SubsidyRow.status.in_(statuses))
        .order_by(SubsidyRow.id)
    )
    return list(session.execute(query).tuples())
