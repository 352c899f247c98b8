"""Parts that came, went, changed or moved."""

from collections.abc import Iterator
from dataclasses import replace

from engine.runtime.compare.found import FRAMES, Both, Difference, Kind, changed, place_of, told
from engine.runtime.compare.parts import DEFAULT, IDS, Diagram, Part, with_aliases
from engine.runtime.compare.routes import source_of
from engine.runtime.compare.words import (
    MOST,
    NAMES,
    Words,
    condition_of,
    is_list,
    item_of,
    items,
    kind_of,
    listed,
    name_of,
    value_of,
)
from engine.runtime.same import difference
from engine.text import Text, text

LINES = {"sequenceFlow", "association", "messageFlow"}
TOLD_ELSEWHERE = {"condition", "sourceRef", "targetRef", DEFAULT}  # of flows (ways.py)
_RANKS = {key: rank for rank, key in enumerate(NAMES)}


def added(both: Both) -> Iterator[Difference]:
    """What only the newer file has."""
    for key in both.after.order:
        part = both.after.parts[key]
        if key not in both.before.parts and _stands_alone(both, part):
            words = _with_name(text("新增{kind}“{name}”"), both.after, part)
            source = source_of(both.after, key) if part.is_node else None
            if source is not None:
                words = text("新增{kind}“{name}”，在“{after}”之后", kind=kind_of(part),
                             name=both.after.call(key),
                             after=both.after.call(source.key))  # fmt: skip
            details = tuple(_details(both, part)) if part.is_node else ()
            yield told(Kind.ADDED, place_of(both.after, part), words, details=details)


def removed(both: Both) -> Iterator[Difference]:
    """What only the older file has."""
    for key in both.before.order:
        part = both.before.parts[key]
        if key not in both.after.parts and _stands_alone(both, part):
            words = _with_name(text("删去{kind}“{name}”"), both.before, part)
            yield told(Kind.REMOVED, place_of(both.before, part), words)


def _with_name(words: Text, diagram: Diagram, part: Part) -> Text:
    return Text(words.template, {"kind": kind_of(part), "name": diagram.call(part.key)})


def _stands_alone(both: Both, part: Part) -> bool:
    """Whether nothing else tells of it: a line comes and goes with what it leads to."""
    if part.tag == "sequenceFlow" or part.tag in FRAMES:
        return False
    return part.tag not in LINES or both.alone.isdisjoint(part.way)


def _details(both: Both, part: Part) -> Iterator[Text]:
    """What a new step says of itself, and when one comes to it from the step it is behind."""
    source = source_of(both.after, part.key)
    for flow in both.after.arriving.get(part.key, ()):
        if source is not None and flow.way[0] == source.key and is_asked(flow):
            value = condition_of(flow, both.after, both.say)
            name = both.after.call(source.key)
            yield text("从“{source}”来的条件：{value}", source=name, value=value)
    for key in sorted(part.said, key=_rank):
        if key not in (IDS, "attachedToRef", "type"):
            value = value_of(both.after, key, part.said[key], both.say)
            yield text("{what}：{value}", what=name_of(key), value=value)


def is_asked(flow: Part) -> bool:
    """Whether a flow is one of several, taken on a condition or when no other is."""
    return bool(flow.said.get("condition") or flow.said.get(DEFAULT))


def changes(both: Both) -> Iterator[Difference]:
    """What the parts of both files say otherwise."""
    for old, new in both.kept():
        found = [*_renamed(both, old, new), *_settings(both, old, new)]
        if not found and _differs(old, new, IDS):
            found = [_setting(both, old, new, IDS)]
        if not found and not _is_told_elsewhere(old, new):
            found = [*_other(both, old, new)]
        yield from found


def _differs(old: Part, new: Part, key: str) -> bool:
    return (old.said.get(key), old.places.get(key)) != (new.said.get(key), new.places.get(key))


