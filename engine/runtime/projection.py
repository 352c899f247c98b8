"""From a workflow's tasks to rows: work items, timers, subscriptions, history."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import delete, select

from engine.models import (
    Clock,
    StepHistory,
    Subscription,
    Timer,
    WorkItem,
    WorkStatus,
)
from engine.runtime.context import StepContext, call_hook
from engine.runtime.deadlines import (
    DueMoment,
    clock_of,
    due_moment,
    pause_clock,
    restart_clock,
    run_clock,
    set_deadlines,
)
from engine.runtime.scripts import FeelScriptEngine, StepFailed
from engine.runtime.specs import DueTimer
from engine.text import text


@dataclass(frozen=True)
class Passed:
    """An element passed in this step."""

    task_id: str
    process_key: str
    element_id: str
    name: str


def element_of(task: Any) -> str:
    """The id in the diagram; a multi-instance child stands for its element."""
    return str(task.task_spec.name).removesuffix(" [child]")


def properties_of(task: Any) -> dict[str, str]:
    """The vocabulary of the task's element (design, Diagram vocabulary)."""
    found: dict[str, str] = getattr(task.task_spec, "extensions", {}).get("properties", {})
    if not found and task.task_spec.name.endswith(" [child]"):
        outer = task.workflow.spec.task_specs[element_of(task)]
        found = getattr(outer, "extensions", {}).get("properties", {})
    return found


def passed(task: Any) -> Passed | None:
    """What history keeps of a completed task; None for the library's own inner tasks."""
    if getattr(task.task_spec, "bpmn_id", None) is None:
        return None
    return Passed(
        str(task.id),
        task.workflow.spec.name,
        element_of(task),
        task.task_spec.bpmn_name or element_of(task),
    )


def project(ctx: StepContext, workflow: Any, engine: FeelScriptEngine, steps: list[Passed]) -> None:
    """Bring the rows of the instance into line with its workflow."""
    _history(ctx, steps)
    _waiting(ctx, workflow, engine)
    _tell_stage(ctx, workflow)
    ready = {
        str(task.id): task
        for task in workflow.get_tasks(state=TaskState.READY)
        if task.task_spec.manual
    }
    query = select(WorkItem).where(
        WorkItem.instance_id == ctx.instance.id, WorkItem.status == WorkStatus.OPEN.value
    )
    known = {item.task_id: item for item in ctx.session.scalars(query)}
    for task_id, item in known.items():
        if task_id not in ready:
            item.status, item.completed_at = WorkStatus.CANCELLED.value, ctx.now
    for task_id, task in ready.items():
        if task_id not in known:
            _open(ctx, engine, task)


def _history(ctx: StepContext, steps: Iterable[Passed]) -> None:
    for step in steps:
        ctx.session.add(
            StepHistory(
                instance_id=ctx.instance.id,
                task_id=step.task_id,
                process_key=step.process_key,
                element_id=step.element_id,
                name=step.name,
                at=ctx.now,
            )
        )


def _waiting(ctx: StepContext, workflow: Any, engine: FeelScriptEngine) -> None:
    session, key = ctx.session, ctx.instance.id
    session.execute(delete(Timer).where(Timer.instance_id == key))
    session.execute(delete(Subscription).where(Subscription.instance_id == key))
    for task in workflow.event_manager.tasks.values():
        if task.state != TaskState.WAITING:
            continue
        definition = task.task_spec.event_definition
        where = {"instance_id": key, "task_id": str(task.id), "element_id": element_of(task)}
        if isinstance(definition, DueTimer):
            due_at = due_moment(task.internal_data["event_value"], ctx.parameters, ctx.now).at
            session.add(Timer(**where, due_at=due_at))
        elif isinstance(definition, MessageEventDefinition):
            expression = properties_of(task).get("correlation", "null")
            value = str(engine.evaluate(task, expression))
            session.add(Subscription(**where, message=definition.name, correlation=value))


def _tell_stage(ctx: StepContext, workflow: Any) -> None:
    """The furthest stage in which something is to be done or waited for."""
    # STARTED: a service task whose operation has to be tried again
    active = workflow.get_tasks(state=TaskState.READY | TaskState.WAITING | TaskState.STARTED)
    stages = [stage for stage in map(_stage, active) if stage is not None]
    if stages:
        call_hook("stage", ctx, max(stages))


