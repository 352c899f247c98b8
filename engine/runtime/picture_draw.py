"""The drawing of single BPMN elements as SVG fragments."""

from dataclasses import replace

from engine.runtime.picture_marks import (
    FLOW,
    INK,
    LINE,
    SURFACE,
    Look,
    Shown,
    badges,
    counts,
    dashes,
    halfway,
    halo,
    line_halo,
    open_group,
    state_sign,
)
from engine.runtime.picture_model import Box, Edge, Point, Shape
from engine.runtime.picture_text import lines_svg, stacked_svg, wrap

HEADER = 30  # the band of a pool or lane that holds its name
ICONS = {  # 16 × 16, stroked
    "userTask": "M8 8a3.4 3.4 0 1 0 0-6.8a3.4 3.4 0 0 0 0 6.8zM1.6 15c.4-3.6 3-5.2 6.4-5.2"
    "s6 1.6 6.4 5.2z",
    "serviceTask": "M8 5.4a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 0 0 0-5.2zM8 1v2M8 13v2M1 8h2M13 8h2"
    "M3 3l1.5 1.5M11.5 11.5L13 13M13 3l-1.5 1.5M4.5 11.5L3 13",
    "receiveTask": "M1.5 3h13v10h-13zM1.5 3.5l6.5 5.2l6.5-5.2",
    "sendTask": "M1.5 3h13v10h-13zM1.5 3.5l6.5 5.2l6.5-5.2",
    "businessRuleTask": "M1.5 3h13v10h-13zM1.5 6.2h13M6 3v10M1.5 9.6h13",
    "scriptTask": "M3 2h9l2 2v10H3zM5.5 6h6M5.5 8.8h6M5.5 11.6h4",
    "manualTask": "M2 9V5l5-2v4h7v2H8v1.5h5V12H4z",
}
TRIGGERS = {  # drawn in a circle of radius 18 around 0,0
    "timer": "M0-9a9 9 0 1 0 .01 0zM0-5.5V0L4 2.6",
    "message": "M-8-5.5H8v11H-8zM-8-5L0 1.6L8-5",
    "signal": "M0-8L8 6H-8z",
    "error": "M-7 7L-2.6-7L2 2L7-7L2.6 6L-2-2.6z",
    "escalation": "M0-8L6.5 7.5L0 1.5L-6.5 7.5z",
    "conditional": "M-6-8H6V8H-6zM-4-4.5H4M-4-1.5H4M-4 1.5H4M-4 4.5H4",
}
GATEWAYS = {
    "exclusiveGateway": "M-7-8L7 8M7-8L-7 8",
    "parallelGateway": "M0-11V11M-11 0H11",
    "inclusiveGateway": "M0-10a10 10 0 1 0 .01 0z",
    "complexGateway": "M0-11V11M-11 0H11M-7-8L7 8M7-8L-7 8",
    "eventBasedGateway": "M0-13a13 13 0 1 0 .01 0zM0-7L6.7-2.2L4.1 5.7H-4.1L-6.7-2.2z",
}


def draw_container(shape: Shape, shown: Shown) -> str:
    """A pool or a lane with its name in a band on the left."""
    box, look = shape.box, shown.look
    name = stacked_svg(shape.name, box.x + HEADER / 2, box.centre[1], 13, box.h - 12)
    kind = "pool" if shape.kind == "participant" else "lane"
    line, width = (look.stroke, look.width) if shown.marked else (LINE, 1)
    band = Box(box.x, box.y, HEADER, box.h)
    drawn = _rect(box, 0, Look(SURFACE, line, width, dash=look.dash))
    if shown.marked:
        drawn += _rect(band, 0, look)
    return (
        f"{open_group(kind, shape.id, shape.name, shown)}{halo(band, shown)}{drawn}"
        f'<path d="M{box.x + HEADER:g} {box.y:g}v{box.h:g}" stroke="{LINE}"/>{name}'
        f"{badges(box.x + HEADER / 2, box.y + 14, shown)}</g>"
    )


