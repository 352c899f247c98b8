"""`danbao audit` from the command line: exit status, places, and receipts without a database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import AuditEvent
from tests.audit.conftest import Write
from web.cli import main

Danbao = Callable[..., Result]


@pytest.fixture
def danbao(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Danbao:
    monkeypatch.setenv("DANBAO_DATABASE_URL", database_url)
    monkeypatch.setenv("DANBAO_VAR", str(tmp_path))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["audit", *arguments])

    return run


def test_a_clean_trail_is_verified_sealed_and_exported(
    danbao: Danbao, write: Write, tmp_path: Path
) -> None:
    write("case:1", 3)
    assert danbao("seal").exit_code == 0
    assert "没有需要封存的记录" in danbao("seal").output
    result = danbao("verify")
    assert result.exit_code == 0, result.output
    assert "没有发现改动" in result.output
    target = tmp_path / "out.jsonl"
    assert danbao("export", str(target)).exit_code == 0
    kinds = [json.loads(line)["type"] for line in target.read_text().splitlines()]
    assert kinds == ["key", "event", "event", "event", "checkpoint"]


def test_a_forged_trail_fails_with_its_place(
    danbao: Danbao, write: Write, forge: Callable[[str], None]
) -> None:
    write("case:1", 3)
    forge("UPDATE audit_event SET reason = 'forged' WHERE seq = 2")
    result = danbao("verify")
    assert result.exit_code == 1
    assert "链case:1 第2条" in result.output
    as_json = danbao("verify", "--json")
    assert as_json.exit_code == 1
    report = json.loads(as_json.output)
    assert not report["ok"]
    [problem] = report["problems"]
    assert (problem["chain"], problem["seq"], problem["what"]) == ("case:1", 2, "altered")


def test_a_receipt_is_made_and_checked_without_the_database(
    danbao: Danbao,
    write: Write,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("case:1", 3)
    danbao("seal")
    event_id = session.scalars(select(AuditEvent.id).where(AuditEvent.seq == 2)).one()
    file = tmp_path / "receipt.json"
    assert danbao("receipt", str(event_id), str(file)).exit_code == 0
    monkeypatch.setenv("DANBAO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = danbao("check-receipt", str(file))
    assert result.exit_code == 0, result.output
    assert "case:1 第2条" in result.output
    assert "与出具单位公布的密钥编号核对" in result.output
    [key] = tmp_path.glob("audit-*.pub")
    trusted = danbao("check-receipt", str(file), "--key", str(key))
    assert trusted.exit_code == 0
    assert "公布" not in trusted.output
    file.write_text(file.read_text().replace("first_review", "other"))
    forged = danbao("check-receipt", str(file))
    assert forged.exit_code == 1
    assert "记录内容与其哈希不符" in forged.output
    file.write_text("nothing")
    assert danbao("check-receipt", str(file)).exit_code == 1
