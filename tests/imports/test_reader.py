"""Finding the list in a file."""

import io
from datetime import date

import openpyxl
import pytest

from engine.imports import DEFAULT_LIMITS, Limits, ListRefused, check_rows, read_bounded, read_list
from engine.imports.model import SheetData
from tests.imports.builders import (
    FILE,
    HEADING,
    Row,
    checked,
    context,
    csv_text,
    listed,
    only_refusal,
    read,
    row,
    saved,
    xls,
    xlsx,
)

ROWS = listed(row(), row(资质="专精特新", 资质有效期至=date(2027, 3, 31)))


def numbers(sheet: SheetData) -> list[int]:
    return [each.number for each in sheet.rows]


def refusal(data: bytes, name: str = FILE, limits: Limits = DEFAULT_LIMITS) -> ListRefused:
    with pytest.raises(ListRefused) as caught:
        read_list(data, name, limits)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("xlsx", xlsx(ROWS)),
        ("xls", xls(ROWS)),
        ("csv", csv_text(ROWS).encode()),
        ("csv", csv_text(ROWS).encode("utf-8-sig")),
        ("csv", csv_text(ROWS).encode("gb18030")),
        ("csv", csv_text(ROWS, "\t").encode("utf-16")),
        ("csv", csv_text(ROWS, ";").encode()),
    ],
)
@pytest.mark.parametrize("name", ["名单.xlsx", "名单.xls", "名单.csv", "名单"])
def test_the_content_decides_the_format_whatever_the_name(
    kind: str, data: bytes, name: str
) -> None:
    sheet = read_list(data, name)
    assert (sheet.kind, numbers(sheet)) == (kind, [2, 3])
    report = check_rows(sheet, context())
    assert report.refused == ()
    assert str(report.accepted[1].qualifications[0].expires_on) == "2027-03-31"
    assert report.accepted[0].need_amount == 5_000_000


def test_titles_blanks_totals_and_notes_are_no_enterprises() -> None:
    sheet = read(
        [
            ["嘉定区科创贷融资需求名单"],
            ["填报单位：南翔镇", None, "填报日期：2025年12月8日"],
            HEADING,
            row(),
            [None],
            ["\xa0", "\u3000"],
            row(),
            [9],
            HEADING,
            row(),
            ["合 计", None, None, 1500],
            ["共计：", "3家"],
            ["注：融资需求单位为万元"],
            ["填表人：张三", None, None, "审核人：李四"],
        ]
    )
    assert numbers(sheet) == [4, 7, 10]
    assert len(sheet.preamble) == 2


def test_a_row_with_a_code_is_never_taken_for_a_note_or_a_total() -> None:
    report = checked(row(企业名称="合计"), row(序号="注：", 企业名称="上海备注科技有限公司"))
    assert (report.rows, report.refused_rows) == (2, (2,))


def test_a_heading_over_two_rows_is_joined() -> None:
    top: list[str | None] = [
        "企业基本情况",
        None,
        "推荐类别",
        "融资需求",
        None,
        None,
        "联系人",
        None,
    ]
    below = ["企业名称", "信用代码", None, "金额\n（元）", "期限（年）", "资金用途", "姓名", "电话"]
    good = dict(zip(HEADING, row(), strict=True))
    data: list[object] = [good["企业名称"], good["统一社会信用代码"], "街镇推荐", 5_000_000, 1,
                          "支付货款", "张三", "59991234"]  # fmt: skip
    book = openpyxl.Workbook()
    for each in (top, below, data):
        book.worksheets[0].append(each)
    for merged in ("A1:B1", "C1:C2", "D1:F1", "G1:H1"):
        book.worksheets[0].merge_cells(merged)
    sheet = read_list(saved(book), FILE)
    assert len(sheet.heading) == 2
    taken = check_rows(sheet, context()).accepted[0]
    assert taken.need_amount == 5_000_000
    assert (taken.row, taken.need_term) == (3, 12)
    assert (taken.contact, taken.phone) == ("张三", "59991234")


def test_headings_may_differ_in_words_stars_breaks_and_order() -> None:
    heading = [
        "*公司名称",
        "统一社会\n信用代码 ",
        "类别",
        "贷款用途",
        "贷款期限(个月)",
        "贷款金额:万元",
    ]
    good = dict(zip(HEADING, row(), strict=True))
    names = (
        "企业名称",
        "统一社会信用代码",
        "推荐类别",
        "资金用途",
        "期限（月）",
        "融资需求（万元）",
    )
    report = check_rows(read([heading, [good[name] for name in names]]), context())
    assert report.refused == ()
    assert report.accepted[0].need_amount == 5_000_000


