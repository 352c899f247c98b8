"""`danbao serve`: the pages, served by waitress."""

import errno
from importlib import import_module
from typing import Any

import click
from waitress.server import create_server

from engine.config import Settings, load_settings
from engine.db import connect, migrate
from engine.errors import DanbaoError
from engine.text import Text, text

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
    app = import_module("web.app").create_app(settings)
    try:
        server = create_server(
            app, host=host, port=port, threads=threads, ident=None, **_proxy(settings)
        )
    except OSError as error:
        raise DanbaoError(
            "port_taken",
            text("不能监听{host}:{port}（{reason}）", host=host, port=port, reason=error.strerror),
            _remedy(error),
        ) from error
    click.echo(f"担保通：http://{host}:{port}  （Ctrl-C停止；停止数据库用danbao db stop）")
    server.run()


def _remedy(error: OSError) -> Text:
    if error.errno == errno.EADDRINUSE:
        return text("端口已被占用，用--port另选一个")
    return text("检查--host和--port")


def _proxy(settings: Settings) -> dict[str, Any]:
    # Forwarded headers are believed only from as many proxies as the installation declares.
    if settings.proxies == 0:
        return {}
    return {
        "trusted_proxy": "*",
        "trusted_proxy_count": settings.proxies,
        "trusted_proxy_headers": FORWARDED,
    }
