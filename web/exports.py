"""Lists as workbooks: values as text or numbers, so that no cell can act as a formula."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import quote

from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from engine.clock import SHANGHAI, local_date
from web.unit import now

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 32_767  # what a cell can hold
RISKY = ("=", "+", "-", "@", "\t", "\r")


def sheet(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """An xlsx file with one sheet; the headings stay in sight."""
    book = Workbook(write_only=True)
    page = book.create_sheet(title[:31])
    for index in range(len(headings)):
        page.column_dimensions[chr(ord("A") + index)].width = 18 if index else 36
    page.freeze_panes = "A2"
    page.append([_cell(page, heading, bold=True) for heading in headings])
    for row in rows:
        page.append([_cell(page, value) for value in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(page: Any, value: Any, *, bold: bool = False) -> Any:
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:LONGEST]
    cell = WriteOnlyCell(page, value)
    if isinstance(value, str):
        cell.data_type = "s"  # openpyxl would take "=1+1" for a formula
        cell.quotePrefix = value[:1] in RISKY
    if isinstance(value, Decimal):
        cell.number_format = "#,##0.00"
    if bold:
        cell.font = Font(bold=True)
    return cell


def xlsx_response(data: bytes, name: str) -> Response:
    """The file for download, its name with the day."""
    return download(data, f"{name}_{local_date(now()).isoformat()}.xlsx", XLSX)


def download(data: bytes, name: str, media_type: str) -> Response:
    """A file that browsers save and never show as a page of this site."""
    response = Response(data, mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
