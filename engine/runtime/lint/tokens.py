"""Joins that wait for ever and circles that are never left: the token game is played through all
that a process can come to.

A marking says how many tokens each flow holds (more than two count as two, so that there are
finitely many markings). What can still move moves; where nothing can and a join holds some of its
tokens but not all, it waits for ever. Choices go every way, whatever their conditions say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations

from lxml import etree

from engine.findings import Finding
from engine.runtime.lint.caught import ends_all
from engine.runtime.lint.graph import Graph, graphs, reach
from engine.runtime.lint.page import Page
from engine.runtime.normalise.circles import circles
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.source import bpmn, local
from engine.text import text

MAX_EFFORT = 200_000  # tokens looked at; a diagram beyond this is left to its own tests
_MANY_WAYS = 6  # of an inclusive gateway with more, only single ways and all together are tried
_ONE_WAY = ("exclusiveGateway", "eventBasedGateway")
_ANY_CHOICE = (*_ONE_WAY, "inclusiveGateway")

MOST = 2  # tokens told apart on one flow

Marking = frozenset[tuple[str, int]]
Tokens = dict[str, int]


@dataclass
class Net:
    """A scope as a token game; flows are named by their ids."""

    graph: Graph
    ending: frozenset[str] = frozenset()  # the nodes that end everything
    source: dict[str, str] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for out in self.graph.out.values():
            for flow in out:
                self.source[flow.get("id", "")] = flow.get("sourceRef", "")
                self.target[flow.get("id", "")] = flow.get("targetRef", "")

    @cached_property
    def begin(self) -> Marking:
        """The tokens that the start event gives."""
        return _marking(dict.fromkeys(chain.from_iterable(map(self._out, self.graph.starts)), 1))

    def _out(self, key: str) -> list[str]:
        return [flow.get("id", "") for flow in self.graph.out[key]]

    def into(self, key: str) -> set[str]:
        """The flows that lead to a node."""
        return {flow.get("id", "") for flow in self.graph.into[key]}

    def moves(self, marking: Marking) -> list[Marking]:
        """What can happen next at one node that can move.

        One is enough: a flow is taken by its target alone, so nodes never stop each other, and
        what another could do first it can still do later. An end of everything comes first.
        """
        tokens = dict(marking)
        for key in sorted({self.target[flow] for flow in tokens}, key=self._turns.__getitem__):
            taken = self._taken(key, set(tokens))
            if taken and key in self.ending:
                return [frozenset()]
            if taken:
                return [_moved(tokens, taken, way) for way in self._ways(key)]
        return []

    @cached_property
    def _turns(self) -> dict[str, tuple[int, str]]:
        return {key: self._turn(key) for key in self.graph.nodes}

    def _turn(self, key: str) -> tuple[int, str]:
        joins = ("parallelGateway", "inclusiveGateway")
        late = joins.index(self.graph.kind(key)) + 2 if self.graph.kind(key) in joins else 1
        return (0 if key in self.ending else late, key)

    def _taken(self, key: str, full: set[str]) -> set[str]:
        """The flows that a node takes a token of; none when it has to wait."""
        here = self.into(key) & full
        kind = self.graph.kind(key)
        if kind == "parallelGateway":
            return here if here == self.into(key) else set()
        if kind == "inclusiveGateway":
            return set() if self._may_come(key, full, self.into(key) - here) else here
        return {min(here)}

    def _may_come(self, key: str, marking: set[str], empty: set[str]) -> bool:
        """Whether a token elsewhere can still come to a join along one of its empty flows."""
        full = {self.source[flow] for flow in self.into(key) - empty}
        wanted, around = {self.source[flow] for flow in empty}, self._around(key)
        others = {self.target[flow] for flow in marking} - {key} if empty else set()
        reached = (reach([other], around) for other in others)
        return any(wanted & found and not full & found for found in reached)

    def _around(self, key: str) -> dict[str, set[str]]:
        return {node: after - {key} for node, after in self.graph.after.items()}

    def _ways(self, key: str) -> Iterable[tuple[str, ...]]:
        """What a node can give after it has taken its tokens."""
        out, kind = self._out(key), self.graph.kind(key)
        if kind in _ONE_WAY:
            return [(flow,) for flow in out]
        if kind == "inclusiveGateway" and len(out) > 1:
            return _subsets(out)
        return [tuple(out), *self._boundary_ways(key, out)]

    def _boundary_ways(self, key: str, out: list[str]) -> Iterator[tuple[str, ...]]:
        for event in self.graph.boundary.get(key, ()):
            interrupts = self.graph.nodes[event].get("cancelActivity") != "false"
            yield tuple(self._out(event)) if interrupts else (*out, *self._out(event))


def _marking(tokens: Tokens) -> Marking:
    return frozenset((flow, min(number, MOST)) for flow, number in tokens.items() if number)


def _moved(tokens: Tokens, taken: set[str], given: Iterable[str]) -> Marking:
    left = {flow: number - (flow in taken) for flow, number in tokens.items()}
    for flow in given:
        left[flow] = left.get(flow, 0) + 1
    return _marking(left)


def _subsets(out: list[str]) -> Iterator[tuple[str, ...]]:
    if len(out) > _MANY_WAYS:
        yield from ((flow,) for flow in out)
        yield tuple(out)
        return
    for size in range(1, len(out) + 1):
        yield from combinations(out, size)


@dataclass
class Played:
    """What a game came to: joins that can wait for ever, each with the first marking in which one
    does; and whether the scope can come to its end."""

    stuck: dict[str, Marking] = field(default_factory=dict)
    ends: bool = False


def play(net: Net) -> Played:
    """Play through all that a scope can come to."""
    seen, todo, effort = {net.begin}, [net.begin], 0
    found = Played()
    while todo and effort < MAX_EFFORT:
        marking = todo.pop()
        effort += len(marking) + 1
        following = set(net.moves(marking))
        if not following:
            for key in {net.target[flow] for flow, _ in marking}:
                found.stuck.setdefault(key, marking)
        todo += following - seen
        seen |= following
    found.ends = bool(todo) or frozenset() in seen
    return found


def joins_and_circles(page: Page) -> Iterator[Finding]:
    """A join is reached along all its flows, and every circle can be left."""
    for graph in graphs(page):
        net = Net(graph, _ending(page, graph))
        found = play(net)
        for key, marking in sorted(found.stuck.items()):
            yield _waiting(page, net, key, marking)
        if not found.stuck and not found.ends and not _interrupted(page, graph.scope):
            yield from _endless(page, graph)


def _waiting(page: Page, net: Net, key: str, marking: Marking) -> Finding:
    missing = sorted({net.source[flow] for flow in net.into(key) - dict(marking).keys()})
    return page.error(
        net.graph.nodes[key],
        text(
            "并行汇聚“{name}”会一直等下去：来自“{missing}”的那条路不一定走到",
            name=page.call(key),
            missing="”“".join(map(page.call, missing)),
        ),
        text("由排他或包容网关分开的路，用同一种网关汇合；并行汇聚只接并行分出的路"),
    )


def _interrupted(page: Page, scope: etree._Element) -> bool:
    """Whether an event around a scope may end it, or around a call of the process."""
    around = {one.get("id") for one in (scope, *scope.iterancestors())}
    edges = (one for one in page.nodes("boundaryEvent") if one.get("cancelActivity") != "false")
    inside = (one.get("attachedToRef") in around for one in edges)
    return any(inside) or any(page.key in one.calls for one in page.known.processes.values())


def _chooses(graph: Graph, key: str) -> bool:
    return graph.kind(key) in _ANY_CHOICE and len(graph.out[key]) > 1


def _endless(page: Page, graph: Graph) -> Iterator[Finding]:
    """The circles that each token goes round for ever, though a branch of them leads to an end."""
    ending = reach(graph.ends, graph.before)
    sure = {key: graph.after[key] for key in ending if not _chooses(graph, key)}
    for circle in circles(sure):
        key = min(key for key in circle if not is_helper(key))
        yield page.error(
            graph.nodes[key],
            text("“{name}”所在的循环没有出口：每走一遍又来一遍，永远办不完", name=page.call(key)),
            text("在循环里加一个排他网关，留一条走出循环的路"),
        )


def _ending(page: Page, graph: Graph) -> frozenset[str]:
    """Terminating ends, and what is sent to a boundary event that interrupts this scope."""
    terminating = bpmn("terminateEventDefinition")
    return frozenset(
        key
        for key, node in graph.nodes.items()
        if local(node) in ("endEvent", "intermediateThrowEvent")
        and (node.find(terminating) is not None or ends_all(page, node))
    )


RULES = (joins_and_circles,)
