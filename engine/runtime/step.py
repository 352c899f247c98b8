"""One step of an instance: lock, load, do, run on, project, save. The caller commits.

Every step holds the instance's row lock and raises its version; a task that is no longer open is
refused, so a second click or a second person changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.mixins import EndEventMixin
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, undefer

from engine.clock import local_date
from engine.errors import Conflict
from engine.models import (
    Instance,
    InstanceStatus,
    PartyBinding,
    Subscription,
    Timer,
    WorkItem,
    WorkStatus,
)
from engine.people import SYSTEM, Actor
from engine.runtime.codec import Specs, decode, encode, new_workflow
from engine.runtime.context import StepContext, call_hook, is_final, is_sealed, operation
from engine.runtime.definitions import current_deployment, programme_of, specs_of
from engine.runtime.projection import Passed, element_of, passed, project
from engine.runtime.scripts import FeelScriptEngine
from engine.text import text

MAX_ROUNDS = 500  # an instance that never comes to rest within one step is a diagram's mistake


@dataclass
class _Run:
    """A workflow in memory for the length of one step."""

    ctx: StepContext
    workflow: Any
    engine: FeelScriptEngine
    steps: list[Passed] = field(default_factory=list)


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
    specs = specs_of(session, deployment_id, process_key)
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
    run = _prepare(session, instance, specs, actor, now, None)
    first = run.workflow.get_next_task(state=TaskState.READY)
    first.data.update(data, programme=programme, review_result=None)
    _advance_and_save(run)
    return instance


def lock_instance(session: Session, instance_id: int) -> Instance:
    """The instance with its state, locked until the transaction ends. Raises Conflict if ended."""
    query = (
        select(Instance)
        .where(Instance.id == instance_id)
        .options(undefer(Instance.state))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    instance = session.scalar(query)
    if instance is None or instance.status != InstanceStatus.RUNNING.value:
        raise Conflict("instance_ended", text("这件事已经办结或撤销，没有再改动"))
    return instance


def complete_task(
    session: Session, item: WorkItem, values: Mapping[str, Any], actor: Actor, now: datetime
) -> StepContext:
    """Complete a user task whose instance the caller has locked: record it, then run on.

    Calls the item's recording operation with `values`, merges what it returns and
    `<element>_outcome` into the data. Raises what the operation raises; then nothing is changed.
    """
    instance = lock_instance(session, item.instance_id)
    run = _load(session, instance, actor, now)
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
    run.steps.append(_passed(task))
    _close(item, values, actor, now)
    _advance_and_save(run)
    if run.ctx.services_run == 0 and not run.ctx.messages and not is_final(item):
        item.undo_state, item.undo_version = before, instance.version
    return run.ctx


def _record(ctx: StepContext, item: WorkItem, values: Mapping[str, Any]) -> Mapping[str, Any]:
    found = operation(item.operation) if item.operation else None
    return (found.function(ctx, values) or {}) if found else {}


def _close(item: WorkItem, values: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    item.status = WorkStatus.DONE.value
    item.completed_at, item.performer_id = now, actor.person_id
    item.outcome = values.get("outcome")
    item.values, item.draft = {} if is_sealed(item) else _plain(values), None
    item.undo_state, item.undo_version = None, None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The form as submitted, JSON-native (amounts as strings)."""
    return {
        key: value if isinstance(value, str | int | bool | list | dict | None) else str(value)
        for key, value in values.items()
    }


def fire_timers(session: Session, instance_id: int, now: datetime) -> bool:
    """Fire whatever timers of the instance are due at `now`. False when none was any more."""
    instance = lock_instance(session, instance_id)
    run = _load(session, instance, SYSTEM, now)
    known = session.scalars(
        select(Timer.task_id).where(Timer.instance_id == instance_id, Timer.due_at <= now)
    ).all()
    _advance_and_save(run)
    return bool(known)


def deliver(session: Session, message: str, correlation: str, actor: Actor, now: datetime) -> int:
    """Give a message to every instance that waits for it; returns how many took it."""
    query = (
        select(Subscription.instance_id)
        .where(Subscription.message == message, Subscription.correlation == correlation)
        .order_by(Subscription.instance_id)
    )
    taken = 0
    for instance_id in session.scalars(query).all():
        instance = lock_instance(session, instance_id)
        run = _load(session, instance, actor, now)
        run.workflow.catch(BpmnEvent(MessageEventDefinition(message), {}))
        _advance_and_save(run)
        taken += 1
    return taken


