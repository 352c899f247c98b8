"""What is refused, hinted at and put in order, cell by cell."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from engine.imports import check_rows
from engine.imports.cells import Group
from engine.imports.model import Cell
from engine.imports.tidy import Tidy
from engine.imports.vocabulary import CodeItem, CodeList
from tests.imports.builders import (
    HEADING,
    checked,
    code,
    context,
    hints,
    listed,
    only_refusal,
    read,
    refusals,
    row,
)

GOOD = "91310114MA00001000"
BANKS = CodeList((CodeItem("SCB", "申城银行", ("申城",)),))


def test_a_row_in_order_passes_untouched() -> None:
    report = checked(row())
    assert (report.refused, report.hints, report.tidied) == ((), (), ())
    taken = report.accepted[0]
    assert taken.need_amount == Decimal("5000000.00")
    assert taken.revenue == Decimal("2600.00")
    assert (taken.category, taken.sub_district, taken.purpose) == (
        "SUBDISTRICT",
        "NANXIANG",
        "MATERIALS",
    )
    assert (taken.is_agri, taken.target_settle, taken.has_loan) == (False, False, None)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("9.13101E+17", "Excel把代码存成了数字，后几位已丢失"),
        (913101140000000000, "Excel把代码存成了数字，后几位已丢失"),
        ("91310114", "代码是8位，应为18位"),
        ("310114000123456", "这是15位的旧注册号"),
        ("91310114MAO000100X", "第11位“O”不是可用字符"),
        ("9131O114MAO000100X", "第5、11位不是可用字符"),
        (None, "必填"),
    ],
)
def test_what_is_wrong_with_a_code(written: Cell, reason: str) -> None:
    column, found, remedy = only_refusal(checked(row(统一社会信用代码=written)))
    assert (column, found) == ("统一社会信用代码", reason)
    assert remedy


def test_the_right_character_is_named_at_any_position() -> None:
    right = code()
    for place in (0, 3, 10, 17):
        wrong = right[:place] + "I" + right[place + 1 :]
        remedy = only_refusal(checked(row(统一社会信用代码=wrong)))[2]
        assert remedy.endswith(f"应为{right[place]}")


@pytest.mark.parametrize(
    ("disguise", "kinds"),
    [
        (str.lower, {Tidy.CASE}),
        (lambda c: f" {c}\xa0", {Tidy.SPACE}),
        (lambda c: f"{c[:8]} {c[8:]}", {Tidy.SPACE}),
        (lambda c: "".join(chr(ord(x) + 0xFEE0) for x in c), {Tidy.WIDTH}),
        (lambda c: f"\u200b{c}\ufeff", set()),
    ],
)
def test_a_code_written_otherwise_is_put_in_order(disguise, kinds: set[Tidy]) -> None:  # type: ignore[no-untyped-def] # lambdas
    right = code()
    report = checked(row(统一社会信用代码=disguise(right)))
    assert report.accepted[0].uscc == right
    assert set(report.tidied_counts) == kinds


def test_every_repetition_of_an_enterprise_names_its_first_row() -> None:
    twin = code()
    report = checked(
        *(row(统一社会信用代码=each) for each in (twin, code(), twin.lower(), f" {twin}"))
    )
    assert refusals(report) == [
        (4, "统一社会信用代码", "与第2行是同一家企业"),
        (5, "统一社会信用代码", "与第2行是同一家企业"),
    ]
    assert [each.row for each in report.accepted] == [2, 3]
    assert str(report.refused[0].remedy) == "两行只留一行。需求有变的，改第2行"


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        ("1,200", 12_000_000),
        ("３００", 3_000_000),
        (" 500 ", 5_000_000),
        ("500万元", 5_000_000),
        ("500万", 5_000_000),
        ("1.2亿", 120_000_000),
        ("5000000元", 5_000_000),
        ("￥300", 3_000_000),
        (199.99999999999997, 2_000_000),
        (0.1 + 0.2 + 100, 1_003_000),
        ("100.123456", Decimal("1001234.56")),
    ],
)
def test_amounts_people_write(written: Cell, yuan: Decimal) -> None:
    assert checked(row(融资需求=written)).accepted[0].need_amount == yuan


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("面议", "不是一个数"),
        ("约500", "不是一个数"),
        ("五百万", "不是一个数"),
        ("500-800", "是一个区间，不是一个数"),
        ("80%", "是百分数，不是数额"),
        ("12,00", "逗号的位置不对，看不出数额"),
        (-50, "须大于0"),
        (0, "须大于0"),
        (0.5, "不足1万元"),
        (5_000_000, "超过10亿元，疑按元填写"),
        ("1e400", "不是一个数"),
        ("9" * 40, "数额过大"),
        (None, "必填"),
        (True, "不是一个数"),
        (date(2025, 1, 1), "是日期，不是数额"),
    ],
)
def test_amounts_that_are_refused(written: Cell, reason: str) -> None:
    report = checked(row(融资需求=written))
    assert only_refusal(report)[:2] == ("融资需求（万元）", reason)


def test_a_need_in_yuan_that_was_meant_in_ten_thousands() -> None:
    heading = [each.replace("需求（万元）", "需求（元）") for each in HEADING]
    report = check_rows(read(listed(row(融资需求=500), heading=heading)), context())
    assert only_refusal(report) == (
        "融资需求（元）",
        "不足1万元，疑按万元填写",
        "本列单位是元。500万元应填5000000",
    )
    assert report.refused[0].group is Group.AMOUNT
    assert report.unit == "元"


def test_a_need_in_ten_thousands_that_was_meant_in_yuan() -> None:
    remedy = only_refusal(checked(row(融资需求=5_000_000)))[2]
    assert remedy == "本列单位是万元。500万元应填500"


@pytest.mark.parametrize(
    ("written", "months"), [(1, 1), (36, 36), ("12个月", 12), ("１２", 12), ("1年", 12), (6.0, 6)]
)
def test_terms_people_write(written: Cell, months: int) -> None:
    assert checked(row(期限=written)).accepted[0].need_term == months


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (120, "超出1至36个月"),
        (0, "超出1至36个月"),
        (37, "超出1至36个月"),
        (-6, "超出1至36个月"),
        (12.5, "不是整月数"),
        ("一年", "不是月数"),
        ("12-24", "不是月数"),
    ],
)
def test_terms_that_are_refused(written: Cell, reason: str) -> None:
    assert only_refusal(checked(row(期限=written)))[:2] == ("期限（月）", reason)


@pytest.mark.parametrize(
    ("written", "expires"),
    [
        ("2027年3月", "2027-03-31"),
        ("2028-02", "2028-02-29"),
        ("2027.3.5", "2027-03-05"),
        ("２０２７／３／５", "2027-03-05"),
        ("20270305", "2027-03-05"),
        ("2027年3月5日", "2027-03-05"),
        (46451, "2027-03-05"),
        (datetime(2027, 3, 5), "2027-03-05"),  # noqa: DTZ001 - cells have no zone
        ("2027-03-05 00:00:00", "2027-03-05"),
    ],
)
def test_dates_people_write(written: Cell, expires: str) -> None:
    report = checked(row(资质="专精特新", 资质有效期至=written))
    assert str(report.accepted[0].qualifications[0].expires_on) == expires


def test_dates_that_do_not_exist_are_refused() -> None:
    report = checked(
        row(资质="专精特新", 资质有效期至="2027-02-30"), row(资质="专精特新", 资质有效期至="明年")
    )
    assert [each[2] for each in refusals(report)] == ["没有这一天", "不是日期"]


def test_several_qualifications_take_one_end_or_one_each() -> None:
    names = "高企、专精特新"
    both = checked(row(资质=names, 资质有效期至="2027-03-31")).accepted[0].qualifications
    assert [(each.code, str(each.expires_on)) for each in both] == [
        ("HIGH_TECH", "2027-03-31"),
        ("SPECIALIZED", "2027-03-31"),
    ]
    each = checked(row(资质=names, 资质有效期至="2027-03-31、长期")).accepted[0].qualifications
    assert [one.open_ended for one in each] == [False, True]
    wrong = checked(row(资质=names, 资质有效期至="2027-03-31、长期、2026-01-01"))
    assert only_refusal(wrong)[1] == "资质有2项，有效期有3个"


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"资质": "专精特新", "资质有效期至": "2025-12-19"}, "资质已于2025-12-19到期"),
        ({"资质": "专精特新"}, "未填资质有效期，补上之前不能按有效资质认定"),
        ({"资质": "优秀企业", "资质有效期至": "长期"}, "“优秀企业”不在资质目录里，未计入"),
        ({"资质有效期至": "长期"}, "填了有效期，没有填资质，有效期未用"),
        ({"营业收入": None}, "未填，企业规模可能无法划型"),
        ({"行业": "生态农业"}, "行业涉农，此列却不是“是”"),
        ({"资金用途": "扩大宣传"}, "不在常用用途里，初审时核实是否为流动资金"),
    ],
)
def test_hints_do_not_hold_a_row_back(changes: dict[str, Cell], hint: str) -> None:
    report = checked(row(**changes))
    assert (hints(report), len(report.accepted)) == ([hint], 1)
    assert report.accepted[0].hints == report.hints


def test_a_qualification_is_valid_on_its_last_day() -> None:
    assert hints(checked(row(资质="专精特新", 资质有效期至="2025-12-20"))) == []


def test_a_category_of_another_department_is_a_warning_and_other_is_open_to_all() -> None:
    report = checked(row(推荐类别="涉农"), row(推荐类别="其他", 推荐说明="本区重点"),
                     source="DEPT_SCIENCE")  # fmt: skip
    assert [each.row for each in report.hints] == [2]
    assert hints(report)[0].startswith("本单位通常推荐：高新技术企业、科技小巨人企业、科技履约贷")


def test_other_needs_a_reason() -> None:
    report = checked(row(推荐类别="其他"), row(推荐类别="其它", 推荐说明="字" * 501))
    assert refusals(report) == [
        (2, "推荐说明", "类别为“其他”时必填"),
        (3, "推荐说明", "有501个字，超过500字"),
    ]
    assert report.refused[0].group is Group.MISSING


def test_an_unknown_bank_is_a_hint_unless_banks_are_strict() -> None:
    rows = row(意向银行="申城银行嘉定支行"), row(意向银行="外地银行"), row(意向银行="无")
    report = checked(*rows, banks=BANKS)
    assert [each.pref_bank for each in report.accepted] == ["SCB", None, None]
    assert hints(report) == ["不在合作银行名单里，将由系统派单"]
    strict = checked(*rows, banks=BANKS, strict_banks=True)
    assert refusals(strict) == [(3, "意向银行", "不是合作银行")]


def test_only_a_bank_names_enterprises_that_are_to_settle() -> None:
    wanted = row(是否目标落户="是", 所属街镇="外区")
    assert refusals(checked(wanted)) == [(2, "是否目标落户", "只有银行可以推荐目标落户企业")]
    taken = checked(wanted, source="BANK").accepted[0]
    assert (taken.target_settle, taken.sub_district) == (True, None)


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"企业名称": None}, "企业名称", "必填"),
        ({"企业名称": "甲"}, "企业名称", "不是企业全称"),
        ({"经营地址": None}, "经营地址", "必填，用来判断是否在本区"),
        ({"推荐类别": "优质"}, "推荐类别", "不在推荐类别目录里"),
        ({"所属街镇": "某镇"}, "所属街镇", "不在街镇目录里"),
        ({"资金用途": "购置厂房"}, "资金用途", "只支持流动资金贷款，方案四（二）"),
        ({"联系电话": "1381234567"}, "联系电话", "手机号少1位"),
        ({"联系电话": "138123456789"}, "联系电话", "手机号多1位"),
        ({"联系电话": "问前台"}, "联系电话", "不是电话号码"),
        ({"是否涉农": "也许"}, "是否涉农", "看不出是或否"),
        ({"从业人员": "若干"}, "从业人员（人）", "不是人数"),
        ({"营业收入": -1}, "营业收入（万元）", "不能小于0"),
    ],
)
def test_other_refusals(changes: dict[str, Cell], column: str, reason: str) -> None:
    assert only_refusal(checked(row(**changes)))[:2] == (column, reason)


@pytest.mark.parametrize(
    "written", ["021-59991234", "(021)59991234", "59991234-801", 13800000000.0]
)
def test_phones_people_write(written: Cell) -> None:
    assert checked(row(联系电话=written)).refused == ()


def test_optional_columns_of_the_form_are_checked_where_a_list_has_them() -> None:
    heading = [*HEADING, "法定代表人", "成立日期", "用款时间", "邮箱", "是否有存量贷款"]
    report = check_rows(
        read(
            listed(
                [*row(), "张三", "2015-03-01", "2025-12-01", "a@example.com", "有"],
                [*row(), None, "2027-03-15", "2025-11-30", "a@", "?"],
                heading=heading,
            )
        ),
        context(),
    )
    assert report.accepted[0].has_loan is True
    assert [each[1:] for each in refusals(report)] == [
        ("法定代表人", "必填"),
        ("成立日期", "晚于今天"),
        ("用款时间", "早于本期12月1日"),
        ("邮箱", "不是邮箱地址"),
        ("是否有存量贷款", "看不出是或否"),
    ]


def test_an_enterprise_named_twice_under_two_codes_is_pointed_out() -> None:
    name = "上海同名科技有限公司"
    report = checked(row(企业名称=name), row(企业名称=f" {name}"))
    assert hints(report) == ["与第2行同名，信用代码不同"]


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    sheet = read(listed(*(row() for _ in range(120))))
    check_rows(sheet, context(), on_progress=lambda done, total: told.append((done, total)))
    assert told == [(50, 120), (100, 120), (120, 120)]
