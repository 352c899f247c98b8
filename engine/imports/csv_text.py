"""Text files (csv, tab or semicolon separated) to a raw table."""

import csv
import io

from engine.imports.limits import (
    Limits,
    ListRefused,
    broken,
    not_a_list,
    stray_cells,
    too_many_rows,
)
from engine.imports.model import Cell, RawTable, writable
from engine.text import text

DELIMITERS = ",\t;，"
BINARY = frozenset(range(0, 9)) | frozenset(range(14, 27))


def read_csv(data: bytes, limits: Limits) -> list[RawTable]:
    """One table; blank records keep their number, as a spreadsheet would count them."""
    content = writable(_decode(data))
    rows: list[list[Cell]] = []
    reader = csv.reader(
        io.StringIO(content, newline=""), delimiter=_delimiter(content), strict=True
    )
    try:
        for record in reader:
            rows.append([value or None for value in record])
            if len(record) > limits.columns:
                raise stray_cells(len(rows), len(record))
            if len(rows) > limits.sheet_rows:
                raise too_many_rows(len(rows), limits)
    except csv.Error:
        raise _bad_quotes(len(rows) + 1) from None
    return [RawTable("", rows)]


def _bad_quotes(row: int) -> ListRefused:
    return ListRefused(
        "list_quotes",
        text("第{row}行的引号不成对，其后各行读不出", row=row),
        text("改正该行引号，或用Excel另存为xlsx后重新上传"),
    )


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    if not BINARY.isdisjoint(data[:4096]):
        raise not_a_list("二进制文件")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise broken(text("认不出文件的文字编码")) from None


def _delimiter(content: str) -> str:
    """The separator that the fullest of the first lines uses most; the comma when in doubt."""
    lines = _first_lines(content)
    return max(DELIMITERS, key=lambda each: max(line.count(each) for line in lines))


def _first_lines(content: str) -> list[str]:
    return content[:20_000].splitlines()[:20] or [""]
