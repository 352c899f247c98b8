"""Our parser and the task specifications in which SpiffWorkflow 3.2.0 is mended.

- `OperationTask` calls a registered operation; what that raises reaches the person whose step it
  is, or becomes an incident and leaves the task STARTED (the library turns every error into
  `NameError: script`).
- `QuietParallel` merges nothing from its children: results are in tables, and the library's deep
  merge mixes lists and leaves the loop variable behind, so that a second round would fail.
- `DueTimer` takes an absolute time and compares it with the step's own `now`.
"""

from datetime import datetime
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, IntermediateCatchEvent
from SpiffWorkflow.bpmn.specs.event_definitions import TimeDateEventDefinition
from SpiffWorkflow.spiff.parser.event_parsers import (
    SpiffBoundaryEventParser,
    SpiffIntermediateCatchEventParser,
)
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import ServiceTaskParser, UserTaskParser
from SpiffWorkflow.spiff.specs.defaults import ParallelMultiInstanceTask, ServiceTask, UserTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime import incidents


class OperationTask(ServiceTask):
    """A service task whose topic is an operation of ours; its result is merged into the data."""

    def _execute(self, task: Any) -> bool | None:
        return incidents.perform(task, self.operation_name, self.operation_params)

    def _run_hook(self, my_task: Any) -> bool | None:
        return self._execute(my_task)

    def _on_cancel(self, my_task: Any) -> None:
        incidents.left(my_task)
        super()._on_cancel(my_task)


class QuietParallel(ParallelMultiInstanceTask):
    """A parallel multi-instance task whose children leave no data behind."""

    def merge_child(self, workflow: Any, child: Any) -> None:  # noqa: ARG002 (the library's hook)
        my_task = child.parent
        my_task.internal_data["merged"].append(str(child.id))
        if self.check_completion_condition(my_task):
            for other in self._instances(my_task):
                other.cancel()
            my_task._set_state(TaskState.READY)
        elif self.children_complete(my_task):
            my_task._set_state(TaskState.READY)


class DueTimer(TimeDateEventDefinition):
    """A timer at an absolute time; fired when the step's `now` has reached it."""

    def has_fired(self, my_task: Any) -> bool:
        engine = my_task.workflow.script_engine
        value = my_task._get_internal_data("event_value")
        if value is None:
            value = engine.due_moment(my_task, self.expression)
            my_task._set_internal_data(event_value=value)
        if datetime.fromisoformat(value) <= engine.now:
            my_task._set_internal_data(event_fired=True)
        return bool(my_task._get_internal_data("event_fired", False))


class _Timers:
    """Both timeDate and timeDuration become a DueTimer; cycles are refused by the lint."""

    def parse_timer_event(self, event: etree._Element) -> DueTimer:
        name = self.node.get("name") or self.node.get("id")  # type: ignore[attr-defined]
        body = "".join(str(part) for part in event.itertext()).strip()
        return DueTimer(name, body, description=self.get_event_description(event))  # type: ignore[attr-defined]


class BoundaryParser(_Timers, SpiffBoundaryEventParser):
    """Boundary events with our timers."""


class CatchParser(_Timers, SpiffIntermediateCatchEventParser):
    """Intermediate catch events with our timers."""


class _QuietLoops:
    PARALLEL_MI_CLASS = QuietParallel


class QuietUserTaskParser(_QuietLoops, UserTaskParser):
    """User tasks; a parallel multi-instance is quiet."""


class QuietOperationParser(_QuietLoops, ServiceTaskParser):
    """Service tasks; a parallel multi-instance is quiet."""


class DanbaoParser(SpiffBpmnParser):
    """SpiffBpmnParser with our tasks and timers, for trees made by `normalise`."""

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 (read by the library as a class attribute)
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("userTask"): (QuietUserTaskParser, UserTask),
        full_tag("serviceTask"): (QuietOperationParser, OperationTask),
        full_tag("boundaryEvent"): (BoundaryParser, BoundaryEvent),
        full_tag("intermediateCatchEvent"): (CatchParser, IntermediateCatchEvent),
    }
