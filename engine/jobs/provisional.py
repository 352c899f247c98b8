"""Due dates that were counted without a year's holiday notice, counted again (D.10)."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.db import unit_of_work
from engine.domain.calendar import Unit, add_working_days, due, end_of_day, working_days_between
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory
from engine.models import Clock, Deadline, DeadlineKind, Instance, WorkItem, WorkStatus
from engine.people import SYSTEM
from engine.text import text


def recompute_provisional(factory: Factory, now: datetime) -> int:
    """Count every running provisional clock again; returns how many are settled now.

    A clock stays provisional, and as it is, while the notice is still not there.
    """
    query = select(Clock.id, Clock.instance_id).where(Clock.provisional, Clock.paused_at.is_(None))
    with factory() as session:
        rows = session.execute(query.order_by(Clock.id)).all()
    settled = 0
    for clock_id, instance_id in rows:
        with Attempt("provisional", clock_id=clock_id), unit_of_work(factory) as session:
            settled += _settle(session, clock_id, instance_id, now)
    return settled


def _settle(session: Session, clock_id: int, instance_id: int, now: datetime) -> bool:
    # The instance first, as every step does; whoever works on it goes first.
    locked = select(Instance).where(Instance.id == instance_id).with_for_update(skip_locked=True)
    instance = session.scalar(locked)
    clock = session.get(Clock, clock_id, populate_existing=True)
    if instance is None or clock is None or clock.paused_at is not None or not clock.amount:
        return False
    found = due(local_date(clock.started_at), clock.amount, Unit(clock.unit))
    if found.provisional:
        return False
    before, clock.due_at = clock.due_at, end_of_day(_pushed_back(found.date, clock))
    clock.provisional = False
    if clock.due_at != before:
        _tell(session, instance, clock, before, now)
    for item in _items(session, clock):
        _move(session, instance, item, clock.due_at, now)
    return True


def _pushed_back(day: date, clock: Clock) -> date:
    """The due day moved on by every pause, as the runtime does when a clock goes on."""
    for start, end in clock.pauses:
        first, last = (local_date(datetime.fromisoformat(one)) for one in (start, end))
        if clock.unit == Unit.WORKING_DAY.value:
            day = add_working_days(day, working_days_between(first, last))
        elif last > first:
            day = due(day, (last - first).days, Unit.DAY).date
    return day


def _items(session: Session, clock: Clock) -> list[WorkItem]:
    query = select(WorkItem).where(
        WorkItem.instance_id == clock.instance_id,
        WorkItem.clock == clock.name,
        WorkItem.status == WorkStatus.OPEN.value,
    )
    return list(session.scalars(query.with_for_update()))


def _move(
    session: Session, instance: Instance, item: WorkItem, due_at: datetime, now: datetime
) -> None:
    from engine.runtime.deadlines import set_deadlines
    from engine.runtime.in_force import programme_of

    item.provisional = False
    if item.due_at == due_at:
        return
    item.due_at = due_at
    parameters = programme_of(session, instance.programme).at(local_date(now))
    set_deadlines(session, item, parameters, _labels(session, item), now)


def _labels(session: Session, item: WorkItem) -> str | None:
    """The reminders that the task was given when it opened."""
    query = select(Deadline.label).where(
        Deadline.work_item_id == item.id, Deadline.kind == DeadlineKind.REMIND.value
    )
    return ",".join(session.scalars(query.order_by(Deadline.due_at))) or None


def _tell(
    session: Session, instance: Instance, clock: Clock, before: datetime, now: datetime
) -> None:
    record(
        session,
        chain=instance.subject,
        action="clock.recomputed",
        summary=text("节假日安排已公布，期限重新计算"),
        actor=SYSTEM,
        now=now,
        before={"due_at": before},
        after={"due_at": clock.due_at, "clock": clock.name},
        clause="D.10",
    )
