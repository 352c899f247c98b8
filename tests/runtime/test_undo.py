"""A step that is taken back (撤回) has not been: also for the clocks that it moved."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.jobs.deadlines import sweep_deadlines
from engine.models import Clock, Deadline, Instance, WorkItem
from engine.operations import tasks
from engine.runtime import live
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.diagrams import chain, event, process, user
from tests.runtime.test_steps import open_items

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PAUSE = process(
    "pause",
    event("start", "s")
    + user("ask", "bank:maker")
    + user("review", deadline="first_review_period", clock="c")
    + user("mend", "bank:maker", pauses="c")
    + user("again", deadline="first_review_period", clock="c")
    + event("end", "e")
    + chain("s", "ask", "review", "mend", "again", "e"),
)


def _open(session: Session, instance: Instance) -> WorkItem:
    (found,) = open_items(session, instance)
    return found


def _do(session: Session, instance: Instance, staff: Staff, after: timedelta) -> WorkItem:
    item = _open(session, instance)
    tasks.complete(session, item.id, staff.maker, {"outcome": "GO"}, NOW + after)
    session.commit()
    return item


def _back(session: Session, item: WorkItem, staff: Staff, after: timedelta) -> None:
    tasks.take_back(session, item.id, staff.maker, NOW + after)
    session.commit()
    session.expire_all()
    live.clear()


def _clock(session: Session) -> Clock:
    return session.scalars(select(Clock).execution_options(populate_existing=True)).one()


def test_a_clock_that_the_step_stopped_runs_again(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("pause", PAUSE))
    _do(session, instance, bank, HOUR)
    review = _do(session, instance, finance, DAY)
    assert _clock(session).paused_at == NOW + DAY
    _back(session, review, finance, DAY + HOUR)
    clock = _clock(session)
    assert (clock.paused_at, clock.pauses, clock.due_at) == (None, [], review.due_at)


def test_a_clock_that_the_step_let_run_stands_again_since_before(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("pause", PAUSE))
    _do(session, instance, bank, HOUR)
    _do(session, instance, finance, DAY)
    mend = _do(session, instance, bank, 5 * DAY)
    once = _clock(session).due_at
    assert _clock(session).paused_at is None
    _back(session, mend, bank, 5 * DAY + HOUR)
    clock = _clock(session)
    assert (clock.paused_at, clock.pauses) == (NOW + DAY, [])
    assert clock.due_at < once
    _do(session, instance, bank, 5 * DAY)
    clock = _clock(session)
    assert (len(clock.pauses), clock.due_at) == (1, once), "停表的日子没有算两次"


def test_a_clock_that_the_step_began_is_gone_until_it_begins_anew(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("pause", PAUSE))
    ask = _do(session, instance, bank, HOUR)
    _back(session, ask, bank, 2 * HOUR)
    assert session.scalar(select(Clock)) is None
    _do(session, instance, bank, 3 * DAY)
    assert _clock(session).started_at == NOW + 3 * DAY, "撤回前的日子不算"


def test_an_overdue_step_is_taken_back_and_told_of_again_the_next_morning(
    session: Session, factory: sessionmaker[Session], start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("pause", PAUSE))
    _do(session, instance, bank, HOUR)
    late = 30 * DAY
    assert sweep_deadlines(factory, NOW + late).failed == 0
    session.expire_all()
    review = _do(session, instance, finance, late + HOUR)
    _back(session, review, finance, late + 2 * HOUR)
    rows = session.scalars(
        select(Deadline).where(Deadline.work_item_id == review.id, Deadline.fired_at.is_(None))
    )
    assert [(row.kind, row.due_at) for row in rows] == [
        ("OVERDUE", (NOW + late + DAY).replace(hour=1))
    ], "已发过的不再发，每天九点的照发"
