"""Lists for administrators: people, organisations, what is behind, what is provisional."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from engine.clock import local_date
from engine.domain.calendar import is_provisional
from engine.errors import NotFound
from engine.models import (
    AuditCheckpoint,
    AuditEvent,
    Clock,
    Deadline,
    DomainEvent,
    Membership,
    Organisation,
    OrgKind,
    OutboxMail,
    Person,
    Timer,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import sees_all
from engine.operations.administration import district_of
from engine.people import Actor

PAGE = 50


@dataclass(frozen=True)
class PeoplePage:
    """A page of people, by name. `total` over all pages."""

    people: Sequence[Person]
    number: int
    pages: int
    total: int


def _reach(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Organisations within an administrator's reach."""
    if not sees_all(actor):
        return Organisation.id == actor.org_id
    district = district_of(session, actor)
    if district is None:
        return Organisation.id.is_not(None)
    # as engine.operations.administration has it
    beyond = Organisation.kind == OrgKind.PLATFORM.value
    return and_(Organisation.district_code == district, ~beyond)


def organisations(session: Session, actor: Actor) -> Sequence[Organisation]:
    """The organisations an administrator works on."""
    query = select(Organisation).where(_reach(session, actor))
    return session.scalars(query.order_by(Organisation.kind, Organisation.id)).all()


def organisation(session: Session, actor: Actor, org_id: int) -> Organisation:
    """One of them. Raises NotFound."""
    query = select(Organisation).where(Organisation.id == org_id, _reach(session, actor))
    found = session.scalar(query) if org_id < 2**63 else None
    if found is None:
        raise NotFound()
    return found


def staff_counts(session: Session) -> dict[int, int]:
    """How many active people each organisation has."""
    query = (
        select(Membership.org_id, func.count(Membership.person_id.distinct()))
        .join(Person)
        .where(Membership.active, Person.active)
        .group_by(Membership.org_id)
    )
    return {org_id: count for org_id, count in session.execute(query).tuples()}


def people(
    session: Session, actor: Actor, *, wanted: str = "", org_id: int | None = None, number: int = 1
) -> PeoplePage:
    """People with posts in reach, found by a piece of name, username or address."""
    query = _people(session, actor, wanted, org_id)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    number = min(max(1, number), pages)
    page = query.order_by(Person.active.desc(), Person.name, Person.id)
    page = page.limit(PAGE).offset((number - 1) * PAGE).options(_POSTS)
    return PeoplePage(session.scalars(page).all(), number, pages, total)


_POSTS = selectinload(Person.memberships).joinedload(Membership.organisation)


def _people(
    session: Session, actor: Actor, wanted: str, org_id: int | None
) -> Select[tuple[Person]]:
    post = exists().where(
        Membership.person_id == Person.id,
        Membership.org_id == Organisation.id,
        _reach(session, actor),
        *([Membership.org_id == org_id, Membership.active] if org_id else []),
    )
    query = select(Person).where(post)
    if wanted:
        columns = (Person.name, Person.username, Person.email)
        query = query.where(or_(*(one.icontains(wanted, autoescape=True) for one in columns)))
    return query


def person(session: Session, actor: Actor, person_id: int) -> Person | None:
    """A person with posts in reach, the posts loaded."""
    query = _people(session, actor, "", None).where(Person.id == person_id).options(_POSTS)
    return session.scalar(query)


@dataclass(frozen=True)
class Backlog:
    """What the jobs have before them; `oldest` is the longest waiting row's due moment."""

    deadlines: int
    deadlines_oldest: datetime | None
    timers: int
    timers_oldest: datetime | None
    events: int
    events_oldest: datetime | None
    mails: int
    mails_oldest: datetime | None
    unsealed: int
    sealed_at: datetime | None
    fired_at: datetime | None


def backlog(session: Session, now: datetime) -> Backlog:
    """What is due and not done yet: near nothing while the jobs run."""
    due = (Deadline.fired_at.is_(None), Deadline.due_at <= now)
    is_open = WorkItem.status == WorkStatus.OPEN.value
    last = session.execute(select(func.max(AuditCheckpoint.last_id), func.max(AuditCheckpoint.at)))
    sealed, sealed_at = last.one()
    waits = (OutboxMail.sent_at.is_(None), OutboxMail.failed_at.is_(None), OutboxMail.due_at <= now)
    return Backlog(
        *_one(
            session, select(_many, func.min(Deadline.due_at)).join(WorkItem).where(*due, is_open)
        ),
        *_one(session, select(_many, func.min(Timer.due_at)).where(Timer.due_at <= now)),
        *_one(
            session, select(_many, func.min(DomainEvent.at)).where(DomainEvent.handled_at.is_(None))
        ),
        *_one(session, select(_many, func.min(OutboxMail.due_at)).where(*waits)),
        unsealed=session.scalar(select(_many).where(AuditEvent.id > (sealed or 0))) or 0,
        sealed_at=sealed_at,
        fired_at=session.scalar(select(func.max(Deadline.fired_at))),
    )


_many = func.count()


def _one(session: Session, query: Select[tuple[int, datetime]]) -> tuple[int, datetime | None]:
    count, oldest = session.execute(query).one()
    return count, oldest


@dataclass(frozen=True)
class Provisional:
    """Running times counted with a year whose holiday notice is not out."""

    clocks: int
    tasks: int


def provisional(session: Session) -> Provisional:
    """How many clocks and open tasks are provisional."""
    clocks = session.scalar(select(_many).select_from(Clock).where(Clock.provisional)) or 0
    tasks = select(_many).select_from(WorkItem)
    tasks = tasks.where(WorkItem.provisional, WorkItem.status == WorkStatus.OPEN.value)
    return Provisional(clocks, session.scalar(tasks) or 0)


def years_around(now: datetime, before: int = 1, after: int = 2) -> list[tuple[int, bool]]:
    """Years with whether their holiday notice is known."""
    year = local_date(now).year
    return [
        (one, not is_provisional(date(one, 7, 1))) for one in range(year - before, year + after + 1)
    ]
