"""Words in a picture: escaping, and wrapping that knows Chinese characters are square."""

import unicodedata
from xml.sax.saxutils import escape, quoteattr

LONGEST = 400  # signs of a label, however wide its place
NO_LINE_START = "，。、；：？！）】》”’"


def attribute(value: str) -> str:
    """A quoted, escaped attribute value without characters that XML forbids."""
    return quoteattr(_clean(value))


def content(value: str) -> str:
    """Escaped text."""
    return escape(_clean(value))


def _clean(value: str) -> str:
    return "".join(c for c in value if c >= " " and not "\ud800" <= c <= "\udfff")


def width(value: str, size: float) -> float:
    """The approximate width of a line of text in a font of `size`."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.56 for c in value) * size


def wrap(value: str, limit: float, size: float, most: int = 4) -> list[str]:
    """Break a label into lines no wider than `limit`, evenly; the last is cut with … at `most`."""
    value = _within(" ".join(value.split()), limit, size, most)
    if not value:
        return []
    lines_needed = max(1, -(-int(width(value, size)) // max(1, int(limit))))
    even = max(width(value, size) / lines_needed, size)
    lines = _fill(value, min(limit, even + size * 0.6), size)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return lines


def _within(value: str, limit: float, size: float, most: int) -> str:
    """No more of a label than could be shown, so that nothing is counted in vain."""
    narrow = 0.56 * size
    room = min(LONGEST, most * (int(limit / narrow) + 2) + 12)
    return value if len(value) <= room else value[: room - 1] + "…"


def _fill(value: str, limit: float, size: float) -> list[str]:
    lines = [""]
    for piece in _pieces(value):
        fits = width((lines[-1] + piece).rstrip(), size) <= limit
        hangs = piece in NO_LINE_START and width(lines[-1].rstrip(), size) <= limit
        if fits or not lines[-1] or hangs:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return [line.strip() for line in lines if line.strip()]


def _pieces(value: str) -> list[str]:
    """Each Chinese character on its own; other words whole, in pieces of at most 12."""
    pieces: list[str] = []
    for character in value:
        is_wide = unicodedata.east_asian_width(character) in "WFA"
        joins = pieces and not is_wide and character != " " and _open(pieces[-1])
        if joins:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _open(piece: str) -> bool:
    last_is_narrow = unicodedata.east_asian_width(piece[-1]) not in "WFA"
    return last_is_narrow and len(piece) < 12


def lines_svg(lines: list[str], x: float, y: float, size: float, anchor: str = "middle") -> str:
    """Lines of text centred on (x, y), one tspan each."""
    step = size * 1.3
    first = y - step * (len(lines) - 1) / 2 + size * 0.36
    spans = "".join(
        f'<tspan x="{x:g}" y="{first + step * n:g}">{content(line)}</tspan>'
        for n, line in enumerate(lines)
    )
    return f'<text text-anchor="{anchor}" font-size="{size:g}" fill="currentColor">{spans}</text>'


def stacked_svg(name: str, x: float, y: float, size: float, height: float) -> str:
    """A lane's name: its characters one under another, cut to the height."""
    room = max(1, int(height // (size * 1.15)))
    shown = name if len(name) <= room else name[: room - 1] + "…"
    step = size * 1.15
    first = y - step * (len(shown) - 1) / 2 + size * 0.36
    spans = "".join(
        f'<tspan x="{x:g}" y="{first + step * n:g}">{content(c)}</tspan>'
        for n, c in enumerate(shown)
    )
    return f'<text text-anchor="middle" font-size="{size:g}" fill="currentColor">{spans}</text>'
