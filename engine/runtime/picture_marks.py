"""How elements of a picture are told apart: states, differences, counts; never by colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from engine.runtime.picture_model import Box, Point
from engine.runtime.picture_text import attribute, content

SURFACE = "var(--db-surface, #fff)"
INK = "var(--db-ink-2, #465261)"
LINE = "var(--db-line-2, #c6ced8)"
FLOW = "var(--db-ink-3, #5d6978)"


@dataclass(frozen=True)
class Look:
    """How a state is shown: fill, outline with its width and dashes, and the sign that says it
    in black."""

    fill: str
    stroke: str
    width: float
    sign: str = ""
    dash: str = ""


LOOKS = {
    "": Look(SURFACE, INK, 1.5),
    "current": Look(
        "var(--db-primary-soft, #e6eff8)", "var(--db-primary, #15528f)", 2.6, "M0 0l9 5.5l-9 5.5z"
    ),
    "done": Look(
        "var(--db-green-soft, #e5f3eb)", "var(--db-green, #17633f)", 1.5, "M0 6l3.6 3.8L11 1.5"
    ),
}
MARKS = {  # of a comparison; the signs are drawn around 0,0 in a badge
    "added": Look(
        "var(--db-green-soft, #e5f3eb)", "var(--db-green, #17633f)", 3, "M-4.5 0h9M0-4.5v9"
    ),
    "removed": Look("var(--db-sunken, #f7f9fa)", FLOW, 2.4, "M-4.5 0h9", "8 4"),
    "changed": Look(
        "var(--db-amber-soft, #fdf1da)",
        "var(--db-amber, #7f4a00)",
        2.6,
        "M-4.4 4.4l.8-3L2.4-4.6l2.2 2.2L-1.4 3.6zM1-3.2l2.2 2.2",
    ),
    "moved": Look(
        "var(--db-pause-soft, #ecedf7)",
        "var(--db-pause, #4a4e86)",
        2.6,
        "M-5 0h10M1.2-3.6L5 0L1.2 3.6",
        "2 3.5",
    ),
}
HALO = "var(--db-primary, #15528f)"


@dataclass(frozen=True)
class Marked:
    """What a comparison found at an element: its marks (keys of MARKS), and in words."""

    marks: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True)
class Shown:
    """How one element is to be drawn. `anchor` goes before its id, so that links find it."""

    state: str = ""
    count: tuple[int, int] = (0, 0)
    marked: Marked | None = None
    anchor: str = ""

    @property
    def look(self) -> Look:
        """Fill and outline."""
        return MARKS[self.marked.marks[0]] if self.marked else LOOKS[self.state]

    @property
    def line(self) -> Look:
        """Stroke of a flow."""
        if self.marked or self.state == "done":
            return self.look
        return Look("none", FLOW, 1.4)


def open_group(kind: str, key: str, name: str, shown: Shown) -> str:
    """The start of an element's group, with what a pointer over it says."""
    states = shown.marked.marks if shown.marked else (shown.state,)
    classes = "".join(f" is-{state}" for state in states if state)
    anchor = f" id={attribute(shown.anchor + key)}" if shown.anchor else ""
    words = "\n".join(one for one in (name, shown.marked.words if shown.marked else "") if one)
    title = f"<title>{content(words)}</title>" if words else ""
    return f'<g class="bp-{kind}{classes}" data-element={attribute(key)}{anchor}>{title}'


def halo(box: Box, shown: Shown) -> str:
    """The ring around an element that a link leads to; the page's style sheet shows it."""
    if not shown.anchor:
        return ""
    return (
        f'<rect class="bp-halo" visibility="hidden" x="{box.x - 8:g}" y="{box.y - 8:g}" '
        f'width="{box.w + 16:g}" height="{box.h + 16:g}" rx="14" fill="none" stroke="{HALO}" '
        'stroke-width="5"/>'
    )


def line_halo(line: str, shown: Shown) -> str:
    """The same along a flow."""
    if not shown.anchor:
        return ""
    return (
        f'<path class="bp-halo" visibility="hidden" d="{line}" fill="none" stroke="{HALO}" '
        'stroke-width="10" stroke-opacity=".4" stroke-linejoin="round"/>'
    )


