"""`danbao publish`: bring bpmn/ into the database as a new deployment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine import db
from engine.clock import utc_now
from engine.config import ROOT, load_settings
from engine.people import SYSTEM
from engine.queries.in_step import to_publish
from engine.runtime.definitions import hold_publication, read_files
from engine.runtime.definitions import publish as publish_files
from engine.runtime.lint.gate import LintRefused
from web.commands.lint import as_text


@click.command(help="发布bpmn/里的流程、表单和方案参数；已在办理的事项留在原版本。")
@click.option("--from", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--note", default="", help="说明，记入审计")
@click.option("--overwrite", is_flag=True, help="冲掉界面上签发、还没有导出的版本")
def publish(folder: Path | None, note: str, overwrite: bool) -> None:
    """Publish the files of a folder laid out like bpmn/."""
    with db.connected(load_settings()) as factory, _told(), db.unit_of_work(factory) as session:
        hold_publication(session)
        files = to_publish(session, read_files(folder or ROOT / "bpmn"), overwrite=overwrite)
        done = publish_files(session, files, SYSTEM, utc_now(), note)
    names = "、".join(done.new) or "没有变化"
    click.echo(f"已发布：{names}（另有{done.unchanged}个文件未变）")


@contextmanager
def _told() -> Iterator[None]:
    """All that is wrong with the files, before the refusal."""
    try:
        yield
    except LintRefused as refused:
        for report in refused.reports:
            if report.findings:
                click.echo(as_text(report), err=True)
        raise
