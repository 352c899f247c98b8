"""A diagram as its differences are told: parts that stand for themselves, and the ways between."""

from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from engine.runtime.compare.settings import (
    DEFAULT,
    IDS,
    MEMBER,
    THERE,
    WITHIN,
    is_part,
    settings,
)
from engine.runtime.normalise import BPMN
from engine.runtime.said import Said, local, read_said

FLOW_NODES = (
    *("Task", "task", "Event", "Gateway", "callActivity"),
    *("subProcess", "SubProcess", "transaction"),
)
ALONE = {"definitions", "collaboration", "laneSet", "childLaneSet"}  # known by where they are
SCOPES = {"process", "subProcess", "adHocSubProcess", "transaction"}

Way = tuple[str, str]


@dataclass
class Part:
    """An element that stands for itself. `key` is the same in both files; `id` is the file's.

    `said` has its settings and `places` where they stand, `raw` all of it as the file has it.
    """

    key: str
    id: str
    tag: str
    name: str
    said: dict[str, str]
    places: dict[str, tuple[str, ...]]
    raw: Said
    members: tuple[str, ...] = ()  # of a lane

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.name or " ".join(self.said.get("text", "").split())[:20] or self.id

    @property
    def is_node(self) -> bool:
        """Whether it is a step, an event or a gateway."""
        return self.tag.endswith(FLOW_NODES)

    @property
    def way(self) -> Way:
        """From where to where, of a flow or any other line."""
        return self.said.get("sourceRef", ""), self.said.get("targetRef", "")


@dataclass
class Diagram:
    """The parts of a file by key. `alias` leads from a file's own key to the other's."""

    parts: dict[str, Part] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> dict[str, Part]:
        """Steps, events and gateways."""
        return {key: part for key, part in self.parts.items() if part.is_node}

    @cached_property
    def flows(self) -> dict[str, Part]:
        """The sequence flows."""
        return {key: part for key, part in self.parts.items() if part.tag == "sequenceFlow"}

    @cached_property
    def ways(self) -> set[Way]:
        """From where to where one comes."""
        return {flow.way for flow in self.flows.values()}

    @cached_property
    def lanes(self) -> dict[str, set[str]]:
        """The lanes of each node."""
        found: dict[str, set[str]] = {}
        for part in self.parts.values():
            for member in part.members:
                found.setdefault(member, set()).add(part.key)
        return found

    @cached_property
    def onward(self) -> dict[str, list[str]]:
        """What follows a node directly."""
        found: dict[str, list[str]] = {}
        for flow in self.flows.values():
            found.setdefault(flow.way[0], []).append(flow.way[1])
        return found

    @cached_property
    def inward(self) -> dict[str, list[str]]:
        """What a node follows directly."""
        found: dict[str, list[str]] = {}
        for flow in self.flows.values():
            found.setdefault(flow.way[1], []).append(flow.way[0])
        return found

    @cached_property
    def arriving(self) -> dict[str, list[Part]]:
        """The flows into a node, in the file's order."""
        return _by_end(self.flows.values(), 1)

    @cached_property
    def leaving(self) -> dict[str, list[Part]]:
        """The flows out of a node, in the file's order, which is the one the engine asks in."""
        return _by_end(self.flows.values(), 0)

    @cached_property
    def users(self) -> dict[tuple[str, str], str]:
        """Which step or pool (its id) refers to something, by the reference and what it names."""
        found: dict[tuple[str, str], str] = {}
        for part in self.parts.values():
            if part.is_node or part.tag == "participant":
                for key, value in part.said.items():
                    found.setdefault((key, value), part.id)
        return found

    @cached_property
    def order(self) -> list[str]:
        """Nodes from the start on, each before what follows it; then all the rest."""
        after = {key: [*found] for key, found in self.onward.items()}
        for node in self.nodes.values():
            after.setdefault(node.said.get("attachedToRef", ""), []).append(node.key)
        found: dict[str, None] = {}
        queue = deque(key for key, node in self.nodes.items() if node.tag == "startEvent")
        while queue:
            key = queue.popleft()
            if key not in found and key in self.nodes:
                found[key] = None
                queue += after.get(key, [])
        return [*found, *(key for key in self.parts if key not in found)]

    @cached_property
    def namesakes(self) -> set[str]:
        """What more than one step, event or gateway is called."""
        counts = Counter(node.shown for node in self.nodes.values())
        return {name for name, times in counts.items() if times > 1}

    def call(self, key: str) -> str:
        """What people call the part of a key; with its id where another step is called the same,
        so that none is taken for another."""
        part = self.parts.get(key)
        if part is None:
            return key
        is_shared = part.is_node and part.shown in self.namesakes and part.shown != part.id
        return f"{part.shown}（{part.id}）" if is_shared else part.shown


