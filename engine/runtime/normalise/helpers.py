"""Elements that normalisation adds: they run, but no history or picture shows them."""

import re

from lxml import etree

from engine.runtime.normalise.source import bpmn, line_of

KINDS = ("start", "end", "split", "throw", "merge")
_HELPER = re.compile(rf".*__({'|'.join(KINDS)})", re.DOTALL)


def is_helper(element_id: str) -> bool:
    """Whether an element was added by normalisation: its id ends in `__` and what it does."""
    return _HELPER.fullmatch(element_id) is not None


def owner_of(element_id: str) -> str:
    """The owner's element that a helper belongs to; any other id as it is."""
    while is_helper(element_id):
        element_id = element_id.rpartition("__")[0]
    return element_id


def add_node(scope: etree._Element, kind: str, owner: etree._Element, what: str) -> etree._Element:
    """A helper element that does `what` for its owner, on whose line mistakes are reported."""
    attributes = {"id": f"{owner.get('id', '')}__{what}", "name": owner.get("name", "")}
    node = etree.SubElement(scope, bpmn(kind), attributes)
    node.sourceline = line_of(owner)  # type: ignore[assignment]  # the stubs leave its type open
    return node


def add_flow(scope: etree._Element, source: str, target: str) -> etree._Element:
    """A sequence flow between two elements."""
    attributes = {"id": f"flow_{source}_{target}__", "sourceRef": source, "targetRef": target}
    return etree.SubElement(scope, bpmn("sequenceFlow"), attributes)
