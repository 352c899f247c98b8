"""Partner banks and their tripartite agreements (P4, P5), within the actor's scope."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, select, true
from sqlalchemy.orm import Session, aliased

from engine.models import (
    Agreement,
    AgreementStatus,
    CaseStatus,
    GuaranteeCase,
    LoanCase,
    LoanStatus,
    Organisation,
    OrgKind,
    PartyBinding,
    WorkItem,
    WorkStatus,
)
from engine.operations.agreements_in_force import COUNTED, PREPARING
from engine.people import Actor

LIVING = (AgreementStatus.EFFECTIVE.value, AgreementStatus.SUSPENDED.value)
IN_HAND = (
    *(LoanStatus.ASSIGNED.value, LoanStatus.ACCEPTED.value, LoanStatus.APPROVED.value),
    *(LoanStatus.PARTIAL.value, LoanStatus.DISBURSED.value),
)
ZERO = Decimal(0)

Bank, Guarantor = aliased(Organisation), aliased(Organisation)


@dataclass(frozen=True)
class AgreementLine:
    """An agreement in a list. `quota` None: unlimited; `used` counts its whole package, 元."""

    id: int
    agr_no: str
    version: int
    programme: str
    bank_id: int
    bank: str
    guarantor_id: int
    guarantor: str
    finance_id: int
    status: str
    effective_from: date | None
    effective_to: date | None
    quota: Decimal | None
    used: Decimal
    in_hand: int
    instance_id: int | None

    @property
    def living(self) -> bool:
        """In effect, or suspended for now."""
        return self.status in LIVING

    @property
    def preparing(self) -> bool:
        """Drafted, reviewed or signed."""
        return self.status in PREPARING

    @property
    def free(self) -> Decimal | None:
        """What the package still takes, 元."""
        return None if self.quota is None else max(self.quota - self.used, ZERO)


@dataclass(frozen=True)
class OnTime:
    """Steps with a deadline that were done, and how many of them in time."""

    done: int = 0
    in_time: int = 0

    @property
    def share(self) -> Decimal | None:
        """Percent; None without any."""
        return Decimal(self.in_time * 100) / self.done if self.done else None


@dataclass(frozen=True)
class BankLine:
    """A bank with its agreements that matter now, and those that are over."""

    id: int
    name: str
    short_name: str
    agreements: tuple[AgreementLine, ...]
    past: tuple[AgreementLine, ...]
    in_hand: int
    on_time: OnTime


def visible_agreements(actor: Actor) -> ColumnElement[bool]:
    """Each party's own: a bank never sees another bank's."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return true()
    owner: dict[str, ColumnElement[bool]] = {
        OrgKind.FINANCE.value: Agreement.finance_id == actor.org_id,
        OrgKind.GUARANTOR.value: Agreement.guarantor_id == actor.org_id,
        OrgKind.BANK.value: Agreement.bank_id == actor.org_id,
    }
    return owner.get(str(actor.org_kind), false())


def agreement_lines(
    session: Session, actor: Actor, *where: ColumnElement[bool]
) -> list[AgreementLine]:
    """The agreements that the actor may see, newest version first."""
    query = (
        select(Agreement, Bank.short_name, Guarantor.short_name)
        .join(Bank, Bank.id == Agreement.bank_id)
        .join(Guarantor, Guarantor.id == Agreement.guarantor_id)
        .where(visible_agreements(actor), *where)
        .order_by(Agreement.agr_no, Agreement.version.desc())
    )
    found = session.execute(query).tuples().all()
    used, in_hand = _used(session, [one.id for one, _, _ in found])
    lines = [_line(*one, used[one[0].id], in_hand[one[0].id]) for one in found]
    return _packages(lines)


def _line(one: Agreement, bank: str, guarantor: str, used: Decimal, in_hand: int) -> AgreementLine:
    return AgreementLine(
        id=one.id,
        agr_no=one.agr_no,
        version=one.version,
        programme=one.programme,
        bank_id=one.bank_id,
        bank=bank,
        guarantor_id=one.guarantor_id,
        guarantor=guarantor,
        finance_id=one.finance_id,
        status=one.status,
        effective_from=one.effective_from,
        effective_to=one.effective_to,
        quota=one.batch_quota,
        used=used,
        in_hand=in_hand,
        instance_id=one.instance_id,
    )


