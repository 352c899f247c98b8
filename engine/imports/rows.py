"""Checks every row of a list, by the same rules as the form for keying rows in (P1)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from engine.domain.enterprise import uscc_valid
from engine.imports import cell_rules, cells, choices
from engine.imports.cells import Group
from engine.imports.columns import BY_FIELD, Need
from engine.imports.context import ListContext
from engine.imports.hints import add_hints
from engine.imports.model import Cell, SheetData, SheetRow, is_blank, shown
from engine.imports.report import ListReport, ReferralRow, RefusedCell
from engine.imports.row_reader import RowReader
from engine.imports.tidy import worded
from engine.imports.uscc import checked_code, tidy_code
from engine.imports.vocabulary import BANK, OTHER_CATEGORY
from engine.text import Text, text

Progress = Callable[[int, int], None]
PROGRESS_STEP = 50
OFTEN_EMPTY = ("legal_rep", "controller")


@dataclass(frozen=True)
class _List:
    """What one row has to know of the others."""

    context: ListContext
    codes: dict[str, list[int]]
    names: dict[str, list[int]]


def check_rows(
    sheet: SheetData, context: ListContext, on_progress: Progress | None = None
) -> ListReport:
    """The report on a list. Pure: nothing is stored. `on_progress(done, total)` counts rows."""
    whole, present = _survey(sheet, context), _present(sheet)
    accepted: list[ReferralRow] = []
    readers: list[RowReader] = []
    for done, row in enumerate(sheet.rows, start=1):
        reader = RowReader(sheet, row, present)
        if taken := _check_row(reader, whole):
            accepted.append(taken)
        readers.append(reader)
        if on_progress and (done % PROGRESS_STEP == 0 or done == len(sheet.rows)):
            on_progress(done, len(sheet.rows))
    return _report(sheet, accepted, readers)


def _report(sheet: SheetData, accepted: list[ReferralRow], readers: list[RowReader]) -> ListReport:
    need = sheet.column("need_amount")
    return ListReport(
        file=sheet.file,
        rows=len(sheet.rows),
        accepted=tuple(accepted),
        refused=tuple(each for reader in readers for each in _in_order(sheet, reader.refused)),
        hints=tuple(each for row in accepted for each in row.hints),
        tidied=tuple(each for reader in readers for each in reader.tidied),
        unit=(need.unit if need else None) or "元",
        notes=(*sheet.notes, *_absent_columns(sheet)),
    )


def _in_order(sheet: SheetData, refused: list[RefusedCell]) -> list[RefusedCell]:
    """As the eye meets the columns in the file; columns that are not there come last."""
    places = {each.field: each.index for each in reversed(sheet.columns) if each.field}
    return sorted(refused, key=lambda each: places.get(each.field, len(sheet.columns)))


def _absent_columns(sheet: SheetData) -> list[Text]:
    wanted = ("sub_district", "biz_address", "contact", "phone")
    absent = [BY_FIELD[field].label for field in wanted if sheet.column(field) is None]
    if not absent:
        return []
    return [text("名单没有这些列，初审前要补：{columns}", columns="、".join(absent))]


def _present(sheet: SheetData) -> frozenset[str]:
    """The fields that each row must fill: those with a column.

    A column that no row fills counts only where it is asked for: lists of banks often carry
    people's names as empty columns, but an address or a telephone is always needed.
    """
    columns = [(each.field, each.index) for each in sheet.columns if each.field]
    return frozenset(
        field
        for field, index in columns
        if field not in OFTEN_EMPTY or any(not is_blank(row.at(index)) for row in sheet.rows)
    )


def _survey(sheet: SheetData, context: ListContext) -> _List:
    codes = _places(sheet, "uscc", lambda cell: tidy_code(cell).value)
    valid = {code: rows for code, rows in codes.items() if uscc_valid(code)}
    return _List(context, valid, _places(sheet, "name", lambda cell: worded(shown(cell)).value))


def _places(sheet: SheetData, field: str, read: Callable[[Cell], str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    column = sheet.column(field)
    for row, cell in _filled(sheet.rows, column.index if column else -1):
        places.setdefault(read(cell), []).append(row.number)
    return places


def _filled(rows: Iterable[SheetRow], index: int) -> list[tuple[SheetRow, Cell]]:
    if index < 0:
        return []
    return [(row, row.at(index)) for row in rows if not is_blank(row.at(index))]


def _check_row(reader: RowReader, whole: _List) -> ReferralRow | None:
    """The row when nothing in it is refused; what is wrong stays in the reader."""
    row = _read(reader, whole)
    _check_together(reader, row, whole.context)
    if reader.refused:
        return None
    add_hints(reader, row, whole.context, whole.names)
    return replace(row, hints=tuple(reader.hints), tidied=tuple(reader.tidied))


def _check_together(reader: RowReader, row: ReferralRow, context: ListContext) -> None:
    """Rules over several cells: a reason for 其他, and who may name enterprises to settle."""
    unexplained = row.category == OTHER_CATEGORY and not row.remark
    if unexplained and not any(each.field == "remark" for each in reader.refused):
        reader.refuse_missing("remark")
    if row.target_settle and context.source_type != BANK:
        reader.refuse(
            "target_settle",
            Group.OTHER,
            text("只有银行可以推荐目标落户企业"),
            text("改为“否”，或请银行推荐"),
        )


def _read(reader: RowReader, whole: _List) -> ReferralRow:
    """Every cell of the row. Values that were refused are empty here, and the row is dropped."""
    context = whole.context
    bank = reader.optional("pref_bank", partial(choices.bank, context=context))
    words = partial(_words, reader)
    return ReferralRow(
        row=reader.row.number,
        uscc=_code(reader, whole),
        name=reader.required("name", cell_rules.company) or "",
        category=_category(reader, context),
        qualifications=choices.qualifications(reader, context),
        sub_district=_sub_district(reader, context),
        biz_address=words("biz_address"),
        industry=words("industry"),
        employees=reader.optional("employees", cells.count),
        revenue=_turnover(reader, "revenue"),
        assets=_turnover(reader, "assets"),
        is_agri=_flag(reader, "is_agri") or False,
        need_amount=_need(reader, context),
        need_term=_term(reader),
        purpose=reader.required("purpose", partial(choices.purpose, context=context)) or "",
        pref_bank=choices.bank_code(bank, context),
        pref_bank_text=bank,
        target_settle=_flag(reader, "target_settle") or False,
        contact=words("contact"),
        phone=reader.where_present("phone", cells.phone),
        remark=words("remark") or words("note"),
        legal_rep=words("legal_rep"),
        controller=words("controller"),
        reg_address=words("reg_address"),
        established_on=reader.optional(
            "established_on", partial(cell_rules.established, context=context)
        ),
        need_by=reader.optional("need_by", partial(cell_rules.needed_by, context=context)),
        has_loan=_flag(reader, "has_loan"),
        email=reader.optional("email", cells.email),
    )


def _code(reader: RowReader, whole: _List) -> str:
    """The credit code. Each occurrence after the first is refused (P1: duplicate = error)."""
    number = reader.row.number
    check = partial(checked_code, known=whole.codes, row=number)
    code = reader.required("uscc", check)
    first = whole.codes.get(code or "", [number])[0]
    if code and first != number:
        reader.refuse(
            "uscc",
            Group.CODE,
            text("与第{row}行是同一家企业", row=first),
            text("两行只留一行。需求有变的，改第{row}行", row=first),
        )
    return code or ""


def _words(reader: RowReader, field: str) -> str | None:
    column = BY_FIELD[field]
    parse = partial(cells.words, most=column.most or 500)
    take = reader.where_present if column.need is Need.FILLED else reader.optional
    return take(field, parse)


def _category(reader: RowReader, context: ListContext) -> str:
    what = text("推荐类别目录")
    found = reader.required("category", partial(choices.one, codes=context.categories, what=what))
    return found or ""


def _sub_district(reader: RowReader, context: ListContext) -> str | None:
    """Required where the list has the column; an enterprise yet to settle may name any place."""
    parse = partial(choices.one, codes=context.sub_districts, what=text("街镇目录"), within=True)
    settling = shown(reader.raw("target_settle")).strip() == "是"
    if not settling:
        return reader.where_present("sub_district", parse)
    written = reader.optional("sub_district", partial(cells.words, most=500))
    item = context.sub_districts.find(written or "", within=True)
    return item.code if item else None


def _turnover(reader: RowReader, field: str) -> Decimal | None:
    return reader.optional(field, partial(cell_rules.turnover, unit=reader.unit(field)))


def _flag(reader: RowReader, field: str) -> bool | None:
    return reader.optional(field, cells.yes_no)


def _need(reader: RowReader, context: ListContext) -> Decimal:
    unit = reader.unit("need_amount")
    parse = partial(cell_rules.need, unit=unit, context=context)
    return reader.required("need_amount", parse) or Decimal(0)


def _term(reader: RowReader) -> int:
    parse = partial(cells.months, unit=reader.unit("need_term"))
    return reader.required("need_term", parse) or 0
