"""An instance in memory for the length of one step: open it, let it run on, save it.

Whoever changes an instance locks its row, opens a run, changes the workflow, and saves the run;
the caller commits. A workflow is valid inside its step only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from SpiffWorkflow.bpmn.specs.mixins import EndEventMixin
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from engine.clock import local_date
from engine.errors import Conflict
from engine.models import Instance, InstanceStatus, Subscription, Timer, WorkItem
from engine.people import Actor
from engine.runtime import incidents, live
from engine.runtime.codec import decode, encode, new_workflow
from engine.runtime.compact import ALARM_DEPTH, REFUSED_DEPTH, compact, find_task
from engine.runtime.context import StepContext, call_hook, is_final
from engine.runtime.definitions import specs_of
from engine.runtime.elements import run_on
from engine.runtime.facts import Facts, read_facts
from engine.runtime.in_force import programme_of
from engine.runtime.normalise.helpers import owner_of
from engine.runtime.place import element_of
from engine.runtime.projection import HOLDERS, PERFORMERS, Passed, passed, project
from engine.runtime.scripts import FeelScriptEngine, StepFailed
from engine.runtime.undo import Clocks, forget_clocks, keep_clocks
from engine.text import text
from engine.writes import amend

log = structlog.get_logger("danbao.runtime")


@dataclass
class Run:
    """A workflow in memory, and what it has passed in this step."""

    ctx: StepContext
    workflow: Any
    engine: FeelScriptEngine
    before: bytes = b""  # the state that it began with
    clocks: Clocks = field(default_factory=dict)  # and the clocks, where it may be taken back
    steps: list[Passed] = field(default_factory=list)


def lock_instance(session: Session, instance_id: int, *, suspended: bool = False) -> Instance:
    """The instance with its state, locked until the transaction ends.

    Raises Conflict if it has ended, or is suspended and `suspended` does not allow that.
    """
    query = (
        select(Instance)
        .where(Instance.id == instance_id)
        .options(undefer(Instance.state))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    instance = session.scalar(query)
    if instance is None or not (suspended and instance.status == InstanceStatus.SUSPENDED.value):
        require_running(instance)
    assert instance is not None  # noqa: S101 (it was required)
    return instance


def require_running(instance: Instance | None) -> None:
    """Raise Conflict unless the instance can be moved on."""
    if instance is not None and instance.status == InstanceStatus.SUSPENDED.value:
        raise suspended_now(instance)
    if instance is None or instance.status != InstanceStatus.RUNNING.value:
        raise Conflict("instance_ended", text("这件事已经办结或撤销，没有再改动"))


def suspended_now(instance: Instance) -> Conflict:
    """The refusal to move what is suspended: since when, and why."""
    since = local_date(instance.suspended_at).isoformat() if instance.suspended_at else ""
    return Conflict(
        "instance_suspended",
        text(
            "这件事自{day}起暂停办理，没有改动。原因：{reason}",
            day=since,
            reason=instance.suspended_reason or "",
        ),
        text("恢复办理后再试；由区财政局负责人或系统管理员恢复"),
    )


def new_run(session: Session, instance: Instance, facts: Facts, actor: Actor, now: datetime) -> Run:
    """A run of an instance at its very start."""
    specs = specs_of(session, instance.deployment_id, instance.process_key)
    workflow = new_workflow(specs)
    workflow.data.update({PERFORMERS: {}, HOLDERS: {}})
    return _run(session, instance, workflow, facts, actor, now)


def open_run(
    session: Session,
    instance: Instance,
    actor: Actor,
    now: datetime,
    *,
    facts: Facts | None = None,
    state: bytes | None = None,
) -> Run:
    """A run of an instance that the caller has locked.

    `facts` and `state` when the caller has read them. A state that is not the instance's own makes
    it go on from there.
    """
    workflow, known = live.take(session, instance) or (None, None)
    state = state or known or instance.state
    if workflow is None or state != known:
        specs = specs_of(session, instance.deployment_id, instance.process_key)
        workflow = decode(state, specs)
    run = _run(session, instance, workflow, facts or read_facts(session, instance.id), actor, now)
    run.before = state
    return run


def _run(
    session: Session,
    instance: Instance,
    workflow: Any,
    facts: Facts,
    actor: Actor,
    now: datetime,
) -> Run:
    ctx = context_of(session, instance, actor, now, facts)
    engine = FeelScriptEngine(ctx)
    workflow.script_engine = engine
    return Run(ctx, workflow, engine)


def context_of(
    session: Session,
    instance: Instance,
    actor: Actor,
    now: datetime,
    facts: Facts | None = None,
) -> StepContext:
    """What operations of this instance are given, without its workflow."""
    mark = facts.programmes if facts else None
    parameters = programme_of(session, instance.programme, mark).at(local_date(now))
    return StepContext(session, now, actor, instance, parameters, facts=facts)


def task_of(run: Run, task_id: str) -> Any:
    """The engine's task of that id; None when the workflow has none any more."""
    return find_task(run.workflow, UUID(task_id))


