"""The sweep over due deadlines: remind, mark overdue, escalate. It never decides for anybody."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.trail import record
from engine.db import unit_of_work
from engine.events import emit
from engine.jobs.attempt import Attempt
from engine.models import (
    Clock,
    Deadline,
    DeadlineKind,
    Instance,
    InstanceStatus,
    WorkItem,
    WorkStatus,
)
from engine.people import SYSTEM
from engine.runtime.deadlines import next_morning
from engine.text import text

Factory = sessionmaker[Session]
PAGE = 200
EVENTS: dict[DeadlineKind, tuple[str, dict[str, str]]] = {
    DeadlineKind.REMIND: ("task_reminder", {}),
    DeadlineKind.OVERDUE: ("task_overdue", {}),
    DeadlineKind.ESCALATE_HEAD: ("task_escalated", {"to": "head"}),
    DeadlineKind.ESCALATE_FINANCE: ("task_escalated", {"to": "finance"}),
}


@dataclass(frozen=True)
class Sweep:
    """What a sweep did: rows handled, and rows left for the next time because they failed."""

    handled: int
    failed: int


def sweep_deadlines(factory: Factory, now: datetime, limit: int = 5000) -> Sweep:
    """Handle every due deadline of an open task whose clock runs, each in its own transaction.

    What is suspended is left alone.

    Any number may run at once: a row is handled once. At most `limit` rows are handled.
    """
    handled = failed = 0
    after: tuple[datetime, int] | None = None
    while handled < limit and (page := _due(factory, now, after)):
        for row_id, _at in page[: limit - handled]:
            with Attempt("deadline", deadline_id=row_id) as attempt:
                handled += _handle(factory, row_id, now)
            failed += attempt.failed
        after = (page[-1][1], page[-1][0])
    return Sweep(handled, failed)


def _due(
    factory: Factory, now: datetime, after: tuple[datetime, int] | None
) -> list[tuple[int, datetime]]:
    """The next due rows behind `after`, so that rows which fail are passed by, not met again."""
    query = select(Deadline.id, Deadline.due_at).join(WorkItem).where(_is_due(now))
    if after is not None:
        query = query.where(tuple_(Deadline.due_at, Deadline.id) > after)
    with factory() as session:
        rows = session.execute(query.order_by(Deadline.due_at, Deadline.id).limit(PAGE))
        return [(row.id, row.due_at) for row in rows]


def _is_due(now: datetime) -> ColumnElement[bool]:
    running = exists().where(
        Instance.id == WorkItem.instance_id, Instance.status == InstanceStatus.RUNNING.value
    )
    paused = exists().where(
        Clock.instance_id == WorkItem.instance_id,
        Clock.name == WorkItem.clock,
        Clock.paused_at.is_not(None),
    )
    return and_(
        Deadline.fired_at.is_(None),
        Deadline.due_at <= now,
        WorkItem.status == WorkStatus.OPEN.value,
        running,
        ~paused,
    )


def _handle(factory: Factory, row_id: int, now: datetime) -> bool:
    with unit_of_work(factory) as session:
        # Whoever works on the case goes first: this gives up before PostgreSQL looks for a
        # deadlock (after 1 s) and could choose the person's step as its victim.
        session.execute(sql("SET LOCAL lock_timeout = '300ms'"))
        found = _claim(session, row_id, now)
        if found is None:
            return False
        row, item = found
        row.fired_at = now
        if not _is_superseded(session, row, now):
            _fire(session, row, item, now)
        return True


def _claim(session: Session, row_id: int, now: datetime) -> tuple[Deadline, WorkItem] | None:
    """The row and its task, locked; None when it is fired, closed or in somebody's hands."""
    query = (
        select(Deadline, WorkItem)
        .join(WorkItem, WorkItem.id == Deadline.work_item_id)
        .where(Deadline.id == row_id, _is_due(now))
        .with_for_update(of=[Deadline, WorkItem], skip_locked=True)
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def _is_superseded(session: Session, row: Deadline, now: datetime) -> bool:
    """A reminder that a later one, or the due moment, has overtaken (after a time out of use)."""
    if row.kind != DeadlineKind.REMIND:
        return False
    later = exists().where(
        Deadline.work_item_id == row.work_item_id,
        Deadline.due_at > row.due_at,
        Deadline.due_at <= now,
        Deadline.kind.in_([DeadlineKind.REMIND.value, DeadlineKind.OVERDUE.value]),
    )
    return bool(session.scalar(select(later)))


def _fire(session: Session, row: Deadline, item: WorkItem, now: datetime) -> None:
    if row.kind == DeadlineKind.OVERDUE:
        _mark_overdue(session, row, item, now)
    kind, extra = EVENTS[DeadlineKind(row.kind)]
    payload = {
        "work_item_id": item.id,
        "label": row.label,
        "due_at": item.due_at.isoformat() if item.due_at else None,
        **extra,
    }
    emit(session, kind, item.instance.subject, payload, now)


def _mark_overdue(session: Session, row: Deadline, item: WorkItem, now: datetime) -> None:
    """Note the first time, and come back tomorrow at nine for as long as the task is open."""
    if item.overdue_since is None:
        item.overdue_since = item.due_at
        record(
            session,
            chain=item.instance.subject,
            action="task.overdue",
            summary=text("{name}：逾期", name=item.name),
            actor=SYSTEM,
            now=now,
            after={"work_item_id": item.id, "due_at": item.due_at, "org_id": item.org_id},
            clause=item.clause or None,
        )
    session.add(
        Deadline(work_item_id=item.id, kind=row.kind, label="+P1D", due_at=next_morning(now))
    )
