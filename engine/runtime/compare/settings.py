"""What a part of a diagram says of itself, flat: each setting by its key.

Only what stands exactly where the engine reads it gets the key that the words know (words.NAMES).
Everything else is kept under its whole name, namespace included: a setting of another vendor's
that looks like one of ours is none, and nothing a file says is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.runtime.normalise import BPMN, CAMUNDA
from engine.runtime.normalise.vocabulary import PROPERTIES
from engine.runtime.said import Said, local

CONTAINERS = {
    *("definitions", "collaboration", "process", "laneSet", "childLaneSet", "lane", "category"),
    *("subProcess", "transaction", "adHocSubProcess"),
}
INNER = (
    *("documentation", "extensionElements", "ioSpecification", "Characteristics"),
    *("EventDefinition", "flowNodeRef", "partitionElement"),
)
MEMBER = f"{{{BPMN}}}flowNodeRef"
IDS = "ids"  # of what has no name, such as the timer in an event
WITHIN = "within"  # the sub-process or process that holds a part, when there are several
DEFAULT = "isDefault"  # said of a flow, because the gateway only says its id
THERE = "✓"  # of an element that says all by being there
TEXTS = {
    **{one: one for one in ("documentation", "script", "text")},
    "conditionExpression": "condition",
}
INNER_TEXTS = {  # of the element that says what an event or a loop is
    **{one: one for one in ("timeDate", "timeDuration", "timeCycle", "loopCardinality")},
    **{one: one for one in ("completionCondition", "loopCondition", "condition")},
}
OF_LOOPS = {"camunda:collection", "camunda:elementVariable"}
OURS = {*TEXTS.values(), *INNER_TEXTS.values(), IDS, WITHIN, DEFAULT, "event", "loop"} | PROPERTIES
EXTENSIONS = "extensionElements"
PROPERTY = (EXTENSIONS, "camunda:properties", "camunda:property")
PARAMETERS = {
    (EXTENSIONS, "camunda:inputOutput", "camunda:inputParameter"): "input",
    (EXTENSIONS, "camunda:inputOutput", "camunda:outputParameter"): "output",
}
MERGED = {EXTENSIONS, "camunda:properties", "camunda:inputOutput"}  # any number of them are one
VENDORS = {
    CAMUNDA: "camunda",
    "http://camunda.org/schema/modeler/1.0": "modeler",
    "http://camunda.org/schema/zeebe/1.0": "zeebe",
}
Path = tuple[str, ...]
Found = Iterator[tuple[str, str, str]]
"""A key, a value, and where exactly it stands."""


@dataclass(frozen=True)
class Settings:
    """The values by key, and where each stands: two settings differ when either does."""

    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Path] = field(default_factory=dict)


def is_part(parent: Said, child: Said) -> bool:
    """Whether an element stands for itself, and is no setting of the one that holds it."""
    if local(parent) not in CONTAINERS or not child.tag.startswith(f"{{{BPMN}}}"):
        return False
    # a definition of an event may stand for itself at the top of a file
    return not local(child).endswith(INNER) or (
        local(parent) == "definitions" and local(child).endswith("EventDefinition")
    )


def settings(part: Said) -> Settings:
    """The settings of a part, without its name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, value, place in _of_part(part):
        found.setdefault(key, []).append((value, place))
    return Settings(
        {key: "；".join(value for value, _ in all_of) for key, all_of in found.items()},
        {key: _places(all_of) for key, all_of in found.items()},
    )


def _places(found: list[tuple[str, str]]) -> Path:
    """Joined values are told apart by standing beside their places."""
    if len(found) == 1:
        return (found[0][1],)
    return tuple(f"{place}={value}" for value, place in found)


def called(tag: str) -> str:
    """A name with its namespace: bare for BPMN and for attributes that have none."""
    name = etree.QName(tag)
    if name.namespace in (None, BPMN):
        return name.localname
    vendor = VENDORS.get(name.namespace)
    return f"{vendor}:{name.localname}" if vendor else f"{{{name.namespace}}}{name.localname}"


