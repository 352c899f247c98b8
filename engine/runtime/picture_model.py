"""What a BPMN file draws: the shapes and edges of its diagram interchange, read defensively."""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from engine.runtime.normalise import BPMN, CAMUNDA, parse_xml

BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
MAX_SHAPES = 3000
FAR = 100_000.0  # a coordinate beyond this is a mistake or an attack, and is not drawn

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle in diagram units."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> Point:
        """Its middle."""
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def corner(self) -> Point:
        """Its lower right."""
        return self.x + self.w, self.y + self.h


@dataclass(frozen=True)
class Shape:
    """A drawn element. `kind` is its BPMN name; `trigger` timer, message …; `loop` parallel …"""

    id: str
    kind: str
    name: str
    box: Box
    label: Box | None
    trigger: str = ""
    loop: str = ""
    interrupting: bool = True
    default: str = ""


@dataclass(frozen=True)
class Edge:
    """A drawn flow."""

    id: str
    kind: str
    name: str
    source: str
    target: str
    points: tuple[Point, ...]
    label: Box | None
    is_default: bool = False


@dataclass(frozen=True)
class Picture:
    """All that a file draws, and the elements by id."""

    name: str
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]
    elements: dict[str, etree._Element] = field(repr=False)


@dataclass(frozen=True)
class Drawn:
    """Where elements are drawn, by their ids; one may be drawn more than once."""

    shapes: dict[str, list[Box]] = field(default_factory=dict)
    lines: dict[str, list[tuple[Point, ...]]] = field(default_factory=dict)


def read_picture(xml: bytes) -> Picture:
    """Read the drawing of a BPMN file. Raises DiagramRefused when it is not safe, valid XML."""
    root = parse_xml(xml, "BPMN")
    elements = _elements(root)
    process = root.find(f"{{{BPMN}}}process")
    name = process.get("name", "") if process is not None else ""
    return Picture(name, tuple(_shapes(root, elements)), tuple(_edges(root, elements)), elements)


def drawn_in(root: etree._Element) -> Drawn:
    """What a picture of a file shows, where: nothing without a size, no line of one point."""
    elements, drawn = _elements(root), Drawn()
    for shape in _shapes(root, elements):
        if min(shape.box.w, shape.box.h) >= 1:
            drawn.shapes.setdefault(shape.id, []).append(shape.box)
    for edge in _edges(root, elements):
        if len(set(edge.points)) > 1:
            drawn.lines.setdefault(edge.id, []).append(edge.points)
    return drawn


def _elements(root: etree._Element) -> dict[str, etree._Element]:
    """By id; the first has it, and the lint lets no other in a process that is executed."""
    found: dict[str, etree._Element] = {}
    for node in root.iter(f"{{{BPMN}}}*"):
        if node.get("id"):
            found.setdefault(node.get("id", ""), node)
    return found


def _shapes(root: etree._Element, elements: dict[str, etree._Element]) -> Iterator[Shape]:
    for drawn in islice(root.iter(f"{{{BPMNDI}}}BPMNShape"), MAX_SHAPES):
        shape = _shape(drawn, elements)
        if shape:
            yield shape


def _edges(root: etree._Element, elements: dict[str, etree._Element]) -> Iterator[Edge]:
    for drawn in islice(root.iter(f"{{{BPMNDI}}}BPMNEdge"), MAX_SHAPES):
        edge = _edge(drawn, elements)
        if edge:
            yield edge


def _element_of(
    drawn: etree._Element, elements: dict[str, etree._Element]
) -> etree._Element | None:
    """What is drawn: some tools write the prefix of their own namespace before the id."""
    key = drawn.get("bpmnElement", "")
    found = elements.get(key)
    return elements.get(key.rpartition(":")[2]) if found is None else found


def tag(node: etree._Element) -> str:
    """The local name of an element."""
    return etree.QName(node.tag).localname


