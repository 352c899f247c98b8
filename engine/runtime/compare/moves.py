"""Steps that follow another one now, or are in somebody else's lane."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from engine.runtime.compare.found import Both, Difference, Kind, changed, told
from engine.runtime.compare.parts import Diagram
from engine.runtime.compare.routes import comes_from, source_of
from engine.runtime.compare.steps import subject
from engine.runtime.compare.words import NOTHING, Words, listed
from engine.text import text

Moves = Mapping[str, str]
"""Steps that moved, each with the one it comes after now."""


def moves(both: Both) -> Moves:
    """Common elements that come after quite others; as few as explain the new order."""
    old = {key: at for at, key in enumerate(both.before.order) if key in both.common}
    new = [key for key in both.after.order if key in both.common]
    stays = {new[at] for at in _rising([old[key] for key in new])}
    found = {}
    for key in new:
        source = source_of(both.after, key)
        if key in stays or source is None:
            continue
        # a longer way to a step changes the order of the walk, and a further way to it is told as
        # a way; neither moves the step
        former = comes_from(both.before, key, both.common)
        if former.isdisjoint(comes_from(both.after, key, both.common)):
            found[key] = source.key
    return found


def _rising(numbers: list[int]) -> Iterator[int]:
    """Where the numbers of a longest rising row among some stand."""
    ends: list[int] = []  # the lowest last number of a row of each length, and where it stands
    places: list[int] = []
    before: list[int | None] = []
    for at, number in enumerate(numbers):
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        places[length : length + 1] = [at]
        before.append(places[length - 1] if length else None)
    last = places[-1] if places else None
    while last is not None:
        yield last
        last = before[last]


def moved(both: Both, places: Moves) -> Iterator[Difference]:
    """Where steps are now."""
    for key, source in places.items():
        part = both.after.nodes[key]
        words = text(
            "“{name}”移到“{after}”之后", name=both.after.call(key), after=both.after.call(source)
        )
        yield told(Kind.MOVED, part.id, words)


def lanes(both: Both) -> Iterator[Difference]:
    """Common elements that somebody else's lane has now."""
    for old, new in both.kept():
        if not new.is_node:
            continue
        left = both.before.lanes.get(old.key, set()) - both.after.lanes.get(new.key, set())
        came = both.after.lanes.get(new.key, set()) - both.before.lanes.get(old.key, set())
        if left or came:
            values = (_call(both.before, left), _call(both.after, came))
            what = subject(both.after, new, text("泳道"))
            yield changed(Kind.MOVED, new.id, what, *values)


def _call(diagram: Diagram, keys: set[str]) -> Words:
    return listed([diagram.call(key) for key in sorted(keys)]) if keys else NOTHING