def _of_part(part: Said) -> Found:
    for key, value in part.attributes:
        if key != "name":
            yield (IDS if key == "id" else _attribute(key)), value, f"@{key}"
    if part.words:
        yield f"<{local(part)}>", part.words, "#"
    for child, step in _steps(part):
        if not is_part(part, child) and child.tag != MEMBER:
            yield from _inner(child, (called(child.tag),), step)


def _attribute(key: str) -> str:
    """The key of a part's attribute; attributes and properties of Camunda's are one to the
    engine."""
    name = called(key)
    if key.startswith("{"):
        own = name.removeprefix("camunda:")
        return own if own in PROPERTIES else _foreign(key, name)
    return f"bpmn:{name}" if name in OURS else name


def _foreign(key: str, name: str) -> str:
    """Attributes of BPMN have no prefix; one that has is not read."""
    return f"bpmn:{name}" if key.startswith(f"{{{BPMN}}}") else name


def _steps(one: Said) -> Iterator[tuple[Said, str]]:
    """The children, each with its tag and the how manieth of its kind it is."""
    seen: dict[str, int] = {}
    for child in one.children:
        if called(child.tag) in MERGED:
            yield child, child.tag
            continue
        seen[child.tag] = seen.get(child.tag, 0) + 1
        yield child, f"{child.tag}[{seen[child.tag]}]"


def _inner(one: Said, path: Path, place: str) -> Found:
    if path == PROPERTY:
        yield from _property(one)
        return
    if path in PARAMETERS:
        yield from _parameter(one, PARAMETERS[path])
        return
    kind, says = _kind(path)
    if kind:
        yield kind, says, place
    base = _base(path)
    for key, value in one.attributes:
        yield _inner_attribute(key, base, is_kind=bool(kind)), value, f"{place}@{key}"
    if one.words:
        yield base, one.words, place
    elif not (kind or one.attributes or one.children):
        yield base, THERE, place
    for child, step in _steps(one):
        yield from _inner(child, (*path, called(child.tag)), f"{place}/{step}")


def _inner_attribute(key: str, base: str, *, is_kind: bool) -> str:
    if key == "id":
        return IDS
    name = called(key)
    if is_kind and name in OF_LOOPS:
        return name.removeprefix("camunda:")
    if is_kind and not key.startswith("{") and name not in OURS:
        return name
    return f"{base}.{_foreign(key, name)}"


def _kind(path: Path) -> tuple[str, str]:
    """Events and loops have settings of their own beside what they are."""
    for kind, end in (("event", "EventDefinition"), ("loop", "LoopCharacteristics")):
        if len(path) == 1 and path[0].endswith(end) and ":" not in path[0] and "}" not in path[0]:
            return kind, path[0].removesuffix(end)
    return "", ""


def _base(path: Path) -> str:
    """What the text of an element is called."""
    if len(path) == 1:
        return TEXTS.get(path[0]) or f"<{path[0]}>"
    if len(path) == 2 and _kind(path[:1])[0] and path[1] in INNER_TEXTS:
        return INNER_TEXTS[path[1]]
    shown = path[1:] if path[0] == EXTENSIONS else path
    return f"<{'/'.join(shown)}>"


def _property(one: Said) -> Found:
    said = dict(one.attributes)
    name, value = said.pop("name", ""), said.pop("value", "")
    yield (name if name in PROPERTIES else f"camunda:{name}"), value, PROPERTY[-1]
    said.pop("id", "")  # Camunda Modeler gives one to each
    yield from _rest(one, f"<{PROPERTY[-1]} {name}>", said)


def _parameter(one: Said, kind: str) -> Found:
    said = dict(one.attributes)
    key = f"{kind}:{said.pop('name', '')}"
    yield key, one.words, kind
    yield from _rest(one, f"<{key}>", said, words=False)


def _rest(one: Said, base: str, said: dict[str, str], *, words: bool = True) -> Found:
    """What nobody expects within a property or a parameter."""
    if words and one.words:
        yield base, one.words, base
    for key, value in said.items():
        yield f"{base}.{called(key)}", value, f"{base}@{key}"
    for child, step in _steps(one):
        yield from _inner(child, (base, called(child.tag)), f"{base}/{step}")
