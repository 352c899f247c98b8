"""A diagram as the rules see it: its main process, its elements, and how to report on them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from engine.findings import Finding, Level, short
from engine.runtime.lint.known import Known
from engine.runtime.normalise.helpers import is_helper, owner_of
from engine.runtime.normalise.source import (
    FLOW_NODES,
    bpmn,
    flow_nodes,
    flows,
    line_of,
    local,
    scopes,
    text_of,
)
from engine.runtime.normalise.vocabulary import properties_of
from engine.text import Text

_SHOWN = FLOW_NODES | {"sequenceFlow", "process", "lane", "participant"}
_SHOWN |= {"message", "signal", "error", "escalation", "definitions"}


@dataclass
class Page:
    """One process of one file. Rules get it as the owner drew it, then with its graph completed."""

    root: etree._Element
    process: etree._Element
    known: Known
    key: str
    complete: bool = False
    cache: dict[str, object] = field(default_factory=dict, repr=False)

    def error(self, node: etree._Element, message: Text, remedy: Text) -> Finding:
        """A mistake on the line of `node`, named after the element that holds it."""
        return self._finding(Level.ERROR, node, message, remedy)

    def warning(self, node: etree._Element, message: Text, remedy: Text) -> Finding:
        """Something to look at; it does not keep the file from being published."""
        return self._finding(Level.WARNING, node, message, remedy)

    def _finding(self, level: Level, node: etree._Element, message: Text, remedy: Text) -> Finding:
        holder = self.holder(node)
        line = line_of(node) if isinstance(node.sourceline, int) else line_of(holder)
        key = holder.get("id", "")
        element = short(owner_of(key) if self.complete else key, 120)
        return Finding(level, element, self.name(holder), line, message, remedy)

    def holder(self, node: etree._Element) -> etree._Element:
        """The element of the diagram that `node` belongs to, and that has an id."""
        found: etree._Element | None = node
        while found is not None and not (local(found) in _SHOWN and found.get("id")):
            found = found.getparent()
        return self.process if found is None else found

    def name(self, node: etree._Element) -> str:
        """What people call an element: its name, else its id."""
        return short(node.get("name") or owner_of(node.get("id", "")))

    @cached_property
    def named(self) -> dict[str, str]:
        """The names of all flow nodes by id."""
        return {node.get("id", ""): self.name(node) for node in self.nodes()}

    def call(self, element_id: str) -> str:
        """What people call the element of an id."""
        owner = self.named.get(owner_of(element_id))
        return owner or self.named.get(element_id) or short(element_id)

    def scopes(self) -> list[etree._Element]:
        """The process and its sub-processes."""
        return list(scopes(self.process))

    def nodes(self, *kinds: str) -> Iterator[etree._Element]:
        """The flow nodes of all scopes, of these kinds if any are given."""
        for scope in self.scopes():
            for node in flow_nodes(scope):
                if not kinds or local(node) in kinds:
                    yield node

    def own_nodes(self, *kinds: str) -> Iterator[etree._Element]:
        """The same without what normalisation has added."""
        return (node for node in self.nodes(*kinds) if not is_helper(node.get("id", "")))

    def flows(self) -> Iterator[etree._Element]:
        """The sequence flows of all scopes."""
        for scope in self.scopes():
            yield from flows(scope)


def properties(node: etree._Element) -> dict[str, str]:
    """The vocabulary of an element: camunda attributes and properties, white space stripped."""
    return {key: value.strip() for key, value in properties_of(node).items()}


def child_text(node: etree._Element, tag: str) -> str | None:
    """The text of a BPMN child; None when there is no such child."""
    found = node.find(bpmn(tag))
    return None if found is None else text_of(found)
