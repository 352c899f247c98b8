"""Bytes in, one list out: which kind of file, which sheet, which heading, which rows."""

from dataclasses import dataclass, replace
from typing import BinaryIO

from engine.imports.columns import BY_FIELD, CORE
from engine.imports.csv_text import read_csv
from engine.imports.header import Heading, find_heading
from engine.imports.limits import (
    DEFAULT_LIMITS,
    Limits,
    ListRefused,
    empty_file,
    too_large,
    too_many_rows,
)
from engine.imports.lines import Line, classify, unit_in
from engine.imports.model import Cell, Fault, RawTable, SheetColumn, SheetData, SheetRow
from engine.imports.sniff import Kind, sniff
from engine.imports.workbook import read_xls, read_xlsx
from engine.text import Text, text

MONEY = ("元", "万元", "亿元")


@dataclass(frozen=True)
class _Found:
    """A sheet with a heading, its lines sorted by what they are."""

    table: RawTable
    heading: Heading
    data: tuple[SheetRow, ...]
    totals: int
    unit: str | None


def read_bounded(stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The stream's bytes; raises ListRefused as soon as it is longer than allowed."""
    data = stream.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise too_large(limits)
    return data


def read_list(
    data: bytes, filename: str, limits: Limits = DEFAULT_LIMITS, sheet: str | None = None
) -> SheetData:
    """The one list in a file. `sheet` chooses where several sheets hold lists.

    Raises ListRefused, with what to do, for anything that is not one readable list.
    """
    if len(data) > limits.file_bytes:
        raise too_large(limits)
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise empty_file()
    kind = sniff(data, filename)
    tables = {Kind.XLSX: read_xlsx, Kind.XLS: read_xls, Kind.CSV: read_csv}[kind](data, limits)
    found = _choose(tables, sheet)
    if len(found.data) > limits.data_rows:
        raise too_many_rows(len(found.data), limits)
    _refuse_uncalculated(found)
    return _sheet_data(found, filename, kind, _notes(found, tables))


def _choose(tables: list[RawTable], wanted: str | None) -> _Found:
    visible = [each for each in tables if not each.hidden and wanted in (None, each.name)]
    headed = [(table, heading) for table in visible if (heading := find_heading(table))]
    if not headed:
        raise _no_heading(tables)
    complete = [_sort(table, heading) for table, heading in headed if not heading.missing]
    if not complete:
        raise _columns_missing(max((h for _, h in headed), key=lambda each: len(each.fields)))
    filled = [each for each in complete if each.data]
    if not filled:
        raise _nothing_listed()
    if len(filled) > 1:
        raise _several_lists(filled)
    _refuse_twin_columns(filled[0].heading)
    return filled[0]


def _sort(table: RawTable, heading: Heading) -> _Found:
    data: list[SheetRow] = []
    other: list[list[Cell]] = table.rows[: heading.first]
    totals = 0
    for index in range(heading.last + 1, len(table.rows)):
        row = table.rows[index]
        line = classify(row, heading)
        totals += line is Line.TOTAL
        if line is Line.DATA:
            data.append(SheetRow(index + 1, tuple(row)))
        elif line is Line.NOTE:
            other.append(row)
    return _Found(table, heading, tuple(data), totals, unit_in(other))


def _sheet_data(found: _Found, filename: str, kind: Kind, notes: tuple[Text, ...]) -> SheetData:
    rows, heading = found.table.rows, found.heading
    return SheetData(
        file=filename,
        kind=kind.value,
        sheet=found.table.name,
        preamble=tuple(tuple(row) for row in rows[: heading.first]),
        heading=tuple(tuple(row) for row in rows[heading.first : heading.last + 1]),
        columns=tuple(_with_unit(each, found.unit) for each in heading.columns),
        rows=found.data,
        faults=found.table.faults,
        notes=notes,
    )


def _with_unit(column: SheetColumn, noted: str | None) -> SheetColumn:
    """The heading's unit, else the one a title or note gives for money, else the usual one."""
    if column.field is None or column.unit:
        return column
    usual = BY_FIELD[column.field].unit
    return replace(column, unit=noted if noted and usual in MONEY else usual)


def _notes(found: _Found, tables: list[RawTable]) -> tuple[Text, ...]:
    notes: list[Text] = []
    if found.totals:
        notes.append(text("合计行{n}行，不计入名单", n=found.totals))
    unknown = [each.label for each in found.heading.columns if each.field is None]
    if unknown:
        notes.append(text("没有用到的列：{columns}", columns="、".join(unknown)))
    unread = [each.name for each in tables if each.name != found.table.name]
    if unread:
        notes.append(text("没有读的工作表：{sheets}", sheets="、".join(unread)))
    return tuple(notes)


def _no_heading(tables: list[RawTable]) -> ListRefused:
    if any(each.hidden and find_heading(each) for each in tables):
        return ListRefused(
            "list_hidden",
            text("名单在隐藏的工作表里"),
            text("取消隐藏该工作表，保存后重新上传"),
        )
    return ListRefused(
        "list_no_heading",
        text("没有找到表头，至少要有这些列：{columns}", columns=_labels(CORE)),
        text("下载模板，把企业填进去后重新上传"),
    )


def _columns_missing(heading: Heading) -> ListRefused:
    return ListRefused(
        "list_columns_missing",
        text("表头缺少这些列：{columns}", columns=_labels(heading.missing)),
        text("补上这些列，或下载模板填写"),
    )


def _labels(fields: tuple[str, ...]) -> str:
    return "、".join(BY_FIELD[field].label for field in fields)


def _nothing_listed() -> ListRefused:
    return ListRefused(
        "list_empty",
        text("名单里没有企业，只有表头"),
        text("填入企业后重新上传；本月没有新增的，报“本月无新增”"),
    )


def _several_lists(found: list[_Found]) -> ListRefused:
    sheets = "、".join(f"{each.table.name}({len(each.data)}行)" for each in found)
    return ListRefused(
        "list_several_sheets",
        text("有{n}张工作表都是名单：{sheets}", n=len(found), sheets=sheets),
        text("只留要报送的一张，或合到一张里，再重新上传"),
    )


def _refuse_twin_columns(heading: Heading) -> None:
    for field in CORE:
        twins = [each.label for each in heading.columns if each.field == field]
        if len(twins) > 1:
            raise ListRefused(
                "list_twin_columns",
                text("这些列意思相同：{columns}", columns="、".join(twins)),
                text("只留一列后重新上传"),
            )


def _refuse_uncalculated(found: _Found) -> None:
    """A workbook written by a program and never opened has formulas but no results."""
    core = {each.index for each in found.heading.columns if each.field in CORE}
    faults = found.table.faults
    uncalculated = {
        row for (row, column), fault in faults.items() if column in core and fault is Fault.UNCACHED
    }
    if all(row.number in uncalculated for row in found.data):
        raise ListRefused(
            "list_uncalculated",
            text("名单里是公式，文件没有保存计算结果"),
            text("用Excel打开，另存一次后重新上传"),
        )
