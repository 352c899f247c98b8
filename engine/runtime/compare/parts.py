"""A diagram as its differences are told: parts that stand for themselves, and the ways between."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from engine.runtime.compare.settings import IDS, is_part, settings
from engine.runtime.said import Said, local, read_said

FLOW_NODES = (
    *("Task", "task", "Event", "Gateway", "callActivity"),
    *("subProcess", "SubProcess", "transaction"),
)
ALONE = {"definitions", "collaboration", "laneSet", "childLaneSet"}  # known by where they are
SCOPES = {"subProcess", "adHocSubProcess", "transaction"}
DEFAULT = "isDefault"  # said of a flow, because the gateway only says its id

Way = tuple[str, str]


@dataclass
class Part:
    """An element that stands for itself. `key` is the same in both files; `id` is the file's."""

    key: str
    id: str
    tag: str
    name: str
    said: dict[str, str]
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
    """The parts of a file by key."""

    parts: dict[str, Part] = field(default_factory=dict)

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
        """The flows into a node."""
        found: dict[str, list[Part]] = {}
        for flow in self.flows.values():
            found.setdefault(flow.way[1], []).append(flow)
        return found

    @cached_property
    def order(self) -> list[str]:
        """Nodes from the start on, each before what follows it; then all the rest."""
        after = {key: [*found] for key, found in self.onward.items()}
        for node in self.nodes.values():
            after.setdefault(node.said.get("attachedToRef", ""), []).append(node.key)
        found: dict[str, None] = {}
        queue = [key for key, node in self.nodes.items() if node.tag == "startEvent"]
        while queue:
            key = queue.pop(0)
            if key not in found and key in self.nodes:
                found[key] = None
                queue += after.get(key, [])
        return [*found, *(key for key in self.parts if key not in found)]

    def call(self, key: str) -> str:
        """What people call the part of a key."""
        return self.parts[key].shown if key in self.parts else key


def read_diagram(source: bytes) -> Diagram:
    """The parts of a BPMN file. Raises DiagramRefused."""
    root = read_said(source, drawing=False)
    diagram, kinds = Diagram(), Counter(local(one) for one in root.children)
    for holder, one in _parts(root):
        part = _part(one, holder, lonely=kinds["process"] == 1)
        while part.key in diagram.parts:
            part.key += "+"
        diagram.parts[part.key] = part
    _mark_defaults(diagram)
    return diagram


def _parts(root: Said) -> Iterator[tuple[Said | None, Said]]:
    """Each part with the one that holds it, as the file has them one after another."""
    found: list[tuple[Said | None, Said]] = [(None, root)]
    for _, one in found:
        found += ((one, child) for child in one.children if is_part(one, child))
    return iter(sorted(found, key=lambda pair: pair[1].line))


def _part(one: Said, holder: Said | None, *, lonely: bool) -> Part:
    tag, said = local(one), settings(one)
    attributes = dict(one.attributes)
    identity = attributes.get("id", "")
    is_alone = tag in ALONE or (tag == "process" and lonely)
    members = [child.words for child in one.children if local(child) == "flowNodeRef"]
    if holder is not None and (
        local(holder) in SCOPES or (local(holder) == "process" and not lonely)
    ):
        said["within"] = dict(holder.attributes).get("id", "")
    return Part(
        key=tag if is_alone or not identity else identity,
        id=identity,
        tag=tag,
        name=attributes.get("name", ""),
        said=said,
        members=tuple(members),
    )


def _mark_defaults(diagram: Diagram) -> None:
    for part in diagram.parts.values():
        flow = diagram.flows.get(part.said.get("default", ""))
        if flow is not None:
            flow.said[DEFAULT] = part.said.pop("default")


def line_up(before: Diagram, after: Diagram) -> Diagram:
    """The older diagram with the newer one's keys for what was only drawn anew.

    A lane, a message or a line is the same with another id; a step is not, because its id is in
    the names of what it decides.
    """
    fresh: dict[tuple[str, ...], list[str]] = {}
    for key, part in after.parts.items():
        if key not in before.parts and not part.is_node:
            fresh.setdefault(_like(part), []).append(key)
    alias = {}
    for key, part in before.parts.items():
        if key not in after.parts and not part.is_node and fresh.get(_like(part)):
            alias[key] = fresh[_like(part)].pop(0)
    return Diagram(
        {alias.get(key, key): _renamed(part, alias) for key, part in before.parts.items()}
    )


def _like(part: Part) -> tuple[str, ...]:
    return (
        (part.tag, *part.way)
        if any(part.way)
        else (part.tag, part.name or part.said.get("text", ""))
    )


def _renamed(part: Part, alias: dict[str, str]) -> Part:
    if not alias:
        return part
    said = {
        key: alias.get(value, value) if key.endswith("Ref") or key == "within" else value
        for key, value in part.said.items()
    }
    return Part(alias.get(part.key, part.key), part.id, part.tag, part.name, said, part.members)


__all__ = ["DEFAULT", "IDS", "Diagram", "Part", "line_up", "read_diagram"]
