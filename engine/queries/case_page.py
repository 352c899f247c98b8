"""What the page of a case shows besides its facts: loans, filing, subsidy, versions, receipt."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from engine.audit.encoding import COLUMNS, FIRST, row_hash
from engine.models import (
    Agreement,
    AuditCheckpoint,
    AuditEvent,
    Definition,
    DeploymentMember,
    Disbursement,
    Filing,
    GuaranteeCase,
    Instance,
    LoanCase,
    OrgKind,
    SubsidyRow,
    Whitelist,
    WhitelistEntry,
)
from engine.people import Actor
from engine.text import Text


@dataclass(frozen=True)
class Listed:
    """The case's place on a whitelist."""

    wl_no: str
    released_on: date | None
    valid_to: date
    status: str
    amount: Decimal


@dataclass(frozen=True)
class Money:
    """A case's loans, disbursements, filing and subsidy, as far as the reader may know."""

    loans: list[LoanCase]
    paid: list[Disbursement]
    filing: Filing | None
    subsidy: SubsidyRow | None
    listed: Listed | None
    agreement: Agreement | None

    @property
    def loan(self) -> LoanCase | None:
        """The bank that has it now."""
        return self.loans[-1] if self.loans else None

    @property
    def paid_out(self) -> Decimal:
        """The sum paid out, 元."""
        return sum((one.amount for one in self.paid), Decimal("0.00"))


def money_of(session: Session, case: GuaranteeCase, actor: Actor) -> Money:
    """Banks see their own loans only; everybody else who takes part sees all."""
    query = select(LoanCase).where(LoanCase.case_id == case.id).options(joinedload(LoanCase.bank))
    if actor.org_kind == OrgKind.BANK.value:
        query = query.where(LoanCase.bank_id == actor.org_id)
    loans = list(session.scalars(query.order_by(LoanCase.attempt)))
    paid = list(
        session.scalars(
            select(Disbursement)
            .where(Disbursement.loan_case_id.in_([one.id for one in loans]))
            .order_by(Disbursement.id)
        )
    )
    filing = _filing(session, [one.id for one in paid])
    agreement = loans[-1].agreement_id if loans else case.agreement_id
    return Money(
        loans,
        paid,
        filing,
        _subsidy(session, filing),
        _listed(session, case.id),
        session.get(Agreement, agreement) if agreement else None,
    )


def _filing(session: Session, paid: list[int]) -> Filing | None:
    query = select(Filing).where(Filing.disbursement_id.in_(paid)).order_by(Filing.id.desc())
    return session.scalar(query.limit(1))


def _subsidy(session: Session, filing: Filing | None) -> SubsidyRow | None:
    if filing is None:
        return None
    query = select(SubsidyRow).where(SubsidyRow.filing_id == filing.id)
    return session.scalar(query.order_by(SubsidyRow.id.desc()).limit(1))


def _listed(session: Session, case_id: int) -> Listed | None:
    query = (
        select(WhitelistEntry, Whitelist)
        .join(Whitelist, Whitelist.id == WhitelistEntry.whitelist_id)
        .where(WhitelistEntry.case_id == case_id)
    )
    row = session.execute(query).first()
    if row is None:
        return None
    entry, released = row
    return Listed(
        released.wl_no or "",
        released.released_on,
        entry.valid_to,
        entry.status,
        entry.suggested_amount,
    )


@dataclass(frozen=True)
class Receipt:
    """The audit chain of a case, checked row by row. `broken_at` is the first row that is wrong."""

    events: int
    broken_at: int | None
    last_at: datetime | None
    last_words: Text | None
    tail: str
    sealed: int  # rows under a signed checkpoint
    seal_id: int | None
    seal_at: datetime | None
    seal_root: str
    algorithm: str
    key_id: str


def receipt_of(session: Session, chain: str) -> Receipt:
    """Check the chain from its first row and say where it is sealed."""
    rows = session.execute(
        select(*(getattr(AuditEvent, name) for name in READ))
        .where(AuditEvent.chain == chain)
        .order_by(AuditEvent.seq)
    ).all()
    seal = session.scalar(select(AuditCheckpoint).order_by(AuditCheckpoint.last_id.desc()).limit(1))
    last = rows[-1] if rows else None
    return Receipt(
        events=len(rows),
        broken_at=_broken_at(rows),
        last_at=last.at if last else None,
        last_words=_words(last.summary) if last else None,
        tail=bytes(last.hash).hex() if last else "",
        sealed=sum(seal is not None and row.id <= seal.last_id for row in rows),
        seal_id=seal.id if seal else None,
        seal_at=seal.at if seal else None,
        seal_root=bytes(seal.root).hex() if seal else "",
        algorithm=seal.algorithm if seal else "",
        key_id=seal.key_id if seal else "",
    )


READ = (*COLUMNS, "id", "prev_hash", "hash")


def _broken_at(rows: Any) -> int | None:
    before, expected = FIRST, 1
    for row in rows:
        if row.seq != expected or bytes(row.prev_hash) != before or not _intact(row):
            return int(row.seq)
        before, expected = bytes(row.hash), expected + 1
    return None


def _intact(row: Any) -> bool:
    try:
        return row_hash(row._asdict(), row.prev_hash) == bytes(row.hash)
    except (ValueError, TypeError, AttributeError):
        # an altered row can hold anything, also what the encoding refuses
        return False


def _words(stored: dict[str, Any]) -> Text:
    return Text(str(stored.get("template", "")), dict(stored.get("params") or {}))


@dataclass(frozen=True)
class Versions:
    """What the case runs on."""

    process: str
    process_version: int | None
    newest: int | None


def versions_of(session: Session, instance: Instance) -> Versions:
    """The version of the process at the start, and the newest one."""
    where = (Definition.kind == "PROCESS", Definition.key == instance.process_key)
    own = session.execute(
        select(Definition.name, Definition.version)
        .join(DeploymentMember)
        .where(DeploymentMember.deployment_id == instance.deployment_id, *where)
    ).first()
    newest = session.scalar(select(func.max(Definition.version)).where(*where))
    return Versions(own[0] if own else "", own[1] if own else None, newest)
