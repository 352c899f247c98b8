"""A BPMN diagram as a compact SVG, and as a table for those who cannot use the picture.

The SVG stands alone: it has no style, script, link or external reference. Colours are presentation
attributes that read the page's variables (and fall back to black on white), so a page's style
sheet overrides them through the classes, in light, dark and print.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lxml import etree

from engine.runtime.kinds import KINDS
from engine.runtime.normalise import BPMN, CAMUNDA
from engine.runtime.picture_draw import draw_container, draw_edge, draw_node
from engine.runtime.picture_marks import Marked, Shown
from engine.runtime.picture_model import (
    Picture,
    is_flow_node,
    properties,
    read_picture,
    reading_order,
    tag,
)
from engine.runtime.picture_text import attribute
from engine.text import Text

MARGIN = 12
CONTAINERS = {"participant", "lane"}


def render_svg(
    xml: bytes,
    *,
    current: Collection[str] = (),
    done: Collection[str] = (),
    counts: Mapping[str, tuple[int, int]] | None = None,
    marks: Mapping[str, Marked] | None = None,
    anchor: str = "",
) -> str:
    """Draw a diagram. `current` and `done` are element ids; `counts` maps an element to
    (open items, of which overdue), `marks` to what a comparison found. With an `anchor` every
    element can be linked to by it and its id. Raises DiagramRefused for XML that is not safe."""

    def shown(key: str) -> Shown:
        state = "current" if key in current else "done" if key in done else ""
        return Shown(state, (counts or {}).get(key, (0, 0)), (marks or {}).get(key), anchor)

    picture = read_picture(xml)
    parts = [_opening(picture)]
    for shape in picture.shapes:
        if shape.kind in CONTAINERS:
            parts.append(draw_container(shape, shown(shape.id)))
    parts += [draw_edge(edge, shown(edge.id)) for edge in picture.edges]
    for shape in sorted(picture.shapes, key=lambda s: s.kind == "boundaryEvent"):
        if shape.kind not in CONTAINERS:
            parts.append(draw_node(shape, shown(shape.id)))
    return "".join([*parts, "</svg>"])


def _opening(picture: Picture) -> str:
    x, y, w, h = _extent(picture)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bp" role="img" '
        f"aria-label={attribute(picture.name)} "
        f'viewBox="{x:g} {y:g} {w:g} {h:g}" width="{w:g}" height="{h:g}" '
        'font-family="var(--db-font, sans-serif)" font-size="13" color="var(--db-ink, #17212e)">'
    )


def _extent(picture: Picture) -> tuple[float, float, float, float]:
    boxes = [s.box for s in picture.shapes]
    boxes += [s.label for s in picture.shapes if s.label]
    boxes += [e.label for e in picture.edges if e.label]
    points = [p for edge in picture.edges for p in edge.points]
    points += [(b.x, b.y) for b in boxes] + [b.corner for b in boxes]
    if not points:
        return 0, 0, 1, 1
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    return left, top, max(xs) + MARGIN - left, max(ys) + MARGIN - top


@dataclass(frozen=True)
class ElementRow:
    """One flow node in reading order. `deadline` is as written in the diagram: a parameter's
    name, an ISO duration or =FEEL. `form` is a form's key, `after` the names of what follows."""

    order: int
    id: str
    name: str
    lane: str
    kind: Text
    deadline: str
    form: str
    after: tuple[str, ...]


def element_table(xml: bytes) -> list[ElementRow]:
    """The flow nodes of a diagram, from the start on. Raises DiagramRefused as render_svg."""
    picture = read_picture(xml)
    lanes, following = _lanes(picture), _after(picture)
    rows = []
    for order, shape in enumerate(reading_order(picture), start=1):
        node = picture.elements[shape.id]
        rows.append(
            ElementRow(
                order=order,
                id=shape.id,
                name=shape.name,
                lane=lanes.get(shape.id, ""),
                kind=KINDS.get(shape.kind) or Text(shape.kind),
                deadline=_deadline(node),
                form=node.get(f"{{{CAMUNDA}}}formKey", ""),
                after=tuple(following.get(shape.id, ())),
            )
        )
    return rows


def _lanes(picture: Picture) -> dict[str, str]:
    found = {}
    for node in picture.elements.values():
        if tag(node) == "lane":
            for reference in node.iterfind(f"{{{BPMN}}}flowNodeRef"):
                found[(reference.text or "").strip()] = node.get("name", "")
    return found


def _deadline(node: etree._Element) -> str:
    timer = node.find(f"{{{BPMN}}}timerEventDefinition")
    if timer is None:
        return properties(node).get("deadline", "")
    return "".join(str(part) for part in timer.itertext()).strip()


def _after(picture: Picture) -> dict[str, list[str]]:
    names = {s.id: s.name for s in picture.shapes if is_flow_node(s)}
    following: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.target in names:
            target = names[edge.target] or edge.target
            said = f"{edge.name}：{target}" if edge.name else target
            following.setdefault(edge.source, []).append(said)
    return following
