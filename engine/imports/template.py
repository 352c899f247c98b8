"""The referral template (G6): heading with units, drop-down lists, and a page that explains."""

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from engine.imports.columns import BY_FIELD, Need
from engine.imports.context import ListContext
from engine.imports.corrections import write_cell

FIELDS = (
    "seq", "name", "uscc", "category", "qualification", "qualification_expires", "sub_district",
    "biz_address", "industry", "employees", "revenue", "assets", "is_agri", "need_amount",
    "need_term", "purpose", "pref_bank", "target_settle", "contact", "phone", "remark",
)  # fmt: skip
# People think of loans in 万元; a need in 元 is the commonest slip, so the heading settles it.
TEMPLATE_UNITS = {"need_amount": "万元"}
EXPLANATIONS = {
    "name": ("营业执照上的全称", "上海示例科技有限公司"),
    "uscc": ("18位，单元格为文本格式；不用字母I、O、S、V、Z", "91310114MAY0T00669"),
    "category": ("从下拉表选一个；选“其他”的要写推荐说明", "高新技术企业"),
    "qualification": ("有几项填几项，用“、”隔开；没有的留空", "高新技术企业、专精特新"),
    "qualification_expires": ("年-月-日；没有期限的填“长期”", "2027-03-31"),
    "sub_district": ("从下拉表选一个", "南翔镇"),
    "biz_address": ("实际经营地址，填到门牌号", "南翔镇示例路1号"),
    "industry": ("主营行业", "智能装备"),
    "employees": ("上年末人数，只写数字", "45"),
    "revenue": ("上年营业收入，单位万元", "2600"),
    "assets": ("上年末资产总额，单位万元", "3380"),
    "is_agri": ("填“是”或“否”", "否"),
    "need_amount": ("单位万元，一个确定的数额，大于0", "500"),
    "need_term": ("1到36的整数，单位月", "12"),
    "purpose": ("只支持流动资金用途", "采购原材料"),
    "pref_bank": ("没有意向的留空", ""),
    "target_settle": ("只由银行填“是”", "否"),
    "contact": ("企业联系人", "王示例"),
    "phone": ("11位手机号或固定电话", "13800000000"),
    "remark": ("类别为“其他”时必填，不超过500字", ""),
}
TEXT_FIELDS = ("uscc", "phone")
HEADING_ROW = 2
ROWS = 2_000
STRONG = Font(bold=True)
NEEDED = PatternFill("solid", fgColor="FCE4D6")
PLAIN = PatternFill("solid", fgColor="E7E6E6")


def referral_template(context: ListContext, title: str = "融资需求名单") -> bytes:
    """An empty list as xlsx, with the context's code lists to choose from.

    It reads back through `read_list`; filled rows of it pass `check_rows`.
    """
    book = Workbook()
    page = book.worksheets[0]
    page.title = "需求名单"
    _write_heading(page, title)
    _explain(book.create_sheet("填报说明"))
    _offer_choices(page, book.create_sheet("目录"), _choices(context))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _choices(context: ListContext) -> dict[str, Sequence[str]]:
    lists: dict[str, Sequence[str]] = {
        "category": context.categories.names,
        "qualification": context.qualifications.names,
        "sub_district": context.sub_districts.names,
        "purpose": context.purposes.names,
        "pref_bank": context.banks.names,
        "is_agri": ("是", "否"),
        "target_settle": ("是", "否"),
    }
    return {field: names for field, names in lists.items() if names}


def heading_of(field: str) -> str:
    """The template's heading, with its unit: 融资需求（万元）."""
    column = BY_FIELD[field]
    unit = TEMPLATE_UNITS.get(field) or column.unit
    return f"{column.label}（{unit}）" if unit else column.label


def _write_heading(page: Worksheet, title: str) -> None:
    write_cell(page, 1, 1, title)
    page.cell(1, 1).font = Font(bold=True, size=14)
    for index, field in enumerate(FIELDS, start=1):
        write_cell(page, HEADING_ROW, index, heading_of(field))
        cell = page.cell(HEADING_ROW, index)
        cell.font = STRONG
        cell.fill = PLAIN if BY_FIELD[field].need is Need.FREE else NEEDED
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        dimension = page.column_dimensions[get_column_letter(index)]
        dimension.width = 24 if field in ("name", "uscc", "biz_address", "remark") else 13
        if field in TEXT_FIELDS:
            # Otherwise Excel turns a code with an E, or a long number, into 9.13101E+17.
            dimension.number_format = "@"
    page.freeze_panes = f"D{HEADING_ROW + 1}"


def _offer_choices(page: Worksheet, lists: Worksheet, choices: dict[str, Sequence[str]]) -> None:
    lists.sheet_state = "hidden"
    for column, (field, names) in enumerate(choices.items(), start=1):
        letter = get_column_letter(column)
        for row, name in enumerate(names, start=1):
            write_cell(lists, row, column, name)
        offer = DataValidation(
            type="list", formula1=f"目录!${letter}$1:${letter}${len(names)}", allow_blank=True
        )
        # Several qualifications, or another branch's name, may be typed.
        offer.showErrorMessage = field not in ("qualification", "pref_bank")
        target = get_column_letter(FIELDS.index(field) + 1)
        offer.add(f"{target}{HEADING_ROW + 1}:{target}{HEADING_ROW + ROWS}")
        page.add_data_validation(offer)


def _explain(page: Worksheet) -> None:
    rows = [("列", "必填", "怎么填", "例子")]
    for field in FIELDS[1:]:
        required = "否" if BY_FIELD[field].need is Need.FREE else "是"
        rows.append((heading_of(field), required, *EXPLANATIONS[field]))
    for number, row in enumerate(rows, start=1):
        for index, words in enumerate(row, start=1):
            write_cell(page, number, index, words)
    for letter, width in zip("ABCD", (22, 8, 46, 28), strict=True):
        page.column_dimensions[letter].width = width
