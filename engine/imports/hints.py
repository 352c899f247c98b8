"""What an official should know about a row that is otherwise in order."""

from collections.abc import Mapping

from engine.imports.choices import EXPIRES, OTHER_PURPOSE
from engine.imports.context import ListContext
from engine.imports.model import is_blank
from engine.imports.report import ReferralRow
from engine.imports.row_reader import RowReader
from engine.imports.vocabulary import AGRI_WORDS, OTHER_CATEGORY, TARGET_SETTLE
from engine.text import text

SIZE_FIELDS = ("employees", "revenue", "assets")


def add_hints(
    reader: RowReader, row: ReferralRow, context: ListContext, names: Mapping[str, list[int]]
) -> None:
    """Adds to the reader; `names` gives the rows of each name in the list."""
    _same_name(reader, row, names)
    _category(reader, row, context)
    _qualifications(reader, row, context)
    _size(reader, row)
    _need(reader, row, context)
    _flags(reader, row)


def _same_name(reader: RowReader, row: ReferralRow, names: Mapping[str, list[int]]) -> None:
    twins = [number for number in names.get(row.name, []) if number < row.row]
    if twins:
        reader.hint("name", text("与第{row}行同名，信用代码不同", row=twins[0]))


def _category(reader: RowReader, row: ReferralRow, context: ListContext) -> None:
    """E3: a mismatch is a warning; 其他 (J2.1.4) is open to everyone, with a reason."""
    allowed = context.allowed_categories
    if allowed is not None and row.category not in allowed | {OTHER_CATEGORY}:
        names = [item.name for item in context.categories.items if item.code in allowed]
        reader.hint("category", text("本单位通常推荐：{names}，初审时核实", names="、".join(names)))
    if row.category == TARGET_SETTLE and not row.target_settle:
        reader.hint("target_settle", text("类别是目标落户企业，此列却不是“是”"))


def _qualifications(reader: RowReader, row: ReferralRow, context: ListContext) -> None:
    if is_blank(reader.raw("qualification")):
        if not is_blank(reader.raw(EXPIRES)):
            reader.hint(EXPIRES, text("填了有效期，没有填资质，有效期未用"))
        return
    for each in row.qualifications:
        if each.expires_on and each.expires_on < context.as_of:
            reader.hint(EXPIRES, text("资质已于{day}到期", day=each.expires_on.isoformat()))
    if row.qualifications and is_blank(reader.raw(EXPIRES)):
        reader.hint(EXPIRES, text("未填资质有效期，补上之前不能按有效资质认定"))


def _size(reader: RowReader, row: ReferralRow) -> None:
    for field in SIZE_FIELDS:
        if getattr(row, field) is None:
            reader.hint(field, text("未填，企业规模可能无法划型"))


def _need(reader: RowReader, row: ReferralRow, context: ListContext) -> None:
    if context.ceiling is not None and row.need_amount > context.ceiling:
        reader.hint("need_amount", text("超过批次担保单户上限，超出的走逐案审批"))
    if row.pref_bank_text and row.pref_bank is None and context.banks:
        reader.hint("pref_bank", text("不在合作银行名单里，将由系统派单"))
    if row.purpose == OTHER_PURPOSE:
        reader.hint("purpose", text("不在常用用途里，初审时核实是否为流动资金"))


def _flags(reader: RowReader, row: ReferralRow) -> None:
    if row.is_agri:
        return
    if any(word in (row.industry or "") for word in AGRI_WORDS):
        reader.hint("is_agri", text("行业涉农，此列却不是“是”"))
    elif "is_agri" in reader.present and is_blank(reader.raw("is_agri")):
        reader.hint("is_agri", text("未填，按“否”处理"))
