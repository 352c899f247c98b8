"""What an edited decision table would have changed, from the cases' own evaluations."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.dmn import load_models
from engine.models.running import Evaluation
from engine.queries.simulation import by_outcome, same, simulate
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Begin
from tests.runtime.coverage.test_tasks import TABLE, Deploy, _decides
from web.cli import main

SOURCE = TABLE.format(policy="FIRST")
EDITED = SOURCE.replace("&lt; 10", "&lt; 25").replace('id="d" name="分类"', 'id="d" name="新"')


@pytest.fixture
def past(deploy: Deploy, begin: Begin, session: Session) -> Session:
    """Three cases: 3 is small, 20 and 30 are big."""
    deploy(("p", _decides("singleEntry")), kinds=SOURCE.encode())
    for amount in (3, 20, 30):
        begin("p", amount=amount)
    return session


def test_only_what_comes_out_otherwise_is_listed_with_the_rules(past: Session) -> None:
    model = load_models({"kinds": EDITED.encode()})["kinds"]
    found = simulate(past, model, NOW - timedelta(days=1))
    assert found.total == 3
    (change,) = found.changes
    assert (change.before, change.after, change.refusal) == ("big", "small", None)
    assert [rule.row for rule in change.were] == [2]
    assert [rule.row for rule in change.would] == [1]
    assert change.title
    assert by_outcome(found) == {("big", "small"): 1}


def test_the_same_table_changes_nothing_and_what_is_older_is_left_out(past: Session) -> None:
    same = load_models({"kinds": SOURCE.encode()})["kinds"]
    assert simulate(past, same, NOW - timedelta(days=1)).changes == []
    assert simulate(past, same, NOW + timedelta(days=1)).total == 0


def test_a_table_without_an_answer_or_without_the_decision_is_a_change(past: Session) -> None:
    unique = TABLE.format(policy="UNIQUE").replace("&lt; 10", "&lt; 25")
    found = simulate(past, load_models({"kinds": unique.encode()})["kinds"], NOW)
    (change,) = found.changes
    assert change.refusal is not None
    assert "同时符合" in str(change.refusal)
    gone = SOURCE.replace("kind_of", "other").encode()
    refused = simulate(past, load_models({"kinds": gone})["kinds"], NOW).changes
    assert len(refused) == 3
    assert all(one.refusal for one in refused)


def test_an_input_that_was_not_kept_is_counted(past: Session) -> None:
    asked = SOURCE.replace(
        "<inputData ", '<inputData id="i2" name="region"/><inputData ', 1
    ).replace(
        "<informationRequirement>",
        '<informationRequirement><requiredInput href="#i2"/></informationRequirement>'
        "<informationRequirement>",
        1,
    )
    assert asked != SOURCE
    found = simulate(past, load_models({"kinds": asked.encode()})["kinds"], NOW)
    assert (found.total, found.changes, found.lacking) == (3, [], {"region": 3})


def test_another_file_with_a_decision_of_the_same_id_is_not_replayed(past: Session) -> None:
    other = EDITED.replace('namespace="t"', 'namespace="elsewhere"').encode()
    assert simulate(past, load_models({"other": other})["other"], NOW).total == 0
    renamed = load_models({"kinds_new": EDITED.encode()})["kinds_new"]
    assert simulate(past, renamed, NOW).total == 3


@pytest.mark.parametrize(
    ("value", "stored", "alike"),
    [
        (Decimal("1.10"), "1.1", True),
        (Decimal("2.0"), 2, True),
        (Decimal(1), True, False),
        (True, 1, False),
        ("1.10", "1.1", False),
        (Decimal(5), "5", False),
        (Decimal("1.5"), "x", False),
        ([Decimal("0.50")], ["0.5"], True),
        ([], [1], False),
        ({"a": True}, {"a": 1}, False),
        ({"a": None}, {"a": None}, True),
    ],
)
def test_results_are_the_same_by_value_and_kind(value: object, stored: object, alike: bool) -> None:
    assert same(value, stored) is alike


def test_replaying_writes_nothing(past: Session) -> None:
    count = select(func.count(Evaluation.id))
    before = past.scalar(count)
    simulate(past, load_models({"kinds": EDITED.encode()})["kinds"], NOW)
    assert past.scalar(count) == before
    assert not past.new
    assert not past.dirty


def test_the_command_says_from_what_to_what_by_which_rule(
    past: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    past.commit()
    monkeypatch.setenv("DANBAO_DATABASE_URL", database_url)
    monkeypatch.setenv("DANBAO_VAR", str(tmp_path))
    file = tmp_path / "edited.dmn"
    file.write_text(EDITED, encoding="utf-8")
    words = ["simulate", "decision", str(file), "--since", NOW.date().isoformat()]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert "big → small" in done.output
    assert "原依据：kind_of2" in done.output
    assert "重作3次，1次结果不同" in done.output
    lines = CliRunner().invoke(main, [*words, "--json"]).output.splitlines()
    assert json.loads(lines[-1]) == {"total": 3, "changed": 1, "lacking": {}}
    assert json.loads(lines[0])["rules_after"][0]["row"] == 1
