"""`danbao lint`: what keeps files from being published, with place and remedy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from engine.config import ROOT
from engine.errors import DanbaoError
from engine.findings import Finding, Report, whole_file
from engine.runtime.definitions import FOLDERS, read_files
from engine.runtime.lint.files import KINDS, Given, reports
from engine.runtime.lint.gather import Source
from engine.runtime.normalise import MAX_BYTES
from engine.text import Text, text
from web.catalogue import translations

Say = Callable[[Text], str]


@click.command(help="检查流程、决策表、表单和方案文件能否发布；有错误时退出码为1。")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="每个文件一行JSON")
@click.option(
    "--with",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="文件所引用的流程、表单等所在的文件夹，默认为bpmn/",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="说明的语言")
@click.pass_context
def lint(
    ctx: click.Context, files: tuple[Path, ...], as_json: bool, folder: Path | None, lang: str
) -> None:
    """Check FILES as publication does; a folder stands for all files in it."""
    say, failed = speaker(lang), False
    read, unread = _read(list(_all(files)))
    if not read and not unread:  # a check that looked at nothing must not pass for one that did
        click.echo(say(text("没有可以检查的文件")), err=True)
        ctx.exit(1)
    for report in [*unread, *reports(read, _around(folder or ROOT / "bpmn"))]:
        failed = failed or not report.ok
        click.echo(_as_json(report, say) if as_json else as_text(report, say))
    ctx.exit(1 if failed else 0)


def speaker(lang: str) -> Say:
    """How texts are put into a language."""
    catalogue = translations(lang)

    def say(message: Text) -> str:
        params = {
            key: say(value) if isinstance(value, Text) else value
            for key, value in message.params.items()
        }
        return str(catalogue.gettext(message.template)).format(**params)

    return str if lang == "zh" else say


def _all(files: tuple[Path, ...]) -> Iterator[Path]:
    for path in files:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in KINDS)
        else:
            yield path


def _read(paths: list[Path]) -> tuple[list[Given], list[Report]]:
    found, unread = [], []
    for path in paths:
        try:
            with path.open("rb") as file:
                found.append(Given(str(path), file.read(MAX_BYTES + 1)))
        except (OSError, ValueError) as error:
            why = text("文件读不出：{why}", why=getattr(error, "strerror", None) or str(error))
            unread.append(Report(str(path), (whole_file(why, text("核对文件名和权限")),)))
    return found, unread


def _around(folder: Path) -> list[Source]:
    """What is published from a folder; a file that cannot even be read offers nothing."""
    try:
        return [Source(one.kind, one.key, one.source) for one in read_files(folder)]
    except (DanbaoError, ValueError, OSError):
        return list(_one_by_one(folder))


def _one_by_one(folder: Path) -> Iterator[Source]:
    for kind, (name, pattern) in FOLDERS.items():
        for path in sorted((folder / name).glob(pattern)):
            yield Source(kind, path.stem, path.read_bytes())


def _as_json(report: Report, say: Say) -> str:
    findings = [one.to_dict(say) for one in report.findings]
    return json.dumps({"file": report.file, "findings": findings}, ensure_ascii=False)


def as_text(report: Report, say: Say = str) -> str:
    """A report for people, a finding on two lines."""
    if not report.findings:
        return f"{report.file}: {say(text('可以发布'))}"
    return "\n".join(_line(report.file, one, say) for one in report.findings)


def _line(file: str, one: Finding, say: Say) -> str:
    level = say(text("错误") if one.level.value == "error" else text("提醒"))
    place = f" {one.name} [{one.element}]" if one.element else ""
    return f"{file}:{one.line}: {level}{place}: {say(one.message)}\n    → {say(one.remedy)}"
