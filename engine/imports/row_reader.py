"""Takes the cells of one row, one field after the other, and keeps what is wrong with them."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from engine.imports.cell_rules import TEN_THOUSAND, plain
from engine.imports.cells import CellRefused, Group
from engine.imports.columns import BY_FIELD
from engine.imports.model import Cell, Fault, SheetData, SheetRow, is_blank, shown
from engine.imports.report import Hint, RefusedCell, TidiedCell
from engine.imports.tidy import Tidied, worded
from engine.text import Text, text

T = TypeVar("T")
NOTHING = {"无", "/", "-", "—", "——", "--", "暂无", "n/a", "N/A", "不适用", "未填", "无意向"}
FAULTS = {
    Fault.UNCACHED: (
        text("是公式，文件没有保存计算结果"),
        text("用Excel打开后另存一次，或改填数值"),
    ),
    Fault.ERROR: (text("公式出错，没有结果"), text("改填正确的值")),
}
FILL_IN: dict[str, Text] = {
    "uscc": text("照营业执照填写18位"),
    "name": text("照营业执照填写"),
    "legal_rep": text("照营业执照填写"),
    "biz_address": text("填到门牌号"),
    "need_amount": text("填一个确定的数额，只写数字"),
    "need_term": text("填1到36的整数"),
    "remark": text("写明推荐理由，不超过500字"),
}
WHY: dict[str, Text] = {
    "biz_address": text("必填，用来判断是否在本区"),
    "remark": text("类别为“其他”时必填"),
}


def in_order(field: str, value: object) -> str:
    """A tidied value as a person would write it; money in 万元, whatever the column's unit."""
    if not isinstance(value, Decimal):
        return str(value)
    amount = value / TEN_THOUSAND if BY_FIELD[field].unit == "元" else value
    return f"{plain(amount)}万元"


class RowReader:
    """One row of a list. `present`: the fields whose column the list has."""

    def __init__(self, sheet: SheetData, row: SheetRow, present: frozenset[str]) -> None:
        self.sheet, self.row, self.present = sheet, row, present
        self.refused: list[RefusedCell] = []
        self.hints: list[Hint] = []
        self.tidied: list[TidiedCell] = []
        self.enterprise = worded(shown(self.raw("name"))).value

    def raw(self, field: str) -> Cell:
        """The cell as the file has it; None where the list has no such column."""
        column = self.sheet.column(field)
        return self.row.at(column.index) if column else None

    def label(self, field: str) -> str:
        """The column's heading as in the file, else the usual one."""
        column = self.sheet.column(field)
        return column.label if column else BY_FIELD[field].label

    def unit(self, field: str) -> str:
        """The unit in which the column is written."""
        column = self.sheet.column(field)
        return (column.unit if column else None) or BY_FIELD[field].unit or ""

    def required(self, field: str, parse: Callable[[Cell], Tidied[T]]) -> T | None:
        """The value; a blank cell is refused. None whenever there is no value."""
        if is_blank(self.raw(field)) and not self._fault(field):
            self.refuse_missing(field)
            return None
        return self._parse(field, parse)

    def where_present(self, field: str, parse: Callable[[Cell], Tidied[T]]) -> T | None:
        """As `required`, in a list that fills this column at all."""
        return self.required(field, parse) if field in self.present else None

    def optional(self, field: str, parse: Callable[[Cell], Tidied[T]]) -> T | None:
        """The value, or None for a blank cell, “无” or a dash."""
        raw = self.raw(field)
        nothing = is_blank(raw) or (isinstance(raw, str) and raw.strip() in NOTHING)
        if nothing and not self._fault(field):
            return None
        return self._parse(field, parse)

    def _fault(self, field: str) -> Fault | None:
        column = self.sheet.column(field)
        return self.sheet.faults.get((self.row.number, column.index)) if column else None

    def _parse(self, field: str, parse: Callable[[Cell], Tidied[T]]) -> T | None:
        if fault := self._fault(field):
            self.refuse(field, Group.OTHER, *FAULTS[fault])
            return None
        try:
            found = parse(self.raw(field))
        except CellRefused as refusal:
            self.refuse(field, refusal.group, refusal.reason, refusal.remedy)
            return None
        self._note_tidied(field, found)
        return found.value

    def _note_tidied(self, field: str, found: Tidied[T]) -> None:
        before, after = shown(self.raw(field)), in_order(field, found.value)
        self.tidied += [
            TidiedCell(self.row.number, self.label(field), field, before, after, kind)
            for kind in found.kinds
        ]

    def refuse(self, field: str, group: Group, reason: Text, remedy: Text) -> None:
        """Holds the row back because of this cell."""
        self.refused.append(
            RefusedCell(
                row=self.row.number,
                column=self.label(field),
                field=field,
                value=shown(self.raw(field)),
                reason=reason,
                remedy=remedy,
                group=group,
                enterprise=self.enterprise,
            )
        )

    def refuse_missing(self, field: str) -> None:
        """The cell is blank and may not be."""
        remedy = FILL_IN.get(field) or text("补填此项")
        self.refuse(field, Group.MISSING, WHY.get(field) or text("必填"), remedy)

    def hint(self, field: str, message: Text) -> None:
        """Says something about this cell without holding the row back."""
        value = shown(self.raw(field))
        label = self.label(field)
        self.hints.append(Hint(self.row.number, label, field, value, message, self.enterprise))
