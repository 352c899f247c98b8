"""Moving a running instance to another version of its process, and back while nothing moved.

What was before is kept with every migration. Asking for many: engine/operations/migration_batches.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from engine.audit.trail import record
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import (
    Instance,
    InstanceMigration,
    InstanceStatus,
    MigrationBatch,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import sees_all
from engine.operations.administration import district_of, require_admin
from engine.people import Actor
from engine.runtime.closure import Members, closure, members
from engine.runtime.codec import decode, encode
from engine.runtime.definitions import specs_of
from engine.runtime.in_force import programmes
from engine.runtime.migration import Obstacle, check, name_of, swap
from engine.runtime.projection import bring_subscriptions, performers, project
from engine.runtime.run import Run, lock_instance, open_run
from engine.runtime.scripts import properties_of
from engine.text import Text, text
from engine.writes import amend

FOLLOWING = ("name", "form_key", "operation", "clause", "excludes", "excluded")
LIVING = (InstanceStatus.RUNNING.value, InstanceStatus.SUSPENDED.value)


class CannotMigrate(RuleRefused):
    """An instance that would lose something: `obstacles` say where and why."""

    def __init__(self, obstacles: Collection[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)
        first = self.obstacles[0]
        super().__init__("cannot_migrate", first.why, first.remedy)


def reach(session: Session, actor: Actor) -> Collection[str] | None:
    """The programmes whose instances the actor may move; None: all. Raises NotAllowed."""
    if actor.is_system:
        return None
    require_admin(actor)
    if not sees_all(actor):
        raise NotAllowed("overseers_only", text("由区财政局或平台的系统管理员办理"))
    district = district_of(session, actor)
    if district is None:
        return None
    found = programmes(session).items()
    return frozenset(code for code, one in found if one.district_code == district)


def migrate(
    session: Session, instance_id: int, to: int, actor: Actor, batch: MigrationBatch, now: datetime
) -> InstanceMigration:
    """Move one instance; what is under way in it stays as it is. Raises CannotMigrate, Conflict."""
    instance = _locked(session, instance_id, actor)
    origin = instance.deployment_id
    if origin == to:
        raise Conflict("already_there", text("已在这个版本上"))
    workflow = decode(instance.state, specs_of(session, origin, instance.process_key))
    new = specs_of(session, to, instance.process_key)
    obstacles = check(workflow, new)
    if obstacles:
        raise CannotMigrate(obstacles)
    before = instance.state
    swap(workflow, new)
    run = _put(session, instance, to, encode(workflow), actor, now)
    rows = _follow(session, run)
    kept = InstanceMigration(
        batch_id=batch.id,
        instance_id=instance.id,
        from_deployment_id=origin,
        to_deployment_id=to,
        state_before=before,
        rows_before=rows,
        version_after=instance.version,
        at=now,
        by=actor.person_id,
        reason=batch.reason,
    )
    session.add(kept)
    summary = text("{title}迁移到新版本", title=instance.title)
    _record(session, instance, (origin, to), "instance.migrated", summary, actor, now, batch.reason)
    return kept


def undo(
    session: Session, migration_id: int, actor: Actor, reason: str, now: datetime
) -> InstanceMigration:
    """Put an instance back on the version it came from, byte for byte.

    Raises Conflict once the instance has moved on, or when that was done already.
    """
    kept = session.get(
        InstanceMigration,
        migration_id,
        options=[undefer(InstanceMigration.state_before)],
        with_for_update={"of": InstanceMigration},
    )
    if kept is None:
        raise NotFound()
    if not reason.strip():
        raise InvalidInput({"reason": text("写明原因")})
    instance = _locked(session, kept.instance_id, actor)
    if kept.undone_at is not None:
        raise Conflict("migration_undone", text("这次迁移已经撤销"))
    if instance.version != kept.version_after:
        raise Conflict(
            "moved_since",
            text("迁移之后已继续办理，不能撤销迁移"),
            text("需要时把它迁移到别的版本"),
        )
    way = (kept.to_deployment_id, kept.from_deployment_id)
    _restore_rows(session, instance, kept.rows_before)
    _put(session, instance, kept.from_deployment_id, kept.state_before, actor, now)
    kept.undone_at, kept.undone_by = now, actor.person_id
    summary = text("撤销迁移，{title}回到原版本", title=instance.title)
    _record(session, instance, way, "instance.migration_undone", summary, actor, now, reason)
    return kept


def _locked(session: Session, instance_id: int, actor: Actor) -> Instance:
    allowed = reach(session, actor)
    instance = lock_instance(session, instance_id, suspended=True)
    if allowed is not None and instance.programme not in allowed:
        raise NotFound()
    return instance


def _put(
    session: Session, instance: Instance, to: int, state: bytes, actor: Actor, now: datetime
) -> Run:
    """Give an instance a state on a deployment. What could be taken back (撤回) cannot any more:
    that state belongs to the other version."""
    amend(
        session,
        instance,
        deployment_id=to,
        state=state,
        version=instance.version + 1,
        undo_state=None,
        undo_item_id=None,
    )
    run = open_run(session, instance, actor, now)
    if instance.status == InstanceStatus.RUNNING.value:
        project(run.ctx, run.workflow, run.engine, [])
    else:
        # its clocks stand still, but a message is kept for it under the name it goes by now
        bring_subscriptions(run.ctx, run.workflow, run.engine)
    return run


def _follow(session: Session, run: Run) -> list[dict[str, Any]]:
    """Open work items take over what the new diagram says of them; returns what they were.

    Who has it, the draft, and the due date stay.
    """
    before = []
    for item in _open_items(session, run.ctx.instance.id):
        wanted = _said(run, item, run.workflow.get_task_from_id(UUID(item.task_id)))
        changed = {key: value for key, value in wanted.items() if getattr(item, key) != value}
        if changed:
            before.append({"id": item.id, **{key: getattr(item, key) for key in changed}})
            amend(session, item, **changed)
    return before


def _open_items(session: Session, instance_id: int) -> list[WorkItem]:
    query = select(WorkItem).where(
        WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value
    )
    return list(session.scalars(query.order_by(WorkItem.id)))


def _said(run: Run, item: WorkItem, task: Any) -> dict[str, Any]:
    """What the diagram says of an open item, apart from who does it and until when."""
    properties = properties_of(task)
    excludes = [one.strip() for one in properties.get("excludes", "").split(",") if one.strip()]
    said: dict[str, Any] = {
        "name": name_of(task),
        "form_key": properties.get("formKey", ""),
        "operation": properties.get("operation", ""),
        "clause": properties.get("clause", ""),
        "excludes": excludes,
    }
    if excludes != item.excludes:
        last = performers(run.ctx, run.workflow)
        said["excluded"] = sorted({last[one] for one in excludes if last.get(one) is not None})
    return said


def _restore_rows(session: Session, instance: Instance, rows: list[dict[str, Any]]) -> None:
    items = {item.id: item for item in _open_items(session, instance.id)}
    for row in rows:
        if row["id"] in items:
            amend(session, items[row["id"]], **{key: row[key] for key in FOLLOWING if key in row})


def _record(
    session: Session,
    instance: Instance,
    way: tuple[int, int],
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    old, new = (closure(session, members(session, one), instance.process_key) for one in way)
    record(
        session,
        chain=instance.subject,
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        before={"deployment": way[0], "versions": _versions(old, new)},
        after={"deployment": way[1], "versions": _versions(new, old)},
        reason=reason,
        versions={"process": instance.process_key, "deployment": instance.deployment_id},
    )


def _versions(these: Members, others: Members) -> dict[str, int]:
    """Versions of what differs."""
    return {one.key: one.version for key, one in sorted(these.items()) if others.get(key) != one}
