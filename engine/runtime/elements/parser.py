"""Our parser: SpiffBpmnParser with our elements, for trees made by `normalise`."""

import re
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, GatewayParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.spiff.parser.event_parsers import (
    SpiffBoundaryEventParser,
    SpiffEndEventParser,
    SpiffIntermediateCatchEventParser,
    SpiffIntermediateThrowEventParser,
    SpiffReceiveTaskParser,
    SpiffSendTaskParser,
)
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser, SpiffProcessParser
from SpiffWorkflow.spiff.parser.task_spec import (
    CallActivityParser,
    ServiceTaskParser,
    SpiffTaskParser,
    SubWorkflowParser,
    UserTaskParser,
)
from SpiffWorkflow.spiff.specs.defaults import UserTask

from engine.runtime.elements.boundary import Boundary
from engine.runtime.elements.calls import Call, SubProcess
from engine.runtime.elements.gateways import EndJoin, Exclusive, Inclusive, Parallel
from engine.runtime.elements.loops import QuietParallel, QuietSequential
from engine.runtime.elements.tasks import (
    DecisionTask,
    FeelScript,
    OperationTask,
    PassedManual,
    PassedTask,
)
from engine.runtime.elements.throwing import End, Send, ThrowEvent
from engine.runtime.elements.timers import CycleTimer, DueTimer
from engine.runtime.elements.waiting import CatchEvent, EventGateway, Receive

CYCLE = re.compile(r"R\d*/")


class _Timers:
    """timeDate and timeDuration become a DueTimer, timeCycle a CycleTimer."""

    node: Any  # both are the library's parser's
    get_event_description: Any

    def parse_timer_event(self, event: etree._Element) -> DueTimer | CycleTimer:
        name = self.node.get("name") or self.node.get("id")
        body = "".join(str(part) for part in event.itertext()).strip()
        is_cycle = event.find(full_tag("timeCycle")) is not None
        kind = CycleTimer if is_cycle else DueTimer
        return kind(name, body, description=self.get_event_description(event))


class _Quiet:
    PARALLEL_MI_CLASS = QuietParallel
    SEQUENTIAL_MI_CLASS = QuietSequential


class BoundaryParser(_Timers, SpiffBoundaryEventParser):
    """Boundary events with our timers."""


class CatchParser(_Timers, SpiffIntermediateCatchEventParser):
    """Intermediate catch events with our timers."""


class ReceiveParser(_Quiet, SpiffReceiveTaskParser):
    """Receive tasks."""


class UserParser(_Quiet, UserTaskParser):
    """User tasks."""


class OperationParser(_Quiet, ServiceTaskParser):
    """Service tasks."""


class PlainParser(_Quiet, SpiffTaskParser):
    """Manual and undefined tasks."""


class SubProcessParser(_Quiet, SubWorkflowParser):
    """Sub-processes."""


class CallParser(_Quiet, CallActivityParser):
    """Call activities."""


class SendParser(_Quiet, SpiffSendTaskParser):
    """Send tasks: an operation when they have a topic, else a message."""

    def create_task(self) -> Any:
        if "serviceTaskOperator" in self.parse_extensions():
            self.spec_class = OperationTask
            return ServiceTaskParser.create_task(self)
        return super().create_task()


class ScriptParser(_Quiet, SpiffTaskParser):
    """Script tasks: assignments, or one expression with camunda:resultVariable."""

    def create_task(self) -> Any:
        body = self.node.findtext(full_tag("script")) or ""
        return self.spec_class(self.spec, self.bpmn_id, body, **self.bpmn_attributes)


class DecisionParser(_Quiet, SpiffTaskParser):
    """Business rule tasks with camunda:decisionRef and camunda:resultVariable."""

    def create_task(self) -> Any:
        properties = _properties(self)
        mapping = properties.get("mapDecisionResult", "resultList")
        return self.spec_class(
            self.spec,
            self.bpmn_id,
            operation_name=properties.get("decisionRef", ""),
            operation_params={"mapDecisionResult": {"value": mapping, "type": "text"}},
            result_variable=properties.get("resultVariable", ""),
            **self.bpmn_attributes,
        )

    @staticmethod
    def get_decision_ref(node: etree._Element) -> None:
        """The library would look for the decision in its own parser; ours are published."""
        del node


def _properties(parser: Any) -> dict[str, str]:
    found: dict[str, str] = parser.parse_extensions().get("properties", {})
    return found


class _ProcessParser(SpiffProcessParser):
    def create_spec(self) -> Any:
        spec = super().create_spec()
        spec.end.__class__ = EndJoin  # the library's specification makes its own
        return spec


class DanbaoParser(SpiffBpmnParser):
    """SpiffBpmnParser with our elements, for trees made by `normalise`."""

    PROCESS_PARSER_CLASS = _ProcessParser

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 (read by the library as a class attribute)
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("task"): (PlainParser, PassedTask),
        full_tag("manualTask"): (PlainParser, PassedManual),
        full_tag("userTask"): (UserParser, UserTask),
        full_tag("serviceTask"): (OperationParser, OperationTask),
        full_tag("scriptTask"): (ScriptParser, FeelScript),
        full_tag("businessRuleTask"): (DecisionParser, DecisionTask),
        full_tag("sendTask"): (SendParser, Send),
        full_tag("receiveTask"): (ReceiveParser, Receive),
        full_tag("subProcess"): (SubProcessParser, SubProcess),
        full_tag("callActivity"): (CallParser, Call),
        full_tag("exclusiveGateway"): (ConditionalGatewayParser, Exclusive),
        full_tag("inclusiveGateway"): (ConditionalGatewayParser, Inclusive),
        full_tag("parallelGateway"): (GatewayParser, Parallel),
        full_tag("eventBasedGateway"): (GatewayParser, EventGateway),
        full_tag("boundaryEvent"): (BoundaryParser, Boundary),
        full_tag("intermediateCatchEvent"): (CatchParser, CatchEvent),
        full_tag("intermediateThrowEvent"): (SpiffIntermediateThrowEventParser, ThrowEvent),
        full_tag("endEvent"): (SpiffEndEventParser, End),
    }
