"""`danbao export`: bring what is in force into bpmn/, or say where the two differ."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from engine import db
from engine.clock import SHANGHAI
from engine.config import ROOT, load_settings
from engine.models import DefinitionKind
from engine.queries.in_step import Standing, State, standings
from engine.runtime.compare import compare
from engine.runtime.definitions import read_files
from engine.text import Text, text
from web.commands.lint import Say, speaker

WORDS = {
    State.SAME: text("相同"),
    State.NEW: text("只在目录里，没有发布"),
    State.CHANGED: text("目录里的没有发布过"),
    State.OTHER: text("目录里是另一个发布过的版本"),
    State.GONE: text("目录里没有"),
}


@click.command(help="把现行的流程、决策表、表单和方案写回bpmn/；--check只说哪里不同。")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="不写文件，有不同时以1结束")
@click.option("--overwrite", is_flag=True, help="没有发布过的文件也覆盖")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh")
def export(folder: Path | None, only_check: bool, overwrite: bool, lang: str) -> None:
    """Write what is in force into a folder laid out like bpmn/."""
    root, say = folder or ROOT / "bpmn", speaker(lang)
    with db.connected(load_settings()) as factory, factory() as session:
        found = standings(session, read_files(root))
    if only_check:
        _check(found, say)
    unpublished = [one for one in found if one.state is State.CHANGED]
    if unpublished and not overwrite:
        for line in _lines(unpublished, say):
            click.echo(line, err=True)
        raise click.ClickException(
            say(text("这些文件没有发布过，会被冲掉。先运行danbao publish，或加--overwrite"))
        )
    _write(root, found, say)


def _check(found: list[Standing], say: Say) -> None:
    differs = [one for one in found if one.state is not State.SAME]
    for line in _lines(differs, say):
        click.echo(line)
    same = len(found) - len(differs)
    click.echo(say(text("{same}个相同，{n}个不同", same=same, n=len(differs))))
    raise SystemExit(1 if differs else 0)


def _lines(found: Iterable[Standing], say: Say) -> Iterator[str]:
    for one in found:
        yield f"{one.path}: {say(WORDS[one.state])}{_current(one, say)}"
        for words in _differences(one):
            yield f"  {say(words)}"


def _current(one: Standing, say: Say) -> str:
    if one.current is None:
        return ""
    at = f"{one.current.published_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    by = one.current.by or say(text("系统"))
    return say(text("，现行v{n}，{by}{at}发布", n=one.current.version, by=by, at=at))


def _differences(one: Standing) -> list[Text]:
    """What the version in force says otherwise than the file, for diagrams."""
    if one.file is None or one.current is None or one.file.kind is not DefinitionKind.PROCESS:
        return []
    return [found.words for found in compare(one.file.source, one.current.source)]


def _write(root: Path, found: list[Standing], say: Say) -> None:
    for one in found:
        if one.current is None:
            click.echo(f"{one.path}: {say(WORDS[State.NEW])}")
        elif one.state is not State.SAME:
            _replace(root / one.path, one.current.source)
            click.echo(f"{one.path}: {say(text('已写入v{n}', n=one.current.version))}")
    same = sum(one.state is State.SAME for one in found)
    click.echo(say(text("{n}个文件本来就相同", n=same)))


def _replace(path: Path, content: bytes) -> None:
    """The whole file or nothing of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
