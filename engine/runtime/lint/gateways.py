"""Gateways ask where they must, and only there."""

from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding
from engine.runtime.lint.graph import Graph, graphs
from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import local
from engine.runtime.normalise.splits import has_condition
from engine.text import text

_CHOICES = ("exclusiveGateway", "inclusiveGateway")
_WAITS = {"intermediateCatchEvent", "receiveTask"}


def missing_defaults(page: Page) -> Iterator[Finding]:
    """A choice with several ways names the one that is taken when no condition holds."""
    for _, node, out in _choices(page):
        if len(out) > 1 and not node.get("default") and not _always(out):
            yield page.error(
                node,
                text("“{name}”没有默认流：条件都不成立时无路可走", name=page.name(node)),
                text("把其中一条不带条件的顺序流设为默认流"),
            )


def _always(out: list[etree._Element]) -> bool:
    """An unconditional way that normalisation has put beside the conditional ones."""
    conditions = [flow.find("{*}conditionExpression") for flow in out]
    return any(one is not None and one.text == "true" and _added(one) for one in conditions)


def _added(condition: etree._Element) -> bool:
    return condition.sourceline is None


def missing_conditions(page: Page) -> Iterator[Finding]:
    """Every other way out of a choice has a condition."""
    for _, node, out in _choices(page):
        for flow in out if len(out) > 1 else []:
            if flow.get("id") != node.get("default") and not has_condition(flow):
                yield page.error(
                    flow,
                    text("“{name}”出去的这条顺序流没有条件", name=page.name(node)),
                    text("写上条件，或把它设为默认流"),
                )


def useless_conditions(page: Page) -> Iterator[Finding]:
    """A condition where nobody asks it: on a default flow, behind other gateways and tasks."""
    for graph in graphs(page):
        for key, out in graph.out.items():
            choice = graph.kind(key) in _CHOICES
            for flow in filter(has_condition, out):
                if not choice:
                    yield page.error(
                        flow,
                        text("“{name}”后面的条件不会被判断", name=page.call(key)),
                        text("在它后面加一个排他网关，把条件写在网关出去的顺序流上"),
                    )
                elif len(out) == 1:
                    yield page.error(
                        flow,
                        text("“{name}”只有这一条路，条件不成立时无路可走", name=page.call(key)),
                        text("删去条件，或加一条默认流"),
                    )
                elif flow.get("id") == graph.nodes[key].get("default"):
                    yield page.warning(
                        flow, text("默认流上的条件不会被判断"), text("删去默认流上的条件")
                    )


def event_gateways(page: Page) -> Iterator[Finding]:
    """Behind an event-based gateway there are at least two waits, each reached only from it."""
    for graph in graphs(page):
        for key, node in graph.nodes.items():
            if local(node) == "eventBasedGateway":
                yield from _event_gateway(page, graph, key)


def _event_gateway(page: Page, graph: Graph, key: str) -> Iterator[Finding]:
    node, targets = graph.nodes[key], [flow.get("targetRef", "") for flow in graph.out[key]]
    if len(targets) < 2:
        yield page.error(
            node,
            text("事件网关“{name}”后面不足两个等待", name=page.call(key)),
            text("至少接两个消息、信号或定时器事件"),
        )
    for target in targets:
        if graph.kind(target) not in _WAITS:
            yield page.error(
                node,
                text("事件网关后面的“{name}”不是等待事件", name=page.call(target)),
                text("事件网关后面只接消息、信号、定时器的中间事件或接收任务"),
            )
        elif len(graph.into[target]) > 1 or graph.boundary.get(target):
            yield page.error(
                graph.nodes[target],
                text("“{name}”在事件网关后面，不能另有入口或边界事件", name=page.call(target)),
                text("给另外的路画一个单独的等待事件"),
            )


def _choices(page: Page) -> Iterator[tuple[Graph, etree._Element, list[etree._Element]]]:
    for graph in graphs(page):
        for key, node in graph.nodes.items():
            if local(node) in _CHOICES:
                yield graph, node, graph.out[key]


def useless_defaults(page: Page) -> Iterator[Finding]:
    """A default flow where all flows are taken."""
    for node in page.nodes("parallelGateway", "eventBasedGateway"):
        if node.get("default"):
            yield page.warning(
                node,
                text("“{name}”的默认流没有意义：每条路都会走，或由事件决定", name=page.name(node)),
                text("删去默认流，需要选择时改为排他或包容网关"),
            )


RULES = (useless_defaults, missing_defaults, missing_conditions, useless_conditions, event_gateways)
