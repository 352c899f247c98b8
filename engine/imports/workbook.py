"""Workbooks (xlsx, xls) to raw tables. Parsing happens in a child process with bounds."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from engine.imports.limits import (
    Limits,
    ListRefused,
    broken,
    inflated_too_large,
    password_protected,
    stray_cells,
)
from engine.imports.model import Cell, Fault, Position, RawTable, writable
from engine.imports.package import inflate, repack
from engine.imports.scan import scan_sheets

CHILD = Path(__file__).with_name("sheets_child.py")


def read_xlsx(data: bytes, limits: Limits) -> list[RawTable]:
    """The sheets of an Office Open XML workbook; refuses bombs before anything is parsed."""
    parts = inflate(data, limits)
    faults = scan_sheets(parts, limits)
    return _tables(_run_child(repack(parts), limits), faults)


def read_xls(data: bytes, limits: Limits) -> list[RawTable]:
    """The sheets of an Excel 97-2003 workbook."""
    return _tables(_run_child(data, limits), {})


def _run_child(data: bytes, limits: Limits) -> dict[str, Any]:
    bounds = (limits.sheet_rows, limits.columns, limits.cells, limits.seconds)
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), *map(str, bounds)],
            input=data,
            capture_output=True,
            timeout=limits.seconds,
            env={**os.environ, "RUST_BACKTRACE": "0", "PYTHONUTF8": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise inflated_too_large() from None
    if done.returncode != 0:
        # A panic, an abort or a spent limit: the file is damaged beyond what the reader expects.
        raise broken()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _tables(
    answer: dict[str, Any], faults: Mapping[str, Mapping[Position, Fault]]
) -> list[RawTable]:
    if "refused" in answer:
        raise _refusal(answer)
    return [
        RawTable(
            name=each["name"],
            rows=[[_cell(value) for value in row] for row in each["rows"]],
            hidden=each["hidden"],
            faults=faults.get(each["name"], {}),
        )
        for each in answer["sheets"]
    ]


def _refusal(answer: dict[str, Any]) -> ListRefused:
    if answer["refused"] == "password":
        return password_protected()
    if answer["refused"] == "bounds":
        return stray_cells(answer["row"], answer["column"])
    return broken()


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return _moment(value["d"])
    if isinstance(value, str):
        return writable(value) or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    cell: Cell = value
    return cell


def _moment(iso: str) -> date | datetime | time:
    if "T" in iso:
        return datetime.fromisoformat(iso)
    return time.fromisoformat(iso) if ":" in iso else date.fromisoformat(iso)
