"""Due moments of tasks and timers, and the clocks that tasks share (D.10; design, Deadlines)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.clock import SHANGHAI, local_date
from engine.domain.calendar import (
    Period,
    Unit,
    add_working_days,
    due,
    end_of_day,
    working_days_between,
)
from engine.domain.programme import Parameters
from engine.errors import DanbaoError
from engine.models import Clock, Deadline, DeadlineKind, WorkItem
from engine.runtime.facts import Facts
from engine.text import text
from engine.writes import add_object, add_row, amend, later, next_id

MORNING = time(9)
_ISO = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
)
_TIMED = re.compile(
    r"P(?:(?P<days>\d+)D)?T(?=\d)"
    r"(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?"
)


@dataclass(frozen=True)
class DueMoment:
    """When something falls due, and how that was counted."""

    at: datetime
    provisional: bool
    amount: int | None = None
    unit: str | None = None


def due_moment(period: str, parameters: Parameters, now: datetime) -> DueMoment:
    """The due moment of `period` counted from `now`.

    `period`: a programme parameter's name, an ISO date (that day's end, rolled to no working day:
    it was computed by the calendar already), an ISO date-time, or a duration P..Y..M, P..W, P..D.
    A duration with hours, minutes or seconds (PT8H, P1DT12H) is counted by the clock alone.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
        return DueMoment(end_of_day(date.fromisoformat(period)), False)
    if period[:4].isdigit():
        return DueMoment(datetime.fromisoformat(period), False)
    by_clock = clock_time(period)
    if by_clock is not None:
        return DueMoment(now + by_clock, False)
    length = _period(period, parameters)
    found = due(local_date(now), length.amount, length.unit)
    return DueMoment(found.moment, found.provisional, length.amount, length.unit.value)


def clock_time(period: str) -> timedelta | None:
    """How long a duration with hours, minutes or seconds is; None for anything else."""
    matched = _TIMED.fullmatch(period)
    if matched is None:
        return None
    return timedelta(**{unit: int(amount or 0) for unit, amount in matched.groupdict().items()})


def _period(name: str, parameters: Parameters) -> Period:
    matched = _ISO.fullmatch(name)
    if matched is None:
        return parameters.period(name)
    months = int(matched["years"] or 0) * 12 + int(matched["months"] or 0)
    days = int(matched["weeks"] or 0) * 7 + int(matched["days"] or 0)
    if months and not days:
        return Period(months, Unit.MONTH)
    if months or days == 0:
        raise DanbaoError("bad_period", text("期限{name}无法理解", name=name))
    return Period(days, Unit.DAY)


def set_deadlines(
    session: Session, item: WorkItem, parameters: Parameters, reminders: str | None, now: datetime
) -> None:
    """Write the reminder, overdue and escalation rows of an open task; past reminders are left out.

    Reminders at D-3, D-1, D0 at nine; overdue after the due moment; to the head after 1 working
    day and to the finance bureau after 3 (spec C, Common to all).
    """
    session.execute(
        delete(Deadline).where(Deadline.work_item_id == item.id, Deadline.fired_at.is_(None))
    )
    add_deadlines(session, item.id, item.due_at, parameters, reminders, now)


def forget_deadlines(session: Session, item_id: int) -> None:
    """What has not fired will not: the task is closed. What has fired stays, as history."""
    later(session, "DELETE FROM deadline WHERE work_item_id = %s AND fired_at IS NULL", item_id)


def forget_all_deadlines(session: Session, instance_id: int) -> None:
    """The same for every task of an instance."""
    statement = (
        "DELETE FROM deadline USING work_item WHERE work_item.id = deadline.work_item_id"
        " AND work_item.instance_id = %s AND deadline.fired_at IS NULL"
    )
    later(session, statement, instance_id)


def add_deadlines(
    session: Session,
    item_id: int,
    due_at: datetime | None,
    parameters: Parameters,
    reminders: str | None,
    now: datetime,
) -> None:
    """The same for a task that has none yet."""
    if due_at is not None:
        _add(session, item_id, _rows(due_at, parameters, reminders, now))


def renew_deadlines(
    session: Session, item: WorkItem, parameters: Parameters, reminders: str | None, now: datetime
) -> None:
    """The same for a task that is open once more: what has fired will not again, and of one that
    was overdue its people hear the next morning."""
    if item.due_at is None:
        return
    query = select(Deadline.kind, Deadline.due_at).where(Deadline.work_item_id == item.id)
    fired = set(session.execute(query.where(Deadline.fired_at.is_not(None))).tuples())
    rows = _rows(item.due_at, parameters, reminders, now)
    _add(session, item.id, [row for row in rows if (row[0].value, row[2]) not in fired])
    if (DeadlineKind.OVERDUE.value, item.due_at) in fired:
        _add(session, item.id, [(DeadlineKind.OVERDUE, "+P1D", next_morning(now))])


