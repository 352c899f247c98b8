"""The verbs of an instance: start it, complete a task, fire timers, cancel. The caller commits.

Every step holds the instance's row lock and raises its version; a task that is no longer open is
refused, so a second click or a second person changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.errors import Conflict
from engine.models import Instance, InstanceStatus, PartyBinding, Timer, WorkItem, WorkStatus
from engine.people import SYSTEM, Actor
from engine.runtime import incidents
from engine.runtime.context import StepContext, is_final, is_sealed, operation
from engine.runtime.definitions import current_deployment
from engine.runtime.projection import project
from engine.runtime.run import (
    context_of,
    deliver,
    forget_waits,
    lock_instance,
    new_run,
    note_passed,
    open_run,
    save_run,
)
from engine.text import text

__all__ = [
    "cancel_instance",
    "complete_task",
    "deliver",
    "fire_timers",
    "lock_instance",
    "restore_state",
    "start_instance",
]


def start_instance(
    session: Session,
    process_key: str,
    *,
    subject: str,
    title: str,
    programme: str,
    data: Mapping[str, Any],
    parties: Mapping[str, int],
    actor: Actor,
    now: datetime,
) -> Instance:
    """Start a process and run it to its first waits. `data` must be JSON-native."""
    deployment_id = current_deployment(session)
    instance = Instance(
        process_key=process_key,
        deployment_id=deployment_id,
        programme=programme,
        subject=subject,
        title=title,
        state=b"",
        started_at=now,
    )
    session.add(instance)
    session.flush()
    session.add_all(
        PartyBinding(instance_id=instance.id, party=party, org_id=org_id)
        for party, org_id in parties.items()
    )
    session.flush()
    run = new_run(session, instance, actor, now)
    first = run.workflow.get_next_task(state=TaskState.READY)
    first.data.update(data, programme=programme, review_result=None)
    save_run(run)
    return instance


def complete_task(
    session: Session, item: WorkItem, values: Mapping[str, Any], actor: Actor, now: datetime
) -> StepContext:
    """Complete a user task whose instance the caller has locked: record it, then run on.

    Calls the item's recording operation with `values`, merges what it returns and
    `<element>_outcome` into the data. Raises what the operation raises; then nothing is changed.
    """
    instance = lock_instance(session, item.instance_id)
    run = open_run(session, instance, actor, now)
    task = run.workflow.get_task_from_id(UUID(item.task_id))
    if task is None or not task.has_state(TaskState.READY):
        raise Conflict("task_closed", text("这项任务已经办结，没有再改动"))
    before = instance.state
    run.ctx.work_item, run.ctx.data = item, task.data
    routing = _record(run.ctx, item, values)
    for key, value in routing.items():
        task.data[key] = value
    task.data[f"{item.element_id}_outcome"] = values.get("outcome")
    task.run()
    note_passed(run, task)
    _close(item, values, actor, now)
    save_run(run)
    if run.ctx.services_run == 0 and not run.ctx.messages and not is_final(item):
        instance.undo_state, instance.undo_item_id = before, item.id
    return run.ctx


def _record(ctx: StepContext, item: WorkItem, values: Mapping[str, Any]) -> Mapping[str, Any]:
    found = operation(item.operation) if item.operation else None
    return (found.function(ctx, values) or {}) if found else {}


def _close(item: WorkItem, values: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    item.status = WorkStatus.DONE.value
    item.completed_at, item.performer_id = now, actor.person_id
    item.outcome = values.get("outcome")
    item.values, item.draft = {} if is_sealed(item) else _plain(values), None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The form as submitted, JSON-native (amounts as strings)."""
    return {
        key: value if isinstance(value, str | int | bool | list | dict | None) else str(value)
        for key, value in values.items()
    }


def fire_timers(session: Session, instance_id: int, now: datetime) -> bool:
    """Fire whatever timers of the instance are due at `now`. False when none was any more."""
    instance = lock_instance(session, instance_id)
    run = open_run(session, instance, SYSTEM, now)
    known = session.scalars(
        select(Timer.task_id).where(Timer.instance_id == instance_id, Timer.due_at <= now)
    ).all()
    save_run(run)
    return bool(known)


def cancel_instance(
    session: Session, instance_id: int, actor: Actor, now: datetime, reason: str
) -> None:
    """End an instance from outside (withdrawal). Its open tasks, timers and waits go away."""
    instance = lock_instance(session, instance_id, suspended=True)
    instance.status, instance.ended_at = InstanceStatus.CANCELLED.value, now
    instance.version += 1
    session.execute(
        update(WorkItem)
        .where(WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value)
        .values(status=WorkStatus.CANCELLED.value, completed_at=now)
    )
    forget_waits(session, instance_id)
    incidents.leave(session, instance_id, now)
    ctx = context_of(session, instance, actor, now)
    ctx.audit("instance.cancelled", text("撤销{title}", title=instance.title), reason=reason)


def restore_state(session: Session, instance: Instance, item: WorkItem, now: datetime) -> None:
    """Put back the state from before `item` was completed (撤回); the caller has checked it may."""
    assert instance.undo_state is not None  # noqa: S101 (the caller asked)
    instance.state = instance.undo_state
    instance.undo_state, instance.undo_item_id = None, None
    run = open_run(session, instance, SYSTEM, now)
    item.status, item.completed_at, item.performer_id = WorkStatus.OPEN.value, None, None
    item.draft, item.draft_at = item.values, now
    item.outcome = None
    session.flush()
    project(run.ctx, run.workflow, run.engine, [])
    instance.version += 1
