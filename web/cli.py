"""`danbao`: every module of web/commands is one command, loaded when it is asked for."""

import pkgutil
import sys
from functools import cache
from importlib import import_module

import click

import web.commands
from engine.errors import DanbaoError


@cache
def _modules() -> dict[str, str]:
    """Command name -> module name: `import_` is called as `import`, `a_b` as `a-b`."""
    names = [m.name for m in pkgutil.iter_modules(web.commands.__path__)]
    return {n.rstrip("_").replace("_", "-"): n for n in names if not n.startswith("_")}


class Commands(click.Group):
    """Finds commands by file name and prints refusals as a message and its remedy."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = _modules().get(cmd_name)
        if name is None:
            return None
        module = import_module(f"web.commands.{name}")
        found = getattr(module, "command", None) or getattr(module, name)
        assert isinstance(found, click.Command), name  # noqa: S101
        return found

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DanbaoError as refusal:
            click.echo(f"错误：{refusal.message}", err=True)
            if refusal.remedy is not None:
                click.echo(f"处理：{refusal.remedy}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="danbao")
def main() -> None:
    """担保通：政策性融资担保业务办理。"""
    # A log or pipe in another encoding must not turn a message into a traceback.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