@pytest.mark.parametrize(
    ("heading", "note", "unit"),
    [
        ("融资需求（元）", "单位：万元", "元"),
        ("融资需求（亿元）", None, "亿元"),
        ("融资需求", "金额单位：人民币万元", "万元"),
        ("融资需求", None, "元"),
    ],
)
def test_the_unit_comes_from_the_heading_then_a_note_then_the_rule(
    heading: str, note: str | None, unit: str
) -> None:
    changed = [heading if each == "融资需求（万元）" else each for each in HEADING]
    column = read([[note], changed, row()]).column("need_amount")
    assert column is not None
    assert column.unit == unit


def test_help_sheets_and_hidden_sheets_are_left_alone() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(ROWS, 说明=[["请勿修改表头"]], 旧=ROWS)))
    book["旧"].sheet_state = "hidden"
    sheet = read_list(saved(book), FILE)
    assert sheet.sheet == "需求名单"
    assert "没有读的工作表：说明、旧" in map(str, sheet.notes)


def test_an_empty_list_beside_a_filled_one_does_not_matter() -> None:
    assert read_list(xlsx([HEADING], 十二月=ROWS), FILE).sheet == "十二月"


def test_two_filled_lists_are_refused_rather_than_half_read() -> None:
    data = xlsx(ROWS, 十一月=ROWS)
    assert str(refusal(data).message) == "有2张工作表都是名单：需求名单(2行)、十一月(2行)"
    assert read_list(data, FILE, sheet="十一月").sheet == "十一月"


def test_a_list_only_on_a_hidden_sheet_says_so() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx([["说明"]], 名单=ROWS)))
    book["名单"].sheet_state = "hidden"
    assert refusal(saved(book)).code == "list_hidden"


def test_missing_columns_are_named() -> None:
    keep = [i for i, each in enumerate(HEADING) if not each.startswith(("期限", "资金用途"))]
    found = refusal(xlsx([[each[i] for i in keep] for each in ROWS]))
    assert str(found.message) == "表头缺少这些列：期限、资金用途"
    assert "统一社会信用代码" in str(refusal(xlsx([["这里什么也没有"]])).message)


def test_a_heading_without_enterprises_is_an_empty_list() -> None:
    assert refusal(xlsx([["名单"], HEADING, [1], [2], ["合计"]])).code == "list_empty"


def test_two_columns_for_the_code_are_refused() -> None:
    rows: list[Row] = [[*HEADING, "信用代码"], [*row(), "x"]]
    assert refusal(xlsx(rows)).code == "list_twin_columns"


def test_more_rows_than_a_batch_may_have_are_refused() -> None:
    found = refusal(xlsx(listed(*(row() for _ in range(4)))), limits=Limits(data_rows=3))
    assert str(found.message) == "名单有4行，一次最多3行"


def test_an_unbalanced_quote_does_not_swallow_the_rows_below() -> None:
    text = csv_text(ROWS).replace("南翔镇示例路1号", '"南翔镇示例路1号', 1)
    assert refusal(text.encode(), "名单.csv").code == "list_quotes"


def test_a_line_break_within_quotes_counts_as_one_row() -> None:
    rows = listed(row(经营地址="南翔镇\n示例路1号"), row(期限=99))
    report = check_rows(read_list(csv_text(rows).encode(), "名单.csv"), context())
    assert report.refused_rows == (3,)
    assert report.accepted[0].biz_address == "南翔镇 示例路1号"


def test_formulas_with_results_are_read_and_those_without_are_named() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(listed(row(), row()))))
    book.worksheets[0]["N3"] = "=SUM(N2:N2)"
    report = check_rows(read_list(saved(book), FILE), context())
    assert only_refusal(report)[:2] == ("融资需求（万元）", "是公式，文件没有保存计算结果")
    book.worksheets[0]["N2"] = "=250+250"
    assert refusal(saved(book)).code == "list_uncalculated"


def test_an_excel_error_is_named_as_such() -> None:
    report = checked(row(融资需求="#N/A"))
    assert only_refusal(report)[1] == "公式出错，没有结果"


def test_a_stream_is_not_read_beyond_the_limit() -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.asked += size
            return bytes(size)

    stream = Endless()
    with pytest.raises(ListRefused, match="20MB"):
        read_bounded(stream)  # type: ignore[arg-type] # a raw stream reads like a binary one
    assert stream.asked == 20 * 1024 * 1024 + 1
