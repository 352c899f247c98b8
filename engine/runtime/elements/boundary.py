"""Boundary events: an interrupting one ends its activity at once, others catch each time.

The library ends the activity only when the event's own turn comes, so that what is ready inside a
sub-process still runs; and an event that does not interrupt catches once only.
"""

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.spiff.specs.event_definitions import (
    EscalationEventDefinition,
    MessageEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.util.task import TaskState

from engine.runtime.elements.cancel import cancel
from engine.runtime.elements.timers import CycleTimer
from engine.runtime.elements.waiting import Waiting

_REPEATED = (MessageEventDefinition, SignalEventDefinition, EscalationEventDefinition)


class Boundary(Waiting, BoundaryEvent):
    """An event at the edge of an activity."""

    def _on_ready_hook(self, my_task: Any) -> None:
        super()._on_ready_hook(my_task)
        if self.cancel_activity:
            _interrupt(my_task)
        elif isinstance(self.event_definition, CycleTimer):
            following = self.event_definition.following(my_task)
            if following is not None:
                self._wait_again(my_task, event_value=following)
        elif isinstance(self.event_definition, _REPEATED):
            self._wait_again(my_task)

    def _wait_again(self, my_task: Any, **internal: Any) -> None:
        twin = my_task.parent._add_child(self, TaskState.WAITING)
        twin.triggered = True  # the library takes surplus children away, unless triggered
        twin.internal_data.update(internal)
        self._predict(twin, mask=TaskState.NOT_FINISHED_MASK)
        self._update(twin)


def _interrupt(fired: Any) -> None:
    """End the activity and the other events at its edge; those that have fired go on."""
    for other in fired.parent.children:
        if other is fired or other.has_state(TaskState.FINISHED_MASK):
            continue
        if not isinstance(other.task_spec, BoundaryEvent) or other.state != TaskState.READY:
            cancel(other)


def raise_to_boundary(task: Any, definition: Any) -> bool:
    """Give an error or escalation to the nearest activity around the task that catches it.

    True when one did. The library gives it to every event of that code, wherever it is.
    """
    event = BpmnEvent(definition)
    for attached in _edges(task):
        hits = [edge for edge in attached if edge.task_spec.catches(edge, event)]
        if hits:
            # an event that names the code comes before one that catches any
            hit = min(hits, key=lambda edge: edge.task_spec.event_definition.code is None)
            hit.task_spec.catch(hit, event)
            hit.task_spec._update(hit)
            return True
    return False


def catches(task: Any, definition: Any) -> bool:
    """Whether anything around the task catches an error or escalation."""
    event = BpmnEvent(definition)
    return any(edge.task_spec.catches(edge, event) for edges in _edges(task) for edge in edges)


def _edges(task: Any) -> Iterator[list[Any]]:
    """The boundary events of each activity that the task is or is in, innermost first."""
    current = task
    while current is not None:
        activity = _whole(current)
        split = activity.parent
        if split is not None and isinstance(split.task_spec, BoundaryEventSplit):
            yield [one for one in split.children if isinstance(one.task_spec, BoundaryEvent)]
        caller_id = activity.workflow.parent_task_id
        top = activity.workflow.top_workflow
        current = top.get_task_from_id(caller_id) if caller_id is not None else None


def _whole(task: Any) -> Any:
    """The multi-instance that a task is an instance of; any other task itself."""
    parent = task.parent
    if parent is None or not isinstance(parent.task_spec, LoopTask):
        return task
    return parent if parent.task_spec.task_spec == task.task_spec.name else task
