"""Which rows below a heading are data, and which are totals, notes or nothing."""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

from engine.imports.header import Heading
from engine.imports.model import Cell, is_blank, shown

TOTALS = re.compile(
    r"(本页|本月|本单位|累计)?(合计|总计|小计|共计|总数)(\(?(万元|元|户|家)\)?)?[:：]?"
)
NOTES = re.compile(
    r"(注|备注|说明|填表|填报|制表|审核|复核|负责人|单位负责人|经办|报送|联系人|联系电话|日期|盖章|"
    r"\(盖章\)|\(公章\)|公章)[^:：]{0,8}([:：].*|$)|注[\d.、].*",
    re.DOTALL,
)
UNIT_NOTE = re.compile(r"单位(?:为|是|:|：)*\s*(?:人民币)?\s*(亿元|万元|元)")
FEW = 4


class Line(Enum):
    """What a row below the heading is."""

    DATA = "DATA"
    BLANK = "BLANK"
    TOTAL = "TOTAL"
    NOTE = "NOTE"
    HEADING = "HEADING"


def classify(row: list[Cell], heading: Heading) -> Line:
    """Totals and notes never name an enterprise's code, so a row with a code is always data."""
    places = {each.field: each.index for each in heading.columns if each.field}
    filled = [index for index, cell in enumerate(row) if not is_blank(cell)]
    if not set(filled) - {places.get("seq")}:
        return _lonely(row, filled)
    if _repeats(row, heading):
        return Line.HEADING
    if places.get("uscc") in filled:
        return Line.DATA
    return _by_words(row, filled)


def _lonely(row: list[Cell], filled: list[int]) -> Line:
    """Nothing but a serial number: a pre-numbered empty row, unless the cell holds words."""
    return _by_words(row, filled, default=Line.BLANK) if filled else Line.BLANK


def _by_words(row: list[Cell], filled: list[int], default: Line = Line.DATA) -> Line:
    words = [_plain(row[index]) for index in filled[:2]]
    if any(TOTALS.fullmatch(word) for word in words):
        return Line.TOTAL
    if len(filled) <= FEW and NOTES.fullmatch(words[0]):
        return Line.NOTE
    return default


def _plain(cell: Cell) -> str:
    return "".join(unicodedata.normalize("NFKC", shown(cell)).split())


def _repeats(row: list[Cell], heading: Heading) -> bool:
    """The heading again, as on every printed page."""
    same = sum(
        1
        for each in heading.columns
        if each.index < len(row) and _plain(row[each.index]) == _plain(each.label)
    )
    return same >= 3


def unit_in(rows: Iterable[Iterable[Cell]]) -> str | None:
    """万元, 元 or 亿元, where a title or a note says 单位：万元."""
    for row in rows:
        for cell in row:
            if isinstance(cell, str) and (found := UNIT_NOTE.search(_plain(cell))):
                return found[1]
    return None
