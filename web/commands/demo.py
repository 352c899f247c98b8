"""`danbao demo`: an installation to try out, on this machine."""

import click

from engine.config import load_settings
from web.commands import serve


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def command(port: int) -> None:
    """准备演示环境并启动网站。"""
    settings = load_settings()
    serve.prepare(settings)
    serve.run(settings, "127.0.0.1", port, threads=8)
