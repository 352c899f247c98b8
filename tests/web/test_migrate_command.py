"""`danbao migrate`: looks ahead, moves, reports."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session, sessionmaker

from engine.models import Instance
from tests.runtime.conftest import bank, finance
from tests.runtime.moving import Mover
from tests.runtime.test_migration import line
from tests.runtime.test_migration_batches import Many, many
from web.cli import main

__all__ = ["bank", "finance", "many"]


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("DANBAO_DATABASE_URL", database_url)
    monkeypatch.setenv("DANBAO_VAR", str(tmp_path))


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, ["migrate", *words])
    return found.exit_code, found.output


def on(cases: list[Mover], deployment: int) -> int:
    session: Session = cases[0].session
    session.expire_all()
    return sum(session.get_one(Instance, one.instance.id).deployment_id == deployment
               for one in cases)  # fmt: skip


def test_the_command_looks_ahead_then_moves(many: Many, factory: sessionmaker[Session]) -> None:
    cases = many(3)
    to = cases[0].publish(("p", line("a", "b", "x")))
    cases[0].session.commit()
    code, said = run("p", "--dry-run")
    assert (code, on(cases, to)) == (0, 0)
    assert "可以迁移2件，不能迁移1件" in said
    assert "正在“c”，新版本里没有这一步" in said
    code, said = run("p")
    assert code == 1, "没有写明原因"
    assert on(cases, to) == 0
    code, said = run("p", "--reason", "新办法")
    assert "迁移2件，没有动0件" in said
    assert on(cases, to) == 2
    with factory() as session:
        assert session.get_one(Instance, cases[2].instance.id).deployment_id != to
