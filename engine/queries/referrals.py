"""Referral batches as pages show them: the months of a referrer, the month of a district (P1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from engine.clock import local_date
from engine.domain.programme import Programme
from engine.errors import NotFound
from engine.models import (
    BatchStatus,
    Organisation,
    OrgKind,
    PartyBinding,
    ReferralBatch,
    ReferralItem,
    WorkItem,
    WorkStatus,
)
from engine.operations.batches import REFERRERS, period_after
from engine.people import Actor
from engine.runtime.in_force import programmes

UNSENT = (BatchStatus.DRAFT.value, BatchStatus.CHECKING.value)
MONTHS_SHOWN = 120  # batches of one referrer on its index: ten years of months


@dataclass(frozen=True)
class OpenTask:
    """The task that a batch waits for."""

    id: int
    element: str
    name: str
    role: str
    due_at: datetime | None
    provisional: bool


@dataclass(frozen=True)
class BatchLine:
    """A batch in a list. `amount` is Σ need in 元 of its `rows` enterprises."""

    id: int
    batch_no: str
    programme: str
    period: str
    status: str
    nil_return: bool
    closing_on: date
    submitted_at: datetime | None
    org_id: int
    org_name: str
    rows: int
    amount: Decimal
    instance_id: int | None
    task: OpenTask | None = None

    @property
    def unsent(self) -> bool:
        """Whether it can still be worked on."""
        return self.status in UNSENT


@dataclass(frozen=True)
class Offer:
    """A month for which a list may be begun now."""

    programme: str
    name: str
    period: str


@dataclass(frozen=True)
class ReferrerLine:
    """A referrer in a month, with the batches it has of it. `done`: it has sent one."""

    org_id: int
    org_name: str
    batches: tuple[BatchLine, ...]

    @property
    def done(self) -> bool:
        """Whether a list or a nil return has come in."""
        return any(batch.status == BatchStatus.SUBMITTED.value for batch in self.batches)

    @property
    def waiting(self) -> BatchLine | None:
        """The batch that has not been sent yet."""
        return next((batch for batch in self.batches if batch.unsent), None)


def visible_batches(actor: Actor) -> ColumnElement[bool]:
    """A referrer's own batches; the finance bureau's are those of its district."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return ReferralBatch.id.is_not(None)
    bound = exists().where(
        PartyBinding.instance_id == ReferralBatch.instance_id,
        PartyBinding.org_id == actor.org_id,
    )
    return or_(ReferralBatch.org_id == actor.org_id, bound)


def own_batches(session: Session, actor: Actor) -> list[BatchLine]:
    """The organisation's own batches, newest month first."""
    query = _lines().where(ReferralBatch.org_id == actor.org_id)
    ordered = query.order_by(ReferralBatch.period.desc(), ReferralBatch.id.desc())
    return _read(session, ordered.limit(MONTHS_SHOWN))


def batch_line(session: Session, batch_id: int, actor: Actor) -> BatchLine:
    """One batch. Raises NotFound when the actor's organisation may not know of it."""
    found = _read(session, _lines().where(ReferralBatch.id == batch_id, visible_batches(actor)))
    if not found:
        raise NotFound()
    return found[0]


def periods(session: Session, actor: Actor) -> list[str]:
    """The months of which the actor may see batches, newest first."""
    query = select(ReferralBatch.period).where(visible_batches(actor)).distinct()
    return list(session.scalars(query.order_by(ReferralBatch.period.desc())))


def month(session: Session, actor: Actor, period: str) -> list[ReferrerLine]:
    """Every referrer that may send a list, with its batches of the month: the late ones first."""
    lines = _read(
        session,
        _lines()
        .where(visible_batches(actor), ReferralBatch.period == period)
        .order_by(ReferralBatch.id),
    )
    by_org: dict[int, list[BatchLine]] = {}
    for line in lines:
        by_org.setdefault(line.org_id, []).append(line)
    names = {**_referrers(session, actor), **{line.org_id: line.org_name for line in lines}}
    found = [ReferrerLine(key, name, tuple(by_org.get(key, ()))) for key, name in names.items()]
    return sorted(found, key=lambda one: (one.done, not one.batches, one.org_id))


def _referrers(session: Session, actor: Actor) -> dict[int, str]:
    """The referrers of the actor's district, and every bank."""
    district = select(Organisation.district_code).where(Organisation.id == actor.org_id)
    query = select(Organisation.id, Organisation.short_name).where(
        Organisation.active,
        Organisation.kind.in_(REFERRERS),
        or_(
            Organisation.kind == OrgKind.BANK.value,
            Organisation.district_code == district.scalar_subquery(),
        ),
    )
    return dict(session.execute(query.order_by(Organisation.id)).tuples().all())


def offers(session: Session, actor: Actor, now: datetime) -> list[Offer]:
    """The months for which the actor's organisation may begin a list: one a programme."""
    org = session.get(Organisation, actor.org_id)
    if org is None or org.kind not in REFERRERS:
        return []
    today = local_date(now)
    return [
        Offer(one.code, one.name, period_after(one.at(today), today.isoformat()[:7], today))
        for one in programmes(session).values()
        if one.accepts_new_on(today) and _concerns(one, org)
    ]


def _concerns(programme: Programme, org: Organisation) -> bool:
    return org.kind == OrgKind.BANK.value or programme.district_code == org.district_code


def _lines() -> Select[Any]:
    items = (
        select(
            ReferralItem.batch_id,
            func.count().label("rows"),
            func.sum(ReferralItem.need_amount).label("amount"),
        )
        .group_by(ReferralItem.batch_id)
        .subquery()
    )
    return (
        select(ReferralBatch, Organisation.short_name, items.c.rows, items.c.amount)
        .join(Organisation, Organisation.id == ReferralBatch.org_id)
        .outerjoin(items, items.c.batch_id == ReferralBatch.id)
    )


def _read(session: Session, query: Select[Any]) -> list[BatchLine]:
    lines = [_line(*row) for row in session.execute(query)]
    open_tasks = tasks_of(session, [line.instance_id for line in lines if line.unsent])
    return [replace(line, task=open_tasks.get(line.instance_id or 0)) for line in lines]


def _line(batch: ReferralBatch, org: str, rows: int | None, amount: Decimal | None) -> BatchLine:
    return BatchLine(
        id=batch.id,
        batch_no=batch.batch_no,
        programme=batch.programme,
        period=batch.period,
        status=batch.status,
        nil_return=batch.nil_return,
        closing_on=batch.closing_on,
        submitted_at=batch.submitted_at,
        org_id=batch.org_id,
        org_name=org,
        rows=rows or 0,
        amount=amount or Decimal(0),
        instance_id=batch.instance_id,
    )


def tasks_of(session: Session, instances: Iterable[int | None]) -> dict[int, OpenTask]:
    """The open task of each instance that has one."""
    wanted = [key for key in instances if key is not None]
    query = select(WorkItem).where(
        WorkItem.instance_id.in_(wanted), WorkItem.status == WorkStatus.OPEN.value
    )
    found: Sequence[WorkItem] = session.scalars(query).all() if wanted else []
    return {
        item.instance_id: OpenTask(
            item.id, item.element_id, item.name, item.role, item.due_at, item.provisional
        )
        for item in found
    }
