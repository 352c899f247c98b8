"""The trail as a workbook: values as text, so that no cell can act as a formula."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from engine.audit.queries import Entry
from engine.clock import SHANGHAI

HEADINGS = (
    *("序号", "链", "链内序号", "时间", "人员", "单位", "动作", "摘要"),
    *("变更前", "变更后", "理由", "依据", "版本", "哈希"),
)
WIDTHS = (10, 14, 9, 20, 12, 22, 22, 50, 40, 40, 30, 10, 30, 66)
LONGEST = 32_767  # what a cell can hold


def workbook(entries: Iterable[Entry]) -> bytes:
    """An xlsx file, one row an entry. Values that look like formulas stay plain text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("审计记录")
    for index, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(ord("A") + index)].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, heading, bold=True) for heading in HEADINGS])
    for entry in entries:
        sheet.append([_cell(sheet, value) for value in _row(entry)])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _row(entry: Entry) -> list[Any]:
    return [
        entry.id,
        entry.chain,
        entry.seq,
        entry.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        entry.person or "系统",
        entry.organisation or "",
        entry.action,
        str(entry.summary),
        _json(entry.before),
        _json(entry.after),
        entry.reason or "",
        entry.clause or "",
        _json(entry.versions),
        entry.hash,
    ]


def _json(value: dict[str, Any] | None) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else ""


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("�", value)[:LONGEST]
    cell = WriteOnlyCell(sheet, value or None)
    if isinstance(value, str) and value:
        # Set by hand: openpyxl would take "=1+1" for a formula. The prefix keeps it text when
        # somebody edits the cell in Excel.
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in ("=", "+", "-", "@", "\t", "\r")
    if bold:
        cell.font = Font(bold=True)
    return cell
