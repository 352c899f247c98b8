"""`danbao import`: what would become of referral lists, and taking them over."""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

import click

from engine.clock import local_date, utc_now
from engine.config import ROOT
from engine.domain.programme import Parameters
from engine.errors import NotFound, RuleRefused
from engine.imports import (
    ListContext,
    ListRefused,
    ListReport,
    Merged,
    check_rows,
    list_context,
    merge,
    programme_context,
    read_bounded,
    read_list,
    read_name,
    refusal_as_json,
    source_type_of,
)
from engine.programmes import load_programmes
from engine.text import text

PROGRAMMES = ROOT / "bpmn" / "programmes"
DEFAULT_PROGRAMME = "JD_KCD"


@dataclass(frozen=True)
class Options:
    """What the person said; None where the file names or the calendar decide."""

    programme: str | None
    period: str | None
    organisation: str | None
    source_type: str | None
    username: str | None
    today: date


@dataclass(frozen=True)
class Outcome:
    """One file: its report, or why it was refused as a whole."""

    path: Path
    report: ListReport | None
    refusal: ListRefused | None

    def as_json(self) -> dict[str, object]:
        if self.report is not None:
            return self.report.as_json()
        assert self.refusal is not None  # noqa: S101 (one of the two is always set)
        return refusal_as_json(self.path.name, self.refusal)


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--programme", help=f"方案代码，默认{DEFAULT_PROGRAMME}")
@click.option("--period", help="报送月份，如2025-12；默认看文件名，再默认本月")
@click.option("--org", "organisation", help="报送单位；默认看文件名")
@click.option("--source-type", help="推荐渠道代码，如SUBDISTRICT、BANK；默认由报送单位推出")
@click.option("--user", "username", help="入库的经办人用户名")
@click.option("--dry-run", is_flag=True, help="只核对，不入库，不需要数据库")
@click.option("--json", "as_json", is_flag=True, help="结果写成JSON")
def command(
    files: tuple[Path, ...],
    programme: str | None,
    period: str | None,
    organisation: str | None,
    source_type: str | None,
    username: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """核对需求名单：可以报送几行，哪些格要改、怎么改；不加--dry-run则入库。"""
    today = local_date(utc_now())
    options = Options(programme, period, organisation, source_type, username, today)
    parameters = _parameters(options)
    outcomes = [_check(path, options, parameters) for path in files]
    merged = merge([each.report for each in outcomes if each.report])
    click.echo(_json(outcomes, merged) if as_json else _table(outcomes, merged))
    if not dry_run:
        _take_over(outcomes, options)
    if any(each.refusal for each in outcomes):
        raise click.exceptions.Exit(1)


def _parameters(options: Options) -> Parameters | None:
    """The programme's parameters; without --programme the built-in lists do when it has none."""
    code = options.programme or DEFAULT_PROGRAMME
    try:
        found = load_programmes(PROGRAMMES).get(code)
        if found is None:
            raise NotFound(text("没有方案{code}", code=code))
        return found.at(options.today)
    except (NotFound, RuleRefused):
        if options.programme:
            raise
        return None


def _check(path: Path, options: Options, parameters: Parameters | None) -> Outcome:
    try:
        with path.open("rb") as stream:
            sheet = read_list(read_bounded(stream), path.name)
    except ListRefused as refusal:
        return Outcome(path, None, refusal)
    return Outcome(path, check_rows(sheet, _context(path, options, parameters)), None)


def _context(path: Path, options: Options, parameters: Parameters | None) -> ListContext:
    name = read_name(path.name)
    period = options.period or name.period or f"{options.today:%Y-%m}"
    source = options.source_type or source_type_of(options.organisation or name.organisation)
    if parameters is None:
        return list_context(source, period, options.today)
    return programme_context(parameters, source, period, options.today)


def _take_over(outcomes: list[Outcome], options: Options) -> None:
    """Stores the accepted rows. Needs the database; refused files are left out."""
    if options.username is None:
        raise click.UsageError("不加--dry-run时要用--user写明经办人的用户名")
    # The database is only loaded when something is stored.
    store = import_module("web.commands._store_list").store_list
    for each in outcomes:
        if each.report is None:
            continue
        name = read_name(each.path.name)
        store(
            each.path,
            programme=options.programme or DEFAULT_PROGRAMME,
            period=options.period or name.period or f"{options.today:%Y-%m}",
            organisation=options.organisation or name.organisation or "",
            username=options.username,
        )


def _json(outcomes: list[Outcome], merged: Merged) -> str:
    answer = {
        "files": [each.as_json() for each in outcomes],
        "enterprises": merged.enterprises,
        "merged": merged.merged,
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _table(outcomes: list[Outcome], merged: Merged) -> str:
    head = ("文件", "行数", "可以报送", "须改正", "提示")
    body = [_summary(each) for each in outcomes]
    lines = _aligned([head, *body])
    lines.append(f"企业{merged.enterprises}家，其中{merged.merged}家由多个单位推荐，合并为一家")
    for each in outcomes:
        lines += _refusals(each)
    return "\n".join(lines)


def _summary(outcome: Outcome) -> tuple[str, ...]:
    report = outcome.report
    if report is None:
        return (outcome.path.name, "—", "—", "—", "—")
    counts = (report.rows, len(report.accepted), len(report.refused_rows), len(report.hints))
    return (outcome.path.name, *map(str, counts))


def _refusals(outcome: Outcome) -> list[str]:
    if outcome.refusal is not None:
        why = outcome.refusal
        return ["", f"{outcome.path.name}：{why.message}。{why.remedy or ''}"]
    report = outcome.report
    if report is None or not report.refused:
        return []
    head = ("行", "企业", "列", "填的是", "问题", "怎么改")
    rows = [
        (str(e.row), e.enterprise, e.column, e.value or "空", str(e.reason), str(e.remedy))
        for e in report.refused
    ]
    return ["", report.file, *_aligned([head, *rows])]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns padded for a terminal, where a Chinese character takes two places."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [_line(row, widths) for row in rows]


def _line(row: Iterable[str], widths: list[int]) -> str:
    cells = zip(row, widths, strict=True)
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in cells).rstrip()


def _width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in words)