def note_passed(run: Run, task: Any) -> None:
    """Let history know a task that was completed from outside."""
    found = passed(task)
    run.steps.append(found or Passed(str(task.id), task.workflow.spec.name, element_of(task), ""))


def save_run(run: Run, completed: WorkItem | None = None) -> None:
    """Run on until nothing is ready for the engine, bring the rows into line, raise the version,
    and deliver what was sent. The state from before is kept for the item that was `completed`
    (撤回), if nothing had effects outside the forms."""
    ended = _advance(run)
    ctx, instance = run.ctx, run.ctx.instance
    project(ctx, run.workflow, run.engine, run.steps)
    _refuse_depth(run, compact(run.workflow))
    changes = {"version": instance.version + 1, **_undo(run, completed)}
    if run.workflow.is_completed():
        _end(run, ended, changes)
    else:
        state = encode(run.workflow)
        amend(ctx.session, instance, state=state, **changes)
        live.keep(ctx.session, instance, run.workflow, state)
    if ctx.messages:
        from engine.runtime.outside import deliver_sent

        deliver_sent(ctx)


def _undo(run: Run, completed: WorkItem | None) -> dict[str, Any]:
    outside = run.ctx.services_run or run.ctx.messages
    if completed is None or outside or is_final(completed):
        forget_clocks(run.workflow)
        return {"undo_state": None, "undo_item_id": None}
    keep_clocks(run.workflow, run.clocks, run.ctx.known)
    return {"undo_state": run.before, "undo_item_id": completed.id}


def _refuse_depth(run: Run, depth: int) -> None:
    """The library takes an instance for completed at a depth of 1000: never get there."""
    if depth < ALARM_DEPTH:
        return
    ids = {"instance_id": run.ctx.instance.id, "depth": depth}
    log.warning("instance_deep", action="save_run", **ids)
    if depth >= REFUSED_DEPTH:
        raise StepFailed(
            "too_deep",
            text("流程“{title}”走得太深，不能再继续", title=run.ctx.instance.title),
            text("请流程管理员检查循环，或撤销后重新办理"),
        )


def _end(run: Run, ended: str | None, changes: dict[str, Any]) -> None:
    instance = run.ctx.instance
    amend(
        run.ctx.session,
        instance,
        status=InstanceStatus.ENDED.value,
        ended_at=run.ctx.now,
        outcome=ended,
        **{**changes, "state": b"", "undo_state": None, "undo_item_id": None},
    )
    forget_waits(run.ctx.session, instance.id)
    incidents.leave(run.ctx.session, instance.id, run.ctx.now)
    call_hook("ended", run.ctx, ended or "")


def _advance(run: Run) -> str | None:
    """Run until nothing is ready for the engine; returns the end event reached at the top."""
    ended: str | None = None

    def note(task: Any) -> None:
        nonlocal ended
        if not task.has_state(TaskState.COMPLETED):
            return  # a service task that waits for its operation to be tried again
        done = passed(task)
        if done is not None:
            run.steps.append(done)
        if isinstance(task.task_spec, EndEventMixin) and task.workflow is run.workflow:
            ended = owner_of(element_of(task))

    run_on(run.workflow, note)
    return ended


def forget_waits(session: Session, instance_id: int) -> None:
    """Remove what would wake the instance."""
    session.execute(delete(Timer).where(Timer.instance_id == instance_id))
    session.execute(delete(Subscription).where(Subscription.instance_id == instance_id))
