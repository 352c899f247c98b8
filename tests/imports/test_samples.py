"""The three real lists, cell by cell, as checked by hand against the files."""

import warnings
from pathlib import Path

import pytest

from engine.imports import ListReport, check_rows, list_context, merge, read_list
from engine.imports.tidy import Tidy
from tests.imports.builders import TODAY

SAMPLES = Path(__file__).parents[3] / "shared" / "domain" / "samples"
DEPARTMENT = "2025-12_区科委_需求名单.xlsx"
TOWN = "2025-12_南翔镇_需求名单.xlsx"
BANK = "2025-12_申城银行_需求名单.csv"
SOURCES = {DEPARTMENT: "DEPT_SCIENCE", TOWN: "SUBDISTRICT", BANK: "BANK"}
CODE, NEED, TERM = "统一社会信用代码", "融资需求（万元）", "期限（月）"


def report_on(name: str) -> ListReport:
    path = SAMPLES / name
    if not path.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn(f"the sample list {path} is missing", stacklevel=2)
        pytest.skip(f"the sample list {path} is missing")
    return check_rows(
        read_list(path.read_bytes(), name), list_context(SOURCES[name], "2025-12", TODAY)
    )


def cells(report: ListReport) -> list[tuple[int, str, str, str]]:
    return [(e.row, e.column, e.value, str(e.reason)) for e in report.refused]


def hinted(report: ListReport, field: str) -> list[int]:
    return [each.row for each in report.hints if each.field == field]


def test_the_departments_list() -> None:
    report = report_on(DEPARTMENT)
    assert (report.rows, len(report.accepted), report.unit) == (61, 54, "万元")
    assert cells(report) == [
        (13, TERM, "120", "超出1至36个月"),
        (35, CODE, "91310114GTJL9C8WBH", "与第16行是同一家企业"),
        (36, CODE, "91310114LBXQCDDBY?", "第18位“?”不是可用字符"),
        (36, "推荐说明", "", "类别为“其他”时必填"),
        (43, NEED, "面议", "不是一个数"),
        (45, NEED, "-50", "须大于0"),
        (63, CODE, "91310114FJ46BN48WW", "第18位“W”与前17位对不上"),
        (64, "企业名称", "", "必填"),
    ]
    assert hinted(report, "qualification_expires") == [14, 17, 23, 26, 29, 32, 33, 34, 41, 54]
    assert hinted(report, "revenue") == [60]
    assert hinted(report, "name") == [49]
    assert report.tidied_counts == {
        Tidy.WIDTH: 2, Tidy.SEPARATOR: 1, Tidy.SPACE: 1, Tidy.CASE: 1, Tidy.DATE: 1
    }  # fmt: skip


def test_the_towns_list() -> None:
    report = report_on(TOWN)
    assert (report.rows, len(report.accepted), report.unit) == (81, 73, "万元")
    assert cells(report) == [
        (14, CODE, "91310114C41PY5ENGH", "第18位“H”与前17位对不上"),
        (24, NEED, "-50", "须大于0"),
        (36, NEED, "面议", "不是一个数"),
        (49, CODE, "91310114W01H1GT41G", "与第45行是同一家企业"),
        (62, TERM, "120", "超出1至36个月"),
        (71, "企业名称", "", "必填"),
        (74, CODE, "9131011419NUKJJCL?", "第18位“?”不是可用字符"),
        (82, "推荐说明", "", "类别为“其他”时必填"),
    ]
    assert hinted(report, "qualification_expires") == [16, 21, 22, 25, 30, 44, 51, 60, 72, 76, 79]
    assert hinted(report, "revenue") == [81]
    assert "没有读的工作表：填报说明" in map(str, report.notes)


def test_the_banks_list() -> None:
    report = report_on(BANK)
    assert (report.rows, len(report.accepted), report.unit) == (41, 33, "万元")
    assert cells(report) == [
        (2, CODE, "91310114G5PNEE9JJ?", "第18位“?”不是可用字符"),
        (7, CODE, "913101141JDH9CL1M8", "第18位“8”与前17位对不上"),
        (15, NEED, "-50", "须大于0"),
        (20, NEED, "面议", "不是一个数"),
        (23, CODE, "9131011424FTW3TB8F", "与第9行是同一家企业"),
        (28, "推荐说明", "", "类别为“其他”时必填"),
        (36, "企业名称", "", "必填"),
        (38, TERM, "120", "超出1至36个月"),
    ]


def test_the_three_lists_name_157_enterprises_of_which_two_twice() -> None:
    merged = merge([report_on(name) for name in (DEPARTMENT, TOWN, BANK)])
    assert (merged.enterprises, merged.merged) == (157, 2)
    places = {each.uscc: each.places for each in merged.overlaps}
    assert places == {
        "9131011422U0E0QQ8J": ((DEPARTMENT, 10), (TOWN, 12), (BANK, 4)),
        "91310114FDU3Q6JWCU": ((TOWN, 35), (BANK, 12)),
    }
    assert merged.overlaps[1].names == (
        "上海芯联智衡智能装备有限公司",
        "上海云栖芯联医疗器械有限公司",
    )


def test_what_was_put_in_order_ends_as_it_should() -> None:
    by_row = {each.row: each for each in report_on(DEPARTMENT).accepted}
    assert by_row[10].uscc == "9131011422U0E0QQ8J"
    assert by_row[26].uscc == "91310114QRCKH8890X"
    assert by_row[8].need_amount == 12_000_000
    assert by_row[55].need_amount == 3_000_000
    assert str(by_row[53].qualifications[0].expires_on) == "2027-03-31"
    assert by_row[41].qualifications == ()
    assert by_row[60].revenue is None
    in_bank = {each.row: each for each in report_on(BANK).accepted}
    assert in_bank[19].qualifications[0].open_ended
    assert in_bank[19].qualifications[0].expires_on is None
    assert (in_bank[3].target_settle, in_bank[12].target_settle) == (True, False)


def test_a_code_that_would_collide_once_corrected_names_the_other_row() -> None:
    remedies = {each.row: str(each.remedy) for each in report_on(TOWN).refused}
    assert remedies[74].endswith("第18位应为U，但那样就与第9行是同一家企业")
    assert remedies[14] == "对照营业执照。前17位若无误，末位应为G"
