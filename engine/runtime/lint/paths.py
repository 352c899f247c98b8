"""Every element can be reached, and from every element an end can be."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from engine.findings import Finding
from engine.runtime.lint.graph import Graph, graphs, reach
from engine.runtime.lint.page import Page
from engine.runtime.normalise.circles import CHOICES, circles
from engine.runtime.normalise.helpers import is_helper
from engine.text import text

MOST_FORESEEN = 3000  # tasks; writing them down takes as many tenths of a millisecond at each step


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
        lost = alive - ending
        for key in sorted(set().union(*circles({key: graph.after[key] for key in lost}))):
            if not is_helper(key):
                yield page.error(
                    graph.nodes[key],
                    text("从“{name}”走不到任何结束事件", name=page.call(key)),
                    text("在循环里加一个网关，留一条通往结束的路"),
                )


def too_wide(page: Page) -> Iterator[Finding]:
    """The engine writes down all that is sure to come after a step, each branch for itself: what
    is split again and again without a choice between grows beyond any bound."""
    for graph in graphs(page):
        sizes = _foreseen(graph)
        wide = [key for key, size in sizes.items() if size > MOST_FORESEEN]
        if wide:
            key = min(wide, key=lambda one: sizes[one])
            yield page.error(
                graph.nodes[key],
                text("“{name}”之后并行分出的路太多，引擎展开不了", name=page.call(key)),
                text("先汇合再分开，中间隔一个排他网关，或把一部分移到子流程里"),
            )


def _foreseen(graph: Graph) -> dict[str, int]:
    """How many tasks are foreseen from each element on; a choice ends what is sure."""
    targets = {key: [flow.get("targetRef", "") for flow in out] for key, out in graph.out.items()}
    sure = {key: [] if graph.kind(key) in CHOICES else found for key, found in targets.items()}
    sizes: dict[str, int] = {}
    try:
        for key in TopologicalSorter(sure).static_order():
            sizes[key] = 1 + len(targets[key]) + sum(sizes[one] for one in sure[key])
    except CycleError:
        return {}  # a circle that normalisation leaves alone is refused for what it is
    return sizes


RULES = (empty_process, unreachable, dead_ends, endless, too_wide)