def _used(
    session: Session, ids: Sequence[int]
) -> tuple[defaultdict[int, Decimal], defaultdict[int, int]]:
    """Approved lines and cases in hand of each agreement."""
    used: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    in_hand: defaultdict[int, int] = defaultdict(int)
    open_here = LoanCase.status.in_(IN_HAND) & (GuaranteeCase.status == CaseStatus.OPEN.value)
    query = (
        select(
            LoanCase.agreement_id,
            func.coalesce(func.sum(LoanCase.credit_line).filter(LoanCase.status.in_(COUNTED)), 0),
            func.count().filter(open_here),
        )
        .join(GuaranteeCase, GuaranteeCase.id == LoanCase.case_id)
        .where(LoanCase.agreement_id.in_(ids))
        .group_by(LoanCase.agreement_id)
    )
    for key, amount, cases in session.execute(query).tuples() if ids else ():
        if key is not None:
            used[key], in_hand[key] = Decimal(amount or 0), cases
    return used, in_hand


def _packages(lines: Sequence[AgreementLine]) -> list[AgreementLine]:
    """An amended version goes on with its predecessor's package (as `used_quota`)."""
    return [replace(one, used=sum((o.used for o in lines if _same(one, o)), ZERO)) for one in lines]


def _same(one: AgreementLine, other: AgreementLine) -> bool:
    if other.id == one.id:
        return True
    if other.agr_no != one.agr_no or other.version > one.version:
        return False
    ends, begins = other.effective_to, one.effective_from
    return ends is not None and begins is not None and ends >= begins


def banks(session: Session, actor: Actor) -> list[BankLine]:
    """The banks that the actor has or prepares an agreement with; a bank only itself."""
    by_bank: defaultdict[int, list[AgreementLine]] = defaultdict(list)
    for line in agreement_lines(session, actor):
        by_bank[line.bank_id].append(line)
    ids = list(by_bank)
    if actor.org_kind == OrgKind.BANK.value and actor.org_id not in by_bank and actor.org_id:
        ids.append(actor.org_id)
    orgs = session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    in_hand, on_time = _in_hand(session, actor, ids), on_time_of(session, actor, ids)
    found = [_bank(org, by_bank[org.id], in_hand, on_time) for org in orgs]
    return sorted(found, key=lambda one: (not one.agreements, one.id))


def _bank(
    org: Organisation,
    lines: Sequence[AgreementLine],
    in_hand: dict[int, int],
    on_time: dict[int, OnTime],
) -> BankLine:
    matter = tuple(one for one in lines if one.living or one.preparing)
    past = tuple(one for one in lines if one not in matter)
    counts = in_hand.get(org.id, 0), on_time.get(org.id, OnTime())
    return BankLine(org.id, org.name, org.short_name, matter, past, *counts)


def concerned(actor: Actor, instance_id: Any) -> ColumnElement[bool]:
    """Whether the actor's organisation plays a part in the instance."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return true()
    return exists().where(
        PartyBinding.instance_id == instance_id, PartyBinding.org_id == actor.org_id
    )


def loans(actor: Actor, bank_ids: Iterable[int]) -> ColumnElement[bool]:
    """Loan cases of these banks that concern the actor; to a bank, all its own."""
    mine = LoanCase.bank_id.in_(list(bank_ids))
    if actor.org_kind == OrgKind.BANK.value:
        return mine & (LoanCase.bank_id == actor.org_id)
    return mine & concerned(actor, GuaranteeCase.instance_id)


def _in_hand(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(LoanCase.bank_id, func.count())
        .join(GuaranteeCase, GuaranteeCase.id == LoanCase.case_id)
        .where(
            loans(actor, ids),
            LoanCase.status.in_(IN_HAND),
            GuaranteeCase.status == CaseStatus.OPEN.value,
        )
        .group_by(LoanCase.bank_id)
    )
    return dict(session.execute(query).tuples().all())


def on_time_of(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, OnTime]:
    """Of each bank: its steps of cases that had a deadline and are done (J3.4, R6)."""
    own = actor.org_kind == OrgKind.BANK.value
    mine = WorkItem.org_id == actor.org_id if own else concerned(actor, WorkItem.instance_id)
    query = (
        select(
            WorkItem.org_id,
            func.count(),
            func.count().filter(WorkItem.completed_at <= WorkItem.due_at),
        )
        .where(
            WorkItem.org_id.in_(ids),
            mine,
            WorkItem.status == WorkStatus.DONE.value,
            WorkItem.due_at.is_not(None),
            WorkItem.stage.is_not(None),
        )
        .group_by(WorkItem.org_id)
    )
    return {key: OnTime(done, kept) for key, done, kept in session.execute(query).tuples()}


def organisations(session: Session, kind: OrgKind) -> list[tuple[str, str]]:
    """The active organisations of a kind: id as text, and name."""
    query = (
        select(Organisation.id, Organisation.short_name)
        .where(Organisation.kind == kind.value, Organisation.active)
        .order_by(Organisation.id)
    )
    return [(str(key), name) for key, name in session.execute(query).tuples()]
