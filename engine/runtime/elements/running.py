"""Running what is ready.

The library takes a list of ready tasks and runs all of it, also those that the first of them has
cancelled (behind a terminating end, or in a sub-process that an event has interrupted).
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.runtime.compact import compact
from engine.runtime.place import CHILD, blaming
from engine.runtime.scripts import StepFailed
from engine.text import text

MOST = 20_000  # tasks run in one step
MOST_VISITS = 1000  # of one element in one step; more is a circle in which nothing waits
MANY = 300  # tasks more, and circles are cut out before they become slow and deep


def run_on(workflow: Any, note: Callable[[Any], None]) -> None:
    """Run what the engine can, inner processes first, and let timers that are due fire, until
    nothing is ready. `note` is told of every task that was run. Raises StepFailed for a loop, and
    whatever a task raises, which then says at which (place.blamed)."""
    try:
        _Running(workflow, note).run()
    except RecursionError as error:  # the library looks ahead along a circle
        restless = _restless()
        restless.__dict__.update(error.__dict__)  # where it was raised
        raise restless from error


def _restless() -> StepFailed:
    return StepFailed("no_rest", text("流程无法停下，请流程管理员检查循环"))


class _Running:
    def __init__(self, workflow: Any, note: Callable[[Any], None]) -> None:
        self.workflow, self.note = workflow, note
        self.visits: Counter[tuple[Any, str]] = Counter()
        self.left = MOST
        self.bound = MANY

    def run(self) -> None:
        while True:
            while self._round():
                self._cut()
            self.workflow.refresh_timers()
            if not any(_ready(part) for part in self._parts()):
                return

    def _parts(self) -> list[Any]:
        return [self.workflow, *self.workflow.subprocesses.values()]

    def _round(self) -> bool:
        """Run each ready task of each part once; whether there was any."""
        active = self.workflow.get_active_subprocesses()
        inner = sorted(active, key=lambda one: one.depth, reverse=True)
        # a list: each part has its turn, also when one before it ran something
        return any([self._run_part(part) for part in (*inner, self.workflow)])

    def _run_part(self, part: Any) -> bool:
        ready = _ready(part)
        for task in ready:
            if task.state == TaskState.READY:
                self._run(task)
        return bool(ready)

    def _run(self, task: Any) -> None:
        with blaming(task):
            self._count(task)
            task.run()
        self.note(task)

    def _count(self, task: Any) -> None:
        """Instances of one activity are many visits, but no circle."""
        self.left -= 1
        name = task.task_spec.name
        if not name.endswith(CHILD):
            self.visits[task.workflow.parent_task_id, name] += 1
        if self.left < 0 or self.visits[task.workflow.parent_task_id, name] > MOST_VISITS:
            raise _restless()

    def _cut(self) -> None:
        if self._size() > self.bound:
            compact(self.workflow)
            self.bound = self._size() + MANY

    def _size(self) -> int:
        return sum(len(part.tasks) for part in self._parts())


def _ready(part: Any) -> list[Any]:
    return [
        task
        for task in part.tasks.values()
        if task.state == TaskState.READY and not task.task_spec.manual
    ]
