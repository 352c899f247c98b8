"""The owner's vocabulary: camunda attributes become what the library's parser keeps."""

from lxml import etree

from engine.runtime.normalise.source import BPMN, CAMUNDA, SPIFF, text_of

# what the engine reads of an element's camunda attributes and properties (properties_of)
PROPERTIES = frozenset(
    {
        *("candidateGroups", "formKey", "operation", "organisation", "assignee", "excludes"),
        *("deadline", "reminders", "escalateTo", "clock", "pauses", "clause", "stage"),
        *("type", "topic", "decisionRef", "mapDecisionResult", "resultVariable", "resource"),
        *("correlation", "data"),
    }
)
_OPERATIONS = frozenset({f"{{{BPMN}}}serviceTask", f"{{{BPMN}}}sendTask"})


def translate(root: etree._Element) -> None:
    """Attach properties, operators and loop data where the library looks for them."""
    for node in list(root.iter(f"{{{BPMN}}}*")):
        _rewrite(node)


def _rewrite(node: etree._Element) -> None:
    properties = properties_of(node)
    if node.get("id") and properties:
        _attach_properties(node, properties)
    if node.tag in _OPERATIONS and topic_of(node):
        _attach_operator(node)
    if node.tag == f"{{{BPMN}}}multiInstanceLoopCharacteristics":
        _loop_data(node)


def topic_of(node: etree._Element) -> str:
    """The operation that a task calls; a property of that name calls none."""
    return node.get(f"{{{CAMUNDA}}}topic", "").strip()


def properties_of(node: etree._Element) -> dict[str, str]:
    """An element's camunda attributes and properties, the properties winning."""
    found = {
        etree.QName(key).localname: str(value)
        for key, value in node.attrib.items()
        if str(key).startswith(f"{{{CAMUNDA}}}")
    }
    for entry in node.iterfind(
        f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}properties/{{{CAMUNDA}}}property"
    ):
        found[entry.get("name", "")] = entry.get("value", "")
    return found


def _extensions(node: etree._Element) -> etree._Element:
    found = node.find(f"{{{BPMN}}}extensionElements")
    if found is None:
        found = etree.Element(f"{{{BPMN}}}extensionElements")
        node.insert(0, found)
    return found


def _attach_properties(node: etree._Element, properties: dict[str, str]) -> None:
    holder = etree.SubElement(_extensions(node), f"{{{SPIFF}}}properties")
    for name, value in properties.items():
        etree.SubElement(holder, f"{{{SPIFF}}}property", {"name": name, "value": value.strip()})


def _attach_operator(node: etree._Element) -> None:
    topic = topic_of(node)
    operator = etree.SubElement(_extensions(node), f"{{{SPIFF}}}serviceTaskOperator", {"id": topic})
    parameters = etree.SubElement(operator, f"{{{SPIFF}}}parameters")
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}inputOutput/{{{CAMUNDA}}}inputParameter"
    for entry in node.iterfind(path):
        value = {"id": entry.get("name", ""), "type": "feel", "value": text_of(entry) or "null"}
        etree.SubElement(parameters, f"{{{SPIFF}}}parameter", value)


def _loop_data(loop: etree._Element) -> None:
    collection = loop.get(f"{{{CAMUNDA}}}collection")
    if not collection:
        return
    etree.SubElement(loop, f"{{{BPMN}}}loopDataInputRef").text = collection
    item = loop.get(f"{{{CAMUNDA}}}elementVariable", "item")
    etree.SubElement(loop, f"{{{BPMN}}}inputDataItem", {"id": item, "name": item})
