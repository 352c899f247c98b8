"""Every element can be reached, and from every element an end can be."""

from collections.abc import Iterator

from engine.findings import Finding
from engine.runtime.lint.graph import Graph, graphs, reach
from engine.runtime.lint.page import Page
from engine.runtime.normalise.helpers import is_helper
from engine.text import text


def empty_process(page: Page) -> Iterator[Finding]:
    """A process does something."""
    if next(page.own_nodes(), None) is None:
        yield page.error(
            page.process, text("流程里没有任何步骤"), text("画上开始、任务和结束，用顺序流连好")
        )


def unreachable(page: Page) -> Iterator[Finding]:
    """What nothing leads to is never done; only the first of a stray row is named."""
    for graph in graphs(page):
        stray = graph.nodes.keys() - reach(graph.starts, graph.after)
        first = {key for key in stray if not graph.before[key]}
        ring = stray - reach(first, graph.after)
        for key in sorted(first | ring):
            yield page.error(
                graph.nodes[key],
                text("“{name}”永远走不到：没有从开始事件到它的路", name=page.call(key)),
                text("用顺序流把它接到流程里，或删去"),
            )


def dead_ends(page: Page) -> Iterator[Finding]:
    """Where end events are drawn, every path must come to one; what stops short was forgotten."""
    for graph in graphs(page):
        if all(is_helper(key) for key in graph.ends):
            continue
        for key, node in graph.nodes.items():
            if not is_helper(key) and _stops(graph, key):
                yield page.error(
                    node,
                    text("“{name}”后面没有路，走到这里就断了", name=page.call(key)),
                    text("用顺序流接到下一步或一个结束事件"),
                )


def _stops(graph: Graph, key: str) -> bool:
    targets = [flow.get("targetRef", "") for flow in graph.out[key]]
    return bool(targets) and all(target == f"{key}__end" for target in targets)


def endless(page: Page) -> Iterator[Finding]:
    """A circle without a way out never ends."""
    for graph in graphs(page):
        alive = reach(graph.starts, graph.after)
        ending = reach(graph.ends, graph.before)
        for key in sorted(alive - ending):
            if not is_helper(key) and key in reach(graph.after[key], graph.after):
                yield page.error(
                    graph.nodes[key],
                    text("从“{name}”走不到任何结束事件", name=page.call(key)),
                    text("在循环里加一个网关，留一条通往结束的路"),
                )


RULES = (empty_process, unreachable, dead_ends, endless)
