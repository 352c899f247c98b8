"""From a workflow's tasks to rows: work items, timers, subscriptions, history."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

from engine.errors import DanbaoError
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
    add_deadlines,
    due_moment,
    forget_deadlines,
    pause_clock,
    restart_clock,
    run_clock,
)
from engine.runtime.facts import Facts
from engine.runtime.normalise import is_helper
from engine.runtime.place import blaming, element_of
from engine.runtime.scripts import FeelScriptEngine, StepFailed, bad_time, properties_of
from engine.runtime.waits import TimerWait, waits
from engine.text import text
from engine.writes import add_row, amend, later, next_id

LIVING = TaskState.READY | TaskState.WAITING | TaskState.STARTED
NO_DEADLINE = "none"  # said by the owner; without it a hand-over needs a deadline
PERFORMERS, HOLDERS = "performers", "clock_holders"  # in the workflow's own data


@dataclass(frozen=True)
class Passed:
    """An element passed in this step."""

    task_id: str
    process_key: str
    element_id: str
    name: str


def passed(task: Any) -> Passed | None:
    """What history keeps of a completed task; None for what the library or normalisation adds."""
    bpmn_id = getattr(task.task_spec, "bpmn_id", None)
    if bpmn_id is None or is_helper(bpmn_id):
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
    facts = ctx.known
    living = list(_living(workflow))
    _waiting(ctx, facts, workflow, engine)
    _tell_stage(ctx, living)
    ready = {str(task.id): task for task in living if _is_to_do(task)}
    for task_id in facts.open_items.keys() - ready.keys():
        _drop(ctx, facts.open_items.pop(task_id))
    for task_id in ready.keys() - facts.open_items.keys():
        with blaming(ready[task_id]):
            facts.open_items[task_id] = _open(ctx, facts, engine, ready[task_id])


def _living(workflow: Any) -> Iterator[Any]:
    for part in (workflow, *workflow.subprocesses.values()):
        yield from (task for task in part.tasks.values() if task._state & LIVING)


def _is_to_do(task: Any) -> bool:
    return bool(task._state == TaskState.READY and task.task_spec.manual)


def _drop(ctx: StepContext, item_id: int) -> None:
    item = ctx.session.get(WorkItem, item_id)
    assert item is not None  # noqa: S101 (its id was read in this transaction)
    amend(ctx.session, item, status=WorkStatus.CANCELLED.value, completed_at=ctx.now)
    forget_deadlines(ctx.session, item_id)


def _history(ctx: StepContext, steps: Iterable[Passed]) -> None:
    for step in steps:
        row = {
            "instance_id": ctx.instance.id,
            "task_id": step.task_id,
            "process_key": step.process_key,
            "element_id": step.element_id,
            "name": step.name,
            "at": ctx.now,
        }
        add_row(ctx.session, StepHistory, row)


def _waiting(ctx: StepContext, facts: Facts, workflow: Any, engine: FeelScriptEngine) -> None:
    """Only what has changed is written: most steps wait for what they waited for before."""
    timers, subscriptions = _waits(workflow, engine)
    _replace(ctx, Timer, facts.timers, timers)
    _replace(ctx, Subscription, facts.subscriptions, subscriptions)


def bring_subscriptions(ctx: StepContext, workflow: Any, engine: FeelScriptEngine) -> None:
    """Let a suspended instance wait for the messages that its workflow waits for."""
    _replace(ctx, Subscription, ctx.known.subscriptions, _waits(workflow, engine)[1])


def _replace(
    ctx: StepContext,
    model: type[Timer | Subscription],
    known: dict[str, Any],
    wanted: dict[str, tuple[Any, dict[str, Any]]],
) -> None:
    for task_id in [key for key, mark in known.items() if wanted.get(key, (None,))[0] != mark]:
        del known[task_id]
        later(ctx.session, _DELETE[model], ctx.instance.id, task_id)
    for task_id in wanted.keys() - known.keys():
        mark, values = wanted[task_id]
        known[task_id] = mark
        add_row(ctx.session, model, {"instance_id": ctx.instance.id, "task_id": task_id, **values})


_DELETE = {
    Timer: "DELETE FROM timer WHERE instance_id = %s AND task_id = %s",
    Subscription: "DELETE FROM subscription WHERE instance_id = %s AND task_id = %s",
}


def _waits(workflow: Any, engine: FeelScriptEngine) -> Any:
    timers, subscriptions = {}, {}
    for wait in waits(workflow, engine):
        where = {"element_id": wait.element_id}
        if isinstance(wait, TimerWait):
            timers[wait.task_id] = (wait.due_at, {**where, "due_at": wait.due_at})
        else:
            values = {"kind": wait.kind, "message": wait.name, "correlation": wait.correlation}
            subscriptions[wait.task_id] = (list(values.values()), {**where, **values})
    return timers, subscriptions


def _tell_stage(ctx: StepContext, living: Iterable[Any]) -> None:
    """The furthest stage in which something is to be done or waited for."""
    stages = [stage for stage in map(_stage, living) if stage is not None]
    if stages:
        call_hook("stage", ctx, max(stages))


def _open(ctx: StepContext, facts: Facts, engine: FeelScriptEngine, task: Any) -> int:
    properties = properties_of(task)
    party, _, role = properties.get("candidateGroups", "").partition(":")
    clock, excludes = properties.get("clock"), _split(properties.get("excludes"))
    values = {
        "id": (item_id := next_id(ctx.session, WorkItem)),
        "instance_id": ctx.instance.id,
        "task_id": str(task.id),
        "process_key": task.workflow.spec.name,
        "element_id": element_of(task),
        "name": task.task_spec.bpmn_name or element_of(task),
        "stage": _stage(task),
        "party": party,
        "role": role or "maker",
        "org_id": _organisation(ctx, engine, task, properties, party),
        "assignee_id": _assignee(engine, task, properties),
        "form_key": properties.get("formKey", ""),
        "operation": properties.get("operation", ""),
        "clause": properties.get("clause", ""),
        "opened_at": ctx.now,
        "clock": clock,
        "excludes": excludes,
        "excluded": _excluded(ctx, task, excludes),
        "status": WorkStatus.OPEN.value,
    }
    values |= _due(ctx, facts, engine, task, properties, values["org_id"])
    add_row(ctx.session, WorkItem, values)
    reminders = properties.get("reminders")
    add_deadlines(ctx.session, item_id, values.get("due_at"), ctx.parameters, reminders, ctx.now)
    if properties.get("pauses"):
        pause_clock(ctx.session, facts, properties["pauses"], ctx.now)
    ctx.emit("task_opened", work_item_id=item_id)
    return item_id


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
        return _number(engine, task, properties["organisation"])
    if "assignee" in properties:
        from engine.operations.tasks import post_of

        return post_of(ctx.session, _number(engine, task, properties["assignee"]))
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
    return _number(engine, task, properties["assignee"])


def _number(engine: FeelScriptEngine, task: Any, expression: str) -> int:
    """The id that an expression gives. Raises StepFailed."""
    value = engine.evaluate(task, expression)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise StepFailed(
        "bad_number",
        text(
            "“{name}”的{source}应当是编号，而不是{value}",
            name=task.task_spec.bpmn_name or task.task_spec.name,
            source=expression,
            value="null" if value is None else str(value)[:80],
        ),
        text("请流程管理员改正流程图后重新发布"),
    )


def _excluded(ctx: StepContext, task: Any, elements: list[str]) -> list[int]:
    """Whoever performed the excluded elements last may not do this one (maker ≠ checker)."""
    if not elements:
        return []
    last = performers(ctx, task.workflow.top_workflow)
    return sorted({last[element] for element in elements if last.get(element) is not None})


def performers(ctx: StepContext, workflow: Any) -> dict[str, int]:
    """Element id → the person who completed it last; kept with the workflow."""
    if PERFORMERS not in workflow.data:  # a state of before they were kept
        query = (
            select(WorkItem.element_id, WorkItem.performer_id)
            .where(
                WorkItem.instance_id == ctx.instance.id, WorkItem.status == WorkStatus.DONE.value
            )
            .order_by(WorkItem.completed_at)
        )
        workflow.data[PERFORMERS] = dict(ctx.session.execute(query).tuples().all())
    found: dict[str, int] = workflow.data[PERFORMERS]
    return found


def _due(
    ctx: StepContext,
    facts: Facts,
    engine: FeelScriptEngine,
    task: Any,
    properties: dict[str, str],
    org_id: int,
) -> dict[str, Any]:
    period = properties.get("deadline")
    if not period or period == NO_DEADLINE:
        return {}
    if period.startswith("="):
        period = str(engine.evaluate(task, period))
    try:
        found = due_moment(period, ctx.parameters, ctx.now)
    except (DanbaoError, ValueError) as error:
        raise bad_time(task, period) from error
    due_at, provisional = found.at, found.provisional
    if "clock" in properties:
        clock = _shared(ctx, facts, task.workflow.top_workflow, properties["clock"], found, org_id)
        due_at, provisional = clock.due_at, clock.provisional
    return {"due_at": due_at, "provisional": provisional, "allowed_days": found.amount}


def _shared(
    ctx: StepContext, facts: Facts, workflow: Any, name: str, found: DueMoment, org_id: int
) -> Clock:
    """The clock of that name; begun anew when its work belongs to another organisation now (the
    next bank)."""
    known = facts.clocks.get(name)
    clock = run_clock(ctx.session, facts, ctx.instance.id, name, found, ctx.now)
    holders = _holders(ctx, workflow)
    if known is not None and holders.get(name, org_id) != org_id:
        restart_clock(ctx.session, clock, found, ctx.now)
    holders[name] = org_id
    return clock


def _holders(ctx: StepContext, workflow: Any) -> dict[str, int]:
    """Clock → the organisation whose task ran on it last; kept with the workflow."""
    if HOLDERS not in workflow.data:  # a state of before they were kept
        query = (
            select(WorkItem.clock, WorkItem.org_id)
            .where(WorkItem.instance_id == ctx.instance.id, WorkItem.clock.is_not(None))
            .order_by(WorkItem.id)
        )
        workflow.data[HOLDERS] = dict(ctx.session.execute(query).tuples().all())
    found: dict[str, int] = workflow.data[HOLDERS]
    return found
