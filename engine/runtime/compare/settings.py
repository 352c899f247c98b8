"""What a part of a diagram says of itself, flat: each setting by its key.

Known places get the key that the words know (words.NAMES); everything else is kept under the name
of its element or attribute, so that nothing a file says is left out.
"""

from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from engine.runtime.normalise import BPMN
from engine.runtime.said import Said, local

CONTAINERS = {
    *("definitions", "collaboration", "process", "laneSet", "childLaneSet", "lane", "category"),
    *("subProcess", "transaction", "adHocSubProcess"),
}
INNER = (
    *("documentation", "extensionElements", "ioSpecification", "Characteristics"),
    *("EventDefinition", "flowNodeRef", "partitionElement"),
)
IDS = "ids"  # of what has no name, such as the timer in an event
ALIAS = {"conditionExpression": "condition", "condition": "condition"}
THERE = "✓"  # of an element that says all by being there
Pairs = Iterator[tuple[str, str]]


def is_part(parent: Said, child: Said) -> bool:
    """Whether an element stands for itself, and is no setting of the one that holds it."""
    if local(parent) not in CONTAINERS or not child.tag.startswith(f"{{{BPMN}}}"):
        return False
    # a definition of an event may stand for itself at the top of a file
    return not local(child).endswith(INNER) or (
        local(parent) == "definitions" and local(child).endswith("EventDefinition")
    )


def settings(part: Said) -> dict[str, str]:
    """The settings of a part, without its name."""
    found: dict[str, list[str]] = {}
    for key, value in _of_part(part):
        found.setdefault(key, []).append(value)
    return {key: "；".join(values) for key, values in found.items()}


def _of_part(part: Said) -> Pairs:
    for key, value in part.attributes:
        if key != "name":
            yield (IDS if key == "id" else _plain(key)), value
    if part.words:
        yield "text", part.words
    for child in part.children:
        if not is_part(part, child) and local(child) != "flowNodeRef":
            yield from _inner(child)


def _inner(one: Said) -> Pairs:
    name = ALIAS.get(local(one), local(one))
    reader = _READERS.get(name)
    if reader is not None:
        yield from reader(one)
        return
    kind, says = _kind(name)
    if kind:
        yield kind, says
    for key, value in one.attributes:
        own = _plain(key) if kind else f"{name}.{_plain(key)}"
        yield (IDS if key == "id" else own), value
    if one.words:
        yield name, one.words
    elif not (kind or one.attributes or one.children):
        yield name, THERE
    yield from _below(one)


def _below(one: Said) -> Pairs:
    for child in one.children:
        yield from _inner(child)


def _kind(name: str) -> tuple[str, str]:
    """Events and loops have settings of their own beside what they are."""
    if name.endswith("EventDefinition"):
        return "event", name.removesuffix("EventDefinition")
    if name.endswith("LoopCharacteristics"):
        return "loop", name.removesuffix("LoopCharacteristics")
    return "", ""


def _property(one: Said) -> Pairs:
    said = dict(one.attributes)
    yield said.pop("name", "property"), said.pop("value", "")
    yield from ((f"property.{_plain(key)}", value) for key, value in said.items())


def _parameter(kind: str) -> Callable[[Said], Pairs]:
    def read(one: Said) -> Pairs:
        said = dict(one.attributes)
        yield f"{kind}:{said.pop('name', '')}", _flat(one, said)

    return read


def _flat(one: Said, said: Mapping[str, str]) -> str:
    parts = [one.words, *(f"{_plain(key)}={value}" for key, value in said.items())]
    parts += [f"{local(child)}({_flat(child, dict(child.attributes))})" for child in one.children]
    return " ".join(part for part in parts if part)


def _plain(key: str) -> str:
    return etree.QName(key).localname


_READERS: Mapping[str, Callable[[Said], Pairs]] = {
    "extensionElements": _below,
    "properties": _below,
    "property": _property,
    "inputOutput": _below,
    "inputParameter": _parameter("input"),
    "outputParameter": _parameter("output"),
}
