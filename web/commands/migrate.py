"""`danbao migrate`: move running cases to another version of their process."""

import click
from sqlalchemy.orm import Session, sessionmaker

from engine import db
from engine.clock import utc_now
from engine.config import load_settings
from engine.jobs.migrations import work_off
from engine.models import MigrationBatch
from engine.operations.migration_batches import ask_migration
from engine.operations.migration_preview import Group, Preview, preview
from engine.people import SYSTEM
from engine.queries.migrations import items
from engine.text import Text


@click.command(help="把在办事项迁移到流程的另一版本；不能迁移的留在原版本，并说明原因。")
@click.argument("process")
@click.option("--to", type=int, help="部署编号；不写为当前版本")
@click.option("--dry-run", is_flag=True, help="只看哪些可以迁移，不改动")
@click.option("--reason", default="", help="原因，记入审计；实际迁移时必填")
def migrate(process: str, to: int | None, dry_run: bool, reason: str) -> None:
    """Look ahead, and unless it is a dry run, move all that can be moved."""
    with db.connected(load_settings()) as factory:
        with factory() as session:
            found = preview(session, process, SYSTEM, to)
        _tell(found)
        if found.able and not dry_run:
            _run(factory, found, reason)


def _tell(found: Preview) -> None:
    for group in found.groups:
        _print(group)
    click.echo(f"可以迁移{len(found.able)}件，不能迁移{found.unable}件，目标部署{found.to}")


def _print(group: Group) -> None:
    mark = "可以" if group.can else "不能"
    changed = "，".join(f"{one.key} v{one.old or '-'}→v{one.new or '-'}" for one in group.changes)
    place = "、".join(group.places) or "-"
    click.echo(f"{mark} {len(group.forecasts)}件 在{place}（{changed}）")
    for line in (*group.effects, *(one.why for one in group.why)):
        click.echo(f"  {line}")


def _run(factory: sessionmaker[Session], found: Preview, reason: str) -> None:
    with db.unit_of_work(factory) as session:
        batch = ask_migration(
            session, found.process_key, found.able, found.to, SYSTEM, reason, utc_now()
        )
    work_off(factory, batch.id, utc_now())
    with factory() as session:
        _report(session, session.get_one(MigrationBatch, batch.id))


def _report(session: Session, batch: MigrationBatch) -> None:
    settled = items(session, batch.id)
    refused = [one for one in settled if one.status != "DONE"]
    for one in refused:
        why = "；".join(str(Text(each["template"], each["params"])) for each in one.why)
        click.echo(f"没有动：{one.title}（{one.subject}）{why}")
    click.echo(f"第{batch.id}批：迁移{batch.total - len(refused)}件，没有动{len(refused)}件")
