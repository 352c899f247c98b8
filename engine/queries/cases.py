"""Cases: the list, and what the global search finds. Scope inside each query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.models import (
    Enterprise,
    Filing,
    GuaranteeCase,
    Instance,
    InstanceStatus,
    Organisation,
    Whitelist,
    WhitelistEntry,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import visible_cases
from engine.people import Actor
from engine.queries.inbox import referrers_of
from engine.queries.inbox_views import AMOUNT, BANK
from engine.queries.incidents import troubled

PAGE = 50
MOST = 5000


@dataclass(frozen=True)
class CaseRow:
    """A case in a list; `waits` are its open steps and who has them."""

    id: int
    case_no: str
    name: str
    uscc: str
    stage: int
    status: str
    support_class: str | None
    amount: Decimal | None
    bank: str | None
    bank_is_wish: bool
    referrers: tuple[str, ...]
    waits: tuple[tuple[str, str, datetime | None], ...]  # step, organisation, due
    suspended: bool
    troubled: bool  # a step of the system has failed and is being dealt with
    referred_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class CasePage:
    """A page of cases; `number` counts from 1."""

    rows: list[CaseRow]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class CaseFilters:
    """What a list of cases is narrowed to."""

    q: str = ""
    stage: int | None = None
    status: str | None = None
    bank: int | None = None
    support_class: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return self != CaseFilters()


Lender = aliased(Organisation)


def like(words: str) -> str:
    """A LIKE pattern that finds the words as they are written."""
    plain = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{plain}%"


def page(session: Session, actor: Actor, filters: CaseFilters, number: int = 1) -> CasePage:
    """A page of the cases the actor's organisation takes part in, the newest first."""
    where = _where(actor, filters)
    counting = select(func.count(GuaranteeCase.id)).join(Enterprise)
    total = session.scalar(counting.where(*where)) or 0
    number = max(1, min(number, -(-total // PAGE)))
    query = _rows().where(*where).limit(PAGE).offset((number - 1) * PAGE)
    return CasePage(_filled(session, query), total, number)


def everything(session: Session, actor: Actor, filters: CaseFilters) -> list[CaseRow]:
    """The same for an export."""
    return _filled(session, _rows().where(*_where(actor, filters)).limit(MOST))


def _where(actor: Actor, filters: CaseFilters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [visible_cases(actor)]
    if filters.q:
        found.append(_matches(filters.q))
    if filters.stage:
        found.append(GuaranteeCase.stage == filters.stage)
    if filters.status:
        found.append(GuaranteeCase.status == filters.status)
    if filters.bank:
        found.append(BANK.in_([filters.bank]))
    if filters.support_class:
        found.append(GuaranteeCase.support_class == filters.support_class)
    return found


def _matches(words: str) -> ColumnElement[bool]:
    pattern = like(words)
    return or_(
        Enterprise.name.ilike(pattern, escape="\\"),
        Enterprise.uscc.ilike(pattern, escape="\\"),
        GuaranteeCase.case_no.ilike(pattern, escape="\\"),
    )


def _rows() -> Select[Any]:
    return (
        select(GuaranteeCase, Enterprise.name, Enterprise.uscc, Lender.short_name, AMOUNT)
        .join(Enterprise, Enterprise.id == GuaranteeCase.enterprise_id)
        .outerjoin(Lender, Lender.id == BANK)
        .order_by(GuaranteeCase.id.desc())
    )


def _filled(session: Session, query: Select[Any]) -> list[CaseRow]:
    found = session.execute(query).all()
    referrers = referrers_of(session, [row[0].id for row in found])
    instances = [row[0].instance_id for row in found]
    waits, in_trouble = _waits(session, instances), troubled(session, instances)
    stopped = _stopped(session, instances)
    return [
        CaseRow(
            id=case.id,
            case_no=case.case_no,
            name=name,
            uscc=uscc,
            stage=case.stage,
            status=case.status,
            support_class=case.support_class,
            amount=amount,
            bank=bank,
            bank_is_wish=case.bank_id is None,
            referrers=referrers.get(case.id, ()),
            waits=tuple(waits.get(case.instance_id, ())),
            suspended=case.instance_id in stopped,
            troubled=case.instance_id in in_trouble,
            referred_at=case.referred_at,
            closed_at=case.closed_at,
        )
        for case, name, uscc, bank, amount in found
    ]


def _stopped(session: Session, instances: Sequence[int | None]) -> set[int]:
    query = select(Instance.id).where(
        Instance.id.in_([one for one in instances if one]),
        Instance.status == InstanceStatus.SUSPENDED.value,
    )
    return set(session.scalars(query)) if instances else set()


def _waits(
    session: Session, instances: Sequence[int | None]
) -> dict[int, list[tuple[str, str, datetime | None]]]:
    found: dict[int, list[tuple[str, str, datetime | None]]] = {}
    query = (
        select(WorkItem.instance_id, WorkItem.name, Organisation.short_name, WorkItem.due_at)
        .join(Organisation, Organisation.id == WorkItem.org_id)
        .where(
            WorkItem.instance_id.in_([one for one in instances if one]),
            WorkItem.status == WorkStatus.OPEN.value,
        )
        .order_by(WorkItem.id)
    )
    for instance_id, name, org, due in session.execute(query).tuples() if instances else ():
        found.setdefault(instance_id, []).append((name, org, due))
    return found


def banks_of(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """The banks that occur in the actor's cases."""
    query = (
        select(Organisation.id, Organisation.short_name)
        .distinct()
        .join(GuaranteeCase, Organisation.id == BANK)
        .where(visible_cases(actor))
        .order_by(Organisation.id)
    )
    return [(key, name) for key, name in session.execute(query).tuples()]


@dataclass(frozen=True)
class Hit:
    """Something found: a case and by what."""

    case_id: int
    case_no: str
    name: str
    uscc: str
    stage: int
    status: str
    by: str  # case, whitelist, filing
    number: str


MOST_HITS = 50


def search(session: Session, actor: Actor, words: str) -> list[Hit]:
    """Cases by enterprise, credit code or number, by whitelist number, by filing number."""
    words = words.strip()
    if not words:
        return []
    found = [
        *_hits(session, actor, "case", _matches(words), GuaranteeCase.case_no),
        *_hits(session, actor, "whitelist", _listed(words), Whitelist.wl_no),
        *_hits(session, actor, "filing", _filed(words), Filing.filing_no),
    ]
    return list({hit.case_id: hit for hit in reversed(found)}.values())[::-1][:MOST_HITS]


def _listed(words: str) -> ColumnElement[bool]:
    return Whitelist.wl_no.ilike(like(words), escape="\\")


def _filed(words: str) -> ColumnElement[bool]:
    return Filing.filing_no.ilike(like(words), escape="\\")


def _hits(
    session: Session, actor: Actor, by: str, where: ColumnElement[bool], number: Any
) -> list[Hit]:
    query = (
        select(
            GuaranteeCase,
            Enterprise.name,
            Enterprise.uscc,
            func.coalesce(number, "").label("number"),
        )
        .join(Enterprise, Enterprise.id == GuaranteeCase.enterprise_id)
        .where(visible_cases(actor), where)
        .order_by(GuaranteeCase.id.desc())
        .limit(MOST_HITS)
    )
    if by == "whitelist":
        query = query.join(WhitelistEntry, WhitelistEntry.case_id == GuaranteeCase.id)
        query = query.join(Whitelist, Whitelist.id == WhitelistEntry.whitelist_id)
    if by == "filing":
        query = query.join(Filing, Filing.case_id == GuaranteeCase.id)
    return [
        Hit(case.id, case.case_no, name, uscc, case.stage, case.status, by, found or "")
        for case, name, uscc, found in session.execute(query).tuples()
    ]
