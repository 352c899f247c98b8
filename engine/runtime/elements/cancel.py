"""Cancelling an activity with all that is in it.

The library takes unfinished instances of a cancelled multi-instance out of the tree without telling
them: what they wait for stays, and a sub-process among them makes the state unreadable.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState


def cancel(task: Any) -> None:
    """Cancel an unfinished task, its instances first."""
    if isinstance(task.task_spec, LoopTask):
        cancel_instances(task)
    task.cancel()


def cancel_instances(task: Any) -> None:
    """Cancel what is unfinished of a multi-instance."""
    for child in list(task.task_spec._instances(task)):
        if not child.has_state(TaskState.FINISHED_MASK):
            cancel(child)