def _shape(drawn: etree._Element, elements: dict[str, etree._Element]) -> Shape | None:
    node = _element_of(drawn, elements)
    box = _box(drawn.find(f"{{{DC}}}Bounds"))
    if node is None or box is None:
        return None
    return Shape(
        id=node.get("id", ""),
        kind=tag(node),
        name=node.get("name", ""),
        box=box,
        label=_label(drawn),
        trigger=_trigger(node),
        loop=_loop(node),
        interrupting=node.get("cancelActivity", "true") != "false",
        default=node.get("default", ""),
    )


def _edge(drawn: etree._Element, elements: dict[str, etree._Element]) -> Edge | None:
    node = _element_of(drawn, elements)
    points = tuple(p for p in map(_point, drawn.iterfind(f"{{{DI}}}waypoint")) if p)
    if node is None or len(points) < 2:
        return None
    source, target = node.get("sourceRef", ""), node.get("targetRef", "")
    origin = elements.get(source)
    is_default = origin is not None and origin.get("default") == node.get("id")
    return Edge(
        node.get("id", ""), tag(node), node.get("name", ""), source, target, points,
        _label(drawn), is_default,
    )  # fmt: skip


def _label(drawn: etree._Element) -> Box | None:
    return _box(drawn.find(f"{{{BPMNDI}}}BPMNLabel/{{{DC}}}Bounds"))


def _box(bounds: etree._Element | None) -> Box | None:
    if bounds is None:
        return None
    numbers = [_number(bounds.get(key)) for key in ("x", "y", "width", "height")]
    found = [n for n in numbers if n is not None]
    return Box(*found) if len(found) == 4 and min(found[2:]) >= 0 else None


def _point(waypoint: etree._Element) -> Point | None:
    x, y = _number(waypoint.get("x")), _number(waypoint.get("y"))
    return None if x is None or y is None else (x, y)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= FAR else None


def _trigger(node: etree._Element) -> str:
    for child in node:
        if isinstance(child.tag, str) and tag(child).endswith("EventDefinition"):
            return tag(child).removesuffix("EventDefinition")
    return ""


def _loop(node: etree._Element) -> str:
    loop = node.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if loop is not None:
        return "sequential" if loop.get("isSequential") == "true" else "parallel"
    return "standard" if node.find(f"{{{BPMN}}}standardLoopCharacteristics") is not None else ""


def properties(node: etree._Element) -> dict[str, str]:
    """An element's camunda properties."""
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}properties/{{{CAMUNDA}}}property"
    return {entry.get("name", ""): entry.get("value", "") for entry in node.iterfind(path)}


def reading_order(picture: Picture) -> Iterator[Shape]:
    """Flow nodes from the start events on, each before what follows it; strays last."""
    after: dict[str, list[str]] = {}
    for edge in picture.edges:
        after.setdefault(edge.source, []).append(edge.target)
    nodes = {shape.id: shape for shape in picture.shapes if is_flow_node(shape)}
    for shape in nodes.values():
        if shape.kind == "boundaryEvent":
            host = picture.elements[shape.id].get("attachedToRef", "")
            after.setdefault(host, []).append(shape.id)
    starts = [key for key, shape in nodes.items() if shape.kind == "startEvent"]
    yield from (nodes[key] for key in _walk([*starts, *nodes], after) if key in nodes)


def _walk(starts: list[str], after: dict[str, list[str]]) -> Iterator[str]:
    seen: set[str] = set()
    queue, rest = deque(starts[:1]), deque(starts[1:])
    while queue or rest:
        key = queue.popleft() if queue else rest.popleft()
        if key in seen:
            continue
        seen.add(key)
        yield key
        queue += after.get(key, [])


def is_flow_node(shape: Shape) -> bool:
    """Whether a shape is a task, event, gateway or sub-process."""
    kind = shape.kind.lower()
    return kind.endswith(("task", "event", "gateway", "subprocess", "activity"))
