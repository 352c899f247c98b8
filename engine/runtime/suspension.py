"""Suspending an instance, and letting it go on: what waits in it loses no time.

While it is suspended nobody and nothing moves it: tasks are refused with the reason, its timers are
not in the index, its deadlines do not fire, messages to it are kept. When it goes on:

- clocks that ran are resumed: their due day moves on by the pause, in their own unit;
- of open tasks and timers, a period (`approval_period`, `P3D`, `due("…")`) that was not over moves
  on by the pause in its own unit, working days or calendar days;
- a date stays: it was announced and stands in other tables too (the last day of applications, the
  closing of a list). What fell due meanwhile is due now;
- what was overdue before stays overdue;
- a recurring timer that was to come moves on by the days of the pause;
- a timer whose time has passed fires, and messages that were kept are delivered, in the order in
  which they came.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from engine.domain.calendar import Unit
from engine.errors import Conflict, DanbaoError
from engine.models import Clock, Instance, InstanceStatus, WorkItem
from engine.people import Actor
from engine.runtime import retries
from engine.runtime.context import StepContext
from engine.runtime.deadlines import due_moment, pause_clock, pushed_on, set_deadlines
from engine.runtime.elements import CycleTimer, DueTimer
from engine.runtime.incidents import unsettled_at
from engine.runtime.needs import properties
from engine.runtime.run import Run, context_of, open_run, save_run
from engine.text import text
from engine.writes import amend, later

_DUE = re.compile(r'=?\s*due\(\s*"([^"]+)"\s*\)\s*')
KEPT = "instance_suspended"  # the code under which messages to a suspended instance are kept


@dataclass(frozen=True)
class Moved:
    """An open task whose due moment moved on."""

    item: WorkItem
    before: datetime


def suspend(
    session: Session, instance: Instance, reason: str, actor: Actor, now: datetime
) -> StepContext:
    """Stop an instance that the caller has locked. Raises Conflict when it stands already."""
    if instance.status == InstanceStatus.SUSPENDED.value:
        raise Conflict("already_suspended", text("这件事已经暂停，没有再改动"))
    ctx = context_of(session, instance, actor, now)
    for name in ctx.known.clocks:
        pause_clock(session, ctx.known, name, now)
    later(session, "DELETE FROM timer WHERE instance_id = %s", instance.id)
    ctx.known.timers.clear()
    amend(
        session,
        instance,
        status=InstanceStatus.SUSPENDED.value,
        suspended_at=now,
        suspended_reason=reason,
        version=instance.version + 1,
        undo_state=None,
        undo_item_id=None,
    )
    return ctx


def resume(
    session: Session, instance: Instance, actor: Actor, now: datetime
) -> tuple[StepContext, list[Moved]]:
    """Let an instance that the caller has locked go on. Raises Conflict when it was not stopped."""
    since = instance.suspended_at
    if instance.status != InstanceStatus.SUSPENDED.value or since is None:
        raise Conflict("not_suspended", text("这件事没有暂停，没有改动"))
    run = open_run(session, instance, actor, now)
    run.engine.watched = False  # what fails behind a timer is kept, and does not stop the resuming
    running = {"status": InstanceStatus.RUNNING.value}
    amend(session, instance, **running, suspended_at=None, suspended_reason=None)
    for clock in run.ctx.known.clocks.values():
        _go_on(session, clock, since, now)
    moved = list(_items(run, since))
    _timers(run, since)
    save_run(run)
    _deliver_kept(session, instance, actor, now)
    return run.ctx, moved


def _go_on(session: Session, clock: Clock, since: datetime, now: datetime) -> None:
    if clock.paused_at != since:
        return  # it stood before, for somebody else
    pauses = [*clock.pauses, [since.isoformat(), now.isoformat()]]
    late = clock.due_at <= since
    due_at = clock.due_at if late else pushed_on(clock.due_at, clock.unit, since, now)
    amend(session, clock, paused_at=None, pauses=pauses, due_at=due_at)


def _items(run: Run, since: datetime) -> Iterator[Moved]:
    ctx = run.ctx
    for task_id, item_id in ctx.known.open_items.items():
        item = ctx.session.get_one(WorkItem, item_id)
        task = run.workflow.get_task_from_id(UUID(task_id))
        given = properties(task.task_spec)
        due_at = _new_due(run, item, task, given, since)
        if due_at is not None and due_at != item.due_at:
            before = item.due_at
            item.due_at = due_at
            set_deadlines(ctx.session, item, ctx.parameters, given.get("reminders"), ctx.now)
            if before is not None:
                yield Moved(item, before)


def _new_due(
    run: Run, item: WorkItem, task: Any, given: Mapping[str, str], since: datetime
) -> datetime | None:
    clock = run.ctx.known.clocks.get(item.clock or "")
    if clock is not None:
        return clock.due_at
    if item.due_at is None or item.due_at <= since:
        return None
    unit = unit_of(run, task, given.get("deadline", ""))
    return pushed_on(item.due_at, unit, since, run.ctx.now) if unit else None


def _timers(run: Run, since: datetime) -> None:
    for task in run.workflow.event_manager.tasks.values():
        definition = task.task_spec.event_definition
        if task.state != TaskState.WAITING or not isinstance(definition, DueTimer | CycleTimer):
            continue
        moment = definition.next_moment(task)
        if moment is None or moment <= since:
            continue
        value = task.internal_data["event_value"]
        if isinstance(value, dict):
            shifted: Any = pushed_on(moment, Unit.DAY.value, since, run.ctx.now).isoformat()
            task._set_internal_data(event_value={**value, "next": shifted})
        elif unit := unit_of(run, task, str(definition.expression)):
            shifted = pushed_on(moment, unit, since, run.ctx.now).isoformat()
            task._set_internal_data(event_value=shifted)


def unit_of(run: Run, task: Any, source: str) -> str | None:
    """The unit in which a deadline or timer counts; None for a date, which stays."""
    named = _DUE.fullmatch(source.strip())
    try:
        period = named[1] if named else _period(run, task, source.strip())
        return due_moment(period, run.ctx.parameters, run.ctx.now).unit
    except DanbaoError:
        return None  # it could be counted when it began; what is not understood now stays


def _period(run: Run, task: Any, source: str) -> str:
    is_timer = hasattr(task.task_spec, "event_definition") and not source.startswith("P")
    return str(run.engine.evaluate(task, source)) if is_timer or source[:1] == "=" else source


def _deliver_kept(session: Session, instance: Instance, actor: Actor, now: datetime) -> None:
    if instance.status != InstanceStatus.RUNNING.value:
        return
    found = unsettled_at(session, instance.id, "")
    if found is not None and found.code == KEPT:
        retries.try_again(session, instance, found, actor, now)
