"""Loan filings (贷款备案, P7, G3): list, totals and one filing, each within the actor's scope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select, true
from sqlalchemy.orm import Session, aliased

from engine.clock import SHANGHAI
from engine.errors import NotFound
from engine.models import (
    Agreement,
    Disbursement,
    Enterprise,
    Filing,
    GuaranteeCase,
    LoanCase,
    Organisation,
    OrgKind,
    Whitelist,
    WhitelistEntry,
    WorkItem,
    WorkStatus,
)
from engine.people import Actor

PAGE = 50
MOST = 5000  # rows of an export
UNPAID = "UNPAID"  # beside the filing's own states: accepted, fee not yet received
STATES = ("SUBMITTED", "RETURNED", "ACCEPTED", UNPAID, "REJECTED")

Bank, Guarantor = aliased(Organisation), aliased(Organisation)


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `month` is yyyy-mm of the submission, in Shanghai."""

    status: str | None = None
    bank_id: int | None = None
    guarantor_id: int | None = None
    month: str | None = None
    late: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return self != Filters()


@dataclass(frozen=True)
class FilingRow:
    """A filing in a list. Amounts 元."""

    id: int
    filing_no: str | None
    case_id: int
    case_no: str
    enterprise: str
    uscc: str
    bank: str
    guarantor: str
    agreement_id: int
    agr_no: str
    contract_no: str | None
    loan_no: str
    amount: Decimal
    disbursed_on: date
    maturity_on: date
    rate: Decimal | None
    ratio: Decimal | None
    guaranteed: Decimal | None
    fee_due: Decimal | None
    fee_paid: Decimal | None
    status: str
    late: bool
    submitted_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Totals:
    """Figures of everything that the filters leave, 元. Guaranteed and fees: accepted ones only."""

    count: int
    accepted: int
    late: int
    amount: Decimal
    guaranteed: Decimal
    fee_due: Decimal
    fee_paid: Decimal

    @property
    def fee_open(self) -> Decimal:
        """What is still to be paid."""
        return self.fee_due - self.fee_paid


@dataclass(frozen=True)
class Page:
    """A page of the list; `number` counts from 1."""

    rows: list[FilingRow]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class Options:
    """What the filters offer: months yyyy-mm, and organisations by id."""

    months: list[str]
    banks: list[tuple[int, str]]
    guarantors: list[tuple[int, str]]


@dataclass(frozen=True)
class FilingSheet:
    """备案表 G3: the row with what else the form states. `traces`: workings of the loan."""

    row: FilingRow
    bank_name: str
    guarantor_name: str
    agreement_version: int
    batch_quota: Decimal | None
    programme: str
    whitelist_no: str | None
    credit_line: Decimal | None
    contract_date: date | None
    rate_type: str | None
    lpr_spread_bp: int | None
    term_months: int | None
    loan_type: str
    is_first_loan: bool | None
    support_class: str | None
    late_reason: str
    fee_paid_on: date | None
    invoice_no: str | None
    parameter_version: str | None
    trace: Mapping[str, Any]
    traces: Mapping[str, Any]
    task: tuple[int, str] | None


def visible_filings(actor: Actor) -> ColumnElement[bool]:
    """A bank's and a guarantor's own, and those under a finance bureau's agreements."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return true()
    owner: dict[str, ColumnElement[bool]] = {
        OrgKind.FINANCE.value: Agreement.finance_id == actor.org_id,
        OrgKind.GUARANTOR.value: Filing.guarantor_id == actor.org_id,
        OrgKind.BANK.value: Disbursement.bank_id == actor.org_id,
    }
    return owner.get(str(actor.org_kind), false())


def filings(session: Session, actor: Actor, filters: Filters, number: int = 1) -> Page:
    """A page of the filings, newest first."""
    where = _where(actor, filters)
    total = session.scalar(_joined(select(func.count(Filing.id))).where(where)) or 0
    last = max(1, -(-total // PAGE))
    number = min(max(1, number), last)
    query = _rows().where(where).limit(PAGE).offset((number - 1) * PAGE)
    return Page([_row(one) for one in session.execute(query)], total, number)


def everything(session: Session, actor: Actor, filters: Filters) -> list[FilingRow]:
    """All filings that the filters leave, for an export."""
    query = _rows().where(_where(actor, filters)).limit(MOST)
    return [_row(one) for one in session.execute(query)]


def totals(session: Session, actor: Actor, filters: Filters) -> Totals:
    """The figures of everything that the filters leave."""
    accepted = Filing.status == "ACCEPTED"
    query = select(
        func.count(Filing.id),
        func.count(Filing.id).filter(accepted),
        func.count(Filing.id).filter(Filing.late),
        func.coalesce(func.sum(Disbursement.amount).filter(accepted), 0),
        func.coalesce(func.sum(Filing.guaranteed_amount).filter(accepted), 0),
        func.coalesce(func.sum(Filing.fee_due).filter(accepted), 0),
        func.coalesce(func.sum(Filing.fee_paid).filter(accepted), 0),
    )
    count, done, late, *sums = session.execute(_joined(query).where(_where(actor, filters))).one()
    amount, guaranteed, due, paid = (Decimal(one) for one in sums)
    return Totals(count, done, late, amount, guaranteed, due, paid)


def options(session: Session, actor: Actor) -> Options:
    """What there is to filter by, within the actor's scope."""
    months = session.scalars(_joined(select(_month())).where(visible_filings(actor)).distinct())
    return Options(
        sorted(months, reverse=True),
        _names(session, actor, Bank),
        _names(session, actor, Guarantor),
    )


