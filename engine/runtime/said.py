"""What a BPMN file says, without the way it was written down.

Prefixes, the order of attributes, white space between elements, comments and the declaration do
not count. What a modeler writes of itself does not either: which flows come in and go out (the
flows say it), the exporter, defaults of the standard written out. Every other element, attribute
and text does, positions on the page too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from engine.runtime.normalise import BPMN, CAMUNDA, parse_xml

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DRAWN = (f"{{{DI}}}", "{http://www.omg.org/spec/DD/")
XSI = "http://www.w3.org/2001/XMLSchema-instance"
DERIVED = {f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing"}
# BPMN 2.0.2, the attributes' defaults in the schema's tables
DEFAULTS = {
    ("definitions", "expressionLanguage"): "http://www.w3.org/1999/XPath",
    ("definitions", "typeLanguage"): "http://www.w3.org/2001/XMLSchema",
    ("process", "processType"): "None",
    ("process", "isClosed"): "false",
    ("process", "isExecutable"): "false",
    ("*", "isForCompensation"): "false",
    ("*", "startQuantity"): "1",
    ("*", "completionQuantity"): "1",
    ("*", "implementation"): "##unspecified",
    ("serviceTask", "implementation"): "##WebService",
    ("sendTask", "implementation"): "##WebService",
    ("receiveTask", "implementation"): "##WebService",
    ("receiveTask", "instantiate"): "false",
    ("subProcess", "triggeredByEvent"): "false",
    ("boundaryEvent", "cancelActivity"): "true",
    ("startEvent", "isInterrupting"): "true",
    ("*", "parallelMultiple"): "false",
    ("*", "gatewayDirection"): "Unspecified",
    ("eventBasedGateway", "instantiate"): "false",
    ("eventBasedGateway", "eventGatewayType"): "Exclusive",
    ("multiInstanceLoopCharacteristics", "isSequential"): "false",
    ("multiInstanceLoopCharacteristics", "behavior"): "All",
    ("standardLoopCharacteristics", "testBefore"): "false",
    ("*", "isCollection"): "false",
    ("*", "isUnlimited"): "true",
    ("*", "isClosed"): "false",
    ("association", "associationDirection"): "None",
    ("textAnnotation", "textFormat"): "text/plain",
    ("documentation", "textFormat"): "text/plain",
    ("*", "isImmediate"): "true",
    ("compensateEventDefinition", "waitForCompletion"): "true",
}
AUTHOR = {"exporter", "exporterVersion"}


@dataclass(frozen=True)
class Said:
    """An element without the way it was written."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    words: str
    children: tuple["Said", ...]
    line: int


def read_said(source: bytes, *, drawing: bool = True) -> Said:
    """What a file says; without `drawing` not where and how. Raises DiagramRefused for no XML."""
    root = parse_xml(source, "BPMN")
    if not drawing:
        _forget_drawing(root)
    return _read(root)


def _forget_drawing(root: etree._Element) -> None:
    for one in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(one)


def _read(node: etree._Element) -> Said:
    name = etree.QName(node.tag).localname
    children = [child for child in node if isinstance(child.tag, str) and child.tag not in DERIVED]
    said = [_read(child) for child in children]
    if _is_set(node):
        said.sort(key=_order)
    kept = tuple(one for one in said if not _is_empty(one))
    attributes = tuple(sorted(set(_attributes(node, name))))
    words = _words(node, has_children=bool(kept))
    line = node.sourceline
    return _formal(
        Said(str(node.tag), attributes, words, kept, line if isinstance(line, int) else 0)
    )


def _formal(one: Said) -> Said:
    """The schema lets an expression say that it is formal by its name or by its type."""
    formal = ("type", f"{{{BPMN}}}tFormalExpression")
    if one.tag != f"{{{BPMN}}}expression" or formal not in one.attributes:
        return one
    attributes = tuple(pair for pair in one.attributes if pair != formal)
    return replace(one, tag=f"{{{BPMN}}}formalExpression", attributes=attributes)


def _is_set(node: etree._Element) -> bool:
    """Where the order of children follows from the schema, or means nothing."""
    return str(node.tag).startswith((f"{{{BPMN}}}", f"{{{DI}}}"))


def _order(one: Said) -> tuple[str, str]:
    # children with an identity in its order; those alike without one (waypoints) stay as they are
    identity = next((value for key, value in one.attributes if key in ("id", "bpmnElement")), "")
    return (one.tag, identity or (one.words if one.tag.endswith("Ref") else ""))


def _is_empty(one: Said) -> bool:
    """A container with nothing in it says nothing."""
    name = etree.QName(one.tag).localname
    bare = not (one.attributes or one.words or one.children)
    return bare and name in ("extensionElements", "documentation", "BPMNLabel", "properties")


def _attributes(node: etree._Element, name: str) -> Iterator[tuple[str, str]]:
    drawn = str(node.tag).startswith(DRAWN)
    own = f"{{{etree.QName(node.tag).namespace}}}"
    for key, value in node.attrib.items():
        plain = str(key).removeprefix(own)  # written with or without its element's own prefix
        if drawn:
            # ids of the drawing are no one's business, and the mark of a gateway is its own
            if value and plain not in ("id", "isMarkerVisible"):
                yield plain, _value(plain, _number(str(value)))
            continue
        if plain == f"{{{XSI}}}type":
            yield "type", _kind(node, str(value))
        elif plain == f"{{{XSI}}}schemaLocation" or (plain in AUTHOR and name == "definitions"):
            continue
        elif plain == "name" and not str(value).strip():
            continue  # an empty name is none
        elif str(value) != DEFAULTS.get((name, plain), DEFAULTS.get(("*", plain), "\0")):
            yield plain, _value(plain, str(value))


def _kind(node: etree._Element, value: str) -> str:
    prefix, colon, local = value.rpartition(":")
    return f"{{{node.nsmap.get(prefix if colon else None, '')}}}{local}"


def _value(key: str, value: str) -> str:
    if key == "name":
        value = " ".join(value.split())  # where a label breaks its lines is drawing
    # a reference may be written with the prefix of its own namespace
    return value.rpartition(":")[2] if key.endswith(("Ref", "bpmnElement")) else value


def _number(value: str) -> str:
    try:
        return f"{float(value):.3f}".rstrip("0").rstrip(".")
    except ValueError:
        return value


def _words(node: etree._Element, *, has_children: bool) -> str:
    said = "".join(str(part) for part in [node.text, *(child.tail for child in node)] if part)
    if has_children or not str(node.tag).startswith(f"{{{CAMUNDA}}}"):
        said = said.strip()
    return _reference(node, said)


def _reference(node: etree._Element, said: str) -> str:
    is_reference = str(node.tag).endswith(("Ref", "}flowNodeRef"))
    return said.rpartition(":")[2] if is_reference else "\n".join(said.splitlines())


def local(one: Said) -> str:
    """An element's name without its namespace."""
    return etree.QName(one.tag).localname