def _is_told_elsewhere(old: Part, new: Part) -> bool:
    return any(_differs(old, new, key) for key in TOLD_ELSEWHERE)


def _other(both: Both, old: Part, new: Part) -> Iterator[Difference]:
    """What none of the above has words for, such as the order of two settings."""
    where = difference(with_aliases(old.raw, both.before.alias), new.raw)
    if where is not None:
        what = subject(both.after, new, text("其他内容"))
        words = text("{what}另有不同：{where}", what=what, where=where)
        yield told(Kind.CHANGED, place_of(both.after, new), words)


def _renamed(both: Both, old: Part, new: Part) -> Iterator[Difference]:
    place = place_of(both.after, new)
    if old.name != new.name and new.tag in LINES:
        what = subject(both.after, new, text("名称"))
        yield changed(Kind.RENAMED, place, what, _name(old), _name(new))
    elif old.name != new.name:
        names = {"old": old.shown, "new": new.shown}
        words = text("{kind}“{old}”改名为“{new}”", kind=kind_of(new), **names)
        if new.is_node:
            words = text("“{old}”改名为“{new}”", **names)
        found = changed(Kind.RENAMED, place, kind_of(new), _name(old), _name(new))
        yield replace(found, words=words)
    if old.tag != new.tag:
        what = subject(both.after, new, text("种类"))
        yield changed(Kind.CHANGED, place, what, kind_of(old), kind_of(new))


def _name(part: Part) -> Words:
    return part.name or text("无")


def _settings(both: Both, old: Part, new: Part) -> Iterator[Difference]:
    ignored = {IDS} | (TOLD_ELSEWHERE if new.tag == "sequenceFlow" else set())
    for key in sorted({*old.said, *new.said} - ignored, key=_rank):
        if _differs(old, new, key):
            yield _setting(both, old, new, key)


def _rank(key: str) -> tuple[int, str]:
    return (_RANKS.get(key, len(_RANKS)), key)


def _setting(both: Both, old: Part, new: Part, key: str) -> Difference:
    place, what = place_of(both.after, new), subject(both.after, new, name_of(key))
    raw = old.said.get(key, ""), new.said.get(key, "")
    values: list[Words] = [
        value_of(diagram, key, value, both.say)
        for diagram, value in zip((both.before, both.after), raw, strict=True)
    ]
    if str(values[0]) == str(values[1]):  # words may be too kind to tell them apart
        values = [value or text("无") for value in raw]
    if str(values[0]) == str(values[1]):
        words = text("{what}换了写法：{value}", what=what, value=values[1])
        return told(Kind.CHANGED, place, words)
    found = changed(Kind.CHANGED, place, what, values[0], values[1])
    return replace(found, details=tuple(_came_and_went(both, key, *raw)))


def _came_and_went(both: Both, key: str, old: str, new: str) -> Iterator[Text]:
    """What is not seen where a list is cut short."""
    before, after = items(old), items(new)
    if not is_list(key) or max(len(before), len(after)) <= MOST:
        return
    for words, diagram, here, there in (
        (text("不再有：{list}"), both.before, before, {*after}),
        (text("新有：{list}"), both.after, after, {*before}),
    ):
        found = [item_of(diagram, key, one) for one in here if one not in there]
        if found:
            yield Text(words.template, {"list": listed(found)})


def subject(diagram: Diagram, part: Part, what: Text) -> Text:
    """Of which part something is said."""
    if part.tag in LINES:
        source, target = (diagram.call(one) for one in part.way)
        return text("从“{source}”到“{target}”的{what}", source=source, target=target, what=what)
    if part.tag in FRAMES or part.tag == "process":
        return text("{kind}的{what}", kind=kind_of(part), what=what)
    if part.is_node:
        return text("“{name}”的{what}", name=diagram.call(part.key), what=what)
    return text("{kind}“{name}”的{what}", kind=kind_of(part), name=part.shown, what=what)
