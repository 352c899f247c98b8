"""Failures: those of an instance, the list for whoever settles them, how many there are."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, joinedload

from engine.errors import NotFound
from engine.models import Instance, InstanceStatus
from engine.models.running import Incident, IncidentStatus
from engine.operations.access import taking_part
from engine.operations.incidents import to_settle
from engine.people import Actor

PAGE = 50
LIVING = (InstanceStatus.RUNNING.value, InstanceStatus.SUSPENDED.value)
UNSETTLED = Incident.status != IncidentStatus.RESOLVED.value


@dataclass(frozen=True)
class IncidentPage:
    """A page of incidents; `number` counts from 1."""

    rows: list[Incident]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def unsettled_of(session: Session, instance_id: int) -> list[Incident]:
    """The failures of a living instance that are not settled, the oldest first. Whether the reader
    may see the instance is the caller's to know."""
    query = (
        select(Incident)
        .join(Instance)
        .where(Incident.instance_id == instance_id, UNSETTLED, Instance.status.in_(LIVING))
        .order_by(Incident.id)
    )
    return list(session.scalars(query.options(joinedload(Incident.instance))))


def troubled(session: Session, instance_ids: Collection[int | None]) -> set[int]:
    """Which of these instances wait for a failed step of the system."""
    wanted = [one for one in instance_ids if one is not None]
    if not wanted:
        return set()
    query = select(Incident.instance_id).where(Incident.instance_id.in_(wanted), UNSETTLED)
    return set(session.scalars(query))


def unsettled_count(session: Session, actor: Actor) -> int:
    """How many failures wait for the actor, or for the next retry."""
    return session.scalar(_counting(to_settle(actor), UNSETTLED)) or 0


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many there are in each state, in the actor's reach."""
    query = select(Incident.status, func.count()).where(to_settle(actor)).group_by(Incident.status)
    found = {status: number for status, number in session.execute(query).tuples()}
    return {one.value: found.get(one.value, 0) for one in IncidentStatus}


def page(
    session: Session, actor: Actor, status: IncidentStatus | None, number: int = 1
) -> IncidentPage:
    """A page of the incidents that the actor may settle: those that wait for a person first."""
    where = [to_settle(actor)]
    if status is not None:
        where.append(Incident.status == status.value)
    total = session.scalar(_counting(*where)) or 0
    number = max(1, min(number, -(-total // PAGE)))
    order = case(
        {IncidentStatus.OPEN.value: 0, IncidentStatus.RETRYING.value: 1},
        value=Incident.status,
        else_=2,
    )
    query = (
        select(Incident)
        .where(*where)
        .order_by(order, Incident.last_at.desc(), Incident.id.desc())
        .limit(PAGE)
        .offset((number - 1) * PAGE)
        .options(joinedload(Incident.instance), joinedload(Incident.resolver))
    )
    return IncidentPage(list(session.scalars(query)), total, number)


def incident_for(session: Session, actor: Actor, incident_id: int) -> Incident:
    """One incident, if the actor's organisation takes part in its instance. Raises NotFound."""
    query = select(Incident).where(
        Incident.id == incident_id, taking_part(actor, Incident.instance_id)
    )
    found = session.scalar(
        query.options(joinedload(Incident.instance), joinedload(Incident.resolver))
    )
    if found is None:
        raise NotFound()
    return found


def _counting(*where: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(func.count(Incident.id)).where(*where)