def _open(ctx: StepContext, engine: FeelScriptEngine, task: Any) -> None:
    properties = properties_of(task)
    party, _, role = properties.get("candidateGroups", "").partition(":")
    item = WorkItem(
        instance_id=ctx.instance.id,
        task_id=str(task.id),
        process_key=task.workflow.spec.name,
        element_id=element_of(task),
        name=task.task_spec.bpmn_name or element_of(task),
        stage=_stage(task),
        party=party,
        role=role or "maker",
        org_id=_organisation(ctx, engine, task, properties, party),
        assignee_id=_assignee(engine, task, properties),
        form_key=properties.get("formKey", ""),
        operation=properties.get("operation", ""),
        clause=properties.get("clause", ""),
        opened_at=ctx.now,
        clock=properties.get("clock"),
        excludes=_split(properties.get("excludes")),
        excluded=[],
    )
    item.excluded = _excluded(ctx, item)
    _set_due(ctx, engine, task, properties, item)
    ctx.session.add(item)
    ctx.session.flush()
    set_deadlines(ctx.session, item, ctx.parameters, properties.get("reminders"), ctx.now)
    if properties.get("pauses"):
        pause_clock(ctx.session, ctx.instance.id, properties["pauses"], ctx.now)
    ctx.emit("task_opened", work_item_id=item.id)


def _split(value: str | None) -> list[str]:
    return [part.strip() for part in (value or "").split(",") if part.strip()]


def _stage(task: Any) -> int | None:
    top = task.workflow.top_workflow
    current = task.workflow
    while current.parent_task_id is not None:
        caller = top.get_task_from_id(current.parent_task_id)
        stage = properties_of(caller).get("stage")
        if stage:
            return int(stage)
        current = caller.workflow
    return None


def _organisation(
    ctx: StepContext, engine: FeelScriptEngine, task: Any, properties: dict[str, str], party: str
) -> int:
    if "organisation" in properties:
        return int(engine.evaluate(task, properties["organisation"]))
    if "assignee" in properties:
        from engine.operations.tasks import post_of

        return post_of(ctx.session, int(engine.evaluate(task, properties["assignee"])))
    found = ctx.party(party)
    if found is None:
        raise StepFailed(
            "party_unbound",
            text(
                "“{name}”的承办方（{party}）还没有确定单位",
                name=task.task_spec.bpmn_name,
                party=party,
            ),
        )
    return found


def _assignee(engine: FeelScriptEngine, task: Any, properties: dict[str, str]) -> int | None:
    if "assignee" not in properties:
        return None
    return int(engine.evaluate(task, properties["assignee"]))


def _excluded(ctx: StepContext, item: WorkItem) -> list[int]:
    """Whoever performed the excluded elements last may not do this one (maker ≠ checker)."""
    if not item.excludes:
        return []
    query = (
        select(WorkItem.element_id, WorkItem.performer_id)
        .where(
            WorkItem.instance_id == ctx.instance.id,
            WorkItem.element_id.in_(item.excludes),
            WorkItem.status == WorkStatus.DONE.value,
        )
        .order_by(WorkItem.completed_at)
    )
    last = {element: person for element, person in ctx.session.execute(query).tuples()}
    return sorted({person for person in last.values() if person is not None})


def _set_due(
    ctx: StepContext,
    engine: FeelScriptEngine,
    task: Any,
    properties: dict[str, str],
    item: WorkItem,
) -> None:
    period = properties.get("deadline")
    if not period:
        return
    if period.startswith("="):
        period = str(engine.evaluate(task, period))
    found = due_moment(period, ctx.parameters, ctx.now)
    item.due_at, item.provisional = found.at, found.provisional
    item.allowed_days = found.amount
    if item.clock:
        _share_clock(ctx, item, found)


def _share_clock(ctx: StepContext, item: WorkItem, found: DueMoment) -> None:
    assert item.clock is not None  # noqa: S101 (the caller asked)
    known = clock_of(ctx.session, ctx.instance.id, item.clock)
    clock = run_clock(ctx.session, ctx.instance.id, item.clock, found, ctx.now)
    if known is not None and _began_anew(ctx, item, known):
        restart_clock(clock, found, ctx.now)
    item.due_at, item.provisional = clock.due_at, clock.provisional


def _began_anew(ctx: StepContext, item: WorkItem, clock: Clock) -> bool:
    """True when the clock's work belongs to another organisation now (the next bank)."""
    query = (
        select(WorkItem.org_id)
        .where(WorkItem.instance_id == ctx.instance.id, WorkItem.clock == clock.name)
        .order_by(WorkItem.id.desc())
        .limit(1)
    )
    last = ctx.session.scalar(query)
    return last is not None and last != item.org_id
