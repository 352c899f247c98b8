"""Events that wait, and the gateway that lets the first of several go on.

The library sets tasks that were cancelled in the same moment waiting again, and keeps one time for
all timers behind an event-based gateway. Here each event behind it waits for itself, and whichever
comes first cancels the others.
"""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.defaults import IntermediateCatchEvent
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.spiff.specs.defaults import ReceiveTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.elements.cancel import cancel

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent as _Base
else:
    _Base = object


class Waiting(_Base):
    """Mixed into events: nothing happens to them unless they wait."""

    def catches(self, my_task: Any, event: Any) -> bool:
        """Whether the task waits for this event."""
        return my_task.state == TaskState.WAITING and bool(super().catches(my_task, event))

    def catch(self, my_task: Any, event: Any) -> None:  # noqa: ARG002 (no event carries data)
        """Note that the event has come; the task's update takes it from there."""
        if my_task.state == TaskState.WAITING:
            my_task._set_internal_data(event_fired=True)

    def _update_hook(self, my_task: Any) -> bool | None:
        if my_task.has_state(TaskState.FINISHED_MASK):
            return None
        found: bool | None = super()._update_hook(my_task)
        return found

    def _on_ready_hook(self, my_task: Any) -> None:
        super()._on_ready_hook(my_task)
        if my_task.parent is not None and isinstance(my_task.parent.task_spec, EventGateway):
            _cancel_others(my_task)


def _cancel_others(chosen: Any) -> None:
    for other in chosen.parent.children:
        if other is not chosen and not other.has_state(TaskState.FINISHED_MASK):
            cancel(other)


class CatchEvent(Waiting, IntermediateCatchEvent):
    """An intermediate event that waits."""


class Receive(Waiting, ReceiveTask):
    """A receive task."""


class EventGateway(BpmnSpecMixin):
    """An event-based gateway: all events behind it wait; `Waiting` lets the first one through."""
