"""The state of an instance as bytes, without specifications.

SpiffWorkflow writes its specifications into every state (most of the bytes and half of the loading
time); ours are restored from a cache by deployment. A version byte, then zlib over JSON: format 2
is ours (engine/runtime/rows.py), format 1 was the library's and is still read.
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
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG

from engine.runtime.elements import CONVERTERS
from engine.runtime.rows import from_rows, to_rows

FORMAT, LIBRARY_FORMAT = 2, 1


class _LeanConverter(BpmnWorkflowConverter):
    """Reads states without specifications, which `from_dict` is given."""

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
    config.update(CONVERTERS)
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
    return bytes([FORMAT]) + zlib.compress(orjson.dumps(to_rows(workflow)), 1)


def decode(state: bytes, specs: Specs) -> BpmnWorkflow:
    """The workflow of `state`. Raises ValueError for a format of a newer release."""
    if state[0] not in (FORMAT, LIBRARY_FORMAT):
        message = f"state format {state[0]} is unknown to this release (it knows up to {FORMAT})"
        raise ValueError(message)
    plain = orjson.loads(zlib.decompress(state[1:]))
    if state[0] == FORMAT:
        return from_rows(plain, specs.top, specs.called)
    del plain["typename"]
    converter = copy.copy(_REGISTRY.convert_from_dict["BpmnWorkflow"])
    workflow: BpmnWorkflow = converter(plain, specs=specs)
    return workflow
