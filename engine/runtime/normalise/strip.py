"""What is documentation to us, and would make the library stumble, is left out of what it reads."""

from lxml import etree

from engine.runtime.normalise.source import SPIFF, bpmn

_BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DOCUMENTATION = frozenset(
    {
        "association",
        "auditing",
        "category",
        "correlationProperty",
        "correlationSubscription",
        "dataInputAssociation",
        "dataObject",
        "dataObjectReference",
        "dataOutputAssociation",
        "dataStore",
        "dataStoreReference",
        "group",
        "ioSpecification",
        "monitoring",
        "property",
        "relationship",
        "textAnnotation",
    }
)


def keep_only(process: etree._Element) -> None:
    """Leave one process in the file: the other pools are what the owner drew around it."""
    root = process.getparent()
    if root is None:
        return
    for other in root.findall(bpmn("process")):
        if other is not process:
            root.remove(other)
    process.set("isExecutable", "true")


def strip(root: etree._Element, process: etree._Element) -> None:
    """Leave out data objects, artefacts, the library's own extensions (they would run as Python)
    and the drawing (its places would decide the order of conditions)."""
    for tag in map(bpmn, _DOCUMENTATION):
        for node in list(root.iter(tag)):
            _remove(node)
    for node in list(root.iter(f"{{{_BPMNDI}}}BPMNDiagram", f"{{{SPIFF}}}*")):
        _remove(node)
    for reference in list(process.iter(bpmn("flowNodeRef"))):
        reference.text = (reference.text or "").strip()  # white space made the outer lane win


def _remove(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)
