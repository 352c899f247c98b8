"""Reads a workbook in a process of its own, so that a hostile file can harm nothing else.

python-calamine is fast, but a damaged .xls makes its Rust code panic, or ask for a hundred
gigabytes and abort the process. Run as a script: the workbook on stdin, JSON on stdout; it
imports nothing of this project. Exit 0 with {"sheets": …} or {"refused": code, …}.
"""

import datetime
import io
import json
import sys

import python_calamine

MEMORY = 2 * 1024**3
VISIBLE = python_calamine.SheetVisibleEnum.Visible
WORKSHEET = python_calamine.SheetTypeEnum.WorkSheet


def limit_resources(seconds: int) -> None:
    """Bound memory and processor time where the platform can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(cell: object) -> object:
    """A JSON value; dates and times as {"d": iso}, so that text stays distinguishable."""
    if cell == "":
        return None
    if isinstance(cell, datetime.timedelta):
        return str(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return {"d": cell.isoformat()}
    return cell


def read(data: bytes, rows: int, columns: int, cells: int) -> dict[str, object]:
    """Every worksheet's cells, or why not. The bounds are per sheet."""
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError:
        return {"refused": "password"}
    sheets = []
    for meta in book.sheets_metadata:
        if meta.typ != WORKSHEET:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        height, width = sheet.total_height, sheet.total_width
        if height > rows or width > columns or height * width > cells:
            return {"refused": "bounds", "row": height, "column": width}
        grid = [[plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        sheets.append({"name": meta.name, "hidden": meta.visible != VISIBLE, "rows": grid})
    return {"sheets": sheets}


def main() -> int:
    """Entry point: arguments are rows, columns, cells, seconds."""
    rows, columns, cells, seconds = (int(each) for each in sys.argv[1:5])
    limit_resources(seconds)
    try:
        answer = read(sys.stdin.buffer.read(), rows, columns, cells)
    except python_calamine.CalamineError as error:
        answer = {"refused": "broken", "detail": str(error)[:200]}
    json.dump(answer, sys.stdout, ensure_ascii=True, default=str)
    return 0


if __name__ == "__main__":
    sys.exit(main())