def badges(x: float, y: float, shown: Shown) -> str:
    """The signs of all marks of an element in a row from (x, y) on."""
    if shown.marked is None:
        return ""
    return "".join(_badge(x + 20 * n, y, MARKS[one]) for n, one in enumerate(shown.marked.marks))


def _badge(x: float, y: float, look: Look) -> str:
    return (
        f'<g class="bp-mark" transform="translate({x:g} {y:g})">'
        f'<circle r="10" fill="{look.stroke}" stroke="{SURFACE}" stroke-width="1.5"/>'
        f'<path d="{look.sign}" fill="none" stroke="{SURFACE}" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round"/></g>'
    )


def swatch(mark: str) -> str:
    """A mark as a legend shows it."""
    look = MARKS[mark]
    return (
        '<svg class="bp-swatch" width="46" height="28" viewBox="-2 -2 46 28" aria-hidden="true">'
        f'<rect x="8" y="6" width="34" height="17" rx="5" fill="{look.fill}" '
        f'stroke="{look.stroke}" stroke-width="{look.width:g}"{dashes(look)}/>'
        f"{_badge(9, 9, look)}</svg>"
    )


def swatches() -> Mapping[str, str]:
    """All marks for a legend."""
    return {mark: swatch(mark) for mark in MARKS}


def state_swatches() -> Mapping[str, str]:
    """What is there now and what is done, for a legend."""
    return {state: _state_swatch(LOOKS[state]) for state in ("current", "done")}


def _state_swatch(look: Look) -> str:
    fill = look.stroke if look.sign.endswith("z") else "none"
    return (
        '<svg class="bp-swatch" width="36" height="24" viewBox="0 0 36 24" aria-hidden="true">'
        f'<rect x="2" y="3" width="32" height="18" rx="5" fill="{look.fill}" '
        f'stroke="{look.stroke}" stroke-width="{look.width:g}"/><path transform="translate(13 6)" '
        f'd="{look.sign}" fill="{fill}" stroke="{look.stroke}" stroke-width="1.8"/></svg>'
    )


def dashes(look: Look) -> str:
    """The pattern of an outline."""
    return f' stroke-dasharray="{look.dash}"' if look.dash else ""


def halfway(points: tuple[Point, ...]) -> Point:
    """The middle of a line, along its way."""
    steps = list(pairwise(points))
    lengths = [((x1 - x) ** 2 + (y1 - y) ** 2) ** 0.5 for (x, y), (x1, y1) in steps]
    left = sum(lengths) / 2
    for ((x, y), (x1, y1)), length in zip(steps, lengths, strict=True):
        if left <= length and length:
            return x + (x1 - x) * left / length, y + (y1 - y) * left / length
        left -= length
    return points[0]


def state_sign(box: Box, shown: Shown, family: str) -> str:
    """The sign of a state in a corner."""
    look = LOOKS[shown.state]
    if shown.marked or not look.sign:
        return ""
    x, y = (box.corner[0] - 18, box.y + 13) if family == "task" else (box.corner[0] - 4, box.y - 6)
    fill = look.stroke if look.sign.endswith("z") else "none"
    return (
        f'<path class="bp-sign" transform="translate({x:g} {y:g})" d="{look.sign}" fill="{fill}" '
        f'stroke="{look.stroke}" stroke-width="1.8"/>'
    )


def counts(box: Box, count: tuple[int, int]) -> str:
    """How many items are open at an element, and how many of them overdue."""
    opened, overdue = count
    x, y = box.corner[0], box.y
    parts = ""
    if opened:
        parts += _count(x, y, str(opened), "open", "var(--db-fill-1, #15528f)")
        x -= 18 + 4 * len(f"{opened}{overdue}")
    if overdue:
        parts += _count(x, y, f"!{overdue}", "overdue", "var(--db-fill-red, #c8362c)")
    return parts


def _count(x: float, y: float, words: str, kind: str, fill: str) -> str:
    half = 6 + 4 * len(words)
    pill = f'x="{x - half:g}" y="{y - 10:g}" width="{half * 2:g}" height="20" rx="10"'
    return (
        f'<g class="bp-count bp-count--{kind}"><rect {pill} fill="{fill}" stroke="{SURFACE}"/>'
        f'<text x="{x:g}" y="{y + 4.3:g}" text-anchor="middle" font-size="12" font-weight="700" '
        f'fill="{SURFACE}">{content(words)}</text></g>'
    )
