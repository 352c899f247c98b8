"""A pass over the XML of each sheet, for what the reader does not tell.

Where cells lie (a value in XFD1048576 would make a dense reader ask for gigabytes), which
formulas were never calculated, and which cells hold an Excel error.
"""

import posixpath
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from engine.imports.limits import Limits, broken, stray_cells
from engine.imports.model import Fault, Position

REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def scan_sheets(parts: dict[str, bytes], limits: Limits) -> dict[str, dict[Position, Fault]]:
    """Faulty cells by sheet name. Raises ListRefused for DTDs, broken XML, stray cells."""
    try:
        paths = _sheet_paths(parts)
        return {name: _scan_sheet(parts[path], limits) for name, path in paths if path in parts}
    except (expat.ExpatError, UnicodeDecodeError, LookupError, ValueError):
        raise broken() from None


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    # No spreadsheet program writes a DTD; refusing it settles every entity attack.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise broken()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _elements(content: bytes, wanted: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == wanted:
            found.append({_local(key): value for key, value in attributes.items()})

    parser = _parser()
    parser.StartElementHandler = start
    parser.Parse(content, True)
    return found


def _sheet_paths(parts: dict[str, bytes]) -> list[tuple[str, str]]:
    relations = _elements(parts["xl/_rels/workbook.xml.rels"], "Relationship")
    targets = {each.get("Id", ""): each.get("Target", "") for each in relations}
    sheets = _elements(parts["xl/workbook.xml"], "sheet")
    return [(each.get("name", ""), _part(targets.get(each.get("id", ""), ""))) for each in sheets]


def _part(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


@dataclass
class _Scan:
    """Walks the cells; `row` and `column` count on where a cell has no reference."""

    limits: Limits
    row: int = 0
    column: int = -1
    bottom: int = 0
    right: int = 0
    formula: bool = False
    error: bool = False
    value: bool = False
    in_value: bool = False
    faults: dict[Position, Fault] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self.row = int(attributes.get("r", self.row + 1))
                self.column = -1
            case "c":
                self._open_cell(attributes)
            case "f":
                self.formula = True
            case "v" | "is":
                self.in_value = True

    def text(self, _: str) -> None:
        if self.in_value:
            self.value = True

    def end(self, name: str) -> None:
        match _local(name):
            case "v" | "is":
                self.in_value = False
            case "c":
                self._close_cell()

    def _open_cell(self, attributes: dict[str, str]) -> None:
        place = REFERENCE.fullmatch(attributes.get("r", ""))
        self.column = _column_index(place[1]) if place else self.column + 1
        self.row = int(place[2]) if place else self.row
        self.error = attributes.get("t") == "e"
        self.formula = self.value = False

    def _close_cell(self) -> None:
        if self.formula and not self.value:
            self.faults[self.row, self.column] = Fault.UNCACHED
        if self.error and self.value:
            self.faults[self.row, self.column] = Fault.ERROR
        if self.value or self.formula:
            self._check_bounds()

    def _check_bounds(self) -> None:
        self.bottom, self.right = max(self.bottom, self.row), max(self.right, self.column + 1)
        if (
            self.bottom > self.limits.sheet_rows
            or self.right > self.limits.columns
            or self.bottom * self.right > self.limits.cells
        ):
            raise stray_cells(self.row, self.column + 1)


def _scan_sheet(content: bytes, limits: Limits) -> dict[Position, Fault]:
    scan = _Scan(limits)
    parser = _parser()
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text
    parser.Parse(content, True)
    return scan.faults


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
