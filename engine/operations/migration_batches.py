"""Asking for many instances to be moved to another version, or moved back.

A batch is asked for by an administrator and worked off one instance a transaction
(engine/jobs/migrations.py).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.errors import InvalidInput, NotFound
from engine.models import (
    Instance,
    InstanceMigration,
    MigrationBatch,
    MigrationItem,
    MigrationItemStatus,
)
from engine.operations.migrations import migrate, reach, undo
from engine.people import Actor
from engine.runtime.closure import PROCESS, members
from engine.text import Text, text

MAX_BATCH = 20_000
LONGEST_REASON = 500


def ask_migration(
    session: Session,
    process_key: str,
    instance_ids: Collection[int],
    to: int,
    actor: Actor,
    reason: str,
    now: datetime,
) -> MigrationBatch:
    """Ask for instances to be moved to deployment `to`; the jobs do it.

    Raises NotAllowed, InvalidInput, NotFound for an instance out of reach.
    """
    ids = _asked(session, instance_ids, actor, reason)
    if (PROCESS, process_key) not in members(session, to):
        raise NotFound(text("版本{to}里没有流程{key}", to=to, key=process_key))
    batch = _batch(session, process_key, len(ids), actor, reason, now)
    batch.to_deployment_id = to
    _add_items(session, batch, ids)
    summary = text("要求迁移{n}件在办事项到部署{to}", n=len(ids), to=to)
    _record_batch(session, batch, "migration.asked", summary, actor, now)
    return batch


def ask_undo(
    session: Session, batch_id: int, actor: Actor, reason: str, now: datetime
) -> MigrationBatch:
    """Ask for everything that a batch moved to be moved back, where nothing moved since."""
    undone = session.get(MigrationBatch, batch_id)
    if undone is None:
        raise NotFound()
    query = select(InstanceMigration.instance_id).where(
        InstanceMigration.batch_id == batch_id, InstanceMigration.undone_at.is_(None)
    )
    ids = _asked(session, session.scalars(query).all(), actor, reason)
    batch = _batch(session, undone.process_key, len(ids), actor, reason, now)
    batch.undoes = undone.id
    _add_items(session, batch, ids)
    summary = text("要求撤销第{batch}批迁移，共{n}件", batch=undone.id, n=len(ids))
    _record_batch(session, batch, "migration.undo_asked", summary, actor, now)
    return batch


def stop_batch(session: Session, batch_id: int, actor: Actor, now: datetime) -> MigrationBatch:
    """Let nobody go on with a batch; what was moved stays moved."""
    allowed = reach(session, actor)
    batch = session.get(MigrationBatch, batch_id, with_for_update=True)
    if batch is None or (allowed is not None and _strays(session, batch_id, allowed)):
        raise NotFound()
    if batch.ended_at is None:
        batch.stopped_at = batch.ended_at = now
        summary = text("停止第{batch}批迁移", batch=batch.id)
        _record_batch(session, batch, "migration.stopped", summary, actor, now)
    return batch


def _strays(session: Session, batch_id: int, allowed: Collection[str]) -> bool:
    """Whether a batch has instances of other programmes."""
    query = (
        select(MigrationItem.instance_id)
        .join(Instance, Instance.id == MigrationItem.instance_id)
        .where(MigrationItem.batch_id == batch_id, Instance.programme.not_in(allowed))
    )
    return session.scalar(query.limit(1)) is not None


def _asked(session: Session, instance_ids: Collection[int], actor: Actor, reason: str) -> list[int]:
    allowed = reach(session, actor)
    wrong: dict[str, Text] = {}
    if not reason.strip():
        wrong["reason"] = text("写明原因")
    if not instance_ids:
        wrong["instances"] = text("没有选中事项")
    if len(instance_ids) > MAX_BATCH:
        wrong["instances"] = text("一批最多{n}件", n=MAX_BATCH)
    if wrong:
        raise InvalidInput(wrong)
    ids = sorted(set(instance_ids))
    query = select(func.count()).where(Instance.id.in_(ids))
    if allowed is not None:
        query = query.where(Instance.programme.in_(allowed))
    if session.scalar(query) != len(ids):
        raise NotFound()
    return ids


def _batch(
    session: Session, process_key: str, total: int, actor: Actor, reason: str, now: datetime
) -> MigrationBatch:
    batch = MigrationBatch(
        process_key=process_key,
        reason=reason.strip()[:LONGEST_REASON],
        asked_at=now,
        asked_by=actor.person_id,
        asked_for=actor.org_id,
        total=total,
    )
    session.add(batch)
    session.flush()
    return batch


def _add_items(session: Session, batch: MigrationBatch, ids: list[int]) -> None:
    rows = [{"batch_id": batch.id, "instance_id": one} for one in ids]
    session.execute(insert(MigrationItem), rows)


def _record_batch(
    session: Session, batch: MigrationBatch, action: str, summary: Text, actor: Actor, now: datetime
) -> None:
    record(
        session,
        chain="system:definitions",
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        after={"batch": batch.id, "process": batch.process_key, "total": batch.total},
        reason=batch.reason,
    )


def settle_item(session: Session, item: MigrationItem, actor: Actor, now: datetime) -> None:
    """Move the instance of a batch's item, or back. Raises CannotMigrate, Conflict."""
    batch = session.get_one(MigrationBatch, item.batch_id)
    if batch.undoes is None:
        assert batch.to_deployment_id is not None  # noqa: S101 (as asked)
        migrate(session, item.instance_id, batch.to_deployment_id, actor, batch, now)
    else:
        found = select(InstanceMigration.id).where(
            InstanceMigration.batch_id == batch.undoes,
            InstanceMigration.instance_id == item.instance_id,
        )
        undo(session, session.scalars(found).one(), actor, batch.reason, now)
    item.status = MigrationItemStatus.DONE.value


def is_pending(session: Session, batch_id: int) -> bool:
    """Whether an instance of a batch is still to be settled."""
    left = exists().where(
        MigrationItem.batch_id == batch_id,
        MigrationItem.status == MigrationItemStatus.PENDING.value,
    )
    return bool(session.scalar(select(left)))
