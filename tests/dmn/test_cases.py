"""The cases beside the published decision tables, and what is said when one differs."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.config import ROOT
from engine.dmn import DecisionRefused, Model, load_models
from engine.dmn.cases import SUFFIX, read_cases, run_cases
from engine.dmn.checks import check
from web.cli import main

FOLDER = ROOT / "bpmn" / "decisions"
KEYS = sorted(path.stem for path in FOLDER.glob("*.dmn"))
MODELS = load_models({key: (FOLDER / f"{key}.dmn").read_bytes() for key in KEYS})


def _model(key: str) -> Model:
    return MODELS[key]


@pytest.mark.parametrize("key", KEYS)
def test_every_case_comes_out_as_expected_and_every_row_has_one(key: str) -> None:
    cases = read_cases((FOLDER / f"{key}{SUFFIX}").read_text("utf-8"), key)
    fared = run_cases(_model(key), cases)
    assert [(one.case.name, str(one.message)) for one in fared.differences] == []
    assert [str(words) for words in fared.unused] == []


@pytest.mark.parametrize("key", KEYS)
def test_the_tables_have_no_overlaps_no_gaps_and_a_clause_for_each_rule(key: str) -> None:
    assert [str(one.message) for one in check(_model(key))] == []
    rules = [rule for e in _model(key).own.values() for rule in e.xml.iter("{*}rule")]
    assert all((rule.findtext("{*}description") or "").strip() for rule in rules)


def test_decision_names_are_unique_over_all_files() -> None:
    names = [one.id for model in MODELS.values() for one in model.decisions]
    names += [one.name for model in MODELS.values() for one in model.decisions]
    assert len(names) == len(set(names))


def _run(*args: str) -> Result:
    return CliRunner().invoke(main, ["decisions", "test", *args])


def _copy(folder: Path, key: str, old: str, new: str) -> Path:
    source = (FOLDER / f"{key}.dmn").read_text("utf-8")
    assert old in source
    (folder / f"{key}.dmn").write_text(source.replace(old, new), "utf-8")
    cases = folder / f"{key}{SUFFIX}"
    cases.write_bytes((FOLDER / cases.name).read_bytes())
    return folder / f"{key}.dmn"


def test_the_command_runs_all_published_tables() -> None:
    done = _run()
    assert done.exit_code == 0, done.output
    assert done.output.count("例相符") == len(KEYS)


def test_a_changed_table_is_told_with_case_clause_and_the_row_that_decided(tmp_path: Path) -> None:
    table = _copy(tmp_path, "ceiling", "requested - 单户上限", "requested + 1 - 单户上限")
    done = _run(str(table))
    assert done.exit_code == 1
    assert "不符：普通类，敞口900万元加100万元，正好到上限（J4.1）" in done.output
    assert "应得BATCH，实得CASE_BY_CASE" in done.output
    assert "“担保方式”第2行符合" in done.output
    assert "不符：普通类，超出一分（I.10）" not in done.output


def test_the_cases_may_be_named_instead_of_the_table(tmp_path: Path) -> None:
    _copy(tmp_path, "quota", "额度以内", "额度之内")
    assert _run(str(tmp_path / f"quota{SUFFIX}")).exit_code == 0


def test_a_table_without_cases_is_refused_with_what_to_do(tmp_path: Path) -> None:
    table = _copy(tmp_path, "quota", "额度以内", "额度之内")
    (tmp_path / f"quota{SUFFIX}").unlink()
    done = _run(str(table))
    assert done.exit_code == 1
    assert "旁边没有quota.cases.yaml" in done.output


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("用例: [", "读不懂"),
        ("规则: []", "没有“用例”"),
        ("用例: [{情形: 甲, 决策: 乙}]", "第1例应有"),
        ("[]", "没有“用例”"),
    ],
)
def test_cases_that_cannot_be_understood_are_refused(source: str, why: str) -> None:
    with pytest.raises(DecisionRefused, match=why):
        read_cases(source, "x")


def test_an_unknown_input_or_decision_is_a_difference_and_no_crash() -> None:
    good = "用例: [{情形: 甲, 决策: 额度准入, 给定: {额度: 1}, 应得: 1, 依据: 乙}]"
    bad = "用例: [{情形: 甲, 决策: 没有的, 给定: {}, 应得: 1, 依据: 乙}]"
    for source, why in ((good, "没有名为额度的输入"), (bad, "没有决策没有的")):
        (found,) = run_cases(_model("quota"), read_cases(source, "x")).differences
        assert why in str(found.message)


def test_a_case_may_expect_that_there_is_no_answer() -> None:
    limit = "总额度: %s, 已用额度: 1, 本次申请: 1"
    odd = f"用例: [{{情形: 甲, 决策: 额度准入, 给定: {{{limit}}}, 应得: 无法作出, 依据: 乙}}]"
    assert run_cases(_model("quota"), read_cases(odd % "不明", "x")).differences == []
    (found,) = run_cases(_model("quota"), read_cases(odd % "9", "x")).differences
    assert str(found.message) == "应得无法作出，实得ADMIT"
