"""What would change: past evaluations of a decision table, replayed through an edited one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from engine.dmn import DecisionRefused, Model, Result
from engine.dmn.cases import shown
from engine.feel import FeelError
from engine.models import Instance
from engine.models.running import Evaluation
from engine.text import Text, text

BATCH = 1_000
"""Rows read at a time."""


@dataclass(frozen=True)
class Rule:
    """A row of a table that decided, counted from 1, with its annotation."""

    table: str
    row: int
    annotation: str


@dataclass(frozen=True)
class Change:
    """An evaluation that would come out otherwise.

    `before` and `after` are results as JSON; `refusal` instead of `after` when the edited file
    gives no answer. `were` and `would` are the rows that decided, where these differ.
    """

    evaluation: int
    subject: str
    title: str
    decision: str
    at: datetime
    before: object
    after: object
    were: tuple[Rule, ...]
    would: tuple[Rule, ...]
    refusal: Text | None = None


@dataclass
class Simulation:
    """How many evaluations were replayed, and those that differ, oldest first."""

    total: int = 0
    changes: list[Change] = field(default_factory=list)


def simulate(session: Session, model: Model, since: datetime) -> Simulation:
    """Replay all evaluations since a moment (aware UTC) that the edited file would answer.

    Those are its decisions by id or name, and what an earlier version of the same file (by its
    key, `model.name`) answered. Nothing is written.
    """
    found = Simulation()
    for row in session.execute(_past(model, since), execution_options={"yield_per": BATCH}):
        found.total += 1
        change = _replay(model, row)
        if change is not None:
            found.changes.append(change)
    return found


def _past(model: Model, since: datetime) -> Any:
    names = {name for one in model.decisions for name in (one.id, one.name)}
    return (
        select(
            Evaluation.id,
            Evaluation.subject,
            Evaluation.decision,
            Evaluation.at,
            Evaluation.inputs,
            Evaluation.result,
            Evaluation.explanation,
            Instance.title,
        )
        .outerjoin(Instance, Instance.id == Evaluation.instance_id)
        .where(
            Evaluation.at >= since,
            or_(Evaluation.definition_key == model.name, Evaluation.decision.in_(names)),
        )
        .order_by(Evaluation.at, Evaluation.id)
    )


def _replay(model: Model, row: Row[Any]) -> Change | None:
    try:
        result = model.evaluate(row.decision, row.inputs)
        value = result.required()
    except (DecisionRefused, FeelError) as refused:
        return _change(row, None, {}, refused.message)
    if value == row.result:
        return None
    return _change(row, value, dict(_decided(_tables(result))), None)


def _tables(result: Result) -> list[Mapping[str, Any]]:
    return [table.to_json() for table in result.explanation]


def _decided(tables: list[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """By table, the rows that gave its answer."""
    for table in tables:
        notes = {match["row"]: match["annotation"] for match in table["matched"]}
        name = str(table["table"])
        rows = tuple(Rule(name, row, str(notes.get(row, ""))) for row in table["decided"])
        yield str(table["id"]), rows


def _change(
    row: Row[Any], after: object, would: dict[str, tuple[Rule, ...]], refusal: Text | None
) -> Change:
    were = dict(_decided(row.explanation.get("tables", [])))
    moved = [key for key in would | were if would.get(key) != were.get(key)]
    return Change(
        evaluation=row.id,
        subject=row.subject,
        title=row.title or row.subject,
        decision=row.decision,
        at=row.at,
        before=row.result,
        after=after,
        were=tuple(rule for key in moved for rule in were.get(key, ())),
        would=tuple(rule for key in moved for rule in would.get(key, ())),
        refusal=refusal,
    )


def by_outcome(found: Simulation) -> dict[tuple[str, str], int]:
    """How many go from what to what, most first; results in words."""
    counted: dict[tuple[str, str], int] = {}
    for change in found.changes:
        after = str(text("无法作出")) if change.refusal else shown(change.after)
        pair = (shown(change.before), after)
        counted[pair] = counted.get(pair, 0) + 1
    return dict(sorted(counted.items(), key=lambda item: -item[1]))
