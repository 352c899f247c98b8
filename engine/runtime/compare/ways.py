"""Sequence flows: ways that opened or closed, and the conditions of those that stayed."""

from collections.abc import Iterator

from engine.runtime.compare.found import Both, Difference, Kind, Mark, changed, told
from engine.runtime.compare.moves import Moves
from engine.runtime.compare.parts import DEFAULT, Diagram, Part, Way
from engine.runtime.compare.routes import comes_from, leads
from engine.runtime.compare.steps import subject
from engine.runtime.compare.words import condition_of, name_of
from engine.text import Text, text


def flows(both: Both, places: Moves) -> Iterator[Difference]:
    """What differs in the ways through the process."""
    fixed = both.common - places.keys()
    for flow in _other_ways(both.after, both.before, both.alone):
        if not _opened_by_move(both, flow.way, places, fixed):
            yield _way(both, flow, Mark.ADDED)
    yield from _conditions(both)
    for flow in _other_ways(both.before, both.after, both.alone):
        if not _closed_by_move(both, flow.way, places, fixed):
            yield _way(both, flow, Mark.REMOVED)


def _other_ways(here: Diagram, there: Diagram, alone: set[str]) -> Iterator[Part]:
    """The flows of one file that the other does not have, except from and to new or missing
    steps."""
    for key, flow in here.flows.items():
        is_there = key in there.flows and there.flows[key].way == flow.way
        if not is_there and alone.isdisjoint(flow.way):
            yield flow


def _opened_by_move(both: Both, way: Way, places: Moves, fixed: set[str]) -> bool:
    """Whether a new way follows from steps that came, went or moved, and needs no words."""
    source, target = way
    if way in both.before.ways:
        return False  # there are two of them now
    if leads(both.before, source, target, fixed) or places.get(target) == source:
        return True
    return source in places and leads(both.before, places[source], target, fixed)


def _closed_by_move(both: Both, way: Way, places: Moves, fixed: set[str]) -> bool:
    """The same of a way that is there no more."""
    source, target = way
    if way in both.after.ways:
        return False
    if leads(both.after, source, target, fixed) or target in places:
        return True
    formerly = comes_from(both.before, source, fixed) if source in places else set()
    return any(leads(both.after, one, target, fixed) for one in formerly)


def _conditions(both: Both) -> Iterator[Difference]:
    for old, new in both.kept():
        if new.tag != "sequenceFlow" or _when(old) == _when(new):
            continue
        values = condition_of(old, both.before, both.say), condition_of(new, both.after, both.say)
        if str(values[0]) == str(values[1]):
            values = old.said.get("condition", ""), new.said.get("condition", "")
        what = subject(both.after, new, name_of("condition"))
        yield changed(Kind.CONDITION, new.id, what, *values)


def _when(flow: Part) -> tuple[str | None, str | None]:
    return flow.said.get(DEFAULT), flow.said.get("condition")


def _way(both: Both, flow: Part, mark: Mark) -> Difference:
    is_new = mark is Mark.ADDED
    here, there = (both.after, both.before) if is_new else (both.before, both.after)
    source, target = (here.call(one) for one in flow.way)
    if flow.way in there.ways:
        words = (
            text("从“{source}”到“{target}”多了一条线")
            if is_new
            else text("从“{source}”到“{target}”少了一条线")
        )
    else:
        words = (
            text("“{source}”之后可到“{target}”")
            if is_new
            else text("“{source}”之后不再到“{target}”")
        )
    when = condition_of(flow, here, both.say)
    has_condition = flow.said.get("condition") or flow.said.get(DEFAULT)
    details = (text("{what}：{value}", what=name_of("condition"), value=when),)
    # a flow that was led elsewhere is in both files
    shown = Mark.CHANGED if flow.key in there.flows else mark
    words = Text(words.template, {"source": source, "target": target})
    return told(Kind.FLOW, flow.id, words, shown, details if is_new and has_condition else ())
