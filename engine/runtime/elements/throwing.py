"""Events that are sent: inside the instance at once, to other instances when the step is saved."""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.defaults import EndEvent, IntermediateThrowEvent
from SpiffWorkflow.spiff.specs.defaults import SendTask
from SpiffWorkflow.spiff.specs.event_definitions import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    MessageEventDefinition,
    SignalEventDefinition,
)

from engine.runtime.elements.boundary import raise_to_boundary

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.mixins.events.event_types import ThrowingEvent as _Base
else:
    _Base = object


class Throwing(_Base):
    """Mixed into events and tasks that send. A terminating end is the library's own."""

    def _run_hook(self, my_task: Any) -> bool:
        _send(my_task, self.event_definition)
        return True


def _send(task: Any, definition: Any) -> None:
    engine = task.workflow.script_engine
    if isinstance(definition, MessageEventDefinition):
        engine.send_message(task, definition.name)
    elif isinstance(definition, SignalEventDefinition):
        # first inside: an event at the edge of a sub-process ends it before it can run on
        task.workflow.top_workflow.event_manager.catch(BpmnEvent(definition), internal=False)
        engine.send_signal(definition.name)
    elif isinstance(definition, ErrorEventDefinition | EscalationEventDefinition):
        raise_to_boundary(task, definition)


class ThrowEvent(Throwing, IntermediateThrowEvent):
    """An intermediate event that sends, or marks a place."""


class Send(Throwing, SendTask):
    """A send task with a message."""


class End(Throwing, EndEvent):
    """An end event. An error that nothing around it catches just ends its path."""
