"""Why decisions fell as they did, for those who may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Definition
from engine.models.running import Evaluation
from engine.people import Actor
from engine.queries.path import sees_tasks_only


@dataclass(frozen=True)
class Answered:
    """One evaluation of a decision. `tables` are explanations as `TableExplanation.to_json`, of
    the tables that had something to decide on."""

    element_id: str
    name: str
    version: int
    at: datetime
    result: Any
    tables: Sequence[Mapping[str, Any]]


def answers_of(session: Session, instance_id: int, actor: Actor) -> list[Answered]:
    """The decisions that an instance asked for, the oldest first; none for who brings or funds."""
    if sees_tasks_only(actor):
        return []
    query = (
        select(Evaluation, Definition.name, Definition.version)
        .join(Definition, Definition.id == Evaluation.definition_id)
        .where(Evaluation.instance_id == instance_id)
        .order_by(Evaluation.at, Evaluation.id)
    )
    return [
        Answered(one.element_id, name, version, one.at, one.result, _asked(one.explanation))
        for one, name, version in session.execute(query).tuples()
    ]


def _asked(explanation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        table
        for table in explanation.get("tables", [])
        if table["matched"] or any(one["value"] is not None for one in table["inputs"])
    ]
