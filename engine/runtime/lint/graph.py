"""The flow graph of a process or sub-process, after normalisation has completed it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import flow_nodes, flows, local


@dataclass(eq=False)
class Graph:
    """One scope: nodes by id, flows by where they come from and go to, boundary events by host."""

    scope: etree._Element
    nodes: dict[str, etree._Element] = field(default_factory=dict)
    out: dict[str, list[etree._Element]] = field(default_factory=dict)
    into: dict[str, list[etree._Element]] = field(default_factory=dict)
    boundary: dict[str, list[str]] = field(default_factory=dict)

    def kind(self, key: str) -> str:
        """The BPMN name of a node."""
        return local(self.nodes[key])

    @cached_property
    def after(self) -> Mapping[str, set[str]]:
        """Which nodes can come directly after each: along a flow, or from a host to its events."""
        found = {key: {flow.get("targetRef", "") for flow in self.out[key]} for key in self.nodes}
        for host, events in self.boundary.items():
            found[host] |= set(events)
        return found

    @cached_property
    def before(self) -> Mapping[str, set[str]]:
        """The same backwards."""
        found: dict[str, set[str]] = {key: set() for key in self.nodes}
        for key, targets in self.after.items():
            for target in targets:
                found[target].add(key)
        return found

    @property
    def starts(self) -> list[str]:
        """The start events."""
        return [key for key in self.nodes if self.kind(key) == "startEvent"]

    @property
    def ends(self) -> list[str]:
        """The end events."""
        return [key for key in self.nodes if self.kind(key) == "endEvent"]


def reach(begin: Iterable[str], step: Mapping[str, set[str]]) -> set[str]:
    """Everything that can be reached from `begin`, itself included."""
    seen = set(begin)
    todo = list(seen)
    while todo:
        for key in step[todo.pop()] - seen:
            seen.add(key)
            todo.append(key)
    return seen


def read_graph(scope: etree._Element) -> Graph:
    """The graph of a scope whose ids and references are sound."""
    graph = Graph(scope, {node.get("id", ""): node for node in flow_nodes(scope)})
    graph.out = {key: [] for key in graph.nodes}
    graph.into = {key: [] for key in graph.nodes}
    for flow in flows(scope):
        graph.out[flow.get("sourceRef", "")].append(flow)
        graph.into[flow.get("targetRef", "")].append(flow)
    for key, node in graph.nodes.items():
        if local(node) == "boundaryEvent":
            graph.boundary.setdefault(node.get("attachedToRef", ""), []).append(key)
    return graph


def graphs(page: Page) -> list[Graph]:
    """The graphs of the process and of its sub-processes."""
    return [read_graph(scope) for scope in page.scopes()]
