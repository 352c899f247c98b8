"""Starts and ends that BPMN leaves out, and ends that send something."""

import copy

from lxml import etree

from engine.runtime.normalise.helpers import add_flow, add_node
from engine.runtime.normalise.source import (
    bpmn,
    definitions_of,
    flow_nodes,
    flows,
    local,
)

_SENDING = {bpmn(f"{kind}EventDefinition"): kind for kind in ("message", "signal", "escalation")}


def entries(scope: etree._Element) -> list[etree._Element]:
    """Elements that nothing leads to: where a scope without a start event begins."""
    reached = {flow.get("targetRef") for flow in flows(scope)}
    return [
        node
        for node in flow_nodes(scope)
        if node.get("id") not in reached
        and local(node) not in ("boundaryEvent", "startEvent")
        and node.get("triggeredByEvent") != "true"
        and node.get("isForCompensation") != "true"
    ]


def exits(scope: etree._Element) -> list[etree._Element]:
    """Elements that lead nowhere and are no end: where a scope without an end event ends."""
    left = {flow.get("sourceRef") for flow in flows(scope)}
    return [
        node
        for node in flow_nodes(scope)
        if node.get("id") not in left
        and local(node) != "endEvent"
        and node.get("triggeredByEvent") != "true"
        and node.get("isForCompensation") != "true"
    ]


def add_starts(scope: etree._Element) -> None:
    """A start before every element that nothing leads to, when there is no start event."""
    if any(local(node) == "startEvent" for node in flow_nodes(scope)):
        return
    first = entries(scope)
    start = add_node(scope, "startEvent", scope, "start")
    for node in first:
        add_flow(scope, start.get("id", ""), node.get("id", ""))


def add_ends(scope: etree._Element) -> None:
    """An end behind every element that leads nowhere (the library would never report it)."""
    for node in exits(scope):
        end = add_node(scope, "endEvent", node, "end")
        add_flow(scope, node.get("id", ""), end.get("id", ""))


def throw_before_ends(scope: etree._Element) -> None:
    """Ends that send a message, a signal or an escalation: it is thrown, then the path ends.

    The library sends nothing at a signal end event.
    """
    for end in flow_nodes(scope):
        sent = [one for one in definitions_of(end) if one.tag in _SENDING]
        if local(end) == "endEvent" and len(sent) == 1:
            _split_off(scope, end, sent[0])


def _split_off(scope: etree._Element, end: etree._Element, sent: etree._Element) -> None:
    throw = add_node(scope, "intermediateThrowEvent", end, "throw")
    extensions = end.find(bpmn("extensionElements"))
    if extensions is not None:
        throw.append(copy.deepcopy(extensions))
    throw.append(sent)
    for key, value in end.attrib.items():
        if key not in throw.attrib:
            throw.set(key, value)
    for flow in flows(scope):
        if flow.get("targetRef") == end.get("id"):
            flow.set("targetRef", throw.get("id", ""))
    add_flow(scope, throw.get("id", ""), end.get("id", ""))
