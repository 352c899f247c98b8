"""What would change: past evaluations of a decision table, replayed through an edited one."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine.dmn import DecisionRefused, Model, Result
from engine.dmn.cases import shown
from engine.dmn.source import namespace_of
from engine.feel import FeelError, to_json_native
from engine.models import Definition, Instance
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
    """How many evaluations were replayed, and those that differ, oldest first.

    `lacking`: how many had no value kept for an input that the edited file asks, by its name; they
    were replayed as if it were not known.
    """

    total: int = 0
    changes: list[Change] = field(default_factory=list)
    lacking: Counter[str] = field(default_factory=Counter)


def simulate(session: Session, model: Model, since: datetime) -> Simulation:
    """Replay all that an earlier version of the same file has answered since a moment (aware UTC).

    The same file has its key (`model.name`), else, when none has, its namespace. Nothing is
    written.
    """
    found = Simulation()
    needed: dict[str, list[str]] = {}
    past = _past(_versions(session, model, since), since)
    for row in session.execute(past, execution_options={"yield_per": BATCH}):
        found.total += 1
        if row.decision not in needed:
            needed[row.decision] = _needed(model, row.decision)
        found.lacking.update(name for name in needed[row.decision] if name not in row.inputs)
        change = _replay(model, row)
        if change is not None:
            found.changes.append(change)
    return found


def _versions(session: Session, model: Model, since: datetime) -> list[int]:
    """The definitions that are versions of the edited file; others may use its decisions' ids."""
    asked = session.execute(
        select(Evaluation.definition_key, Evaluation.definition_id)
        .where(Evaluation.at >= since)
        .distinct()
    ).all()
    own = [row.definition_id for row in asked if row.definition_key == model.name]
    if own or not model.namespace:
        return own
    wanted = {row.definition_id for row in asked}
    files = session.execute(
        select(Definition.id, Definition.source).where(Definition.id.in_(wanted))
    )
    return [row.id for row in files if namespace_of(row.source) == model.namespace]


def _needed(model: Model, decision: str) -> list[str]:
    try:
        return model.inputs_of(decision)
    except DecisionRefused:
        return []  # the replay says that it is gone


def _past(versions: list[int], since: datetime) -> Any:
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
        .where(Evaluation.at >= since, Evaluation.definition_id.in_(versions))
        .order_by(Evaluation.at, Evaluation.id)
    )


def _replay(model: Model, row: Row[Any]) -> Change | None:
    try:
        result = model.evaluate(row.decision, row.inputs)
        value = result.required()
    except (DecisionRefused, FeelError) as refused:
        return _change(row, None, {}, refused.message)
    if same(result.value, row.result):
        return None
    return _change(row, value, dict(_decided(_tables(result))), None)


def same(value: object, stored: object) -> bool:
    """Whether a FEEL value is the one that was stored as JSON: 1.10 is 1.1, true is not 1."""
    if isinstance(value, list) and isinstance(stored, list):
        pairs = zip(value, stored, strict=False)
        return len(value) == len(stored) and all(same(one, other) for one, other in pairs)
    if isinstance(value, dict) and isinstance(stored, dict):
        alike = value.keys() == stored.keys()
        return alike and all(same(one, stored[key]) for key, one in value.items())
    native = to_json_native(value)
    if type(native) is not type(stored):
        return False
    return native == stored or (isinstance(value, Decimal) and _number(stored) == value)


def _number(stored: object) -> Decimal | None:
    try:
        return Decimal(str(stored))
    except InvalidOperation:
        return None


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
