"""The way an instance has taken through its diagrams, as far as the reader may know it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, exists, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from engine.models import (
    Definition,
    DefinitionKind,
    DeploymentMember,
    GuaranteeCase,
    Instance,
    StepHistory,
    Subscription,
    Timer,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import sees_all, visible_cases
from engine.people import Actor
from engine.queries.history import CLOSED_TO, not_a_rivals
from engine.runtime.picture_model import Picture, read_picture, tag

JOINS = ("parallelGateway", "inclusiveGateway")
WAITS = ("intermediateCatchEvent", "receiveTask", "eventBasedGateway")
OPEN, DONE = WorkStatus.OPEN.value, WorkStatus.DONE.value


@dataclass(frozen=True)
class Stop:
    """An element that was passed: how often, and when last."""

    times: int
    at: datetime


@dataclass
class Leg:
    """One diagram on the way, as published when the instance began.

    Everything is by element id. `waiting` holds the open tasks of an element, none at an event or
    a called process; `done` the last finished task; `flows` are the ids of flows that were taken.
    """

    definition: Definition
    picture: Picture
    passed: dict[str, Stop] = field(default_factory=dict)
    waiting: dict[str, list[WorkItem]] = field(default_factory=dict)
    done: dict[str, WorkItem] = field(default_factory=dict)
    flows: set[str] = field(default_factory=set)


def path_of(session: Session, instance: Instance, actor: Actor) -> list[Leg]:
    """The diagrams on the way, in the order in which they were entered.

    Who brings or funds a case sees of it the tasks that they may know of, and no flow: the way
    between two tasks tells what was decided.
    """
    items, rows = _items(session, instance.id, actor), _rows(session, instance.id)
    is_closed = sees_tasks_only(actor)
    if is_closed:
        known = {item.task_id for item in items if item.status == DONE}
        rows = [row for row in rows if row.task_id in known]
    legs = _legs(session, instance.deployment_id, [*rows, *items])
    _mark(legs, items, rows)
    if not is_closed:
        _mark_events(legs, _events(session, instance.id))
        for leg in _unique(legs.values()):
            leg.flows = set(_taken(leg, [row for row in rows if legs[row.process_key] is leg]))
    _mark_calls(list(_unique(legs.values())))
    return list(_unique(legs.values()))


def sees_tasks_only(actor: Actor) -> bool:
    """Whether the reader brings or funds: what was decided, and by which way, is not theirs."""
    return actor.org_kind in CLOSED_TO and not sees_all(actor)


def _items(session: Session, instance_id: int, actor: Actor) -> Sequence[WorkItem]:
    query = (
        select(WorkItem)
        .where(
            WorkItem.instance_id == instance_id,
            WorkItem.status.in_((OPEN, DONE)),
            not_a_rivals(actor),
            or_(WorkItem.org_id == actor.org_id, _still_shown(instance_id, actor)),
        )
        .options(joinedload(WorkItem.performer), joinedload(WorkItem.organisation))
        .order_by(WorkItem.completed_at, WorkItem.id)
    )
    return session.scalars(query).all()


def _still_shown(instance_id: int, actor: Actor) -> ColumnElement[bool]:
    """Not the case that a bank has declined: of that it keeps its own tasks only."""
    case = exists().where(GuaranteeCase.instance_id == instance_id)
    return ~case | case.where(visible_cases(actor))


def _rows(session: Session, instance_id: int) -> Sequence[StepHistory]:
    query = select(StepHistory).where(StepHistory.instance_id == instance_id)
    return session.scalars(query.order_by(StepHistory.id)).all()


def _events(session: Session, instance_id: int) -> set[str]:
    waits = (
        select(one.element_id).where(one.instance_id == instance_id)
        for one in (Timer, Subscription)
    )
    return set(session.scalars(union_all(*waits)))


def _legs(
    session: Session, deployment_id: int, steps: Iterable[StepHistory | WorkItem]
) -> dict[str, Leg]:
    """The leg of every process key, in order; a sub-process is on the leg of the file it is in."""
    keys = list(dict.fromkeys(step.process_key for step in steps))
    query = (
        select(Definition)
        .join(DeploymentMember)
        .where(
            DeploymentMember.deployment_id == deployment_id,
            Definition.kind == DefinitionKind.PROCESS.value,
            Definition.key.in_(keys),
        )
    )
    found = {one.key: Leg(one, _picture(one.source)) for one in session.scalars(query)}
    for key in keys:
        if key not in found:
            holder = next((leg for leg in found.values() if key in leg.picture.elements), None)
            if holder is not None:
                found[key] = holder
    return {key: found[key] for key in keys if key in found}


# what is published never changes, and reading it takes longer than all queries
_picture = lru_cache(maxsize=64)(read_picture)


def _unique(legs: Iterable[Leg]) -> Iterator[Leg]:
    return iter({leg.definition.id: leg for leg in legs}.values())


def _mark(legs: Mapping[str, Leg], items: Sequence[WorkItem], rows: Sequence[StepHistory]) -> None:
    for row in rows:
        if row.process_key in legs:
            passed = legs[row.process_key].passed
            before = passed.get(row.element_id)
            passed[row.element_id] = Stop(before.times + 1 if before else 1, row.at)
    for item in items:
        if item.process_key not in legs:
            continue
        if item.status == OPEN:
            legs[item.process_key].waiting.setdefault(item.element_id, []).append(item)
        else:
            legs[item.process_key].done[item.element_id] = item


def _mark_events(legs: Mapping[str, Leg], events: set[str]) -> None:
    for leg in _unique(legs.values()):
        for key in events & leg.picture.elements.keys():
            if tag(leg.picture.elements[key]) in WAITS:
                leg.waiting.setdefault(key, [])


def _mark_calls(legs: Sequence[Leg]) -> None:
    """Where something waits, the steps that called it wait too."""
    for leg in reversed(legs):
        if not leg.waiting:
            continue
        for caller in legs:
            for key, node in caller.picture.elements.items():
                if node.get("calledElement") == leg.definition.key:
                    caller.waiting.setdefault(key, [])


def _taken(leg: Leg, rows: Sequence[StepHistory]) -> Iterator[str]:
    """The flow into a step came from what was passed last before it; into a join, from all."""
    into: dict[str, list[tuple[str, str]]] = {}
    for edge in leg.picture.edges:
        into.setdefault(edge.target, []).append((edge.source, edge.id))
    seen: dict[str, int] = {}
    for n, element in enumerate([*(row.element_id for row in rows), *leg.waiting]):
        came = [(seen[source], flow) for source, flow in into.get(element, ()) if source in seen]
        last = max((at for at, _ in came), default=0)
        joins = element in leg.picture.elements and tag(leg.picture.elements[element]) in JOINS
        yield from (flow for at, flow in came if joins or at == last)
        seen[element] = n
