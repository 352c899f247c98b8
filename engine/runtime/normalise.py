"""From the owner's diagram to what SpiffWorkflow executes: camunda attributes become its own.

The stored file stays as the owner wrote it; this happens in memory, at publication. Only what has
one meaning is rewritten (design, Diagram vocabulary); the rest is left for the parser to refuse.
"""

from lxml import etree

from engine.errors import DanbaoError
from engine.text import text

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
MAX_BYTES = 2_000_000


class DiagramRefused(DanbaoError):
    """A diagram that cannot be published: which element, on which line, why, and what to do."""

    status = 422


def parse_xml(source: bytes, name: str) -> etree._Element:
    """Read XML without entities or network. Raises DiagramRefused with the line."""
    if len(source) > MAX_BYTES:
        raise DiagramRefused(
            "too_large", text("{name}超过2 MB", name=name), text("拆成几个流程，再用调用活动连接")
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise DiagramRefused(
            "not_xml",
            text("{name}第{line}行不是有效的XML", name=name, line=error.lineno or 1),
            text("用建模工具打开并重新保存"),
        ) from error
    if b"<!DOCTYPE" in source:
        raise DiagramRefused(
            "doctype", text("{name}含有DOCTYPE声明", name=name), text("删去该声明后重新上传")
        )
    return root


def normalise(source: bytes, name: str) -> etree._Element:
    """The executable tree of a diagram. Raises DiagramRefused."""
    root = parse_xml(source, name)
    for lane_ref in root.iter(f"{{{BPMN}}}flowNodeRef"):
        lane_ref.text = (lane_ref.text or "").strip()  # white space made the outer lane win
    for node in list(root.iter(f"{{{BPMN}}}*")):
        _rewrite(node)
    return root


def _rewrite(node: etree._Element) -> None:
    properties = _properties(node)
    if node.get("id") and properties:
        _attach_properties(node, properties)
    if node.tag == f"{{{BPMN}}}serviceTask" and node.get(f"{{{CAMUNDA}}}topic"):
        _attach_operator(node)
    if node.tag == f"{{{BPMN}}}multiInstanceLoopCharacteristics":
        _loop_data(node)


def _properties(node: etree._Element) -> dict[str, str]:
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
        etree.SubElement(holder, f"{{{SPIFF}}}property", {"name": name, "value": value})


def _attach_operator(node: etree._Element) -> None:
    topic = node.get(f"{{{CAMUNDA}}}topic", "")
    operator = etree.SubElement(_extensions(node), f"{{{SPIFF}}}serviceTaskOperator", {"id": topic})
    parameters = etree.SubElement(operator, f"{{{SPIFF}}}parameters")
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}inputOutput/{{{CAMUNDA}}}inputParameter"
    for entry in node.iterfind(path):
        value = {"id": entry.get("name", ""), "type": "feel", "value": entry.text or "null"}
        etree.SubElement(parameters, f"{{{SPIFF}}}parameter", value)


def _loop_data(loop: etree._Element) -> None:
    collection = loop.get(f"{{{CAMUNDA}}}collection")
    if not collection:
        return
    etree.SubElement(loop, f"{{{BPMN}}}loopDataInputRef").text = collection
    item = loop.get(f"{{{CAMUNDA}}}elementVariable", "item")
    etree.SubElement(loop, f"{{{BPMN}}}inputDataItem", {"id": item, "name": item})
