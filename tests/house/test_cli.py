"""`danbao` on the command line: commands are found by file, refusals are sentences."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine import config
from web import cli


def danbao(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(cli.main, arguments, env=environ, catch_exceptions=False)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.KNOWN:
        monkeypatch.delenv(name, raising=False)


def test_every_command_loads_and_explains_itself() -> None:
    listed = danbao("--help")
    assert listed.exit_code == 0
    for name in cli.main.list_commands(click.Context(cli.main)):
        assert name in listed.output
        assert danbao(name, "--help").exit_code == 0


def test_an_unknown_command_is_refused() -> None:
    assert danbao("nonsense").exit_code == 2


def test_a_wrong_setting_ends_with_its_remedy_and_no_traceback(tmp_path: Path) -> None:
    result = danbao("db", "status", DANBAO_VAR=str(tmp_path), DANBAO_AUDIT_HASH="md5")
    assert result.exit_code == 1
    assert "DANBAO_AUDIT_HASH=md5" in result.stderr
    assert "处理：" in result.stderr
    assert "Traceback" not in result.output


def test_the_database_is_started_upgraded_and_stopped_by_hand(var: Path) -> None:
    here = {"DANBAO_VAR": str(var)}
    assert "未运行" in danbao("db", "status", **here).output
    assert "运行中" in danbao("db", "start", **here).output
    assert danbao("db", "migrate", **here).exit_code == 0
    assert danbao("db", "url", **here).output.startswith("postgresql://danbao@/danbao?host=")
    assert "已停止" in danbao("db", "stop", **here).output
    assert "没有在运行" in danbao("db", "stop", **here).output


def test_an_outside_database_is_shown_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://u:hidden@h/d"
    result = danbao("db", "status", DANBAO_VAR=str(tmp_path), DANBAO_DATABASE_URL=url)
    assert "u:***@h/d" in result.output


def test_erasing_asks_first(var: Path) -> None:
    here = {"DANBAO_VAR": str(var)}
    danbao("db", "start", **here)
    assert danbao("db", "erase", **here).exit_code == 1
    assert (var / "pg").exists()
    assert danbao("db", "erase", "--yes", **here).exit_code == 0
    assert not (var / "pg").exists()
