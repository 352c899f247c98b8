"""Running what is ready.

The library takes a list of ready tasks and runs all of it, also those that the first of them has
cancelled (behind a terminating end, or in a sub-process that an event has interrupted).
"""

from collections.abc import Callable
from typing import Any

from SpiffWorkflow.util.task import TaskState


def run_ready(workflow: Any, note: Callable[[Any], None]) -> None:
    """Run what the engine can, inner processes first, until nothing is ready; then let timers that
    are due fire. `note` is told of every task that was run."""
    while _round(workflow, note):
        pass
    workflow.refresh_timers()


def is_engine_ready(workflow: Any) -> bool:
    """Whether there is something for the engine to run."""
    return any(_ready(part) for part in (workflow, *workflow.subprocesses.values()))


def _round(workflow: Any, note: Callable[[Any], None]) -> bool:
    active = workflow.get_active_subprocesses()
    ran = False
    for part in sorted(active, key=lambda one: one.depth, reverse=True):
        while _run_part(part, note):
            ran = True
    ran = _run_part(workflow, note) or ran
    return ran or len(workflow.get_active_subprocesses()) > len(active)


def _run_part(part: Any, note: Callable[[Any], None]) -> bool:
    ready = _ready(part)
    for task in ready:
        if task.state == TaskState.READY:
            task.run()
            note(task)
    return bool(ready)


def _ready(part: Any) -> list[Any]:
    return [
        task
        for task in part.tasks.values()
        if task.state == TaskState.READY and not task.task_spec.manual
    ]