def _by_end(flows: Iterable[Part], end: int) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for flow in flows:
        found.setdefault(flow.way[end], []).append(flow)
    return found


def read_diagram(source: bytes) -> Diagram:
    """The parts of a BPMN file. Raises DiagramRefused."""
    root = read_said(source, drawing=False)
    diagram, main = Diagram(), _main(root)
    again: Counter[str] = Counter()
    for holder, one in _parts(root):
        part = _part(one, holder, main)
        part.key = _free(part.key, diagram.parts, again)
        diagram.parts[part.key] = part
    _mark_defaults(diagram)
    return diagram


def _main(root: Said) -> Said | None:
    """The process that the others are beside."""
    found = [one for one in root.children if one.tag == f"{{{BPMN}}}process"]
    marked = (one for one in found if dict(one.attributes).get("isExecutable") in ("true", "1"))
    return next(marked, min(found, key=lambda one: one.at, default=None))


def _free(key: str, taken: Container[str], again: Counter[str]) -> str:
    """A key for what has no id, or one that is there already."""
    found = key
    while found in taken:
        again[key] += 1
        found = f"{key}+{again[key]}"
    return found


def _parts(root: Said) -> Iterator[tuple[Said | None, Said]]:
    """Each part with the one that holds it, as the file has them one after another."""
    found: list[tuple[Said | None, Said]] = [(None, root)]
    for _, one in found:
        found += ((one, child) for child in one.children if is_part(one, child))
    return iter(sorted(found, key=lambda pair: pair[1].at))


def _part(one: Said, holder: Said | None, main: Said | None) -> Part:
    tag, found = local(one), settings(one)
    attributes = dict(one.attributes)
    identity = attributes.get("id", "")
    is_alone = tag in ALONE or one is main
    said = dict(found.values)
    if holder is not None and holder is not main and local(holder) in SCOPES:
        said[WITHIN] = dict(holder.attributes).get("id", "")
    return Part(
        key=f"<{tag}>" if is_alone or not identity else identity,
        id=identity,
        tag=tag,
        name=attributes.get("name", ""),
        said=said,
        places=found.places,
        raw=_own(one),
        members=tuple(child.words for child in one.children if child.tag == MEMBER),
    )


def _own(one: Said) -> Said:
    """A part without those it holds and without its name, which is compared by itself."""
    inner = (child for child in one.children if not is_part(one, child) and child.tag != MEMBER)
    return replace(one, attributes=_without(one.attributes, "name"), children=tuple(inner))


def _without(attributes: tuple[tuple[str, str], ...], name: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in attributes if pair[0] != name)


def _mark_defaults(diagram: Diagram) -> None:
    for part in diagram.parts.values():
        flow = diagram.flows.get(part.said.get("default", ""))
        if flow is not None and flow.way[0] == part.key:  # of others it is none
            del part.said["default"]
            flow.said[DEFAULT] = THERE
            part.raw = replace(part.raw, attributes=_without(part.raw.attributes, "default"))


def line_up(before: Diagram, after: Diagram) -> Diagram:
    """The older diagram with the newer one's keys for what was only drawn anew.

    A lane, a message or a line is the same with another id; a step is not, because its id is in
    the names of what it decides.
    """
    fresh: dict[tuple[str, ...], deque[str]] = {}
    for key, part in after.parts.items():
        if key not in before.parts and not part.is_node:
            fresh.setdefault(_like(part), deque()).append(key)
    alias = {}
    for key, part in before.parts.items():
        if key not in after.parts and not part.is_node and fresh.get(_like(part)):
            alias[key] = fresh[_like(part)].popleft()
    return Diagram(
        {alias.get(key, key): _renamed(part, alias) for key, part in before.parts.items()}, alias
    )


def _like(part: Part) -> tuple[str, ...]:
    return (
        (part.tag, *part.way)
        if any(part.way)
        else (part.tag, part.name or part.said.get("text", ""))
    )


def with_aliases(one: Said, alias: dict[str, str]) -> Said:
    """What an older part says, in the newer one's keys."""
    attributes = ((key, alias.get(value, value)) for key, value in one.attributes)
    children = (with_aliases(child, alias) for child in one.children)
    words = alias.get(one.words, one.words)
    return replace(one, attributes=tuple(attributes), words=words, children=tuple(children))


def _renamed(part: Part, alias: dict[str, str]) -> Part:
    if not alias:
        return part
    said = {
        key: alias.get(value, value) if key.endswith("Ref") or key == WITHIN else value
        for key, value in part.said.items()
    }
    return replace(part, key=alias.get(part.key, part.key), said=said)


__all__ = ["DEFAULT", "IDS", "Diagram", "Part", "line_up", "read_diagram", "with_aliases"]
