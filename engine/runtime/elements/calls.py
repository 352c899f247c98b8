"""Sub-processes and call activities. One that was cancelled stays so when its inner path ends."""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.spiff.specs.defaults import CallActivity, SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask as _Base
else:
    _Base = object


class _Inner(_Base):
    """What both have in common."""

    def _on_subworkflow_completed(self, subworkflow: Any, my_task: Any) -> None:
        # the element that raised what ended the sub-process still completes, and tells so here
        if not my_task.has_state(TaskState.FINISHED_MASK):
            super()._on_subworkflow_completed(subworkflow, my_task)

    def _update_hook(self, my_task: Any) -> bool | None:
        if my_task.has_state(TaskState.FINISHED_MASK):
            return None
        found: bool | None = super()._update_hook(my_task)
        return found


class SubProcess(_Inner, SubWorkflowTask):
    """An embedded sub-process."""


class Call(_Inner, CallActivity):
    """A call of another process; it works on a copy of the caller's data, and its own come back."""
