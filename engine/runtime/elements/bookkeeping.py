"""What the library does at every change of a task, done only where it matters.

It names the state for its log, logged or not, and builds two dictionaries for it. After each task
it walks the whole tree for others that wait, also when none does. Whether all is finished it asks
of a walk that goes no deeper than 1000 tasks, below which it takes anything for finished.
"""

from functools import lru_cache
from typing import Any

from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

_update_waiting = Workflow.update_waiting_tasks


def _update_those_that_wait(self: Any) -> None:
    if any(task._state == TaskState.WAITING for task in self.tasks.values()):
        _update_waiting(self)


def _is_completed(self: Any) -> bool:
    if not self.completed:
        unfinished = TaskState.NOT_FINISHED_MASK
        self.completed = not any(task._state & unfinished for task in self.tasks.values())
    return bool(self.completed)


def mend() -> None:
    """Put these in the place of the library's own."""
    setattr(TaskState, "get_name", lru_cache(TaskState.get_name))  # noqa: B010 (a method, for mypy)
    setattr(Workflow, "update_waiting_tasks", _update_those_that_wait)  # noqa: B010
    setattr(Workflow, "is_completed", _is_completed)  # noqa: B010
