"""BPMN files as XML: what is read of them, and what their elements are."""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.errors import DanbaoError
from engine.text import Text, text

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
MAX_BYTES = xml.MAX_BYTES
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"


class DiagramRefused(DanbaoError):
    """A diagram that cannot be published: which element, on which line, why, and what to do."""

    status = 422

    def __init__(self, code: str, message: Text, remedy: Text | None = None, line: int = 0) -> None:
        super().__init__(code, message, remedy)
        self.line = line


def parse_xml(source: bytes, name: str) -> etree._Element:
    """Read XML without entities or network. Raises DiagramRefused with the line."""
    return xml.read_xml(source, name, DiagramRefused, text("拆成几个流程，再用调用活动连接"))


def bpmn(name: str) -> str:
    """The tag of a BPMN element."""
    return f"{{{BPMN}}}{name}"


def line_of(node: etree._Element) -> int:
    """The line of an element in its file, counted from 1."""
    found = node.sourceline
    return found if isinstance(found, int) and found > 0 else 1


def local(node: etree._Element) -> str:
    """The local name of an element of BPMN; empty for those of anybody else."""
    tag = node.tag
    return tag.removeprefix(f"{{{BPMN}}}") if isinstance(tag, str) and BPMN in tag else ""


def text_of(node: etree._Element) -> str:
    """All text of an element, without white space around it."""
    return "".join(str(part) for part in node.itertext()).strip()


GATEWAYS = frozenset(
    {
        "exclusiveGateway",
        "inclusiveGateway",
        "parallelGateway",
        "complexGateway",
        "eventBasedGateway",
    }
)
TASKS = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
    }
)
EVENTS = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
    }
)
SCOPES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
FLOW_NODES = GATEWAYS | TASKS | EVENTS | SCOPES | {"callActivity"}


def flow_nodes(scope: etree._Element) -> list[etree._Element]:
    """The tasks, events, gateways and sub-processes directly in a process or sub-process."""
    return [node for node in scope if local(node) in FLOW_NODES]


def flows(scope: etree._Element) -> list[etree._Element]:
    """The sequence flows directly in a process or sub-process."""
    return list(scope.iterfind(bpmn("sequenceFlow")))


def scopes(process: etree._Element) -> Iterator[etree._Element]:
    """The process, then every sub-process in it."""
    yield process
    for node in process.iter(*map(bpmn, SCOPES)):
        if node is not process:
            yield node


def definitions_of(event: etree._Element) -> list[etree._Element]:
    """The event definitions of an event: timer, message, signal …"""
    return [child for child in event if local(child).endswith("EventDefinition")]


def candidates(root: etree._Element) -> list[etree._Element]:
    """The processes of a file that it means to have executed.

    Those marked executable; when none is, those that are not marked; else all that hold anything.
    """
    found = [one for one in root.iterfind(bpmn("process")) if flow_nodes(one)]
    for marks in ({"true", "1"}, {None}):
        chosen = [one for one in found if one.get("isExecutable") in marks]
        if chosen:
            return chosen
    return found


def main_process(root: etree._Element, key: str = "") -> etree._Element | None:
    """The process that a file publishes: the one of that key, else its only candidate."""
    found = candidates(root)
    for one in found:
        if key and one.get("id") == key:
            return one
    return found[0] if len(found) == 1 else None
