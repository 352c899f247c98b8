"""One spelling for what BPMN lets be written in several; lint and runtime read only this one."""

from lxml import etree

from engine.runtime.normalise.ids import plain_references
from engine.runtime.normalise.source import bpmn

BOOLEANS = (
    "isExecutable",
    "cancelActivity",
    "isSequential",
    "triggeredByEvent",
    "isForCompensation",
    "parallelMultiple",
    "instantiate",
)
_SPELLINGS = {"1": "true", "0": "false"}


def plain(process: etree._Element) -> None:
    """Rewrite a process in the one spelling, before anything else looks at it."""
    plain_references(process)
    for node in process.iter():
        for name in BOOLEANS:
            value = node.get(name)
            if value is not None:
                node.set(name, _SPELLINGS.get(value.strip(), value.strip()))
    for event in process.iter(bpmn("boundaryEvent")):
        # BPMN knows no other kind of error event; the library would let the activity run on
        if event.find(bpmn("errorEventDefinition")) is not None:
            event.set("cancelActivity", "true")
