"""改正表: the refused rows as a workbook in which what to change is marked (G5, UI 下载改正表)."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from engine.imports.columns import BY_FIELD
from engine.imports.model import Cell, SheetData, SheetRow, writable
from engine.imports.report import ListReport, RefusedCell

RED = PatternFill("solid", fgColor="FFC7CE")
GREY = PatternFill("solid", fgColor="E7E6E6")
WRAPPED = Alignment(wrap_text=True, vertical="top")
ADDED = (BY_FIELD["problem"].label, BY_FIELD["advice"].label)
LONGEST_CELL = 32_000


@dataclass(frozen=True)
class _Place:
    """Where a field's cell is in the workbook (column from 1)."""

    columns: dict[str, int]

    @classmethod
    def of(cls, sheet: SheetData, refused: Iterable[RefusedCell]) -> "_Place":
        """The columns of the file, then one for each field that was missed and has no column."""
        shift = len(ADDED) + 1
        places = {e.field: e.index + shift for e in reversed(sheet.columns) if e.field}
        following = shift + max((len(row) for row in sheet.heading), default=0)
        for each in refused:
            if each.field not in places:
                places[each.field] = following
                following += 1
        return cls(places)


def correction_workbook(sheet: SheetData, report: ListReport) -> bytes:
    """An xlsx of titles, heading and refused rows, with 问题 and 怎么改 in front.

    Bad cells are red and carry a comment. It can be corrected and uploaded as it is: the added
    columns are ignored. Text that looks like a formula stays text.
    """
    book = Workbook()
    page = book.worksheets[0]
    page.title = "改正表"
    place = _Place.of(sheet, report.refused)
    by_row: dict[int, list[RefusedCell]] = {}
    for each in report.refused:
        by_row.setdefault(each.row, []).append(each)
    start = _write_top(page, sheet, place) + 1
    refused = (row for row in sheet.rows if row.number in by_row)
    for number, row in enumerate(refused, start=start):
        _write_refused(page, number, row, by_row[row.number], place)
    _lay_out(page, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_top(page: Worksheet, sheet: SheetData, place: _Place) -> int:
    """Titles and heading, marked; returns the number of the heading's last row."""
    last = 0
    for last, values in enumerate((*sheet.preamble, *sheet.heading), start=1):
        _write_row(page, last, values)
    for index, label in enumerate(ADDED, start=1):
        write_cell(page, last, index, label)
    present = {each.field for each in sheet.columns}
    for field, column in place.columns.items():
        if field not in present:
            write_cell(page, last, column, BY_FIELD[field].label)
    for cell in page[last]:
        cell.font, cell.fill = Font(bold=True), GREY
    return last


def _write_row(page: Worksheet, number: int, values: Iterable[Cell]) -> None:
    for index, value in enumerate(values, start=len(ADDED) + 1):
        write_cell(page, number, index, value)


def _write_refused(
    page: Worksheet, number: int, row: SheetRow, refused: list[RefusedCell], place: _Place
) -> None:
    _write_row(page, number, row.values)
    problems = (f"原第{row.number}行 {each.column}：{each.reason}" for each in refused)
    write_cell(page, number, 1, "\n".join(problems))
    write_cell(page, number, 2, "\n".join(str(each.remedy) for each in refused))
    page.cell(number, 1).alignment = page.cell(number, 2).alignment = WRAPPED
    for each in refused:
        bad = page.cell(number, place.columns[each.field])
        bad.fill = RED
        words = writable(f"{each.reason}\n{each.remedy}")
        bad.comment = Comment(words, "担保通", height=90, width=260)


def write_cell(page: Worksheet, row: int, column: int, value: Cell) -> None:
    """Writes a value so that text is never run as a formula (=, +, -, @ at its beginning)."""
    cell = page.cell(row, column)
    if isinstance(cell, MergedCell):
        return
    if isinstance(value, str):
        cell.value = writable(value)[:LONGEST_CELL]
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
        return
    cell.value = value
    if isinstance(value, date) and not isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd"


def _lay_out(page: Worksheet, sheet: SheetData) -> None:
    page.column_dimensions["A"].width = 44
    page.column_dimensions["B"].width = 40
    for column in sheet.columns:
        page.column_dimensions[get_column_letter(column.index + 3)].width = 18
    page.freeze_panes = f"C{len(sheet.preamble) + len(sheet.heading) + 1}"
