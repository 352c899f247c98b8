"""The elements of a diagram as they run here: SpiffWorkflow 3.2.0, mended where it is wrong.

Each file mends one idea and says what the library does instead. Nothing here keeps anything
between steps: specifications are shared by threads, and what a task knows is in its own data.
"""

from SpiffWorkflow.bpmn.serializer.default.event_definition import (
    TimerConditionalEventDefinitionConverter,
)
from SpiffWorkflow.bpmn.serializer.default.task_spec import (
    BoundaryEventConverter,
    BpmnTaskSpecConverter,
    ConditionalGatewayConverter,
    EventConverter,
    ExclusiveGatewayConverter,
    ParallelGatewayConverter,
)
from SpiffWorkflow.spiff.serializer.task_spec import (
    ScriptTaskConverter,
    SendReceiveTaskConverter,
    ServiceTaskConverter,
    SpiffBpmnTaskConverter,
    SpiffMultiInstanceConverter,
    SubWorkflowTaskConverter,
)

from engine.runtime.elements import bookkeeping
from engine.runtime.elements.boundary import Boundary
from engine.runtime.elements.calls import Call, SubProcess
from engine.runtime.elements.gateways import EndJoin, Exclusive, Inclusive, Parallel
from engine.runtime.elements.loops import QuietParallel, QuietSequential
from engine.runtime.elements.parser import DanbaoParser
from engine.runtime.elements.running import run_on
from engine.runtime.elements.tasks import (
    DecisionTask,
    FeelScript,
    OperationTask,
    PassedManual,
    PassedTask,
    catch_refusal,
)
from engine.runtime.elements.throwing import End, Send, ThrowEvent
from engine.runtime.elements.timers import CycleTimer, DueTimer
from engine.runtime.elements.waiting import CatchEvent, EventGateway, Receive

__all__ = [
    "CONVERTERS",
    "CycleTimer",
    "DanbaoParser",
    "DueTimer",
    "OperationTask",
    "catch_refusal",
    "run_on",
]

bookkeeping.mend()

CONVERTERS: dict[type, type] = {
    Boundary: BoundaryEventConverter,
    Call: SubWorkflowTaskConverter,
    CatchEvent: EventConverter,
    CycleTimer: TimerConditionalEventDefinitionConverter,
    DecisionTask: ServiceTaskConverter,
    DueTimer: TimerConditionalEventDefinitionConverter,
    End: EventConverter,
    EndJoin: BpmnTaskSpecConverter,
    EventGateway: BpmnTaskSpecConverter,
    Exclusive: ExclusiveGatewayConverter,
    FeelScript: ScriptTaskConverter,
    Inclusive: ConditionalGatewayConverter,
    OperationTask: ServiceTaskConverter,
    Parallel: ParallelGatewayConverter,
    PassedManual: SpiffBpmnTaskConverter,
    PassedTask: SpiffBpmnTaskConverter,
    QuietParallel: SpiffMultiInstanceConverter,
    QuietSequential: SpiffMultiInstanceConverter,
    Receive: SendReceiveTaskConverter,
    Send: SendReceiveTaskConverter,
    SubProcess: SubWorkflowTaskConverter,
    ThrowEvent: EventConverter,
}
"""Which library converter writes and reads the specification of each class."""
