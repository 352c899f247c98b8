"""`danbao decisions test`: whether decision tables answer as the cases beside them expect."""

from collections.abc import Iterator
from pathlib import Path

import click

from engine.config import ROOT
from engine.dmn import DecisionRefused, Model, load_models
from engine.dmn.cases import SUFFIX, Fared, read_cases, run_cases
from engine.text import text
from web.commands.lint import Say, speaker

FOLDER = ROOT / "bpmn" / "decisions"


@click.group(help="决策表：按用例核对。")
def decisions() -> None:
    """Decision tables and the cases beside them."""


@decisions.command("test", help="按旁边的.cases.yaml核对决策表；不给文件则核对bpmn/decisions全部。")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="说明的语言")
@click.pass_context
def test(ctx: click.Context, files: tuple[Path, ...], lang: str) -> None:
    """Run the cases of FILES (.dmn or .cases.yaml); exit 1 when one comes out otherwise."""
    say, failed = speaker(lang), False
    for path in _tables(files or tuple(sorted(FOLDER.glob("*.dmn")))):
        beside = path.with_name(path.stem + SUFFIX)
        if not beside.exists():
            missing = text("{name}旁边没有{cases}", name=path.name, cases=beside.name)
            raise DecisionRefused("no_cases", missing, text("写几个用例后再核对"))
        fared = run_cases(load_table(path), read_cases(_text(beside), beside.name))
        failed = failed or bool(fared.differences)
        for line in _told(path.stem, fared, say):
            click.echo(line)
    ctx.exit(1 if failed else 0)


def _tables(files: tuple[Path, ...]) -> Iterator[Path]:
    for path in files:
        cases = path.name.endswith(SUFFIX)
        yield path.with_name(path.name.removesuffix(SUFFIX) + ".dmn") if cases else path


def load_table(path: Path) -> Model:
    """The file, with those of its folder, which it may import."""
    try:
        around = {one.stem: one.read_bytes() for one in path.parent.glob("*.dmn") if one != path}
        own = path.read_bytes()
    except OSError as error:
        why = text("文件读不出：{why}", why=error.strerror or str(error))
        raise DecisionRefused("unreadable", why, text("核对文件名和权限")) from error
    try:
        return load_models({**around, path.stem: own})[path.stem]
    except DecisionRefused:
        return load_models({path.stem: own})[path.stem]  # what is wrong may be in another file


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig", errors="replace")


def _told(name: str, fared: Fared, say: Say) -> Iterator[str]:
    right = fared.total - len(fared.differences)
    yield say(text("{name}：{right}/{total}例相符", name=name, right=right, total=fared.total))
    for wrong in fared.differences:
        yield say(
            text(
                "  不符：{case}（{clause}）：{why}",
                case=wrong.case.name,
                clause=wrong.case.clause,
                why=wrong.message,
            )
        )
        yield from (f"    {say(words)}" for words in wrong.why)
    yield from (f"  {say(words)}" for words in fared.unused)
