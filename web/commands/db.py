"""`danbao db`: the database of this installation."""

import click
from sqlalchemy import make_url

from engine import postgres
from engine.config import load_settings
from engine.db import connect, migrate


@click.group()
def command() -> None:
    """数据库：启动、停止、升级表结构。"""


@command.command()
def start() -> None:
    """启动内置数据库；已在运行时不做改变。"""
    postgres.start(load_settings())
    _report()


@command.command()
def stop() -> None:
    """停止内置数据库，未提交的改动回滚。"""
    stopped = postgres.stop(load_settings())
    click.echo("数据库已停止" if stopped else "没有在运行的内置数据库")


@command.command()
def status() -> None:
    """数据库是否在运行，数据在哪里。"""
    _report()


@command.command("migrate")
def migrate_() -> None:
    """把表结构升级到当前版本。"""
    engine = connect(load_settings())
    migrate(engine)
    engine.dispose()
    click.echo("表结构已是最新")


@command.command()
def url() -> None:
    """打印连接地址，可直接交给psql、pg_dump（含口令）。"""
    found = make_url(postgres.start(load_settings())).set(drivername="postgresql")
    click.echo(found.render_as_string(hide_password=False))


@command.command()
@click.confirmation_option("--yes", prompt="内置数据库的全部数据将被删除，不能恢复。继续")
def erase() -> None:
    """删除内置数据库的全部数据。"""
    postgres.erase(load_settings())
    click.echo("内置数据库已删除")


def _report() -> None:
    found = postgres.status(load_settings())
    if found.data is None:
        click.echo(f"外部数据库：{make_url(found.url).render_as_string(hide_password=True)}")
        return
    click.echo(f"内置数据库：{'运行中' if found.running else '未运行'}")
    click.echo(f"数据文件夹：{found.data}")
    if found.pid:
        click.echo(f"进程号：{found.pid}")
