"""What goes back to the referrer: the correction workbook, the template, the stored report."""

import io

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from engine.imports import (
    ListReport,
    SheetData,
    check_rows,
    correction_workbook,
    merge,
    read_list,
    read_name,
    referral_template,
    source_type_of,
)
from tests.imports.builders import (
    FILE,
    HEADING,
    Row,
    checked,
    code,
    context,
    csv_text,
    listed,
    read,
    refusals,
    row,
    saved,
    xls,
    xlsx,
)

TITLE: Row = ["嘉定区科创贷融资需求名单"]


def corrections(sheet: SheetData) -> tuple[Worksheet, bytes]:
    data = correction_workbook(sheet, check_rows(sheet, context()))
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0], data


def test_the_correction_workbook_has_only_the_refused_rows_marked() -> None:
    page, _ = corrections(read([TITLE, HEADING, row(), row(期限=99), row(融资需求="面议")]))
    assert page.max_row == 4
    assert page["C1"].value == TITLE[0]
    assert [page["A2"].value, page["B2"].value, page["C2"].value] == ["问题", "怎么改", "序号"]
    assert page["A3"].value == "原第4行 期限（月）：超出1至36个月"
    term = page.cell(3, HEADING.index("期限（月）") + 3)
    assert term.fill.fgColor.rgb == "00FFC7CE"
    assert term.comment is not None
    assert "填1到36的整数" in term.comment.text
    assert page.cell(3, 4).fill.fgColor.rgb != "00FFC7CE"


@pytest.mark.parametrize("kind", ["xlsx", "xls", "csv"])
def test_a_corrected_workbook_is_read_again_and_passes(kind: str) -> None:
    rows = [TITLE, *listed(row(), row(期限=99), row(推荐类别="其他"))]
    sheet = read(rows) if kind == "xlsx" else read_list(
        xls(rows) if kind == "xls" else csv_text(rows).encode(), FILE
    )  # fmt: skip
    page, data = corrections(sheet)
    again = read_list(data, "改正表.xlsx")
    assert len(check_rows(again, context()).refused) == 2
    page.cell(3, HEADING.index("期限（月）") + 3).value = 12
    page.cell(4, HEADING.index("推荐说明") + 3).value = "本区重点"
    assert page.parent is not None
    report = check_rows(read_list(saved(page.parent), "改正表.xlsx"), context())
    assert (len(report.accepted), report.refused) == (2, ())


def test_a_missing_column_is_added_so_that_it_can_be_filled() -> None:
    short = [each[:-1] for each in listed(row(推荐类别="其他"))]
    page, _ = corrections(read(short))
    assert page.cell(1, len(HEADING) + 2).value == "推荐说明"
    assert page.cell(2, len(HEADING) + 2).fill.fgColor.rgb == "00FFC7CE"


def test_text_that_looks_like_a_formula_stays_text() -> None:
    evil = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")']
    text = csv_text(listed(*(row(企业名称=each, 期限=99) for each in evil)))
    page, _ = corrections(read_list(text.encode(), "名单.csv"))
    for number, each in enumerate(evil, start=2):
        cell = page.cell(number, 4)
        assert (cell.value, cell.data_type, cell.quotePrefix) == (each, "s", True)


def test_the_template_reads_back_and_offers_the_lists() -> None:
    book = openpyxl.load_workbook(io.BytesIO(referral_template(context(), "十二月名单")))
    page = book["需求名单"]
    assert (page["A1"].value, page["C2"].value) == ("十二月名单", "统一社会信用代码")
    assert page.column_dimensions["C"].number_format == "@"
    offers = {str(each.sqref).partition("3")[0] for each in page.data_validations.dataValidation}
    assert offers == {"D", "E", "G", "M", "P", "R"}
    assert book["目录"].sheet_state == "hidden"
    for values in (row(), row(期限=99)):
        page.append(values)
    sheet = read_list(saved(book), FILE)
    report = check_rows(sheet, context())
    assert [each.row for each in report.accepted] == [3]
    assert refusals(report) == [(4, "期限（月）", "超出1至36个月")]


def some_report() -> ListReport:
    qualified = row(资质="高企、专精特新", 资质有效期至="2025-01-01、长期", 意向银行="某银行")
    return checked(qualified, row(融资需求="1,200"), row(期限=99), row(统一社会信用代码="x"))


def test_the_json_has_exactly_the_agreed_keys() -> None:
    answer = some_report().as_json()
    assert list(answer) == ["file", "rows", "accepted", "refused"]
    assert (answer["file"], answer["rows"], answer["accepted"]) == (FILE, 4, 2)
    refused = answer["refused"]
    assert isinstance(refused, list)
    assert refused[0] == {
        "row": 4,
        "column": "期限（月）",
        "value": "99",
        "reason": "超出1至36个月",
        "remedy": "填1到36的整数",
    }


def test_one_enterprise_on_two_lists_is_one_enterprise_and_both_are_named() -> None:
    twin = code()
    first = checked(row(统一社会信用代码=twin), row())
    second = checked(row(统一社会信用代码=twin, 企业名称="上海另名科技有限公司"))
    merged = merge([first, second])
    assert (merged.enterprises, merged.merged) == (2, 1)
    assert "name" in merged.overlaps[0].conflicts
    assert merge([]).enterprises == 0


@pytest.mark.parametrize(
    ("name", "period", "organisation", "source"),
    [
        ("2025-12_区科委_需求名单.xlsx", "2025-12", "区科委", "DEPT_SCIENCE"),
        ("2025-12_南翔镇_需求名单.xlsx", "2025-12", "南翔镇", "SUBDISTRICT"),
        ("2025-12_申城银行_需求名单.csv", "2025-12", "申城银行", "BANK"),
        ("２０２５年9月_区经委_名单.xls", "2025-09", "区经委", "DEPT_ECONOMY"),
        ("名单.xlsx", None, None, "SUBDISTRICT"),
    ],
)
def test_what_a_file_name_tells(
    name: str, period: str | None, organisation: str | None, source: str
) -> None:
    found = read_name(name)
    assert (found.period, found.organisation) == (period, organisation)
    assert source_type_of(found.organisation) == source


def test_two_thousand_rows_are_one_list() -> None:
    data = xlsx(listed(*(row() for _ in range(2000))))
    report = check_rows(read_list(data, FILE), context())
    assert len(report.accepted) == 2000
