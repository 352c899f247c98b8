"""The task tree as a migration sees it: what is under way, lies ahead, may be left out."""

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.runtime.codec import Specs

OPEN = TaskState.READY | TaskState.WAITING | TaskState.STARTED | TaskState.ERROR
AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE
SPLIT, JOIN = ".BoundaryEventSplit", ".BoundaryEventJoin"


def is_open(task: Any) -> bool:
    """Whether somebody or something is at it: ready, waiting, begun, or failed for now."""
    return bool(task.has_state(OPEN))


def ahead(task: Any) -> list[Any]:
    """What is predicted after a task; a multi-instance task's own children are no prediction."""
    return [one for one in task.children if one.has_state(AHEAD) and not one.triggered]


def kept(part: Any) -> Iterator[Any]:
    """The tasks that a migration leaves in the tree: all but what is predicted after open ones."""
    stack = [part.task_tree]
    while stack:
        task = stack.pop()
        yield task
        dropped = ahead(task) if is_open(task) else []
        stack += [one for one in task.children if one not in dropped]


def targets(workflow: Any, new: Specs) -> Iterator[tuple[Any, Any | None]]:
    """Each part of a workflow, callers first, with the specification it would get.

    None for a finished part that the new one has no place for: it is left out, its steps are in
    the history.
    """
    found: dict[int, Any] = {id(workflow): new.top}
    yield workflow, new.top
    for part in sorted(workflow.subprocesses.values(), key=lambda one: one.depth):
        target = _called(workflow, part, found, new)
        if part.completed and (target is None or not _fits(part, target)):
            target = None
        found[id(part)] = target
        if target is not None or part.completed:
            yield part, target


def _called(workflow: Any, part: Any, found: dict[int, Any], new: Specs) -> Any | None:
    caller = workflow.get_task_from_id(part.parent_task_id)
    outer = found.get(id(caller.workflow))
    spec = outer.task_specs.get(caller.task_spec.name) if outer is not None else None
    return new.called.get(getattr(spec, "spec", ""))


def _fits(part: Any, target: Any) -> bool:
    return all(task.task_spec.name in target.task_specs for task in part.tasks.values())


def is_leftover(task: Any, target: Any) -> bool:
    """A finished task of no consequence that the new specification has no place for.

    A boundary event that never fired, and the library's own tasks around its host.
    """
    name = task.task_spec.name
    if name in target.task_specs or not task.has_state(TaskState.FINISHED_MASK):
        return False
    if name.endswith(SPLIT):
        return sum(not is_leftover(child, target) for child in task.children) == 1
    return not task.children and (task.state == TaskState.CANCELLED or name.endswith(JOIN))


def pass_over(part: Any, task: Any) -> None:
    """Take a task out of the tree; its one remaining child takes its place."""
    parent, children = task.parent, [one for one in task.children if one is not None]
    place = parent._children.index(task.id)
    parent._children[place : place + 1] = [one.id for one in children]
    for child in children:
        child._parent = parent.id
    del part.tasks[task.id]
