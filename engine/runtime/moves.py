"""Moving a running instance to another step than its diagram would take next.

What is open at a token goes away; the step gets a new task below the last finished one, with the
data as they are, and the diagram goes on from there. Refused, with the reason, are steps in a
parallel branch that the token is not in, steps inside another sub-process (only its beginning can
be entered), and whatever the `Rules` of the operations forbid: a step whose effects are missing
cannot be passed over, one whose effects have happened cannot be gone back behind. Leaving a
parallel block, or one of several instances, ends what goes on beside it: only when asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, StartEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.runtime import moves_tree, needs, routes
from engine.runtime.deadlines import forget_clock
from engine.runtime.elements.waiting import EventGateway
from engine.runtime.incidents import MARK
from engine.runtime.moves_rules import Place, Rule, Rules, name_of
from engine.runtime.moves_way import Way, way
from engine.runtime.place import CHILD, element_of
from engine.runtime.registry import Domain
from engine.runtime.run import Run
from engine.runtime.steps_done import Done, done_by
from engine.text import Text, text


@dataclass(frozen=True)
class Token:
    """Where an instance stands: a user task, a wait, or a failed operation that waits."""

    task_id: str
    process_key: str
    element_id: str
    name: str


@dataclass(frozen=True)
class Target:
    """A step that a token could be moved to.

    `beside`: other tokens that end with the move, so that it has to be asked for. `missing`: the
    routing values that have to be given, with what they may be. `refusal`: why it is not possible.
    """

    process_key: str
    element_id: str
    name: str
    kind: str  # task, wait, stage (a called process, from its beginning)
    earlier: bool
    current: bool
    gone: tuple[Token, ...]
    beside: bool
    missing: Mapping[str, Domain | None] = field(default_factory=dict)
    undone: tuple[Done, ...] = ()
    refusal: Text | None = None


def tokens(run: Run) -> list[Token]:
    """Where the instance stands."""
    return [_token(task) for task in _tokens(run.workflow)]


def _tokens(workflow: Any) -> list[Any]:
    parts = (workflow, *workflow.subprocesses.values())
    return [task for part in parts for task in part.tasks.values() if _is_token(task)]


def _is_token(task: Any) -> bool:
    spec = task.task_spec
    if task.state == TaskState.READY:
        return bool(spec.manual)
    if task.state == TaskState.WAITING:
        return isinstance(spec, CatchingEvent) and not isinstance(spec, BoundaryEvent)
    return bool(task.state == TaskState.STARTED and task.internal_data.get(MARK))


def _token(task: Any) -> Token:
    name = task.task_spec.bpmn_name or element_of(task)
    return Token(str(task.id), task.workflow.spec.name, element_of(task), name)


def targets(run: Run, task_id: str, rules: Rules) -> list[Target]:
    """The steps of the token's process and of the processes that called it, with what a move
    would do or why it cannot be. Raises Conflict when the token is not there any more."""
    source = _source(run, task_id)
    done = done_by(run)
    places = _places(source)
    return [
        _target(run, source, places, level, spec, rules, done)
        for level, place in enumerate(places)
        for spec in _steps(place.part.spec)
    ]


def move(
    run: Run,
    task_id: str,
    process_key: str,
    element_id: str,
    rules: Rules,
    *,
    beside: bool = False,
    values: Mapping[str, Any] | None = None,
) -> Target:
    """Move a token to a step; the caller saves the run. `beside` agrees that others end with it.

    Raises Conflict (the token is gone), RuleRefused (not possible, and why), InvalidInput (missing
    routing values, by name).
    """
    found = next(
        (one for one in targets(run, task_id, rules) if _is(one, process_key, element_id)), None
    )
    if found is None:
        raise Conflict("no_such_step", text("流程里没有这一步，没有改动"))
    if found.refusal is not None:
        raise RuleRefused("move_refused", found.refusal)
    if found.beside and not beside:
        raise RuleRefused(
            "move_beside",
            text("还有{n}项同时在办的会一并撤销", n=len(found.gone) - 1),
            text("确认一并撤销后再提交"),
        )
    _require(found, values or {})
    _perform(run, _source(run, task_id), found, values or {})
    return found


def _is(one: Target, process_key: str, element_id: str) -> bool:
    return (one.process_key, one.element_id) == (process_key, element_id)


def _require(target: Target, values: Mapping[str, Any]) -> None:
    wrong = {
        name: text("后面的步骤要用{name}，须填写", name=name)
        for name, domain in target.missing.items()
        if name not in values or (isinstance(domain, tuple) and values[name] not in domain)
    }
    if wrong:
        names = "、".join(sorted(wrong))
        raise InvalidInput(wrong, text("跳过的步骤没有给出{names}", names=names))


def _source(run: Run, task_id: str) -> Any:
    found = next((task for task in _tokens(run.workflow) if str(task.id) == task_id), None)
    if found is None:
        raise Conflict("task_closed", text("这一步已经办结，没有改动"), text("刷新后再看"))
    return found


def _places(source: Any) -> list[Place]:
    found = []
    task: Any = source
    while task is not None:
        one = routes.standing(task)
        found.append(Place(one, one.task_spec.name))
        caller = one.workflow.parent_task_id
        task = one.workflow.top_workflow.get_task_from_id(caller) if caller is not None else None
    return found


def _steps(spec: Any) -> Iterator[Any]:
    for one in spec.task_specs.values():
        if getattr(one, "bpmn_id", None) and not one.name.endswith(CHILD) and _kind(one):
            yield one


def _kind(one: Any) -> str:
    if isinstance(one, SubWorkflowTask):
        return "stage"
    if isinstance(one, EventGateway):
        return "wait"
    if isinstance(one, CatchingEvent):
        return "wait" if _can_wait(one) else ""
    child = getattr(one, "task_spec", None)
    inner = one._wf_spec.task_specs[child] if child else one
    return "stage" if isinstance(inner, SubWorkflowTask) else ("task" if inner.manual else "")


def _can_wait(one: Any) -> bool:
    if isinstance(one, BoundaryEvent | StartEvent):
        return False
    # what an event gateway waits for, it waits for itself
    return not any(isinstance(before, EventGateway) for before in one.inputs)


def _target(
    run: Run,
    source: Any,
    places: Sequence[Place],
    level: int,
    spec: Any,
    rules: Rules,
    done: Sequence[Done],
) -> Target:
    place = places[level]
    cut = moves_tree.cut(place.task, spec.name)
    doomed = cut.tasks if cut is not None else [routes.whole(place.task)]
    gone = [one for one in _tokens(run.workflow) if moves_tree.is_within(one, doomed)]
    found = way(places[: level + 1], spec, rules, done)
    refusal = found.refusal
    if cut is None:
        refusal = text("“{name}”在并行的分支里，当前步骤不在其中", name=name_of(spec))
    missing = _missing(run, places, level, spec, source, found)
    unknown = sorted(name for name, domain in missing.items() if domain is None)
    if refusal is None and unknown:
        refusal = text("后面的步骤要用{names}，跳过的步骤没有给出", names="、".join(unknown))
    return Target(
        place.part.spec.name,
        spec.name,
        name_of(spec),
        _kind(spec),
        found.earlier,
        spec.name == place.element,
        tuple(map(_token, sorted(gone, key=lambda one: one is not source))),
        any(one is not source and not _same_wait(one, source) for one in gone),
        missing,
        found.undone,
        refusal,
    )


def _name(spec: Any) -> str:
    return str(spec.bpmn_name or spec.bpmn_id)


def _same_wait(one: Any, other: Any) -> bool:
    gateway = routes.gateway_of(one)
    return gateway is not None and gateway is routes.gateway_of(other)


def _missing(
    run: Run, places: Sequence[Place], level: int, spec: Any, source: Any, found: Way
) -> dict[str, Domain | None]:
    """What later steps read and only those left out would have set. Null is a value: what no step
    on the way sets may be missing on the diagram's own ways too."""
    called = run.workflow.subprocess_specs
    part = places[level].part
    wanted = needs.needed(part.spec, called, routes.entry(part.spec, spec.name).name)
    wanted |= needs.reads(spec, called)
    given = needs.all_set(part.spec, called, routes.reach(part.spec, [spec.name]))
    for outer in places[level + 1 :]:
        wanted |= needs.after_call(outer.part.spec, called, outer.element) - given
        behind = routes.reach(outer.part.spec, routes.after(outer.part.spec, outer.element))
        given |= needs.all_set(outer.part.spec, called, behind)
    known = moves_tree.data_at(places, level, source)
    lost = frozenset[str]().union(*(needs.sets(one, called) for _, one in found.left_out))
    return {name: needs.domain_of(name) for name in sorted((wanted & lost) - known.keys())}


def _perform(run: Run, source: Any, target: Target, values: Mapping[str, Any]) -> None:
    places = _places(source)
    level = next(n for n, one in enumerate(places) if one.part.spec.name == target.process_key)
    place = places[level]
    data = deepcopy(moves_tree.data_at(places, level, source))
    cut = moves_tree.cut(place.task, target.element_id)
    assert cut is not None  # noqa: S101 (else it was refused)
    for task in cut.tasks:
        moves_tree.drop(task)
    _begin_anew(run, place.part.spec.task_specs[target.element_id], target)
    moves_tree.grow(cut.below, target.element_id, {**data, **values})


def _begin_anew(run: Run, spec: Any, target: Target) -> None:
    """The clock of a step that is done once more starts anew, unless other work runs on it."""
    name = needs.properties(spec).get("clock")
    if not name or not (target.earlier or target.current):
        return
    left = [one for one in _tokens(run.workflow) if _clock(one) == name]
    if not left:
        forget_clock(run.ctx.session, run.ctx.known, name)


def _clock(task: Any) -> str | None:
    return needs.properties(task.task_spec).get("clock")


__all__ = ["Rule", "Rules", "Target", "Token", "move", "targets", "tokens"]
