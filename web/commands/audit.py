"""`danbao audit`: check, seal and export the trail, and check receipts offline."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from engine.audit import export, receipt, verify
from engine.audit.checkpoint import seal as seal_trail
from engine.audit.keys import key_id, public_key, public_keys, sealing_key
from engine.audit.verify import Report
from engine.clock import utc_now
from engine.config import Settings, load_settings
from engine.db import connected, unit_of_work


@click.group()
def command() -> None:
    """审计记录：核验、封存、导出、出具和核对凭证。"""


@contextmanager
def _unit() -> Iterator[tuple[Session, Settings]]:
    settings = load_settings()
    with connected(settings) as factory, unit_of_work(factory) as session:
        yield session, settings


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="结果以JSON输出")
def verify_(as_json: bool) -> None:
    """核验全部记录和封存。没有问题退出码为0，有问题为1并指出位置。"""
    with _unit() as (session, settings):
        report = verify.verify(session, public_keys(settings.var))
    if as_json:
        click.echo(json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False))
    else:
        _print(report)
    sys.exit(0 if report.ok else 1)


def _print(report: Report) -> None:
    counts = f"{report.events}条记录，{report.chains}条链，{report.checkpoints}次封存"
    click.echo(f"{counts}，未封存{report.unsealed}条")
    for problem in report.problems:
        place = f"链{problem.chain} 第{problem.seq}条" if problem.chain else "封存"
        number = problem.event_id or problem.checkpoint_id
        click.echo(f"{place}（编号{number}）：{problem.what}：{problem.detail}", err=True)
    if report.more:
        click.echo(f"另有{report.more}处没有列出", err=True)
    click.echo("没有发现改动" if report.ok else "记录已被改动")


@command.command()
def seal() -> None:
    """封存尚未封存的记录。"""
    with _unit() as (session, settings):
        made = seal_trail(session, utc_now(), sealing_key(settings.var))
    if made is None:
        click.echo("没有需要封存的记录")
        return
    click.echo(f"已封存编号{made.first_id}至{made.last_id}，密钥{made.key_id}")


@command.command("export")
@click.argument("file", type=click.File("wb"))
def export_(file: BinaryIO) -> None:
    """导出全部记录、封存和公钥（JSON，一行一条），供另处保存和核验；-为标准输出。"""
    with _unit() as (session, settings):
        for line in export.lines(session, public_keys(settings.var)):
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


@command.command("receipt")
@click.argument("event_id", type=int)
@click.argument("file", type=click.File("w"), default="-")
def receipt_(event_id: int, file: Any) -> None:
    """为一条记录出具凭证。"""
    with _unit() as (session, settings):
        made = receipt.receipt(session, event_id, public_keys(settings.var))
    file.write(json.dumps(made, ensure_ascii=False, indent=1) + "\n")


@command.command("check-receipt")
@click.argument("file", type=click.File("r"))
@click.option("--key", help="可信的公钥（64位十六进制）；不给出时核对凭证自带的公钥")
def check_receipt(file: Any, key: str | None) -> None:
    """核对凭证，不需要数据库和网络。凭证成立退出码为0。"""
    checked = receipt.check(_json(file.read()), _trusted(key))
    event = checked.event
    click.echo(f"凭证成立：{event['chain']} 第{event['seq']}条，{event['action']}，{event['at']}")
    click.echo(f"封存于{checked.sealed_at}，密钥{checked.key_id}")
    if not checked.key_known:
        click.echo("公钥取自凭证本身，请与出具单位公布的密钥编号核对")


def _json(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None  # what is not JSON is not a receipt, and refused as such


def _trusted(key: str | None) -> dict[str, Ed25519PublicKey]:
    if key is None:
        return {}
    try:
        public = public_key(Path(key).read_text() if Path(key).is_file() else key)
    except ValueError as error:
        raise click.BadParameter("不是公钥", param_hint="--key") from error
    return {key_id(public): public}
