"""What a file looks like once it is read: cells, columns, rows. No meaning is attached yet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from engine.text import Text

Cell = str | int | float | bool | date | datetime | time | None
Position = tuple[int, int]
"""Row number as the spreadsheet shows it (from 1), column index (from 0)."""


class Fault(StrEnum):
    """A cell whose content is not in the file."""

    UNCACHED = "UNCACHED"
    ERROR = "ERROR"


@dataclass(frozen=True)
class RawTable:
    """One sheet, every row from the first on, so that index + 1 is the spreadsheet's row number."""

    name: str
    rows: list[list[Cell]]
    hidden: bool = False
    faults: Mapping[Position, Fault] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetColumn:
    """A column: `label` as in the file, `field` of columns.py or None, `unit` of the heading."""

    index: int
    label: str
    field: str | None
    unit: str | None = None


@dataclass(frozen=True)
class SheetRow:
    """A data row, with the number that the spreadsheet shows for it."""

    number: int
    values: tuple[Cell, ...]

    def at(self, index: int) -> Cell:
        """The cell at a column index; rows may be shorter than the heading."""
        return self.values[index] if index < len(self.values) else None


@dataclass(frozen=True)
class SheetData:
    """A list as found in a file.

    `preamble` the title rows above the heading, `heading` the one or two heading rows,
    `rows` data rows only, `notes` what was left out and why, for the person who uploads.
    """

    file: str
    kind: str
    sheet: str
    preamble: tuple[tuple[Cell, ...], ...]
    heading: tuple[tuple[Cell, ...], ...]
    columns: tuple[SheetColumn, ...]
    rows: tuple[SheetRow, ...]
    faults: Mapping[Position, Fault] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()

    def column(self, name: str) -> SheetColumn | None:
        """The first column that holds `name`, a field of columns.py."""
        return next((each for each in self.columns if each.field == name), None)


UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def writable(words: str) -> str:
    """Without the characters that neither XML nor PostgreSQL can hold."""
    return UNWRITABLE.sub("", words)


def is_blank(cell: Cell) -> bool:
    """Nothing that a person could see: empty, spaces, NBSP, zero-width characters."""
    return cell is None or (
        isinstance(cell, str) and not cell.strip(" \t\r\n\xa0\u3000\u200b\ufeff")
    )


def shown(cell: Cell) -> str:
    """The cell as a person would read it in the file; "" when blank."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)
