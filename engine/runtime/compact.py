"""Take out of a workflow what is over: earlier rounds of a loop, and called processes that ended.

The library keeps every task it ever made: a step of the hundredth round costs a hundred times the
first, a parallel join counts tokens of earlier rounds, and at a depth of 1000 it believes an
unfinished workflow finished. What was passed is in our own history by then.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

ALARM_DEPTH, REFUSED_DEPTH = 700, 950


def compact(workflow: Any) -> int:
    """Forget what is over. Returns the depth of the deepest living task."""
    _forget_ended_calls(workflow)
    parts = [workflow, *workflow.subprocesses.values()]
    return max(_fold(task) for part in parts for task in _living(part))


def _forget_ended_calls(workflow: Any) -> None:
    # outer ones first: what a forgotten process called is then found nowhere
    for caller_id, _ in sorted(workflow.subprocesses.items(), key=lambda one: one[1].depth):
        caller = find_task(workflow, caller_id)
        if caller is None or caller._state & TaskState.FINISHED_MASK:
            del workflow.subprocesses[caller_id]


def find_task(workflow: Any, task_id: UUID) -> Any | None:
    """The task of that id in the workflow or what it calls; None when there is none any more (the
    library's own `get_task_from_id` raises then)."""
    parts = (workflow, *workflow.subprocesses.values())
    return next((part.tasks[task_id] for part in parts if task_id in part.tasks), None)


def _living(part: Any) -> list[Any]:
    """What is to be done or waited for; the root of a part where nothing is."""
    mask = TaskState.READY | TaskState.WAITING | TaskState.STARTED
    return [task for task in part.tasks.values() if task._state & mask] or [part.task_tree]


def _fold(leaf: Any) -> int:
    """Cut earlier rounds on the way to a living task; returns the length of what is left."""
    path = _path(leaf)
    last = {
        task.task_spec.name: place
        for place, task in enumerate(path)
        if task._state == TaskState.COMPLETED
    }
    place = 1
    while place < len(path):
        again = last.get(path[place].task_spec.name, place)
        if again > place and _is_over(path[place], path[again]):
            _splice(path[place], path[again])
            cut = again - place
            del path[place:again]
            last = {name: at - cut for name, at in last.items()}
        place += 1
    return len(path)


def _path(leaf: Any) -> list[Any]:
    path, tasks = [leaf], leaf.workflow.tasks
    while path[-1]._parent is not None:
        path.append(tasks[path[-1]._parent])
    return path[::-1]


def _branch(top: Any, but: Any) -> Iterator[Any]:
    """A task and all below it, without the branch that begins at `but`."""
    tasks, left = top.workflow.tasks, [top]
    while left:
        task = left.pop()
        if task is but:
            continue
        yield task
        left.extend(tasks[child] for child in task._children)


def _is_over(first: Any, again: Any) -> bool:
    return all(task._state & TaskState.FINISHED_MASK for task in _branch(first, again))


def _splice(first: Any, again: Any) -> None:
    part = first.workflow
    gone = list(_branch(first, again))
    before = part.tasks[first._parent]
    before._children[before._children.index(first.id)] = again.id
    again._parent = before.id
    for task in gone:
        del part.tasks[task.id]
        part.top_workflow.event_manager.remove_task(task)
        part.top_workflow.subprocesses.pop(task.id, None)
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = before
