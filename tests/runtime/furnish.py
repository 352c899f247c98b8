"""Interchange models made complete: what they leave open (who, when, on what condition) is filled
in, so that their structure can be executed. Nothing is added to or taken from the structure."""

from collections.abc import Iterator

from lxml import etree

from engine.runtime.normalise.source import (
    BPMN,
    CAMUNDA,
    bpmn,
    definitions_of,
    flow_nodes,
    local,
    scopes,
)

CALLED = "corpus_called"
OPERATION = "corpus.work"
DECISION = "corpus_decision"
CONDITION = 'programme = "drawn"'
_SHARED = {"message": "messageRef", "signal": "signalRef"}


def processes(root: etree._Element) -> Iterator[str]:
    """The ids of the processes in a file that hold anything."""
    for one in root.iterfind(bpmn("process")):
        if flow_nodes(one) and one.get("id"):
            yield str(one.get("id"))


def furnish(source: bytes, key: str) -> bytes:
    """The file with the process of that id complete, and it alone executable."""
    root = etree.fromstring(source, etree.XMLParser(recover=True, remove_comments=True))
    for process in root.iterfind(bpmn("process")):
        if process.get("id") == key:
            process.set("isExecutable", "true")
            _furnish(root, process)
        else:
            root.remove(process)
    return etree.tostring(root)


def _furnish(root: etree._Element, process: etree._Element) -> None:
    for node in list(process.iter(bpmn("extensionElements"))):
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)
    for node in process.iter(f"{{{BPMN}}}*"):
        for name in [name for name in node.attrib if str(name).startswith("{")]:
            del node.attrib[name]
    for scope in scopes(process):
        outgoing: dict[str, list[etree._Element]] = {}
        for flow in scope.iterfind(bpmn("sequenceFlow")):
            outgoing.setdefault(flow.get("sourceRef", ""), []).append(flow)
        for node in flow_nodes(scope):
            _node(root, node)
            _ways(node, outgoing.get(node.get("id", ""), []))


def _ways(node: etree._Element, out: list[etree._Element]) -> None:
    """The first way is the default, the others have a condition; elsewhere there is none."""
    node.attrib.pop("default", "")
    for flow in out:
        for condition in flow.findall(bpmn("conditionExpression")):
            flow.remove(condition)
    if local(node) in ("exclusiveGateway", "inclusiveGateway") and len(out) > 1:
        for number, flow in enumerate(out):
            if not flow.get("id"):
                flow.set("id", f"way_{node.get('id')}_{number}")
            if number:
                etree.SubElement(flow, bpmn("conditionExpression")).text = CONDITION
        node.set("default", out[0].get("id", ""))


def _node(root: etree._Element, node: etree._Element) -> None:
    kind = local(node)
    if kind == "userTask":
        node.set(_camunda("candidateGroups"), "finance:maker")
        node.set(_camunda("formKey"), "f")
        _property(node, "deadline", "P5D")
    elif kind == "serviceTask":
        node.set(_camunda("type"), "external")
        node.set(_camunda("topic"), OPERATION)
    elif kind == "businessRuleTask":
        node.set(_camunda("decisionRef"), DECISION)
        node.set(_camunda("resultVariable"), "answer")
    elif kind == "scriptTask":
        _script(node)
    elif kind == "callActivity":
        node.set("calledElement", CALLED)
    elif kind in ("sendTask", "receiveTask"):
        _refer(root, node, node, "message")
    _events(root, node)
    _loop(node)


def _script(node: etree._Element) -> None:
    for script in node.findall(bpmn("script")):
        node.remove(script)
    node.set("scriptFormat", "feel")
    etree.SubElement(node, bpmn("script")).text = "answer = 1"


def _events(root: etree._Element, node: etree._Element) -> None:
    for definition in definitions_of(node):
        kind = local(definition).removesuffix("EventDefinition")
        if local(node) == "startEvent":
            node.remove(definition)
        elif kind in _SHARED:
            _refer(root, definition, node, kind)
        elif kind == "timer":
            for time in list(definition):
                definition.remove(time)
            etree.SubElement(definition, bpmn("timeDuration")).text = "P1D"
        elif kind in ("error", "escalation"):
            definition.set(f"{kind}Ref", _define(root, kind, "corpus"))


def _refer(root: etree._Element, holder: etree._Element, node: etree._Element, kind: str) -> None:
    name = f"of_{node.get('id', '')}"
    holder.set(_SHARED[kind], _define(root, kind, name))
    if kind == "message":
        _property(node, "correlation", "=1")


def _define(root: etree._Element, kind: str, name: str) -> str:
    key = f"corpus_{kind}_{name}"
    if all(one.get("id") != key for one in root.iterfind(bpmn(kind))):
        etree.SubElement(root, bpmn(kind), {"id": key, "name": name, f"{kind}Code": name})
    return key


def _loop(node: etree._Element) -> None:
    loop = node.find(bpmn("multiInstanceLoopCharacteristics"))
    if loop is not None:
        for part in list(loop):
            loop.remove(part)
        loop.attrib.pop("behavior", "")
        etree.SubElement(loop, bpmn("loopCardinality")).text = "2"


def _property(node: etree._Element, name: str, value: str) -> None:
    extensions = node.find(bpmn("extensionElements"))
    if extensions is None:
        extensions = etree.Element(bpmn("extensionElements"))
        node.insert(0, extensions)
    holder = etree.SubElement(extensions, _camunda("properties"))
    etree.SubElement(holder, _camunda("property"), {"name": name, "value": value})


def _camunda(name: str) -> str:
    return f"{{{CAMUNDA}}}{name}"


__all__ = ["CALLED", "CONDITION", "DECISION", "OPERATION", "furnish", "processes"]