def draw_edge(edge: Edge, shown: Shown) -> str:
    """A flow with its arrowhead, its label and the stroke that marks a default."""
    look = shown.line
    dashed = ' stroke-dasharray="4 3"' if edge.kind != "sequenceFlow" else ""
    width = look.width if shown.marked else 1.4
    line = "M" + "L".join(f"{x:g} {y:g}" for x, y in edge.points)
    slash = _default_slash(edge.points, look.stroke) if edge.is_default else ""
    label = ""
    if edge.name:
        label = _outer_label(edge.name, edge.label or _middle(edge.points))
    return (
        f"{open_group('flow', edge.id, edge.name, shown)}{line_halo(line, shown)}"
        f'<path d="{line}" fill="none" stroke="{look.stroke}" stroke-width="{width:g}"'
        f"{dashes(look) or dashed}/>"
        f"{slash}{_arrow(edge.points, look.stroke)}{label}"
        f"{badges(*halfway(edge.points), shown)}</g>"
    )


def draw_node(shape: Shape, shown: Shown) -> str:
    """A task, event or gateway, with the number of open and overdue items on it."""
    box = shape.box
    family, drawing = _body(shape, shown.look)
    return (
        f"{open_group(f'node bp-{family}', shape.id, shape.name, shown)}{halo(box, shown)}"
        f"{drawing}{state_sign(box, shown, family)}{counts(box, shown.count)}"
        f"{badges(box.x - 3, box.y - 3, shown)}</g>"
    )


def _body(shape: Shape, look: Look) -> tuple[str, str]:
    kind = shape.kind.lower()
    if kind.endswith("event"):
        return "event", _event(shape, look)
    if kind.endswith("gateway"):
        return "gateway", _gateway(shape, look)
    if kind.endswith(("task", "subprocess", "activity")):
        return "task", _task(shape, look)
    plain = look if look.dash or look.width > 2 else Look("none", LINE, 1)
    return "other", _rect(shape.box, 2, plain) + _inner_label(shape)


def _task(shape: Shape, look: Look) -> str:
    box = shape.box
    thick = look.width + 2 * (shape.kind == "callActivity")
    parts = [_rect(box, 10, replace(look, width=thick))]
    if shape.kind in ICONS:
        icon = ICONS[shape.kind]
        parts.append(
            f'<path class="bp-icon" transform="translate({box.x + 7:g} {box.y + 7:g})" '
            f'd="{icon}" fill="none" stroke="{FLOW}" stroke-width="1.2"/>'
        )
    parts.append(_markers(shape))
    return "".join([*parts, _inner_label(shape)])


def _markers(shape: Shape) -> str:
    x, y = shape.box.centre[0], shape.box.corner[1] - 18
    drawn = ""
    if shape.kind in {"callActivity", "subProcess", "adHocSubProcess", "transaction"}:
        drawn = f"M{x - 7:g} {y:g}h14v14h-14zM{x:g} {y + 3:g}v8M{x - 4:g} {y + 7:g}h8"
    elif shape.loop == "parallel":
        drawn = f"M{x - 5:g} {y + 1:g}v12m5-12v12m5-12v12"
    elif shape.loop == "sequential":
        drawn = f"M{x - 6:g} {y + 2:g}h12m-12 5h12m-12 5h12"
    elif shape.loop == "standard":
        drawn = f"M{x + 5:g} {y + 7:g}a5.5 5.5 0 1 1-3-4.9"
    return f'<path d="{drawn}" fill="none" stroke="{INK}" stroke-width="1.4"/>' if drawn else ""


def _inner_label(shape: Shape) -> str:
    x, y = shape.box.centre
    lines = wrap(shape.name, shape.box.w - 14, 13, most=3)
    return lines_svg(lines, x, y, 13) if lines else ""


