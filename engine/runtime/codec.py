"""The state of an instance as bytes, without specifications.

SpiffWorkflow writes its specifications into every state (most of the bytes and half of the loading
time); ours are restored from a cache by deployment. Format: a version byte, then zlib over JSON.
BYTEA, not JSONB: reordered keys would lose task data (spiffworkflow-notes).
"""

import copy
import zlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.event_definition import (
    TimerConditionalEventDefinitionConverter,
)
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.serializer.task_spec import (
    ServiceTaskConverter,
    SpiffMultiInstanceConverter,
)

from engine.runtime.specs import DueTimer, OperationTask, QuietParallel

FORMAT = 1


class _LeanConverter(BpmnWorkflowConverter):
    """Leaves the specifications out; `from_dict` is given them."""

    def to_dict(self, workflow: Any) -> dict[str, Any]:
        spec, subprocess_specs = workflow.spec, workflow.subprocess_specs
        workflow.spec, workflow.subprocess_specs = None, {}
        try:
            dct: dict[str, Any] = super().to_dict(workflow)
        finally:
            workflow.spec, workflow.subprocess_specs = spec, subprocess_specs
        del dct["spec"], dct["subprocess_specs"]
        return dct

    def from_dict(self, dct: dict[str, Any], specs: "Specs") -> BpmnWorkflow:
        workflow = self.target_class(specs.top, specs.called, deserializing=True)
        workflow.tasks = self.mapping_from_dict(dct["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks.get(UUID(dct["root"]))
        self.set_default_attributes(workflow, dct)
        self.subprocesses_from_dict(dct["subprocesses"], workflow)
        workflow.bpmn_events = self.registry.restore(dct.pop("bpmn_events", []))
        return workflow


@dataclass(frozen=True)
class Specs:
    """The executable form of a process and of all it calls. Shared between threads; read only."""

    top: Any
    called: dict[str, Any]


def _registry() -> Any:
    config = dict(SPIFF_CONFIG)
    config[BpmnWorkflow] = _LeanConverter
    config[OperationTask] = ServiceTaskConverter
    config[QuietParallel] = SpiffMultiInstanceConverter
    config[DueTimer] = TimerConditionalEventDefinitionConverter
    return BpmnWorkflowSerializer.configure(config)


_REGISTRY = _registry()


def settle(specs: Specs) -> Specs:
    """Specifications as they come out of a round trip through JSON.

    A parser-made specification behind a reloaded multi-instance hangs: `merge_child` is connected
    only when it is deserialised.
    """
    plain = orjson.loads(
        orjson.dumps([_REGISTRY.convert(specs.top), _REGISTRY.convert(specs.called)])
    )
    return Specs(_REGISTRY.restore(plain[0]), _REGISTRY.restore(plain[1]))


def new_workflow(specs: Specs) -> BpmnWorkflow:
    """A workflow at its start."""
    return BpmnWorkflow(specs.top, specs.called)


def encode(workflow: BpmnWorkflow) -> bytes:
    """The bytes of a workflow."""
    plain = orjson.dumps(_REGISTRY.convert(workflow))
    return bytes([FORMAT]) + zlib.compress(plain, 1)


def decode(state: bytes, specs: Specs) -> BpmnWorkflow:
    """The workflow of `state`. Raises ValueError for a format of a newer release."""
    if state[0] != FORMAT:
        message = f"state format {state[0]} is unknown to this release (it knows {FORMAT})"
        raise ValueError(message)
    plain = orjson.loads(zlib.decompress(state[1:]))
    del plain["typename"]
    converter = copy.copy(_REGISTRY.convert_from_dict["BpmnWorkflow"])
    return converter(plain, specs=specs)
