"""`danbao demo`: an installation to try out, on this machine."""

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.trail import record
from engine.clock import utc_now
from engine.config import ROOT, Settings, load_settings
from engine.db import connect, session_factory, unit_of_work
from engine.errors import Conflict, DanbaoError
from engine.models import AuditEvent, Membership, Organisation, Person
from engine.people import SYSTEM
from engine.queries.in_step import to_publish
from engine.runtime.definitions import publish, read_files
from engine.text import text
from web.commands import serve
from web.demo.story import act
from web.demo.world import PASSWORD

CHAIN = "system:demo"


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-serve", is_flag=True, help="只准备数据，不启动网站")
def command(port: int, no_serve: bool) -> None:
    """准备演示环境并启动网站；第二次运行保留已有数据。"""
    settings = load_settings()
    serve.prepare(settings)
    factory = session_factory(connect(settings))
    prepare(factory, settings)
    _accounts(factory)
    if not no_serve:
        serve.run(settings, "127.0.0.1", port, threads=8)


def prepare(factory: sessionmaker[Session], settings: Settings) -> None:
    """Play the story once; afterwards only publish what has changed in bpmn/."""
    with factory() as session:
        started = session.scalar(select(func.count(Organisation.id)))
        finished = session.scalar(select(AuditEvent.id).where(AuditEvent.chain == CHAIN).limit(1))
    if started and not finished:
        raise DanbaoError(
            "demo_unfinished",
            text("上次的演示没有准备完"),
            text("运行 danbao db erase 清空内置数据库，再重来"),
        )
    if started:
        _publish(factory)
        click.echo("演示数据已在，保留不动")
        return
    click.echo("第一次准备演示：模拟几个月的办理，约需一两分钟")
    act(factory, settings, utc_now(), lambda line: click.echo(f"  {line}"))
    with unit_of_work(factory) as session:
        record(
            session,
            chain=CHAIN,
            action="demo.played",
            summary=text("演示已准备好"),
            actor=SYSTEM,
            now=utc_now(),
        )


def _publish(factory: sessionmaker[Session]) -> None:
    """What is new in bpmn/; nothing that would undo what was signed on the pages."""
    try:
        with unit_of_work(factory) as session:
            files = to_publish(session, read_files(ROOT / "bpmn"))
            publish(session, files, SYSTEM, utc_now())
    except Conflict as differ:
        click.echo(f"没有发布bpmn/：{differ.message}。{differ.remedy}")


def _accounts(factory: sessionmaker[Session]) -> None:
    click.echo(f"账号（密码都是 {PASSWORD}）：")
    query = (
        select(Person.username, Person.name, Organisation.short_name, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.org_id)
        .order_by(Organisation.id, Person.id)
    )
    with factory() as session:
        for username, name, org, role in session.execute(query).tuples():
            click.echo(f"  {username:<26}{name}  {org} {role}")
