"""Link events become the sequence flows they stand for (the library loses their token)."""

from lxml import etree

from engine.runtime.normalise.helpers import add_flow
from engine.runtime.normalise.source import bpmn, definitions_of, flow_nodes, local


def link_name(node: etree._Element) -> str | None:
    """The name of a link event's link; None when it is none."""
    found = node.find(bpmn("linkEventDefinition"))
    return None if found is None else (found.get("name") or node.get("name") or "").strip()


def links(scope: etree._Element, kind: str) -> dict[str, list[etree._Element]]:
    """The link events of a kind of event, by name."""
    found: dict[str, list[etree._Element]] = {}
    for node in flow_nodes(scope):
        name = link_name(node) if local(node) == kind else None
        if name is not None:
            found.setdefault(name, []).append(node)
    return found


def join_links(scope: etree._Element) -> None:
    """Lead every throwing link to the catching one of its name; both pass at once."""
    catches = links(scope, "intermediateCatchEvent")
    for name, throws in links(scope, "intermediateThrowEvent").items():
        if len(catches.get(name, ())) != 1:
            continue  # refused by the lint
        for throw in throws:
            add_flow(scope, throw.get("id", ""), catches[name][0].get("id", ""))
            _make_plain(throw)
        _make_plain(catches[name][0])


def _make_plain(node: etree._Element) -> None:
    node.tag = bpmn("intermediateThrowEvent")
    for definition in definitions_of(node):
        node.remove(definition)
