"""Circles in which nothing waits: they are left at once, or never."""

from collections.abc import Iterator

from engine.feel import FeelError, compile_expression
from engine.findings import Finding
from engine.runtime.lint.data import set_by
from engine.runtime.lint.graph import Graph, graphs
from engine.runtime.lint.page import Page
from engine.runtime.normalise.circles import circles
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.source import bpmn, text_of
from engine.text import text

_PASSED = {
    *("exclusiveGateway", "inclusiveGateway", "parallelGateway", "intermediateThrowEvent"),
    *("task", "manualTask", "scriptTask", "serviceTask", "businessRuleTask", "sendTask"),
}


def restless(page: Page) -> Iterator[Finding]:
    """On a circle without a wait something is set that a condition on it asks for."""
    for graph in graphs(page):
        passed = {key for key in graph.nodes if graph.kind(key) in _PASSED}
        along = {key: _targets(graph, key) & passed for key in passed}
        for circle in circles(along):
            found = {name for key in circle for name in set_by(graph.nodes[key], page.known)}
            if found.isdisjoint(_asked(page, graph, circle)):
                key = min(key for key in circle if not is_helper(key))
                yield page.error(
                    graph.nodes[key],
                    text(
                        "“{name}”所在的循环里没有等待，条件也不会变，停不下来", name=page.call(key)
                    ),
                    text("在循环里加一个任务、定时器或消息，或设定条件要问的名称"),
                )


def _targets(graph: Graph, key: str) -> set[str]:
    return {flow.get("targetRef", "") for flow in graph.out[key]}


def _asked(page: Page, graph: Graph, circle: set[str]) -> set[str]:
    """The names that the conditions on the flows of a circle's elements read."""
    functions = dict.fromkeys(page.known.functions, _never)
    found: set[str] = set()
    for flow in (flow for key in circle for flow in graph.out[key]):
        condition = flow.find(bpmn("conditionExpression"))
        if condition is not None:
            try:
                source = text_of(condition).removeprefix("=")
                found |= compile_expression(source, functions=functions).names
            except FeelError:
                continue  # told as what it is
    return found


def _never(*_: object) -> object:
    raise NotImplementedError  # compiled only to see what it reads


RULES = (restless,)
