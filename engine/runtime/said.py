"""What a BPMN file says, without the way it was written down.

Prefixes, the order of attributes, white space between elements, comments and the declaration do
not count. What a modeler writes of itself does not either: which flows come in and go out (the
flows say it), the exporter, defaults of the standard written out. Every other element, attribute
and text does, positions on the page too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

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
READ = {f"{{{BPMN}}}", f"{{{CAMUNDA}}}"}
MANY = 100  # attributes of one element
# names that the engine goes by, to the letter; any other is a label
SPELT = {"message", "signal", "error", "escalation", "linkEventDefinition"}
_BREAK = re.compile(r"\r\n|[\r\n\t]")


@dataclass(frozen=True)
class Said:
    """An element without the way it was written. `at` counts the elements of the file."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    words: str
    children: tuple["Said", ...]
    line: int
    at: int = 0


def read_said(source: bytes, *, drawing: bool = True) -> Said:
    """What a file says; without `drawing` not where and how. Raises DiagramRefused for no XML."""
    root = parse_xml(source, "BPMN")
    if not drawing:
        _forget_drawing(root)
    return _Reader.of(root).read(root)


def _forget_drawing(root: etree._Element) -> None:
    for one in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(one)


@dataclass
class _Reader:
    """One file: what its elements are called, and how many have been read."""

    ids: frozenset[str]
    number: Iterator[int] = field(default_factory=count)

    @classmethod
    def of(cls, root: etree._Element) -> "_Reader":
        found = (node.get("id") for node in root.iter())
        return cls(frozenset(str(one) for one in found if one))

    def read(self, node: etree._Element) -> Said:
        at, name = next(self.number), etree.QName(node.tag).localname
        said = [self.read(child) for child in node if _counts(child)]
        if _is_set(node):
            said.sort(key=_order)
        kept = tuple(one for one in said if not _is_empty(one))
        attributes = tuple(sorted(set(_attributes(node, name, self.ids))))
        words = _words(node, has_children=bool(kept))
        line = node.sourceline if isinstance(node.sourceline, int) else 0
        return _formal(Said(str(node.tag), attributes, words, kept, line, at))


def _counts(node: etree._Element) -> bool:
    """A flow's way is said by the flow, but not what somebody hides where it is repeated."""
    return isinstance(node.tag, str) and (node.tag not in DERIVED or len(node) > 0)


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
    bare = not (one.attributes or one.words or one.children)
    return bare and local(one) in ("extensionElements", "documentation", "BPMNLabel", "properties")


def _attributes(node: etree._Element, name: str, ids: frozenset[str]) -> Iterator[tuple[str, str]]:
    if str(node.tag).startswith(DRAWN):
        yield from _drawn(node, ids)
        return
    own = f"{{{etree.QName(node.tag).namespace}}}"
    for key, value in _pairs(node):
        # other tools write their own attributes with or without their prefix; ours mean one thing
        plain = key if own in READ else key.removeprefix(own)
        if plain == f"{{{XSI}}}type":
            yield "type", _kind(node, value)
        elif plain == f"{{{XSI}}}schemaLocation" or (plain in AUTHOR and name == "definitions"):
            continue
        elif plain == "name" and not value.strip():
            continue  # an empty name is none
        elif value != DEFAULTS.get((name, plain), DEFAULTS.get(("*", plain), "\0")):
            yield plain, _value(node, plain, value, ids)


def _pairs(node: etree._Element) -> Iterator[tuple[str, str]]:
    """The attributes; lxml looks for the value of each from the first one on."""
    if len(node.attrib) < MANY:
        yield from ((str(key), str(value)) for key, value in node.attrib.items())
        return
    found: Any = node.xpath("@*")
    yield from ((str(one.attrname), str(one)) for one in found)


def _drawn(node: etree._Element, ids: frozenset[str]) -> Iterator[tuple[str, str]]:
    own = f"{{{etree.QName(node.tag).namespace}}}"
    for key, value in _pairs(node):
        plain = key.removeprefix(own)  # written with or without its element's own prefix
        # ids of the drawing are no one's business, and the mark of a gateway is its own
        if value and plain not in ("id", "isMarkerVisible"):
            yield plain, _value(node, plain, _number(value), ids)


def _kind(node: etree._Element, value: str) -> str:
    prefix, colon, local = value.rpartition(":")
    return f"{{{node.nsmap.get(prefix if colon else None, '')}}}{local}"


def _value(node: etree._Element, key: str, value: str, ids: frozenset[str]) -> str:
    if key == "name":
        tag = etree.QName(node.tag)
        is_label = tag.namespace == BPMN and tag.localname not in SPELT
        # where a label breaks its lines is drawing; " excludes" is not "excludes"
        return " ".join(value.split()) if is_label else _BREAK.sub(" ", value)
    # a reference may be written with the prefix of its own namespace (normalise.ids)
    if key.endswith(("Ref", "bpmnElement")) and not key.startswith("{") and value not in ids:
        return value.rpartition(":")[2]
    return value


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
    name = str(node.tag).removeprefix(f"{{{BPMN}}}")
    is_reference = name.endswith("Ref") and not name.startswith(("{", "loopData"))
    return said.rpartition(":")[2] if is_reference else "\n".join(said.splitlines())


def local(one: Said) -> str:
    """An element's name without its namespace."""
    return one.tag.rpartition("}")[2]
