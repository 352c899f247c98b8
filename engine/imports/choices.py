"""Cells whose words must be found in a code list."""

import re
from dataclasses import dataclass
from datetime import date
from functools import partial

from engine.domain.enterprise import Qualification
from engine.imports.cells import CellRefused, Group, expiry
from engine.imports.context import ListContext
from engine.imports.model import Cell, shown
from engine.imports.row_reader import RowReader
from engine.imports.tidy import Tidied, worded
from engine.imports.vocabulary import CodeList
from engine.text import Text, text

SEPARATORS = re.compile(r"[、,，;；\n]+")
NAMED_IN_REMEDY = 14
OTHER_PURPOSE = "OTHER"
EXPIRES = "qualification_expires"


def one(cell: Cell, codes: CodeList, what: Text, within: bool = False) -> Tidied[str]:
    """The code of the item that the cell names. `what`: the list's name, for the message."""
    tidy = worded(shown(cell))
    item = codes.find(tidy.value, within)
    if item is None:
        names = "、".join(codes.names[:NAMED_IN_REMEDY])
        raise CellRefused(
            Group.OTHER, text("不在{what}里", what=what), text("改为：{names}", names=names)
        )
    return Tidied(item.code, tidy.kinds)


def purpose(cell: Cell, context: ListContext) -> Tidied[str]:
    """A working-capital purpose (J4.2); fixed assets are refused, other words are OTHER."""
    tidy = worded(shown(cell))
    if any(word in tidy.value for word in context.fixed_asset_words):
        raise CellRefused(
            Group.OTHER,
            text("只支持流动资金贷款，方案四（二）"),
            text("改为流动资金用途，或撤下此行"),
        )
    item = context.purposes.find(tidy.value, within=True)
    return Tidied(item.code if item else OTHER_PURPOSE, tidy.kinds)


def bank(cell: Cell, context: ListContext) -> Tidied[str]:
    """The words of the cell; a bank outside the list is refused only when `strict_banks`."""
    tidy = worded(shown(cell))
    if context.strict_banks and bank_code(tidy.value, context) is None:
        raise CellRefused(
            Group.OTHER,
            text("不是合作银行"),
            text("改为合作银行，或留空由系统派单"),
        )
    return tidy


def bank_code(written: str | None, context: ListContext) -> str | None:
    """The cooperating bank that a branch's name begins with or contains."""
    item = context.banks.find(written, within=True) if written else None
    return item.code if item else None


@dataclass(frozen=True)
class _End:
    """When a certificate ends: a day, never (`open_ended`), or unknown."""

    expires_on: date | None = None
    open_ended: bool = False

    def __str__(self) -> str:
        return self.expires_on.isoformat() if self.expires_on else ""


def qualifications(reader: RowReader, context: ListContext) -> tuple[Qualification, ...]:
    """The qualifications with their ends: one end for all of them, or one for each."""
    written = reader.optional("qualification", lambda cell: worded(shown(cell)))
    if not written:
        return ()
    names = [each for each in SEPARATORS.split(written) if each.strip()]
    found: dict[str, Qualification] = {}
    for name, end in zip(names, _ends(reader, len(names)), strict=True):
        item = context.qualifications.find(name, within=True)
        if item:
            found[item.code] = Qualification(item.code, end.expires_on, end.open_ended)
        else:
            reader.hint("qualification", text("“{name}”不在资质目录里，未计入", name=name))
    return tuple(found.values())


def _ends(reader: RowReader, wanted: int) -> list[_End]:
    raw = reader.raw(EXPIRES)
    parts = SEPARATORS.split(raw.strip()) if isinstance(raw, str) and wanted > 1 else [""]
    if len(parts) == 1:
        return [reader.optional(EXPIRES, _end) or _End()] * wanted
    if len(parts) == wanted:
        return [reader.optional(EXPIRES, partial(_part, part)) or _End() for part in parts]
    reader.refuse(
        EXPIRES,
        Group.OTHER,
        text("资质有{n}项，有效期有{m}个", n=wanted, m=len(parts)),
        text("每项资质对应一个有效期，用“、”隔开"),
    )
    return [_End()] * wanted


def _end(cell: Cell) -> Tidied[_End]:
    found = expiry(cell)
    return Tidied(_End(found.value, open_ended=found.value is None), found.kinds)


def _part(part: str, _: Cell) -> Tidied[_End]:
    return _end(part)
