"""Which names can be set when a process comes to an element, and what they can be.

May-analysis: a name counts as set where some way to the element sets it. That is enough to find
the misspelt and the misplaced; a way that sets nothing is told at run time, with the element.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.runtime.elements.scripts import assignments
from engine.runtime.lint.graph import Graph, graphs
from engine.runtime.lint.known import ALWAYS_SET, Known, Names, Values
from engine.runtime.lint.multi import item_of, loop_of
from engine.runtime.lint.page import Page, child_text, properties
from engine.runtime.normalise.source import SCOPES, local
from engine.runtime.normalise.vocabulary import topic_of
from engine.runtime.registry import BOOLEAN, Domain, Operation, Sets

MAX_EFFORT = 1_000_000  # names handed on; a diagram that needs more is refused


def join(*all_names: Names) -> dict[str, Values]:
    """What names can be when they come from several sides."""
    found: dict[str, Values] = {}
    for names in all_names:
        for name, values in names.items():
            old = found.get(name, frozenset())
            found[name] = None if old is None or values is None else old | values
    return found


def from_sets(sets: Sets) -> dict[str, Values]:
    """The names that an operation declares."""
    return {name: _values(domain) for name, domain in sets.items()}


def _values(domain: Domain) -> Values:
    if domain is BOOLEAN:
        return frozenset({True, False})
    return frozenset(domain) if isinstance(domain, tuple) else None


def set_by(node: etree._Element, known: Known) -> dict[str, Values]:
    """The names that an element sets when it is complete; multi-instances leave nothing behind."""
    return {} if loop_of(node) is not None else set_once(node, known)


def set_once(node: etree._Element, known: Known) -> dict[str, Values]:
    """The names that one instance of an element sets."""
    props, kind = properties(node), local(node)
    if kind == "userTask":
        outcome = {f"{node.get('id')}_outcome": known.forms.get(props.get("formKey", ""))}
        return join(_operation(known, props.get("operation", ""), "form"), outcome)
    if kind in ("serviceTask", "sendTask"):
        return _operation(known, topic_of(node), "service")
    if kind == "businessRuleTask":
        return _answer(props, known)
    if kind == "scriptTask":
        return {name: None for name, _ in script_of(node)}
    if kind == "callActivity":
        return sets_of(node.get("calledElement", ""), known)
    return {}


def _answer(props: Mapping[str, str], known: Known) -> dict[str, Values]:
    """A decision's answer under the name that keeps it; a single one can be told in advance."""
    found = known.offered.get(props.get("decisionRef", ""))
    single = props.get("mapDecisionResult") in ("singleEntry", "singleResult")
    variable = props.get("resultVariable", "")
    return {variable: found.answers if found and single else None} if variable else {}


def _operation(known: Known, name: str, kind: str) -> dict[str, Values]:
    found: Operation | None = known.operations.get(name)
    return from_sets(found.sets) if found is not None and found.kind == kind else {}


def script_of(node: etree._Element) -> list[tuple[str, str]]:
    """The assignments of a script task; none when it cannot be read."""
    body, variable = child_text(node, "script") or "", properties(node).get("resultVariable")
    if variable:
        return [(variable, body)]
    try:
        return assignments(body)
    except ValueError:
        return []


def sets_of(process: str, known: Known) -> dict[str, Values]:
    """What a process and all that it calls set."""
    seen: set[str] = set()
    todo = [process]
    while todo:
        key = todo.pop()
        if key in known.processes and key not in seen:
            seen.add(key)
            todo += known.processes[key].calls
    return join(*(known.processes[key].sets for key in sorted(seen)))


def given(page: Page) -> dict[str, Values]:
    """What a process begins with: what the code gives it, its callers have, and it declares."""
    declared = properties(page.process).get("data", "")
    names = {name.strip(): None for name in declared.split(",") if name.strip()}
    return join(ALWAYS_SET, names, page.known.starts.get(page.key, {}))


@dataclass
class Flow:
    """What can be set before and after each element, by id."""

    before: dict[str, dict[str, Values]] = field(default_factory=dict)
    after: dict[str, dict[str, Values]] = field(default_factory=dict)
    complete: bool = True


def solve(page: Page) -> Flow:
    """Follow the flows until nothing new can be set anywhere."""
    flow, effort = Flow(), 0
    found = _Lookup(page)
    todo = dict.fromkeys(found.top.starts, found.top)
    begin = given(page)
    flow.before |= dict.fromkeys(todo, begin)
    while todo and flow.complete:
        key = next(iter(todo))
        graph = todo.pop(key)
        changed = found.step(flow, graph, key)
        todo |= {following: where for where, following in changed}
        targets = (one.get("targetRef", "") for one in graph.out[key])
        effort += len(flow.after[key]) + sum(1 + len(flow.before[one]) for one in targets)
        flow.complete = effort < MAX_EFFORT
    return flow


class _Lookup:
    """How names go from one element to the next."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.graphs = {graph.scope.get("id", ""): graph for graph in graphs(page)}
        self.top = self.graphs[page.process.get("id", "")]
        self.outer = {key: graph for graph in self.graphs.values() for key in graph.nodes}

    def step(self, flow: Flow, graph: Graph, key: str) -> list[tuple[Graph, str]]:
        """Bring an element's names to what follows it; returns what has something new."""
        node = graph.nodes[key]
        before = flow.before[key]
        flow.after[key] = join(flow.after.get(key, {}), before, set_by(node, self.page.known))
        targets: list[tuple[Graph, str, Names]] = [
            (graph, one.get("targetRef", ""), flow.after[key]) for one in graph.out[key]
        ]
        targets += [(graph, event, before) for event in graph.boundary.get(key, ())]
        targets += self._inner(node, before)
        targets += self._out(flow, graph, node)
        return [(where, target) for where, target, names in targets if _give(flow, target, names)]

    def _inner(self, node: etree._Element, before: Names) -> Iterable[tuple[Graph, str, Names]]:
        if local(node) not in SCOPES:
            return []
        inner, loop = self.graphs[node.get("id", "")], loop_of(node)
        item = item_of(loop) if loop is not None else None
        names = join(before, {item: None}) if item else before
        return [(inner, start, names) for start in inner.starts]

    def _out(
        self, flow: Flow, graph: Graph, node: etree._Element
    ) -> Iterable[tuple[Graph, str, Names]]:
        """What a sub-process has set at an end is set behind it."""
        host = graph.scope
        if local(node) != "endEvent" or graph is self.top or loop_of(host) is not None:
            return []
        key, outer = host.get("id", ""), self.outer[host.get("id", "")]
        flow.after[key] = join(flow.after.get(key, {}), flow.after[node.get("id", "")])
        return [(outer, one.get("targetRef", ""), flow.after[key]) for one in outer.out[key]]


def _give(flow: Flow, target: str, names: Names) -> bool:
    old = flow.before.get(target)
    new = join(old or {}, names)
    flow.before[target] = new
    return old is None or new != old
