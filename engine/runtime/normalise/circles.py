"""Circles in a diagram, and the merge that the library needs in some of them."""

from collections.abc import Iterator, Mapping, Set

from lxml import etree

from engine.runtime.normalise.helpers import add_flow, add_node
from engine.runtime.normalise.source import flow_nodes, flows, local

CHOICES = ("exclusiveGateway", "inclusiveGateway")


def add_merges(scope: etree._Element) -> None:
    """Put an exclusive merge, which changes nothing, on each flow that closes a circle without a
    choice. The library foresees all that is sure to come, and of such a circle there is no end."""
    nodes = {node.get("id", ""): node for node in flow_nodes(scope)}
    out: dict[str, list[etree._Element]] = {key: [] for key in nodes}
    for flow in flows(scope):
        source = nodes.get(flow.get("sourceRef", ""))
        if source is not None and flow.get("targetRef") in nodes and local(source) not in CHOICES:
            out[flow.get("sourceRef", "")].append(flow)
    for flow in _closing(out):
        source = nodes[flow.get("sourceRef", "")]
        if local(source) != "eventBasedGateway" or _may_follow(nodes[flow.get("targetRef", "")]):
            _merge(scope, flow, source)


def _may_follow(node: etree._Element) -> bool:
    """Whether a merge may stand before this behind an event gateway: not before an event, which
    has to follow the gateway directly (two ways into one are refused)."""
    return local(node) not in ("intermediateCatchEvent", "receiveTask")


def _closing(out: Mapping[str, list[etree._Element]]) -> Iterator[etree._Element]:
    """A flow of every circle: those that lead back to where a walk in depth still is."""
    seen: set[str] = set()
    for first in out:
        path = {first: iter(out[first])} if first not in seen else {}
        seen.add(first)
        while path:
            here = next(reversed(path))
            flow = next(path[here], None)
            target = "" if flow is None else flow.get("targetRef", "")
            if flow is None:
                del path[here]
            elif target in path:
                yield flow
            elif target not in seen:
                seen.add(target)
                path[target] = iter(out[target])


def _merge(scope: etree._Element, flow: etree._Element, source: etree._Element) -> None:
    merge, target = add_node(scope, "exclusiveGateway", flow, "merge"), flow.get("targetRef", "")
    merge.set("name", source.get("name", ""))
    flow.set("targetRef", merge.get("id", ""))
    add_flow(scope, merge.get("id", ""), target)


def circles(after: Mapping[str, Set[str]]) -> list[set[str]]:
    """The nodes that lie on circles, those that lead to one another together (Tarjan's walk)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    held: dict[str, None] = {}
    found: list[set[str]] = []
    for first in after:
        todo = [(first, iter(sorted(after[first])))] if first not in number else []
        while todo:
            key, following = todo[-1]
            if key not in number:
                number[key] = low[key] = len(number)
                held[key] = None
            step = next((one for one in following if one in after), None)
            if step is None:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[key])
                if low[key] == number[key]:
                    found.append(_let_go(held, key))
            elif step not in number:
                todo.append((step, iter(sorted(after[step]))))
            elif step in held:
                low[key] = min(low[key], number[step])
    return [one for one in found if len(one) > 1 or one & after[next(iter(one))]]


def _let_go(held: dict[str, None], key: str) -> set[str]:
    together = set()
    while key not in together:
        together.add(held.popitem()[0])
    return together
