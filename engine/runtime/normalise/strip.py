"""What is documentation to us, and would make the library stumble, is left out of what it reads."""

from lxml import etree

from engine.runtime.normalise.source import BPMN, CAMUNDA, bpmn

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


_EXTENSIONS = bpmn("extensionElements")
_READ = {  # of extensions, each with what it stands in
    f"{{{CAMUNDA}}}properties": _EXTENSIONS,
    f"{{{CAMUNDA}}}property": f"{{{CAMUNDA}}}properties",
    f"{{{CAMUNDA}}}inputOutput": _EXTENSIONS,
    f"{{{CAMUNDA}}}inputParameter": f"{{{CAMUNDA}}}inputOutput",
}
_TEXTS = frozenset(map(bpmn, ("documentation", "incoming", "outgoing", "conditionExpression")))


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
    """Leave out data objects, artefacts, all extensions but our vocabulary, and the drawing (its
    places would decide the order of conditions).

    The library takes any element below the process for a flow whose name ends so, whatever its
    namespace, and its own extensions would run as Python.
    """
    for tag in map(bpmn, _DOCUMENTATION):
        for node in list(root.iter(tag)):
            _remove(node)
    for node in list(root.iter()):
        if node is not root and not _is_read(node):
            _remove(node)
    for reference in list(process.iter(bpmn("flowNodeRef"))):
        reference.text = (reference.text or "").strip()  # white space made the outer lane win


def _is_read(node: etree._Element) -> bool:
    parent = node.getparent()
    if parent is None:
        return True
    if node.tag in _READ:
        return parent.tag == _READ[str(node.tag)]
    of_bpmn = str(node.tag).startswith(f"{{{BPMN}}}")
    return of_bpmn and parent.tag not in _TEXTS and parent.tag != _EXTENSIONS


def _remove(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)
