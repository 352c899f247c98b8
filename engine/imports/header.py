"""Finds the heading of a list: below titles, over one row or two."""

from dataclasses import dataclass

from engine.imports.columns import CORE, recognise
from engine.imports.model import Cell, RawTable, SheetColumn, is_blank, shown

SEARCHED_ROWS = 40
FEWEST_COLUMNS = 3


@dataclass(frozen=True)
class Heading:
    """`first` and `last` are list indexes of the heading rows (equal for a single row)."""

    first: int
    last: int
    columns: tuple[SheetColumn, ...]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that were recognised."""
        return frozenset(each.field for each in self.columns if each.field)

    @property
    def missing(self) -> tuple[str, ...]:
        """Core fields without a column."""
        return tuple(field for field in CORE if field not in self.fields)


def find_heading(table: RawTable) -> Heading | None:
    """The row that names most columns, or the pair that names more; None below three."""
    rows = table.rows
    searched = range(min(len(rows), SEARCHED_ROWS))
    # Single rows come first, so that a title above a plain heading never joins it.
    candidates = [_single(rows, index) for index in searched]
    candidates += [_pair(rows, index) for index in searched if index + 1 < len(rows)]
    best = max(candidates, key=lambda each: len(each.fields), default=None)
    return best if best and len(best.fields) >= FEWEST_COLUMNS else None


def _single(rows: list[list[Cell]], index: int) -> Heading:
    return Heading(index, index, _columns([(_label(cell),) for cell in rows[index]]))


def _pair(rows: list[list[Cell]], index: int) -> Heading:
    above, below = ([_label(cell) for cell in row] for row in rows[index : index + 2])
    return Heading(index, index + 1, _columns(_joined(above, below)))


def _label(cell: Cell) -> str:
    return "" if is_blank(cell) else " ".join(shown(cell).split())


def _joined(above: list[str], below: list[str]) -> list[tuple[str, ...]]:
    """The names a column of a two-row heading may go by; a merged heading spreads rightwards."""
    names: list[tuple[str, ...]] = []
    group = ""
    for index in range(max(len(above), len(below))):
        top = above[index] if index < len(above) else ""
        bottom = below[index] if index < len(below) else ""
        group = top or (group if bottom else "")
        names.append((group + bottom, bottom, group) if bottom else (top,))
    return names


def _columns(names: list[tuple[str, ...]]) -> tuple[SheetColumn, ...]:
    return tuple(_column(index, each) for index, each in enumerate(names) if any(each))


def _column(index: int, names: tuple[str, ...]) -> SheetColumn:
    for name in names:
        field, unit = recognise(name)
        if field:
            return SheetColumn(index, name, field, unit)
    return SheetColumn(index, names[0], None)
