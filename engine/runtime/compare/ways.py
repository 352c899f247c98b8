"""Sequence flows: ways that opened or closed, and the conditions of those that stayed.

Every flow that is new is told, with the condition it is taken on, unless a sentence about a step
has said as much: that a step was put between two others, was taken out from between them, or is
behind another one now. Whatever forks, joins, or asks for anything is no such plain case.
"""

from collections.abc import Iterator

from engine.runtime.compare.found import Both, Difference, Kind, Mark, changed, told
from engine.runtime.compare.moves import Moves
from engine.runtime.compare.parts import DEFAULT, Diagram, Part, Way
from engine.runtime.compare.routes import comes_from, leads, source_of, straight
from engine.runtime.compare.steps import is_asked, subject
from engine.runtime.compare.words import Words, condition_of, listed, name_of
from engine.text import Text, text


def flows(both: Both, places: Moves) -> Iterator[Difference]:
    """What differs in the ways through the process."""
    plain = _Plain(both, both.common - places.keys())
    for flow in _other_ways(both.after, both.before):
        if not (_is_said(both, flow, places) or plain(flow)):
            yield _way(both, flow, Mark.ADDED)
    yield from _conditions(both)
    yield from _turns(both)
    for flow in _other_ways(both.before, both.after):
        if both.alone.isdisjoint(flow.way) and not _closed(both, flow.way, places, plain.fixed):
            yield _way(both, flow, Mark.REMOVED)


def _other_ways(here: Diagram, there: Diagram) -> Iterator[Part]:
    """The flows of one file that the other does not have."""
    for key, flow in here.flows.items():
        if key not in there.flows or there.flows[key].way != flow.way:
            yield flow


def _is_said(both: Both, flow: Part, places: Moves) -> bool:
    """Whether a sentence about the step it leads to leaves nothing to say about a new flow."""
    source, target = flow.way
    if target in both.after.nodes and target not in both.before.nodes:
        behind = source_of(both.after, target)
        first = both.after.arriving[target][0]
        return behind is not None and behind.key == source and first is flow
    return places.get(target) == source and not is_asked(flow)


class _Plain:
    """Which new flows belong to a way that steps only made longer or shorter."""

    def __init__(self, both: Both, fixed: set[str]) -> None:
        self.both = both
        self.fixed = fixed
        self._gone: dict[str, set[tuple[object, ...]]] = {}

    def __call__(self, flow: Part) -> bool:
        first = self._beginning(self.both.after, flow)
        source = first.way[0] if first else ""
        here, there = (
            len(at.leaving.get(source, [])) for at in (self.both.after, self.both.before)
        )
        if first is None or here != there:
            return False  # or one way became two
        target = flow.way[1]
        if target not in self._gone:
            self._gone[target] = set(self._former(target))
        return (source, when(first)) in self._gone[target]

    def _beginning(self, diagram: Diagram, flow: Part) -> Part | None:
        """The flow out of a fixed element that leads straight to this one, unasked."""
        way = [*straight(diagram, flow, self.fixed)]
        is_plain = way[-1].way[0] in self.fixed and not any(map(is_asked, way[:-1]))
        return way[-1] if is_plain else None

    def _former(self, target: str) -> Iterator[tuple[object, ...]]:
        """The ways that led to an element and do so no more: where from, and when."""
        for flow in self.both.before.arriving.get(target, []):
            first = self._beginning(self.both.before, flow)
            if first is not None and not (self._stays(flow) and self._stays(first)):
                yield first.way[0], when(first)

    def _stays(self, flow: Part) -> bool:
        kept = self.both.after.flows.get(flow.key)
        return kept is not None and kept.way == flow.way


def _closed(both: Both, way: Way, places: Moves, fixed: set[str]) -> bool:
    """Whether a way that is there no more follows from steps that came or moved."""
    source, target = way
    if way in both.after.ways:
        return False  # there were two of them
    if leads(both.after, source, target, fixed) or target in places:
        return True
    formerly = comes_from(both.before, source, fixed) if source in places else set()
    return any(leads(both.after, one, target, fixed) for one in formerly)


def _conditions(both: Both) -> Iterator[Difference]:
    for old, new in both.kept():
        if new.tag != "sequenceFlow" or when(old) == when(new):
            continue
        values = condition_of(old, both.before, both.say), condition_of(new, both.after, both.say)
        if str(values[0]) == str(values[1]):
            values = old.said.get("condition", ""), new.said.get("condition", "")
        what = subject(both.after, new, name_of("condition"))
        yield changed(Kind.CONDITION, new.id, what, *values)


def when(flow: Part) -> tuple[object, ...]:
    """On what a flow is taken, and where the file says so."""
    return flow.said.get(DEFAULT), flow.said.get("condition"), flow.places.get("condition")


def _turns(both: Both) -> Iterator[Difference]:
    """In which turn a choice asks its conditions: the first that holds is taken."""
    for old, new in both.kept():
        if new.tag != "exclusiveGateway":
            continue
        before, after = _asked(both.before, old), _asked(both.after, new)
        kept = [key for key in after if key in before]
        if kept != [key for key in before if key in after] or kept != after[: len(kept)]:
            what = subject(both.after, new, text("判断的先后"))
            yield changed(Kind.CONDITION, new.id, what, *_in_turn(both, before, after))


def _asked(diagram: Diagram, gateway: Part) -> list[str]:
    flows = diagram.leaving.get(gateway.key, [])
    return [flow.key for flow in flows if flow.said.get("condition") and not flow.said.get(DEFAULT)]


def _in_turn(both: Both, before: list[str], after: list[str]) -> tuple[Words, Words]:
    """Where the flows of each file lead, or on which conditions when that says it better."""
    old, new = ([at.flows[key] for key in keys] for at, keys in
                ((both.before, before), (both.after, after)))  # fmt: skip
    targets = (
        listed([both.before.call(flow.way[1]) for flow in old]),
        listed([both.after.call(flow.way[1]) for flow in new]),
    )
    if str(targets[0]) != str(targets[1]):
        return targets
    return (
        listed([condition_of(flow, both.before, both.say) for flow in old]),
        listed([condition_of(flow, both.after, both.say) for flow in new]),
    )


def _way(both: Both, flow: Part, mark: Mark) -> Difference:
    is_new = mark is Mark.ADDED
    here, there = (both.after, both.before) if is_new else (both.before, both.after)
    said: dict[str, object] = {"source": here.call(flow.way[0]), "target": here.call(flow.way[1])}
    is_second = flow.way in there.ways
    if is_new and is_asked(flow):
        said["value"] = condition_of(flow, here, both.say)
    template = _sentence(is_new=is_new, is_second=is_second, is_asked="value" in said)
    # a flow that was led elsewhere is in both files
    shown = Mark.CHANGED if flow.key in there.flows else mark
    return told(Kind.FLOW, flow.id, Text(template.template, said), shown)


def _sentence(*, is_new: bool, is_second: bool, is_asked: bool) -> Text:
    if not is_new:
        return (
            text("从“{source}”到“{target}”少了一条线")
            if is_second
            else text("“{source}”之后不再到“{target}”")
        )
    if is_second:
        return (
            text("从“{source}”到“{target}”多了一条线，条件：{value}")
            if is_asked
            else text("从“{source}”到“{target}”多了一条线")
        )
    if is_asked:
        return text("“{source}”之后可到“{target}”，条件：{value}")
    return text("“{source}”之后可到“{target}”")
