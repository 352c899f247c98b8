"""Ids where the owner's tool wrote none, and names that stay apart from those of other files."""

from collections import Counter

from lxml import etree

from engine.runtime.normalise.source import bpmn, flow_nodes, flows, local

_SHARED = {
    "message": "messageRef",
    "signal": "signalRef",
    "error": "errorRef",
    "escalation": "escalationRef",
}
_REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", *_SHARED.values())


def taken_ids(process: etree._Element) -> Counter[str]:
    """How often each id of a file is given."""
    return Counter(str(node.get("id")) for node in process.getroottree().iter() if node.get("id"))


def add_ids(scope: etree._Element, taken: Counter[str]) -> None:
    """Give flows and elements without an id one that is the same at every load."""
    for flow in flows(scope):
        _name(flow, f"flow_{flow.get('sourceRef', '')}_{flow.get('targetRef', '')}", taken)
    for node in flow_nodes(scope):
        _name(node, f"{scope.get('id', '')}_{local(node)}", taken)


def _name(node: etree._Element, wanted: str, taken: Counter[str]) -> None:
    if node.get("id"):
        return
    found = wanted
    while found in taken:  # the count goes on from where the last of this name stopped
        taken[wanted] += 1
        found = f"{wanted}_{taken[wanted]}"
    taken[found] += 1
    node.set("id", found)


def own_names(root: etree._Element, process: etree._Element) -> None:
    """Prefix the ids of messages, signals, errors and escalations with the process's.

    The library keeps them in one table for all files of a deployment, where two files that call
    their first message `Message_1` would overwrite each other.
    """
    prefix = process.get("id", "")
    for kind, reference in _SHARED.items():
        for node in root.iterfind(bpmn(kind)):
            node.set("id", f"{prefix}.{node.get('id', '')}")
        for node in process.iter():
            if node.get(reference):
                node.set(reference, f"{prefix}.{node.get(reference, '')}")


def plain_references(process: etree._Element) -> None:
    """References are QNames: some tools write the prefix of their own namespace before the id."""
    ids = {node.get("id") for node in process.getroottree().iter() if node.get("id")}
    for node in process.iter():
        for name in _REFERENCES:
            value = node.get(name)
            if value and value not in ids and value.rpartition(":")[2] in ids:
                node.set(name, value.rpartition(":")[2])
