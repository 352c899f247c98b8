"""The verbs of an instance: start it, complete a task, fire timers, cancel. The caller commits.

Every step holds the instance's row lock and raises its version; a task that is no longer open is
refused, so a second click or a second person changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.errors import Conflict
from engine.models import Instance, InstanceStatus, PartyBinding, WorkItem, WorkStatus
from engine.people import SYSTEM, Actor
from engine.runtime import incidents
from engine.runtime.context import StepContext, is_sealed, operation
from engine.runtime.deadlines import forget_all_deadlines, forget_deadlines, renew_deadlines
from engine.runtime.facts import Facts, Locked, LockedItem
from engine.runtime.in_force import current_deployment
from engine.runtime.outside import deliver
from engine.runtime.projection import performers
from engine.runtime.run import (
    context_of,
    forget_waits,
    lock_instance,
    new_run,
    note_passed,
    open_run,
    require_running,
    save_run,
    task_of,
)
from engine.runtime.scripts import properties_of
from engine.runtime.undo import clocks_of, kept_clocks, put_back
from engine.text import text
from engine.writes import add_object, add_row, amend, next_id

__all__ = [
    "cancel_instance",
    "complete_task",
    "deliver",
    "fire_due",
    "lock_instance",
    "restore_state",
    "start_instance",
]


NOT_YET = {
    "outcome": None,
    "ended_at": None,
    "suspended_at": None,
    "suspended_reason": None,
    "undo_state": None,
    "undo_item_id": None,
}


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
    values = {
        "id": next_id(session, Instance),
        "process_key": process_key,
        "deployment_id": deployment_id,
        "programme": programme,
        "subject": subject,
        "title": title,
        "status": InstanceStatus.RUNNING.value,
        "version": 0,
        "state": b"",
        "started_at": now,
        **NOT_YET,
    }
    instance = add_object(session, Instance, values)
    for party, org_id in parties.items():
        row = {"instance_id": instance.id, "party": party, "org_id": org_id}
        add_row(session, PartyBinding, row)
    run = new_run(session, instance, Facts(parties=dict(parties)), actor, now)
    first = run.workflow.get_next_task(state=TaskState.READY)
    first.data.update(data, programme=programme, review_result=None)
    save_run(run)
    return instance


def complete_task(
    session: Session,
    locked: LockedItem,
    values: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    notes: Mapping[str, Any],
) -> StepContext:
    """Complete a user task that the caller has locked: record it, then run on.

    Calls the item's recording operation with `values`, merges what it returns and
    `<element>_outcome` into the data; `notes` are kept with the item. Raises what the operation
    raises; then nothing is changed.
    """
    item, instance = locked.item, locked.instance
    require_running(instance)
    run = open_run(session, instance, actor, now, facts=locked.facts, state=locked.state)
    run.clocks = clocks_of(locked.facts)
    task = task_of(run, item.task_id)
    if task is None or not task.has_state(TaskState.READY):
        raise Conflict("task_closed", text("这项任务已经办结，没有再改动"))
    run.ctx.work_item, run.ctx.data, run.ctx.element_id = item, task.data, item.element_id
    routing = _record(run.ctx, item, values)
    for key, value in routing.items():
        task.data[key] = value
    task.data[f"{item.element_id}_outcome"] = values.get("outcome")
    task.run()
    note_passed(run, task)
    if actor.person_id is not None:
        performers(run.ctx, run.workflow)[item.element_id] = actor.person_id
    run.ctx.known.open_items.pop(item.task_id, None)
    _close(session, item, values, actor, now, notes)
    save_run(run, item)
    return run.ctx


def _record(ctx: StepContext, item: WorkItem, values: Mapping[str, Any]) -> Mapping[str, Any]:
    found = operation(item.operation) if item.operation else None
    return (found.function(ctx, values) or {}) if found else {}


def _close(
    session: Session,
    item: WorkItem,
    values: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    notes: Mapping[str, Any],
) -> None:
    amend(
        session,
        item,
        status=WorkStatus.DONE.value,
        completed_at=now,
        performer_id=actor.person_id,
        outcome=values.get("outcome"),
        values={} if is_sealed(item) else _plain(values),
        draft=None,
        **notes,
    )
    forget_deadlines(session, item.id)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The form as submitted, JSON-native (amounts as strings)."""
    return {
        key: value if isinstance(value, str | int | bool | list | dict | None) else str(value)
        for key, value in values.items()
    }


def fire_due(session: Session, locked: Locked, now: datetime) -> bool:
    """Fire whatever timers of an instance that the caller has locked are due at `now`. False when
    none was any more; then nothing is changed."""
    if all(at > now for at in locked.facts.timers.values()):
        return False
    facts, state = locked.facts, locked.state
    save_run(open_run(session, locked.instance, SYSTEM, now, facts=facts, state=state))
    return True


def cancel_instance(
    session: Session, instance_id: int, actor: Actor, now: datetime, reason: str
) -> None:
    """End an instance from outside (withdrawal). Its open tasks, timers and waits go away."""
    instance = lock_instance(session, instance_id, suspended=True)
    amend(
        session,
        instance,
        status=InstanceStatus.CANCELLED.value,
        ended_at=now,
        version=instance.version + 1,
        state=b"",
        undo_state=None,
        undo_item_id=None,
    )
    session.execute(
        update(WorkItem)
        .where(WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value)
        .values(status=WorkStatus.CANCELLED.value, completed_at=now)
    )
    forget_all_deadlines(session, instance_id)
    forget_waits(session, instance_id)
    incidents.leave(session, instance_id, now)
    ctx = context_of(session, instance, actor, now)
    ctx.audit("instance.cancelled", text("撤销{title}", title=instance.title), reason=reason)


def restore_state(session: Session, instance: Instance, item: WorkItem, now: datetime) -> None:
    """Put back the state from before `item` was completed (撤回), and the clocks that this changed;
    the caller has checked it may."""
    assert instance.undo_state is not None  # noqa: S101 (the caller asked)
    done = open_run(session, instance, SYSTEM, now)
    facts, state = done.ctx.known, instance.undo_state
    run = open_run(session, instance, SYSTEM, now, facts=facts, state=state)
    put_back(run.ctx, kept_clocks(done.workflow))
    amend(
        session,
        item,
        status=WorkStatus.OPEN.value,
        completed_at=None,
        performer_id=None,
        outcome=None,
        draft=item.values,
        draft_at=now,
    )
    reminders = properties_of(task_of(run, item.task_id)).get("reminders")
    renew_deadlines(session, item, run.ctx.parameters, reminders, now)
    run.ctx.known.open_items[item.task_id] = item.id
    save_run(run)
