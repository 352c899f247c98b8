"""Lists to test with: rows of text, written in each format."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from importlib import import_module
from itertools import count
from typing import Any

import openpyxl

from engine.domain.enterprise import uscc_check_character
from engine.imports import ListContext, ListReport, SheetData, check_rows, list_context, read_list
from engine.imports.model import Cell

HEADING: tuple[str, ...] = (
    *("序号", "企业名称", "统一社会信用代码", "推荐类别", "资质", "资质有效期至"),
    *("所属街镇", "经营地址", "行业", "从业人员（人）", "营业收入（万元）", "资产总额（万元）"),
    *("是否涉农", "融资需求（万元）", "期限（月）", "资金用途", "意向银行", "是否目标落户"),
    *("联系人", "联系电话", "推荐说明"),
)
TODAY = date(2025, 12, 20)
FILE = "2025-12_南翔镇_需求名单.xlsx"
NUMBERS = count(1)
Row = list[Cell]


def code(number: int | None = None) -> str:
    """A valid credit code; a new one each time unless numbered."""
    first = f"91310114MA{(number or next(NUMBERS)):07d}"
    return first + uscc_check_character(first)


def row(**changes: Cell) -> Row:
    """A row in order, with the named columns changed (units in headings left out)."""
    values: dict[str, Cell] = dict(zip(HEADING, _good(), strict=True))
    short = {heading.partition("（")[0]: heading for heading in HEADING}
    values.update({short[name]: value for name, value in changes.items()})
    return list(values.values())


def _good() -> Row:
    number = next(NUMBERS)
    return [
        number, f"上海示例{number}科技有限公司", code(number), "街镇推荐", None, None, "南翔镇",
        "南翔镇示例路1号", "智能装备", 45, 2600, 3380, "否", 500, 12, "采购原材料", None, "否",
        "联系人", "13800000000", None,
    ]  # fmt: skip


def listed(*rows: Sequence[Cell], heading: Sequence[Cell] = HEADING) -> list[Sequence[Cell]]:
    """A heading and rows."""
    return [heading, *rows]


def xlsx(rows: Iterable[Sequence[Cell]], **more: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook with a sheet 需求名单 and one for each further keyword."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "需求名单"
    for each in rows:
        book.worksheets[0].append(list(each))
    for name, content in more.items():
        sheet = book.create_sheet(name)
        for each in content:
            sheet.append(list(each))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Iterable[Sequence[Cell]]) -> bytes:
    """An Excel 97-2003 workbook."""
    xlwt: Any = import_module("xlwt")  # it has no annotations
    book = xlwt.Workbook()
    sheet = book.add_sheet("需求名单")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for r, each in enumerate(rows):
        for c, value in enumerate(each):
            if isinstance(value, date | datetime):
                sheet.write(r, c, value, day)
            elif value is not None:
                sheet.write(r, c, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_text(rows: Iterable[Sequence[Cell]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        ["" if value is None else value for value in each] for each in rows
    )
    return out.getvalue()


def context(source_type: str = "SUBDISTRICT", **changes: object) -> ListContext:
    made = list_context(source_type, "2025-12", TODAY)
    return ListContext(**{**vars(made), **changes})


def read(rows: Iterable[Sequence[Cell]]) -> SheetData:
    return read_list(xlsx(rows), FILE)


def checked(*rows: Sequence[Cell], source: str = "SUBDISTRICT", **changes: object) -> ListReport:
    """The report on rows under the usual heading, which is row 1."""
    return check_rows(read(listed(*rows)), context(source, **changes))


def refusals(report: ListReport) -> list[tuple[int, str, str]]:
    """(row, column, reason) of each refused cell."""
    return [(each.row, each.column, str(each.reason)) for each in report.refused]


def only_refusal(report: ListReport) -> tuple[str, str, str]:
    """(column, reason, remedy) of the only refused cell."""
    assert len(report.refused) == 1, refusals(report)
    cell = report.refused[0]
    return cell.column, str(cell.reason), str(cell.remedy)


def hints(report: ListReport) -> list[str]:
    return [str(each.message) for each in report.hints]