def next_morning(now: datetime) -> datetime:
    """When people are told of something the day after."""
    return datetime.combine(local_date(now) + timedelta(days=1), MORNING, SHANGHAI)


_Row = tuple[DeadlineKind, str, datetime]


def _rows(
    due_at: datetime, parameters: Parameters, reminders: str | None, now: datetime
) -> list[_Row]:
    labels = reminders.split(",") if reminders else parameters.codes("reminders")
    return [*_reminders(due_at, labels, now), *_overdue(due_at, parameters)]


def _add(session: Session, item_id: int, rows: Iterable[_Row]) -> None:
    for kind, label, at in rows:
        row = {"work_item_id": item_id, "kind": kind.value, "label": label, "due_at": at}
        add_row(session, Deadline, row)


def _reminders(due_at: datetime, labels: Iterable[str], now: datetime) -> Iterable[_Row]:
    due_day = local_date(due_at)
    for label in labels:
        days = int(label.strip().replace("P", "").removesuffix("D"))
        if days > 0:
            continue
        at = datetime.combine(due_day + timedelta(days=days), MORNING, SHANGHAI)
        if at > now:
            yield DeadlineKind.REMIND, label.strip(), at


def _overdue(due_at: datetime, parameters: Parameters) -> list[_Row]:
    day = local_date(due_at)
    rows = [(DeadlineKind.OVERDUE, "P0D", due_at)]
    for kind, name in (
        (DeadlineKind.ESCALATE_HEAD, "escalate_head_period"),
        (DeadlineKind.ESCALATE_FINANCE, "escalate_finance_period"),
    ):
        after = parameters.period(name)
        rows.append((kind, f"+P{after.amount}D", due(day, after.amount, after.unit).moment))
    return rows


def clock_of(session: Session, instance_id: int, name: str) -> Clock | None:
    """The clock of that name in an instance."""
    return session.scalar(select(Clock).where(Clock.instance_id == instance_id, Clock.name == name))


def run_clock(
    session: Session, facts: Facts, instance_id: int, name: str, due_: DueMoment, now: datetime
) -> Clock:
    """Start the clock, or go on with it: time used before a pause stays used."""
    clock = facts.clocks.get(name)
    if clock is None:
        values = {
            "id": next_id(session, Clock),
            "instance_id": instance_id,
            "name": name,
            "amount": due_.amount or 0,
            "unit": due_.unit or Unit.DAY.value,
            "started_at": now,
            "due_at": due_.at,
            "provisional": due_.provisional,
            "paused_at": None,
            "pauses": [],
        }
        clock = facts.clocks[name] = add_object(session, Clock, values)
    elif clock.paused_at is not None:
        _resume(session, clock, now)
    return clock


def restart_clock(session: Session, clock: Clock, due_: DueMoment, now: datetime) -> None:
    """A clock that begins anew because its work begins anew (a case that comes to another bank)."""
    amend(
        session,
        clock,
        started_at=now,
        due_at=due_.at,
        provisional=due_.provisional,
        paused_at=None,
        pauses=[],
    )


def forget_clock(session: Session, facts: Facts, name: str) -> None:
    """Let the next task that runs on a clock start it."""
    clock = facts.clocks.pop(name, None)
    if clock is not None:
        later(session, "DELETE FROM clock WHERE id = %s", clock.id)
        session.expunge(clock)


def pause_clock(session: Session, facts: Facts, name: str, now: datetime) -> None:
    """Stop a running clock while the case waits for somebody else."""
    clock = facts.clocks.get(name)
    if clock is not None and clock.paused_at is None:
        amend(session, clock, paused_at=now)


def _resume(session: Session, clock: Clock, now: datetime) -> None:
    assert clock.paused_at is not None  # noqa: S101 (the caller asked)
    pauses = [*clock.pauses, [clock.paused_at.isoformat(), now.isoformat()]]
    due_at = pushed_on(clock.due_at, clock.unit, clock.paused_at, now)
    amend(session, clock, pauses=pauses, paused_at=None, due_at=due_at)


def pushed_on(due_at: datetime, unit: str, paused_at: datetime, now: datetime) -> datetime:
    """A due moment moved on by a pause, at the same time of day: by its working days, or by its
    days and then to a working day."""
    old, paused_on, today = local_date(due_at), local_date(paused_at), local_date(now)
    new = old
    if unit == Unit.WORKING_DAY.value:
        new = add_working_days(old, working_days_between(paused_on, today))
    elif today > paused_on:
        new = due(old, (today - paused_on).days, Unit.DAY).date
    moment = datetime.combine(new, due_at.astimezone(SHANGHAI).time(), SHANGHAI)
    return moment.astimezone(UTC)


def paused_days(clock: Clock) -> int:
    """Working days of a clock's ended pauses: those after each stop up to and with its end."""
    spans = ((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in clock.pauses)
    return sum(working_days_between(local_date(begun), local_date(ended)) for begun, ended in spans)
