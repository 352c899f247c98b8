"""`danbao simulate decision`: which past cases an edited decision table would decide otherwise."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from engine import db
from engine.clock import SHANGHAI
from engine.config import load_settings
from engine.dmn.cases import shown
from engine.queries.simulation import Change, Rule, Simulation, by_outcome, simulate
from engine.text import text
from web.commands.decisions import load_table
from web.commands.lint import Say, speaker


@click.group("simulate", help="预演：改动之后，已办的事项会有哪些不同。")
def command() -> None:
    """Try out a change on what has happened; nothing is changed."""


@command.command("decision", help="把以往的决策用改过的决策表重作一遍，列出结果不同的事项。")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--since",
    required=True,
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="从哪一天起，如2026-01-01",
)
@click.option("--json", "as_json", is_flag=True, help="每处不同一行JSON，最后一行是合计")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="说明的语言")
def decision(file: Path, since: datetime, as_json: bool, lang: str) -> None:
    """Replay evaluations since a day (Asia/Shanghai) through FILE."""
    model, say = load_table(file), speaker(lang)
    start = since.replace(tzinfo=SHANGHAI).astimezone(UTC)
    with db.connected(load_settings()) as factory, factory() as session:
        found = simulate(session, model, start)
    for line in _as_json(found, say) if as_json else _as_text(found, say):
        click.echo(line)


def _as_text(found: Simulation, say: Say) -> Iterator[str]:
    for change in found.changes:
        yield say(
            text(
                "{title}（{subject}，{day}，{decision}）：{before} → {after}",
                title=change.title,
                subject=change.subject,
                day=change.at.astimezone(SHANGHAI).date().isoformat(),
                decision=change.decision,
                before=shown(change.before),
                after=change.refusal or shown(change.after),
            )
        )
        if change.were:
            yield say(text("  原依据：{rules}", rules=_rules(change.were)))
        if change.would:
            yield say(text("  新依据：{rules}", rules=_rules(change.would)))
    counted = {"total": found.total, "changed": len(found.changes)}
    yield say(text("重作{total}次，{changed}次结果不同", **counted))
    for name, count in found.lacking.items():
        yield say(text("其中{n}次没有记下输入“{name}”，按不明重作", n=count, name=name))
    for (before, after), count in by_outcome(found).items():
        yield say(text("  {before} → {after}：{n}次", before=before, after=after, n=count))


def _rules(rules: Sequence[Rule]) -> str:
    return "；".join(
        f"{one.table}{one.row}" + (f"（{one.annotation}）" if one.annotation else "")
        for one in rules
    )


def _as_json(found: Simulation, say: Say) -> Iterator[str]:
    for change in found.changes:
        yield json.dumps(_entry(change, say), ensure_ascii=False)
    total = {"total": found.total, "changed": len(found.changes), "lacking": found.lacking}
    yield json.dumps(total, ensure_ascii=False)


def _entry(change: Change, say: Say) -> dict[str, object]:
    return {
        "subject": change.subject,
        "title": change.title,
        "decision": change.decision,
        "at": change.at.isoformat(),
        "before": change.before,
        "after": change.after,
        "refusal": say(change.refusal) if change.refusal else None,
        "rules_before": [vars_of(rule) for rule in change.were],
        "rules_after": [vars_of(rule) for rule in change.would],
    }


def vars_of(rule: Rule) -> dict[str, object]:
    """A rule as JSON."""
    return {"table": rule.table, "row": rule.row, "annotation": rule.annotation}