def _event(shape: Shape, look: Look) -> str:
    (x, y), r = shape.box.centre, shape.box.w / 2
    thick = 3.4 if shape.kind == "endEvent" else look.width
    dashed = dashes(look) or ("" if shape.interrupting else ' stroke-dasharray="4 3"')
    outline = f'fill="{look.fill}" stroke="{look.stroke}" stroke-width="{thick:g}"{dashed}'
    parts = [f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" {outline}/>']
    if shape.kind not in {"startEvent", "endEvent"}:
        inner = f'fill="none" stroke="{look.stroke}"{dashed}'
        parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{max(r - 3.5, 1):g}" {inner}/>')
    parts.append(_trigger(shape, x, y))
    return "".join([*parts, _named_outside(shape)])


def _trigger(shape: Shape, x: float, y: float) -> str:
    if shape.trigger == "terminate":
        return f'<circle cx="{x:g}" cy="{y:g}" r="9" fill="{INK}"/>'
    path = TRIGGERS.get(shape.trigger)
    if not path:
        return ""
    fill = INK if shape.kind in {"endEvent", "intermediateThrowEvent"} else "none"
    return (
        f'<path transform="translate({x:g} {y:g})" d="{path}" '
        f'fill="{fill}" stroke="{INK}" stroke-width="1.2"/>'
    )


def _gateway(shape: Shape, look: Look) -> str:
    box, (x, y) = shape.box, shape.box.centre
    right, bottom = box.corner
    diamond = f"M{x:g} {box.y:g}L{right:g} {y:g}L{x:g} {bottom:g}L{box.x:g} {y:g}z"
    mark = GATEWAYS.get(shape.kind, "")
    return (
        f'<path d="{diamond}" fill="{look.fill}" stroke="{look.stroke}" '
        f'stroke-width="{look.width:g}"{dashes(look)}/>'
        f'<path transform="translate({x:g} {y:g})" d="{mark}" fill="none" stroke="{INK}" '
        f'stroke-width="2.4"/>{_named_outside(shape)}'
    )


def _named_outside(shape: Shape) -> str:
    if not shape.name:
        return ""
    (x, _), (_, bottom) = shape.box.centre, shape.box.corner
    return _outer_label(shape.name, shape.label or Box(x - 45, bottom + 5, 90, 14))


def _outer_label(name: str, box: Box) -> str:
    lines = wrap(name, max(box.w, 36) + 2, 12, most=4)
    return (
        f'<g class="bp-label" stroke="{SURFACE}" stroke-width="3" paint-order="stroke">'
        f"{lines_svg(lines, *box.centre, 12)}</g>"
    )


def _rect(box: Box, radius: float, look: Look) -> str:
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}" rx="{radius:g}" '
        f'fill="{look.fill}" stroke="{look.stroke}" stroke-width="{look.width:g}"{dashes(look)}/>'
    )


def _arrow(points: tuple[Point, ...], fill: str) -> str:
    (x0, y0), (x, y) = points[-2], points[-1]
    length = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5 or 1
    ux, uy = (x - x0) / length, (y - y0) / length
    bx, by = x - 10 * ux, y - 10 * uy
    tips = f"{x:g},{y:g} {bx - 4.2 * uy:g},{by + 4.2 * ux:g} {bx + 4.2 * uy:g},{by - 4.2 * ux:g}"
    return f'<polygon points="{tips}" fill="{fill}"/>'


def _default_slash(points: tuple[Point, ...], stroke: str) -> str:
    (x, y), (x1, y1) = points[0], points[1]
    length = ((x1 - x) ** 2 + (y1 - y) ** 2) ** 0.5 or 1
    mx, my = x + 11 * (x1 - x) / length, y + 11 * (y1 - y) / length
    return f'<path d="M{mx - 4:g} {my + 5:g}l8-10" stroke="{stroke}" stroke-width="1.4"/>'


def _middle(points: tuple[Point, ...]) -> Box:
    (x0, y0), (x1, y1) = points[0], points[1]
    return Box((x0 + x1) / 2 - 45, (y0 + y1) / 2 - 18, 90, 14)
