"""The programme files, and what is said about wrong ones."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.domain.calendar import Period, Unit
from engine.domain.codes import SupportClass
from engine.domain.parameter_kinds import CodeList
from engine.domain.programme import Parameters, Programme
from engine.domain.programme_file import ProgrammeInvalid, parse_programme
from engine.domain.size import BOUNDS
from engine.errors import NotFound, RuleRefused
from engine.programmes import load_common, load_programmes, read_yaml
from tests.domain.shared import PROGRAMMES

NEW_YEAR = date(2026, 1, 1)


@pytest.fixture(scope="module")
def programmes() -> dict[str, Programme]:
    return load_programmes(PROGRAMMES)


@pytest.fixture
def jiading(programmes: dict[str, Programme]) -> Parameters:
    return programmes["JD_KCD"].at(NEW_YEAR)


def test_jiading_says_what_the_draft_says(jiading: Parameters) -> None:
    assert jiading.ratio("guarantee_ratio_cap") == Decimal("0.85")
    assert jiading.clause("guarantee_ratio_cap") == "J3.5"
    assert jiading.period("approval_period") == Period(10, Unit.DAY)
    assert jiading.ceilings()[SupportClass.KEY] == Decimal(20_000_000)
    assert jiading.flag("lpr_cap")
    assert not jiading.flag("interest_subsidy")
    assert jiading.version == "2025-12"


def test_minhang_approves_in_a_month_and_pays_interest(programmes: dict[str, Programme]) -> None:
    minhang = programmes["MH_PARK_CHAMBER"].at(NEW_YEAR)
    assert minhang.period("approval_period") == Period(1, Unit.MONTH)
    assert minhang.ratio("fee_subsidy_ratio") == 1
    assert minhang.ratio("interest_subsidy_ratio_cap") == Decimal("0.50")
    assert minhang.day("renewal_medium_until") == date(2027, 9, 30)


def test_the_scheme_takes_new_cases_for_five_years_and_then_only_runs_off(
    programmes: dict[str, Programme],
) -> None:
    jiading = programmes["JD_KCD"]
    assert jiading.last_day == date(2030, 11, 30)
    assert jiading.accepts_new_on(date(2030, 11, 30))
    assert not jiading.accepts_new_on(date(2030, 12, 1))
    assert not jiading.accepts_new_on(date(2025, 11, 30))
    assert jiading.at(date(2031, 1, 1)).version == "2025-12"
    with pytest.raises(RuleRefused) as refused:
        jiading.at(date(2025, 11, 30))
    assert refused.value.code == "programme_not_in_force"


@pytest.mark.parametrize(
    ("listed", "written", "code"),
    [
        ("qualifications", "“专精特新”中小企业", "SPECIALISED"),
        ("qualifications", " 科技小巨人企业 ", "TECH_GIANT"),
        ("qualifications", "高新技术企业", "HIGH_TECH"),
        ("qualifications", "上市培育库", "LISTING_POOL"),
        ("qualifications", "科技型中小企业", "TECH_SME"),
        ("referral_categories", "街镇推荐", "SUBDISTRICT_REFERRAL"),
        ("referral_categories", "存量贷款企业", "EXISTING_BORROWER"),
        ("purposes", "支付货款", "PAY_SUPPLIERS"),
        ("sub_districts", "工业区", "GYQ"),
    ],
)
def test_words_of_the_lists_are_understood(
    jiading: Parameters, listed: str, written: str, code: str
) -> None:
    found = jiading.code_list(listed).find(written)
    assert found is not None
    assert found.code == code


def test_unknown_words_are_not_guessed(jiading: Parameters) -> None:
    assert jiading.code_list("qualifications").find("高新") is None
    assert jiading.code_list("qualifications").find("") is None


def test_every_industry_has_its_size_standard(programmes: dict[str, Programme]) -> None:
    for programme in programmes.values():
        for item in programme.at(NEW_YEAR).code_list("industries").items:
            assert item.get("size_industry") in BOUNDS, item


def test_every_value_names_its_clause(programmes: dict[str, Programme]) -> None:
    for programme in programmes.values():
        for parameter in programme.at(NEW_YEAR).values.values():
            assert parameter.clause


def test_a_parameter_nobody_set_is_said_to_be_missing(jiading: Parameters) -> None:
    with pytest.raises(NotFound, match="target_balance"):
        jiading.money("target_balance")
    assert isinstance(jiading.code_list("scopes"), CodeList)


def _jiading() -> dict[str, Any]:
    data = yaml.safe_load((PROGRAMMES / "jiading.yaml").read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def _problems(data: object) -> dict[str, str]:
    with pytest.raises(ProgrammeInvalid) as wrong:
        parse_programme(data, "jiading.yaml", load_common(PROGRAMMES))
    assert all(str(problem.remedy) for problem in wrong.value.problems)
    return {problem.key: str(problem.reason) for problem in wrong.value.problems}


@pytest.mark.parametrize(
    ("name", "entry", "place"),
    [
        ("guarantee_ratio_cap", {"value": "0.90", "clause": "J3.5"}, ".value"),
        ("guarantee_ratio_cap", {"value": 0.85, "clause": "J3.5"}, ".value"),
        ("guarantee_ratio_cap", {"value": "0.85"}, ".clause"),
        ("guarantee_ratio_cap", {"value": "0.85", "clause": "J3.5", "from": "x"}, ".from"),
        ("guarantee_ratio_cap", "0.85", ""),
        ("approval_period", {"value": {"amount": 10, "unit": "WEEK"}, "clause": "J3.4"}, ".value"),
        ("approval_period", {"value": {"amount": 0, "unit": "DAY"}, "clause": "J3.4"}, ".value"),
        ("aproval_period", {"value": {"amount": 1, "unit": "DAY"}, "clause": "J3.4"}, ""),
        ("risk_cap_total", {"value": "0.03", "clause": "J4.6"}, None),
        ("reminders", {"value": ["3 days"], "clause": "C"}, ".value"),
        ("fee_basis", {"value": "MONTHLY", "clause": "J4.5"}, ".value"),
        ("scopes", {"value": [{"code": "A"}], "clause": "J2.1.1"}, ".value"),
        (
            "scopes",
            {"value": [{"code": "A", "name": "甲"}, {"code": "B", "name": "甲"}], "clause": "x"},
            ".value",
        ),
        ("lpr_1y", {"value": {"soon": "3.00"}, "clause": "J4.3"}, ".value"),
    ],
)
def test_a_bad_value_is_refused_with_its_place(name: str, entry: object, place: str | None) -> None:
    data = _jiading()
    data["versions"][0]["parameters"][name] = entry
    key = f"versions[0].parameters.{name}"
    expected = key.replace("total", "guarantor") if place is None else key + place
    assert expected in _problems(data)


def test_a_missing_parameter_and_a_misspelt_one_are_both_named() -> None:
    data = _jiading()
    parameters = data["versions"][0]["parameters"]
    parameters["aproval_period"] = parameters.pop("approval_period")
    assert set(_problems(data)) == {
        "versions[0].parameters.aproval_period",
        "versions[0].parameters.approval_period",
    }


def test_a_parameter_of_ones_own_says_what_kind_it_is() -> None:
    data = _jiading()
    entry = {"value": {"amount": 7, "unit": "DAY"}, "clause": "J5.1", "kind": "period"}
    data["versions"][0]["parameters"]["site_visit_period"] = entry
    programme = parse_programme(data, "jiading.yaml", load_common(PROGRAMMES))
    assert programme.at(NEW_YEAR).period("site_visit_period") == Period(7, Unit.DAY)


def test_a_later_version_changes_only_what_it_names_and_only_from_its_day() -> None:
    data = _jiading()
    fee = {"fee_rate": {"value": "0.004", "clause": "J4.5"}}
    later = {"version": "2026-07", "effective_from": date(2026, 7, 1), "parameters": fee}
    data["versions"].append(later)
    programme = parse_programme(data, "jiading.yaml", load_common(PROGRAMMES))
    assert programme.at(date(2026, 6, 30)).ratio("fee_rate") == Decimal("0.005")
    after = programme.at(date(2026, 7, 1))
    assert after.ratio("fee_rate") == Decimal("0.004")
    assert after.money("ceiling_key") == Decimal(20_000_000)
    assert programme.last_day == date(2030, 11, 30)


def test_versions_out_of_order_are_refused() -> None:
    data = _jiading()
    data["versions"].append({"version": "x", "effective_from": "2025-01-01", "parameters": {}})
    assert "versions" in _problems(data)


def test_a_programme_without_a_date_is_not_in_force() -> None:
    data = _jiading()
    data["versions"][0]["effective_from"] = None
    programme = parse_programme(data, "jiading.yaml", load_common(PROGRAMMES))
    assert not programme.accepts_new_on(NEW_YEAR)
    assert programme.last_day is None


@pytest.mark.parametrize("content", ["a: 1\na: 2", "a: [", "a: \x00", "- " * 3000])
def test_broken_yaml_is_refused_with_its_line(content: str) -> None:
    with pytest.raises(ProgrammeInvalid) as wrong:
        read_yaml(content, "x.yaml")
    assert wrong.value.problems[0].file == "x.yaml"


@pytest.mark.parametrize("data", [None, [], "text", {"versions": 3}, {1: 2}])
def test_what_is_no_programme_is_refused(data: object) -> None:
    assert "versions" in _problems(data)


def test_two_programmes_may_not_share_a_code(tmp_path: Path) -> None:
    for source in (*PROGRAMMES.glob("_*.yaml"), PROGRAMMES / "jiading.yaml"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "zz.yaml").write_bytes((PROGRAMMES / "jiading.yaml").read_bytes())
    with pytest.raises(ProgrammeInvalid, match="JD_KCD"):
        load_programmes(tmp_path)
