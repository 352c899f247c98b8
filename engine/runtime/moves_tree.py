"""The task tree under a move: what is cut off, what grows in its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime import incidents, routes
from engine.runtime.moves_rules import Place


@dataclass(frozen=True)
class Cut:
    """The tasks to cut off with all below them, and the finished task that stays above."""

    tasks: list[Any]
    below: Any


def cut(task: Any, target: str) -> Cut | None:
    """What goes away when a token moves from `task` to an element of its process.

    None when the element stands in a parallel branch that the token is not in, or the branches
    that it would leave cannot be told.
    """
    spec = task.workflow.spec
    here, there = routes.branches(spec, task.task_spec.name), routes.branches(spec, target)
    if not there <= here:
        return None
    unit = routes.whole(task)
    found = [unit]
    line = routes.path(unit)
    for split in {split for split, _ in here - there}:
        forks = [n for n, one in enumerate(line) if one.task_spec.name == split]
        if not forks or len(spec.task_specs[split]._inputs) > 1:
            return None
        found += _beside(line, forks[-1])
    return Cut(found, unit.parent)


def _beside(line: Sequence[Any], place: int) -> list[Any]:
    """The other branches of a fork on the way to a token."""
    if isinstance(line[place].task_spec, BoundaryEvent):
        place -= 1  # beside an event at the edge of an activity: the activity
    return [child for child in line[place].children if child is not line[place + 1]]


def is_within(task: Any, cut_off: Sequence[Any]) -> bool:
    """Whether a task is below one that is cut off, or in a process called from there."""
    current = task
    while current is not None:
        if any(one in cut_off for one in routes.path(current)):
            return True
        caller = current.workflow.parent_task_id
        current = current.workflow.top_workflow.get_task_from_id(caller) if caller else None
    return False


def drop(task: Any) -> None:
    """Take a task out of the tree with all below it, what it called, and what it waited for."""
    part, parent = task.workflow, task.parent
    for one in list(task):
        _forget(one)
    part._remove_task(task.id)
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = parent


def _forget(task: Any) -> None:
    top = task.workflow.top_workflow
    called = top.subprocesses.pop(task.id, None)
    for inner in list(called.task_tree) if called is not None else ():
        _forget(inner)
    if task.state == TaskState.STARTED:
        incidents.left(task)
    top.event_manager.remove_task(task)


def grow(below: Any, element: str, data: Mapping[str, Any]) -> Any:
    """A new task for an element below a finished one, with these data; it becomes ready."""
    spec = routes.entry(below.workflow.spec, element)
    item = getattr(below.workflow.spec.task_specs[element], "input_item", None)
    kept = {key: value for key, value in data.items() if item is None or key != item.bpmn_id}
    below.data = kept  # what a task begins with is its parent's
    task = below._add_child(spec, TaskState.FUTURE)
    spec._predict(task, mask=TaskState.PREDICTED_MASK | TaskState.FUTURE)
    spec._update(task)
    return task


def data_at(places: Sequence[Place], level: int, source: Any) -> dict[str, Any]:
    """The data that a step of this level begins with: what the token knows."""
    above = routes.whole(places[level].task).parent
    if level == 0:
        found: dict[str, Any] = above.data
        return found
    inner = routes.whole(places[0].task).parent if places[0].task is not source else source
    return {**above.data, **inner.data}


def steps_in(spec: Any, called: Mapping[str, Any], names: Sequence[str]) -> list[tuple[Any, Any]]:
    """Elements with their specification; of a call, those that every way through it passes."""
    return [found for name in names for found in _step(spec, called, name)]


def _step(spec: Any, called: Mapping[str, Any], name: str) -> Iterator[tuple[Any, Any]]:
    one = spec.task_specs[name]
    inner = spec.task_specs.get(getattr(one, "task_spec", None) or name, one)
    if isinstance(inner, SubWorkflowTask) and inner.spec in called:
        below = called[inner.spec]
        yield from steps_in(below, called, routes.between(below, "Start", "End") or [])
    else:
        yield spec, inner


def rest_of(places: Sequence[Place], called: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The steps that a token leaves out by leaving its place: its own, and what its process might
    still do, on whichever way: what decides between them is left out as well."""
    found = []
    for n, place in enumerate(places):
        spec = place.part.spec
        if n == 0:
            found += steps_in(spec, called, [place.element])
        if n < len(places) - 1:
            left = routes.reach(spec, routes.after(spec, place.element))
            found += steps_in(spec, called, [name for name in spec.task_specs if name in left])
    return found