def cancel_instance(
    session: Session, instance_id: int, actor: Actor, now: datetime, reason: str
) -> None:
    """End an instance from outside (withdrawal). Its open tasks, timers and waits go away."""
    instance = lock_instance(session, instance_id)
    instance.status, instance.ended_at = InstanceStatus.CANCELLED.value, now
    instance.version += 1
    session.execute(
        update(WorkItem)
        .where(WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value)
        .values(status=WorkStatus.CANCELLED.value, completed_at=now)
    )
    _forget_waits(session, instance_id)
    ctx = _context(session, instance, actor, now)
    ctx.audit("instance.cancelled", text("撤销{title}", title=instance.title), reason=reason)


def restore_state(session: Session, instance: Instance, item: WorkItem, now: datetime) -> None:
    """Put back the state from before `item` was completed (撤回); the caller has checked it may."""
    assert item.undo_state is not None  # noqa: S101 (the caller asked)
    instance.state = item.undo_state
    run = _load(session, instance, SYSTEM, now)
    item.status, item.completed_at, item.performer_id = WorkStatus.OPEN.value, None, None
    item.draft, item.draft_at = item.values, now
    item.outcome, item.undo_state, item.undo_version = None, None, None
    session.flush()
    project(run.ctx, run.workflow, run.engine, [])
    instance.version += 1


def _context(session: Session, instance: Instance, actor: Actor, now: datetime) -> StepContext:
    programme = programme_of(session, instance.programme)
    return StepContext(session, now, actor, instance, programme.at(local_date(now)))


def _load(session: Session, instance: Instance, actor: Actor, now: datetime) -> _Run:
    specs = specs_of(session, instance.deployment_id, instance.process_key)
    return _prepare(session, instance, specs, actor, now, instance.state)


def _prepare(
    session: Session,
    instance: Instance,
    specs: Specs,
    actor: Actor,
    now: datetime,
    state: bytes | None,
) -> _Run:
    ctx = _context(session, instance, actor, now)
    engine = FeelScriptEngine(ctx)
    workflow = new_workflow(specs) if state is None else decode(state, specs)
    workflow.script_engine = engine
    return _Run(ctx, workflow, engine)


def _passed(task: Any) -> Passed:
    found = passed(task)
    return found or Passed(str(task.id), task.workflow.spec.name, element_of(task), "")


def _advance_and_save(run: _Run) -> None:
    ended = _advance(run)
    ctx, instance = run.ctx, run.ctx.instance
    project(ctx, run.workflow, run.engine, run.steps)
    instance.state = encode(run.workflow)
    instance.version += 1
    if run.workflow.is_completed():
        instance.status, instance.ended_at = InstanceStatus.ENDED.value, ctx.now
        instance.outcome = ended
        _forget_waits(ctx.session, instance.id)
        call_hook("ended", ctx, ended or "")
    ctx.session.flush()
    for message, correlation in ctx.messages:
        deliver(ctx.session, message, correlation, ctx.actor, ctx.now)


def _advance(run: _Run) -> str | None:
    """Run until nothing is ready for the engine; returns the end event reached at the top."""
    ended: str | None = None

    def note(task: Any) -> None:
        nonlocal ended
        done = passed(task)
        if done is not None:
            run.steps.append(done)
        if isinstance(task.task_spec, EndEventMixin) and task.workflow is run.workflow:
            ended = element_of(task)

    for _ in range(MAX_ROUNDS):
        run.workflow.do_engine_steps(did_complete_task=note)
        if not _engine_ready(run.workflow):
            return ended
    raise Conflict("no_rest", text("流程无法停下，请流程管理员检查循环"))


def _engine_ready(workflow: Any) -> bool:
    ready = workflow.get_tasks(state=TaskState.READY)
    return any(not task.task_spec.manual for task in ready)


def _forget_waits(session: Session, instance_id: int) -> None:
    session.execute(delete(Timer).where(Timer.instance_id == instance_id))
    session.execute(delete(Subscription).where(Subscription.instance_id == instance_id))
