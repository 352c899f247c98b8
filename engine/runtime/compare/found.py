"""What a comparison finds, and the two files as it goes through them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from engine.runtime.compare.parts import Diagram, Part
from engine.runtime.compare.words import Say, Words
from engine.text import Text, text

USED_BY = {"message", "signal", "error", "escalation"}
FRAMES = {"definitions", "collaboration", "laneSet", "childLaneSet"}  # told by what is in them


class Kind(StrEnum):
    """What sort of difference it is."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    RENAMED = "RENAMED"
    CHANGED = "CHANGED"
    MOVED = "MOVED"
    FLOW = "FLOW"
    CONDITION = "CONDITION"


class Mark(StrEnum):
    """How a picture shows it, the most telling first."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


_MARKS = {Kind.ADDED: Mark.ADDED, Kind.REMOVED: Mark.REMOVED, Kind.MOVED: Mark.MOVED}


@dataclass(frozen=True)
class Difference:
    """One difference: at which element (its id in the newer file, else the older), and what.

    `element` is empty where nothing is drawn; `near` is the step at the beginning of a line, else
    the element. `what`, `old` and `new` say a change in pieces, `details` what a new element
    brings along.
    """

    kind: Kind
    element: str
    words: Text
    mark: Mark
    what: Text | None = None
    old: Words = ""
    new: Words = ""
    details: tuple[Text, ...] = ()
    near: str = ""


def told(
    kind: Kind,
    element: str,
    words: Text,
    mark: Mark | None = None,
    details: tuple[Text, ...] = (),
) -> Difference:
    """A difference that is one sentence."""
    return Difference(kind, element, words, mark or _MARKS.get(kind, Mark.CHANGED), details=details)


def changed(kind: Kind, element: str, what: Text, old: Words, new: Words) -> Difference:
    """A difference from one value to another."""
    words = text("{what}由{old}改为{new}", what=what, old=old, new=new)
    mark = _MARKS.get(kind, Mark.CHANGED)
    return Difference(kind, element, words, mark, what, old, new)


@dataclass(frozen=True)
class Both:
    """The two files, with the same key for the same part."""

    before: Diagram
    after: Diagram
    say: Say

    @cached_property
    def common(self) -> set[str]:
        """The nodes that both have."""
        return self.before.nodes.keys() & self.after.nodes.keys()

    @cached_property
    def alone(self) -> set[str]:
        """The parts that only one has."""
        return self.before.parts.keys() ^ self.after.parts.keys()

    def kept(self) -> Iterator[tuple[Part, Part]]:
        """The parts that both have, in the newer one's order."""
        for key in self.after.order:
            if key in self.before.parts:
                yield self.before.parts[key], self.after.parts[key]


def place_of(diagram: Diagram, part: Part) -> str:
    """The id of the element in the drawing where a part is to be looked for."""
    if part.tag == "process":
        return diagram.users.get(("processRef", part.id), "")
    if part.tag in USED_BY:
        return diagram.users.get((f"{part.tag}Ref", part.id), "")
    return "" if part.tag in FRAMES else part.id
