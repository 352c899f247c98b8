"""Versions of a process with what runs on them, and what became of migrations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, true
from sqlalchemy.orm import Session, aliased

from engine.errors import NotFound
from engine.models import (
    Instance,
    InstanceMigration,
    MigrationBatch,
    MigrationItem,
    MigrationItemStatus,
    Person,
)
from engine.operations.access import own_district
from engine.operations.migrations import LIVING, reach
from engine.people import Actor
from engine.runtime.closure import PROCESS, closure, members

SHOWN = 300  # items of a batch on one page; the refused and the undone first


def running_on(
    session: Session, process_key: str, allowed: Collection[str] | None
) -> dict[int, int]:
    """Definition id of each version → running instances that are in it or may come to it."""
    query = select(Instance.deployment_id, Instance.process_key, func.count()).where(
        Instance.status.in_(LIVING)
    )
    if allowed is not None:
        query = query.where(Instance.programme.in_(allowed))
    found: dict[int, int] = {}
    grouped = query.group_by(Instance.deployment_id, Instance.process_key)
    for deployment_id, key, count in session.execute(grouped).tuples():
        named = closure(session, members(session, deployment_id), key)
        member = named.get((PROCESS, process_key))
        if member is not None:
            found[member.id] = found.get(member.id, 0) + count
    return found


@dataclass(frozen=True)
class BatchLine:
    """A batch and how far it is. `by` None: asked for on the command line."""

    id: int
    process_key: str
    to_deployment_id: int | None
    undoes: int | None
    reason: str
    asked_at: datetime
    by: str | None
    total: int
    done: int
    refused: int
    stopped_at: datetime | None
    ended_at: datetime | None

    @property
    def settled(self) -> int:
        """How many are neither pending nor given up."""
        return self.done + self.refused


def batches(session: Session, process_key: str, actor: Actor) -> list[BatchLine]:
    """The migrations of a process, newest first."""
    where = MigrationBatch.process_key == process_key
    return _lines(session, and_(where, _within(session, actor)), 20)


def batch(session: Session, batch_id: int, actor: Actor) -> BatchLine:
    """One batch. Raises NotFound, also for another district's."""
    where = MigrationBatch.id == batch_id
    found = _lines(session, and_(where, _within(session, actor)), 1)
    if not found:
        raise NotFound()
    return found[0]


def _within(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Batches of the actor's district that touch nothing outside it. The platform's office lies in
    a district too, but what it asks for may reach into every other."""
    allowed = reach(session, actor)
    if allowed is None:
        return true()
    beyond = (
        exists()
        .where(MigrationItem.batch_id == MigrationBatch.id)
        .where(MigrationItem.instance_id == Instance.id, Instance.programme.not_in(allowed))
    )
    untouched = ~beyond.correlate_except(MigrationItem, Instance)
    return and_(own_district(actor, MigrationBatch.asked_for), untouched)


def _lines(session: Session, where: ColumnElement[bool], limit: int) -> list[BatchLine]:
    def count(status: MigrationItemStatus) -> Any:
        query = select(func.count()).where(
            MigrationItem.batch_id == MigrationBatch.id, MigrationItem.status == status.value
        )
        return query.correlate(MigrationBatch).scalar_subquery()

    query = (
        select(
            MigrationBatch.id,
            MigrationBatch.process_key,
            MigrationBatch.to_deployment_id,
            MigrationBatch.undoes,
            MigrationBatch.reason,
            MigrationBatch.asked_at,
            Person.name,
            MigrationBatch.total,
            count(MigrationItemStatus.DONE),
            count(MigrationItemStatus.REFUSED),
            MigrationBatch.stopped_at,
            MigrationBatch.ended_at,
        )
        .outerjoin(Person, Person.id == MigrationBatch.asked_by)
        .where(where)
        .order_by(MigrationBatch.id.desc())
        .limit(limit)
    )
    return [BatchLine(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class ItemLine:
    """An instance of a batch. `migration_id` when it was moved by it."""

    instance_id: int
    title: str
    subject: str
    status: str
    why: Sequence[dict[str, Any]]
    migration_id: int | None
    undone_at: datetime | None
    can_undo: bool


def items(session: Session, batch_id: int) -> list[ItemLine]:
    """What became of each instance; those refused first, at most SHOWN."""
    kept = aliased(InstanceMigration)
    unmoved = and_(
        kept.undone_at.is_(None),
        Instance.version == kept.version_after,
        Instance.status.in_(LIVING),
    )
    query = (
        select(
            Instance.id,
            Instance.title,
            Instance.subject,
            MigrationItem.status,
            MigrationItem.why,
            kept.id,
            kept.undone_at,
            func.coalesce(unmoved, False),
        )
        .select_from(MigrationItem)
        .join(Instance, Instance.id == MigrationItem.instance_id)
        .outerjoin(kept, and_(kept.batch_id == batch_id, kept.instance_id == Instance.id))
        .where(MigrationItem.batch_id == batch_id)
        .order_by(MigrationItem.status.desc(), Instance.id)
        .limit(SHOWN)
    )
    return [ItemLine(*row) for row in session.execute(query).tuples()]


def can_undo_some(session: Session, batch_id: int) -> int:
    """How many of a batch could be moved back now."""
    query = (
        select(func.count())
        .select_from(InstanceMigration)
        .join(Instance, Instance.id == InstanceMigration.instance_id)
        .where(
            InstanceMigration.batch_id == batch_id,
            InstanceMigration.undone_at.is_(None),
            Instance.version == InstanceMigration.version_after,
            Instance.status.in_(LIVING),
        )
    )
    return session.scalar(query) or 0
