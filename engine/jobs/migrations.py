"""Working off what was asked of migrations: each instance in a transaction of its own.

The items in the table say what is done; a process that dies, or two at once, do no harm.
"""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine.db import unit_of_work
from engine.errors import DanbaoError
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory, Sweep
from engine.models import (
    MigrationBatch,
    MigrationItem,
    MigrationItemStatus,
    Organisation,
    Person,
    Role,
)
from engine.operations import migration_batches
from engine.operations.migrations import CannotMigrate
from engine.people import SYSTEM, Actor
from engine.text import Text, text

PENDING, REFUSED = MigrationItemStatus.PENDING.value, MigrationItemStatus.REFUSED.value


def sweep_migrations(factory: Factory, now: datetime) -> Sweep:
    """Go on with every batch that has not ended, oldest first."""
    with factory() as session:
        open_ = MigrationBatch.ended_at.is_(None)
        ids = session.scalars(select(MigrationBatch.id).where(open_).order_by(MigrationBatch.id))
        batches = list(ids)
    done = [work_off(factory, batch_id, now) for batch_id in batches]
    return Sweep(sum(one.handled for one in done), sum(one.failed for one in done))


def work_off(factory: Factory, batch_id: int, now: datetime) -> Sweep:
    """Settle what is pending of a batch, until none is left or somebody stops it."""
    handled = failed = after = 0
    while (instance_id := _next(factory, batch_id, after)) is not None:
        with Attempt("migration", batch_id=batch_id, instance_id=instance_id) as attempt:
            handled += _settle(factory, batch_id, instance_id, now)
        if attempt.failed:
            failed += 1
            _refuse(factory, batch_id, instance_id, [text("迁移时出错，原因已记入日志")])
        after = instance_id
    _end(factory, batch_id, now)
    return Sweep(handled, failed)


def _next(factory: Factory, batch_id: int, after: int) -> int | None:
    query = (
        select(func.min(MigrationItem.instance_id))
        .join(MigrationBatch, MigrationBatch.id == MigrationItem.batch_id)
        .where(
            MigrationItem.batch_id == batch_id,
            MigrationItem.status == PENDING,
            MigrationItem.instance_id > after,
            MigrationBatch.stopped_at.is_(None),
        )
    )
    with factory() as session:
        return session.scalar(query)


def _settle(factory: Factory, batch_id: int, instance_id: int, now: datetime) -> bool:
    """Move one instance, or write down why not. False when another process is at it."""
    try:
        with unit_of_work(factory) as session:
            item = _claim(session, batch_id, instance_id)
            if item is None:
                return False
            migration_batches.settle_item(session, item, _asker(session, batch_id), now)
    except CannotMigrate as refusal:
        _refuse(factory, batch_id, instance_id, [one.why for one in refusal.obstacles])
    except DanbaoError as refusal:
        _refuse(factory, batch_id, instance_id, [refusal.message])
    return True


def _claim(session: Session, batch_id: int, instance_id: int) -> MigrationItem | None:
    query = select(MigrationItem).where(
        MigrationItem.batch_id == batch_id,
        MigrationItem.instance_id == instance_id,
        MigrationItem.status == PENDING,
    )
    return session.scalar(query.with_for_update(skip_locked=True))


def _asker(session: Session, batch_id: int) -> Actor:
    batch = session.get_one(MigrationBatch, batch_id)
    if batch.asked_by is None or batch.asked_for is None:
        return SYSTEM
    person = session.get_one(Person, batch.asked_by)
    org = session.get_one(Organisation, batch.asked_for)
    # what may be moved was decided when it was asked for
    return Actor(person.id, org.id, person.name, frozenset({Role.ADMIN.value}), org.kind)


def _refuse(factory: Factory, batch_id: int, instance_id: int, why: list[Text]) -> None:
    with unit_of_work(factory) as session:
        item = _claim(session, batch_id, instance_id)
        if item is not None:
            item.status = REFUSED
            item.why = [{"template": one.template, "params": one.params} for one in why]


def _end(factory: Factory, batch_id: int, now: datetime) -> None:
    with unit_of_work(factory) as session:
        if not migration_batches.is_pending(session, batch_id):
            session.execute(
                update(MigrationBatch)
                .where(MigrationBatch.id == batch_id, MigrationBatch.ended_at.is_(None))
                .values(ended_at=now)
            )
