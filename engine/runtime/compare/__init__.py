"""What differs between two versions of a diagram, in words an official understands.

It stands on the same reading as engine.runtime.same: whatever makes two files differ there is told
here, only where things are drawn is not. Elements are the same by their id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine.runtime.compare.found import Both, Difference, Kind, Mark, told
from engine.runtime.compare.moves import lanes, moved, moves
from engine.runtime.compare.parts import line_up, read_diagram
from engine.runtime.compare.steps import added, changes, removed
from engine.runtime.compare.ways import flows
from engine.runtime.compare.words import Say
from engine.runtime.same import first_difference
from engine.text import text

__all__ = ["Comparison", "Difference", "Kind", "Mark", "Marks", "Say", "compare", "contrast"]

Marks = Mapping[str, tuple[Mark, ...]]


@dataclass(frozen=True)
class Comparison:
    """The differences, what was added first, and how each picture marks its elements by id."""

    differences: list[Difference]
    old: Marks
    new: Marks


def compare(old: bytes, new: bytes, say: Say | None = None) -> list[Difference]:
    """The differences from `old` to `new`. Raises DiagramRefused."""
    return contrast(old, new, say).differences


def contrast(old: bytes, new: bytes, say: Say | None = None) -> Comparison:
    """The differences and the marks. `say` puts names of the vocabulary into words."""
    after = read_diagram(new)
    both = Both(line_up(read_diagram(old), after), after, say or _as_written)
    lines = {
        flow.id: flow.way[0]
        for diagram in (both.before, both.after)
        for flow in diagram.flows.values()
        if flow.id
    }
    found = [replace(one, near=lines.get(one.element, one.element)) for one in _found(both)]
    if not found:
        found = [*_anything(old, new)]
    return Comparison(found, *_marks(both, found))


def _as_written(key: str, value: str) -> None:  # noqa: ARG001
    return None


def _found(both: Both) -> Iterator[Difference]:
    for find in (added, removed, changes, lanes):
        yield from find(both)
    places = moves(both)
    yield from moved(both, places)
    yield from flows(both, places)


def _anything(old: bytes, new: bytes) -> Iterator[Difference]:
    """What none of the above has words for, such as the order of two settings."""
    where = first_difference(old, new, drawing=False)
    if where is not None:
        yield told(Kind.CHANGED, "", text("文件另有不同：{where}", where=where))


def _marks(both: Both, found: list[Difference]) -> tuple[Marks, Marks]:
    old: dict[str, set[Mark]] = {}
    new: dict[str, set[Mark]] = {}
    formerly = {after.id: before.id for before, after in both.kept()}
    for one in found:
        if one.mark is not Mark.ADDED:
            old.setdefault(formerly.get(one.element, one.element), set()).add(one.mark)
        if one.mark is not Mark.REMOVED:
            new.setdefault(one.element, set()).add(one.mark)
    _mark_lines(both, old, new)
    return _ordered(old), _ordered(new)


def _mark_lines(both: Both, old: dict[str, set[Mark]], new: dict[str, set[Mark]]) -> None:
    """Flows that the list leaves to the steps at their ends."""
    before, after = both.before.flows, both.after.flows
    for key in before.keys() - after.keys():
        old[before[key].id] = {Mark.REMOVED}
    for key in after.keys() - before.keys():
        new[after[key].id] = {Mark.ADDED}
    for key in before.keys() & after.keys():
        if before[key].way != after[key].way:
            old.setdefault(before[key].id, set()).add(Mark.CHANGED)
            new.setdefault(after[key].id, set()).add(Mark.CHANGED)


def _ordered(marks: dict[str, set[Mark]]) -> Marks:
    return {key: tuple(one for one in Mark if one in found) for key, found in marks.items() if key}