def filing(session: Session, filing_id: int, actor: Actor) -> FilingSheet:
    """One filing with all that 备案表 states. Raises NotFound outside the actor's scope."""
    query = _rows().where(Filing.id == filing_id, visible_filings(actor))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound()
    return _sheet(session, found, actor)


def _where(actor: Actor, filters: Filters) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [visible_filings(actor)]
    if filters.status == UNPAID:
        wanted += [Filing.status == "ACCEPTED", Filing.fee_paid.is_(None)]
    elif filters.status:
        wanted.append(Filing.status == filters.status)
    if filters.bank_id:
        wanted.append(Disbursement.bank_id == filters.bank_id)
    if filters.guarantor_id:
        wanted.append(Filing.guarantor_id == filters.guarantor_id)
    if filters.month:
        wanted.append(_month() == filters.month)
    if filters.late:
        wanted.append(Filing.late.is_(True))
    return and_(*wanted)


def _month() -> ColumnElement[str]:
    return func.to_char(func.timezone(SHANGHAI.key, Filing.submitted_at), "YYYY-MM")


def _joined(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(Filing)
        .join(Disbursement, Disbursement.id == Filing.disbursement_id)
        .join(LoanCase, LoanCase.id == Disbursement.loan_case_id)
        .join(GuaranteeCase, GuaranteeCase.id == Filing.case_id)
        .join(Enterprise, Enterprise.id == GuaranteeCase.enterprise_id)
        .join(Agreement, Agreement.id == Filing.agreement_id)
        .join(Bank, Bank.id == Disbursement.bank_id)
        .join(Guarantor, Guarantor.id == Filing.guarantor_id)
    )


def _rows() -> Select[Any]:
    columns = (Filing, Disbursement, LoanCase, GuaranteeCase, Enterprise, Agreement)
    ordered = Filing.submitted_at.desc(), Filing.id.desc()
    return _joined(select(*columns, Bank, Guarantor)).order_by(*ordered)


def _row(found: Any) -> FilingRow:
    filed, paid_out, loan, case, enterprise, agreement, bank, guarantor = found
    return FilingRow(
        id=filed.id,
        filing_no=filed.filing_no,
        case_id=case.id,
        case_no=case.case_no,
        enterprise=enterprise.name,
        uscc=enterprise.uscc,
        bank=bank.short_name,
        guarantor=guarantor.short_name,
        agreement_id=agreement.id,
        agr_no=agreement.agr_no,
        contract_no=loan.contract_no,
        loan_no=paid_out.loan_no,
        amount=paid_out.amount,
        disbursed_on=paid_out.disbursed_on,
        maturity_on=paid_out.maturity_on,
        rate=loan.rate,
        ratio=filed.guarantee_ratio,
        guaranteed=filed.guaranteed_amount,
        fee_due=filed.fee_due,
        fee_paid=filed.fee_paid,
        status=filed.status,
        late=filed.late,
        submitted_at=filed.submitted_at,
        decided_at=filed.decided_at,
    )


def _sheet(session: Session, found: Any, actor: Actor) -> FilingSheet:
    filed, _, loan, case, _, agreement, bank, guarantor = found
    return FilingSheet(
        row=_row(found),
        bank_name=bank.name,
        guarantor_name=guarantor.name,
        agreement_version=agreement.version,
        batch_quota=agreement.batch_quota,
        programme=case.programme,
        whitelist_no=session.scalar(_whitelist_no(case.id)),
        credit_line=loan.credit_line,
        contract_date=loan.contract_date,
        rate_type=loan.rate_type,
        lpr_spread_bp=loan.lpr_spread_bp,
        term_months=loan.term_months,
        loan_type=loan.loan_type,
        is_first_loan=loan.is_first_loan,
        support_class=case.support_class,
        late_reason=filed.late_reason,
        fee_paid_on=filed.fee_paid_on,
        invoice_no=filed.invoice_no,
        parameter_version=filed.parameter_version,
        trace=filed.trace or {},
        traces=loan.traces or {},
        task=_task(session, case.instance_id, actor),
    )


def _whitelist_no(case_id: int) -> Select[tuple[str | None]]:
    return (
        select(Whitelist.wl_no)
        .join(WhitelistEntry, WhitelistEntry.whitelist_id == Whitelist.id)
        .where(WhitelistEntry.case_id == case_id)
    )


def _task(session: Session, instance_id: int | None, actor: Actor) -> tuple[int, str] | None:
    """The step of the filing that waits for the actor's own organisation."""
    query = select(WorkItem.id, WorkItem.name).where(
        WorkItem.instance_id == instance_id,
        WorkItem.process_key == "filing",
        WorkItem.status == WorkStatus.OPEN.value,
        WorkItem.org_id == actor.org_id,
    )
    found = session.execute(query.order_by(WorkItem.id).limit(1)).one_or_none()
    return (found[0], found[1]) if found else None


def _names(session: Session, actor: Actor, kind: Any) -> list[tuple[int, str]]:
    query = _joined(select(kind.id, kind.short_name)).where(visible_filings(actor)).distinct()
    found: Iterable[Any] = session.execute(query.order_by(kind.id))
    return [(key, name) for key, name in found]
