"""白名单 as a workbook (G1): the frozen rows, the digest, and room for the seals."""

import io
from collections.abc import Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from engine.domain.codes import SupportClass
from engine.imports.corrections import write_cell
from engine.imports.model import Cell
from engine.queries.whitelist import Entry, Release

WAN = Decimal(10_000)
# heading, width
COLUMNS = (
    ("序号", 6),
    ("企业名称", 30),
    ("统一社会信用代码", 22),
    ("经营地址", 30),
    ("所属街镇", 12),
    ("行业", 16),
    ("规模", 8),
    ("类别", 9),
    ("资质", 22),
    ("推荐单位", 20),
    ("融资需求（万元）", 14),
    ("建议金额（万元）", 14),
    ("担保机构", 18),
    ("银行", 20),
    ("有效期至", 12),
    ("状态", 8),
)
CLASSES = {SupportClass.NORMAL.value: "普通类", SupportClass.KEY.value: "重点类"}
SIZES = {"LARGE": "大型", "MEDIUM": "中型", "SMALL": "小型", "MICRO": "微型"}
STATES = {"ACTIVE": "有效", "SUSPENDED": "暂停", "REMOVED": "移出", "EXPIRED": "到期"}
HEADING_ROW = 3
AMOUNTS = (11, 12)
THIN = Side(style="thin", color="BFBFBF")
LINE = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
SEALS = ("区财政局（盖章）", "市融资担保中心（盖章）")


def whitelist_workbook(release: Release, title: str, entries: Sequence[Entry]) -> bytes:
    """An xlsx of the entries. `title`: the programme's name. A text never acts as a formula."""
    book = Workbook()
    page = book.worksheets[0]
    page.title = "白名单"
    _write_head(page, release, title, entries)
    for number, entry in enumerate(entries, start=HEADING_ROW + 1):
        _write_entry(page, number, entry)
    _write_foot(page, release, HEADING_ROW + len(entries) + 2)
    _lay_out(page)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_head(page: Worksheet, release: Release, title: str, entries: Sequence[Entry]) -> None:
    write_cell(page, 1, 1, f"{title}白名单")
    page.cell(1, 1).font = Font(bold=True, size=16)
    day = release.released_on.isoformat() if release.released_on else ""
    total = sum((entry.amount for entry in entries), Decimal(0)) / WAN
    words = f"编号 {release.wl_no}　发布日期 {day}　企业 {len(entries)}家"
    words += f"　建议金额合计 {total:,.2f}万元"
    write_cell(page, 2, 1, words)
    for column, (heading, _) in enumerate(COLUMNS, start=1):
        write_cell(page, HEADING_ROW, column, heading)
        cell = page.cell(HEADING_ROW, column)
        cell.font, cell.border = Font(bold=True), LINE
        cell.fill = PatternFill("solid", fgColor="E7E6E6")
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")


def _write_entry(page: Worksheet, number: int, entry: Entry) -> None:
    for column, value in enumerate(_values(entry), start=1):
        write_cell(page, number, column, value)
        cell = page.cell(number, column)
        cell.border = LINE
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, amount in zip(AMOUNTS, (entry.need, entry.amount), strict=True):
        cell = page.cell(number, column)
        cell.value, cell.number_format = amount / WAN, "#,##0.00"


def _values(entry: Entry) -> list[Cell]:
    bank = f"{entry.bank}（意向）" if entry.bank_is_wish else entry.bank
    return [
        entry.seq,
        entry.name,
        entry.uscc,
        entry.address,
        entry.sub_district,
        entry.industry,
        SIZES.get(entry.size_class, ""),
        CLASSES.get(entry.support_class, ""),
        "、".join(entry.qualifications),
        "、".join(entry.referrers),
        None,
        None,
        entry.guarantor,
        bank,
        entry.valid_to,
        STATES.get(entry.status, ""),
    ]


def _write_foot(page: Worksheet, release: Release, row: int) -> None:
    write_cell(page, row, 1, f"发布时内容摘要（SHA-256）　{release.digest or ''}")
    page.cell(row, 1).font = Font(size=9, color="595959")
    for column, seal in zip((2, 10), SEALS, strict=True):
        write_cell(page, row + 2, column, seal)
        write_cell(page, row + 4, column, "　　　　年　　月　　日")


def _lay_out(page: Worksheet) -> None:
    for column, (_, width) in enumerate(COLUMNS, start=1):
        page.column_dimensions[get_column_letter(column)].width = width
    page.freeze_panes = f"C{HEADING_ROW + 1}"
    page.print_title_rows = f"{HEADING_ROW}:{HEADING_ROW}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
