"""Running what is ready.

The library takes a list of ready tasks and runs all of it, also those that the first of them has
cancelled (behind a terminating end, or in a sub-process that an event has interrupted).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.runtime.scripts import StepFailed
from engine.text import text

# The library names the state for its log at every change, logged or not, and builds two
# dictionaries for it: most of what a change costs.
setattr(TaskState, "get_name", lru_cache(TaskState.get_name))  # noqa: B010 (a method, for mypy)

MOST = 2000  # tasks in one step; more is a loop in which nothing waits


def run_on(workflow: Any, note: Callable[[Any], None]) -> None:
    """Run what the engine can, inner processes first, and let timers that are due fire, until
    nothing is ready. `note` is told of every task that was run. Raises StepFailed for a loop."""
    try:
        _run_on(workflow, note)
    except RecursionError as error:  # the library looks ahead along a circle
        raise _restless() from error


def _run_on(workflow: Any, note: Callable[[Any], None]) -> None:
    left = MOST
    while True:
        while number := _round(workflow, note):
            left -= number
            if left < 0:
                raise _restless()
        workflow.refresh_timers()
        if not _is_ready(workflow):
            return


def _restless() -> StepFailed:
    return StepFailed("no_rest", text("流程无法停下，请流程管理员检查循环"))


def _is_ready(workflow: Any) -> bool:
    return any(_ready(part) for part in (workflow, *workflow.subprocesses.values()))


def _round(workflow: Any, note: Callable[[Any], None]) -> int:
    """Run each ready task of each part once; returns how many."""
    active = workflow.get_active_subprocesses()
    inner = sorted(active, key=lambda one: one.depth, reverse=True)
    return sum(_run_part(part, note) for part in (*inner, workflow))


def _run_part(part: Any, note: Callable[[Any], None]) -> int:
    ready = _ready(part)
    for task in ready:
        if task.state == TaskState.READY:
            task.run()
            note(task)
    return len(ready)


def _ready(part: Any) -> list[Any]:
    return [
        task
        for task in part.tasks.values()
        if task.state == TaskState.READY and not task.task_spec.manual
    ]
