"""Published definitions for people: what is in force, earlier versions, work open on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import (
    Definition,
    DefinitionKind,
    Deployment,
    DeploymentMember,
    Person,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import taking_part
from engine.people import Actor


@dataclass(frozen=True)
class Listed:
    """A definition without its source. `by` None: published by the system."""

    id: int
    kind: str
    key: str
    version: int
    name: str
    digest: str
    published_at: datetime
    by: str | None
    note: str


def newest(session: Session, kind: DefinitionKind) -> Sequence[Definition]:
    """The definitions of a kind in the deployment that new instances start on."""
    return session.scalars(
        select(Definition)
        .join(DeploymentMember)
        .where(DeploymentMember.deployment_id == _current(session), Definition.kind == kind.value)
        .order_by(Definition.key)
    ).all()


def _current(session: Session) -> int | None:
    order = (Deployment.activated_at.desc(), Deployment.id.desc())
    return session.scalar(select(Deployment.id).order_by(*order).limit(1))


def in_force(session: Session) -> list[Listed]:
    """Everything in the current deployment, processes first."""
    query = (
        _listing()
        .join(DeploymentMember, DeploymentMember.definition_id == Definition.id)
        .where(DeploymentMember.deployment_id == _current(session))
        .order_by(Definition.kind.desc(), Definition.key)
    )
    return [Listed(*row) for row in session.execute(query).tuples()]


def versions(session: Session, kind: str, key: str) -> list[Listed]:
    """Every version of a definition, newest first."""
    query = _listing().where(Definition.kind == kind, Definition.key == key)
    rows = session.execute(query.order_by(Definition.version.desc())).tuples()
    return [Listed(*row) for row in rows]


def _listing() -> Select[tuple[int, str, str, int, str, str, datetime, str, str]]:
    return select(
        Definition.id,
        Definition.kind,
        Definition.key,
        Definition.version,
        Definition.name,
        Definition.digest,
        Definition.published_at,
        Person.name,
        Definition.note,
    ).outerjoin(Person, Person.id == Definition.published_by)


def find(session: Session, definition_id: int) -> Definition:
    """A definition with its source. Raises NotFound."""
    found = session.get(Definition, definition_id)
    if found is None:
        raise NotFound()
    return found


def open_work(
    session: Session, process_key: str, actor: Actor, now: datetime
) -> dict[str, tuple[int, int]]:
    """Open tasks of what the actor's organisation takes part in, by element: (how many, of which
    overdue)."""
    late = func.count().filter(WorkItem.due_at < now)
    query = (
        select(WorkItem.element_id, func.count(), late)
        .where(
            WorkItem.process_key == process_key,
            WorkItem.status == WorkStatus.OPEN.value,
            taking_part(actor, WorkItem.instance_id),
        )
        .group_by(WorkItem.element_id)
    )
    rows = session.execute(query).tuples()
    return {element: (count, overdue) for element, count, overdue in rows}
