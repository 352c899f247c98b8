"""`danbao serve`: the pages, served by waitress."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from sqlalchemy.orm import Session, sessionmaker
from waitress.server import create_server

from engine import logs
from engine.config import Settings, load_settings
from engine.db import connect, migrate, session_factory
from engine.errors import DanbaoError
from engine.jobs.scheduler import build
from engine.text import text
from notifications.jobs import register

FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 200))
def command(host: str, port: int, threads: int) -> None:
    """启动网站。表结构先升级到当前版本。"""
    settings = load_settings()
    prepare(settings)
    run(settings, host, port, threads)


def prepare(settings: Settings) -> None:
    """Start the database where it is ours to start, and bring its tables up to date."""
    engine = connect(settings)
    migrate(engine)
    engine.dispose()


def run(settings: Settings, host: str, port: int, threads: int) -> None:
    """Serve until interrupted. Raises DanbaoError when the port is taken."""
    with _listen(host, port) as listening, working(settings) as factory:
        server = create_server(
            import_module("web.app").create_app(settings, factory),
            sockets=[listening],
            threads=threads,
            ident=None,
            **proxy_options(settings),
        )
        click.echo(f"担保通：http://{host}:{port}  （Ctrl-C停止；停止数据库用danbao db stop）")
        server.run()


@contextmanager
def working(settings: Settings) -> Iterator[sessionmaker[Session]]:
    """The database, with sweeps, calendar jobs and mails running beside the pages."""
    logs.configure()
    factory = session_factory(connect(settings))
    scheduler = build(factory, settings)
    register(scheduler, factory, settings)
    scheduler.start()
    try:
        yield factory
    finally:
        scheduler.shutdown(wait=False)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise DanbaoError(
            "port_taken",
            text("不能监听{host}:{port}（{reason}）", host=host, port=port, reason=error.strerror),
            text("换一个--port，或检查--host"),
        ) from error


def proxy_options(settings: Settings) -> dict[str, Any]:
    """What waitress is told about reverse proxies."""
    # Forwarded headers are believed only from as many proxies as the installation declares.
    if settings.proxies == 0:
        return {}
    return {
        "trusted_proxy": "*",
        "trusted_proxy_count": settings.proxies,
        "trusted_proxy_headers": FORWARDED,
    }
