"""Suspending an instance: nothing moves it, and what waits in it loses no time."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.errors import Conflict
from engine.jobs.deadlines import sweep_deadlines
from engine.jobs.timers import sweep_timers
from engine.models import Clock, Deadline, DomainEvent, Instance, Timer, WorkItem
from engine.operations import tasks
from engine.runtime import step
from engine.runtime.run import lock_instance
from engine.runtime.suspension import resume, suspend
from tests.firing import fire_timers
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.diagrams import chain, event, process, user
from tests.runtime.test_steps import MESSAGE, PAUSE, TIMER, TWO, open_items

LATER = NOW + timedelta(days=7)  # five working days


def stop(session: Session, instance: Instance, who: Staff, now: datetime = NOW) -> None:
    suspend(session, lock_instance(session, instance.id), "等法院裁定", who.head, now)
    session.flush()


def go_on(session: Session, instance: Instance, who: Staff, now: datetime = LATER) -> None:
    resume(session, lock_instance(session, instance.id, suspended=True), who.head, now)
    session.flush()


def test_while_it_is_suspended_a_task_is_refused_with_the_reason(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    stop(session, instance, finance)
    for act in (
        lambda: tasks.complete(session, make.id, finance.maker, {"outcome": "OK"}, NOW),
        lambda: tasks.claim(session, make.id, finance.maker, NOW),
        lambda: tasks.urge(session, make.id, finance.head, NOW),
    ):
        with pytest.raises(Conflict, match=r"2025-12-08起暂停办理.*等法院裁定"):
            act()
    assert tasks.save_draft(session, make.id, finance.maker, {"note": "记着"}, NOW).draft
    assert (make.status, make.assignee_id) == ("OPEN", None)


def test_what_was_done_before_is_not_taken_back_after_it(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    tasks.complete(session, make.id, finance.maker, {"outcome": "OK"}, NOW)
    stop(session, instance, finance)
    with pytest.raises(Conflict):
        tasks.take_back(session, make.id, finance.maker, NOW)
    go_on(session, instance, finance)
    with pytest.raises(Conflict):
        tasks.take_back(session, make.id, finance.maker, LATER)


def test_clock_task_and_reminders_move_on_by_the_working_days_of_the_pause(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    assert make.due_at is not None
    before = make.due_at
    stop(session, instance, finance)
    assert session.scalars(select(Clock)).one().paused_at == NOW
    go_on(session, instance, finance)
    clock = session.scalars(select(Clock)).one()
    assert clock.paused_at is None
    assert make.due_at == clock.due_at
    assert make.due_at == before + timedelta(days=7), "5个工作日，跨一个周末"
    overdue = session.scalars(select(Deadline).where(Deadline.kind == "OVERDUE")).one()
    assert overdue.due_at == make.due_at


def test_a_pause_within_a_day_moves_nothing(session: Session, start: Start, finance: Staff) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    before = make.due_at
    stop(session, instance, finance)
    go_on(session, instance, finance, NOW + timedelta(hours=1))
    assert make.due_at == before
    tasks.complete(session, make.id, finance.maker, {"outcome": "OK"}, NOW)
    assert [item.element_id for item in open_items(session, instance)] == ["check"]


def test_a_clock_that_stood_for_somebody_else_still_stands_afterwards(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("pau", PAUSE))
    (work,) = open_items(session, instance)
    tasks.complete(session, work.id, finance.maker, {"outcome": "RETURN"}, NOW)
    stop(session, instance, finance, NOW + timedelta(hours=1))
    go_on(session, instance, finance)
    clock = session.scalars(select(Clock)).one()
    assert clock.paused_at == NOW
    assert clock.pauses == []


def test_no_deadline_and_no_timer_fires_while_it_is_suspended(
    session: Session, factory: sessionmaker[Session], start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("tim", TIMER))
    stop(session, instance, finance)
    session.commit()
    far = NOW + timedelta(days=90)
    assert sweep_timers(factory, far).handled == 0
    assert sweep_deadlines(factory, far).handled == 0
    assert session.scalars(select(Timer)).all() == []
    assert [item.status for item in open_items(session, instance)] == ["OPEN"]
    kinds = set(session.scalars(select(DomainEvent.kind)))
    assert not kinds & {"task_reminder", "task_overdue", "task_escalated"}


def test_a_timer_goes_on_with_its_task_and_fires_in_its_time(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("tim", TIMER))
    (wait,) = open_items(session, instance)
    stop(session, instance, finance)
    go_on(session, instance, finance)
    (timer,) = session.scalars(select(Timer)).all()
    assert timer.due_at == wait.due_at
    assert str(timer.due_at.date()) == "2025-12-18"
    assert not fire_timers(session, instance.id, timer.due_at - timedelta(seconds=1))
    assert fire_timers(session, instance.id, timer.due_at)
    assert instance.outcome == "silence"


def test_a_timer_that_was_over_before_fires_when_it_goes_on(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("tim", TIMER))
    stop(session, instance, finance, NOW + timedelta(days=5))
    assert instance.status == "SUSPENDED"
    go_on(session, instance, finance, NOW + timedelta(days=12))
    assert (instance.status, instance.outcome) == ("ENDED", "silence")


FIXED = process(
    "fixed",
    event("start", "s")
    + user("offer", deadline="=until")
    + '<bpmn:boundaryEvent id="closed" name="c" attachedToRef="offer"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>=until</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    + user("slow", deadline="P3D")
    + event("end", "e")
    + chain("s", "offer", "slow", "e")
    + chain("closed", "slow"),
)


def test_a_date_that_was_announced_stays_and_what_it_ends_happens_when_it_goes_on(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("fixed", FIXED), until="2025-12-10")
    (offer,) = open_items(session, instance)
    due = offer.due_at
    stop(session, instance, finance)
    go_on(session, instance, finance, NOW + timedelta(days=1))
    assert offer.due_at == due
    stop(session, instance, finance, NOW + timedelta(days=1))
    go_on(session, instance, finance)
    assert [item.element_id for item in open_items(session, instance)] == ["slow"]


def test_calendar_days_move_on_by_calendar_days(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("fixed", FIXED), until="2025-12-30")
    (offer,) = open_items(session, instance)
    tasks.complete(session, offer.id, finance.maker, {"outcome": "OK"}, NOW)
    (slow,) = open_items(session, instance)
    assert str(slow.due_at.date() if slow.due_at else "") == "2025-12-11"
    stop(session, instance, finance)
    go_on(session, instance, finance, NOW + timedelta(days=2))
    assert str(slow.due_at.date() if slow.due_at else "") == "2025-12-15", "13日是周六，顺延"


def test_messages_wait_and_are_taken_when_it_goes_on(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("msg", MESSAGE), case_id=7)
    stop(session, instance, finance)
    assert step.deliver(session, "hello", "7", finance.maker, NOW) == 0
    assert instance.status == "SUSPENDED"
    go_on(session, instance, finance)
    assert instance.status == "ENDED"


def test_many_messages_to_a_suspended_instance_are_no_failure_to_be_settled(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("msg", MESSAGE), case_id=7)
    stop(session, instance, finance)
    for _ in range(6):
        step.deliver(session, "hello", "7", finance.maker, NOW)
    assert "incident_opened" not in set(session.scalars(select(DomainEvent.kind)))
    go_on(session, instance, finance)
    assert instance.status == "ENDED"


def test_what_is_overdue_stays_overdue(session: Session, start: Start, finance: Staff) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    before = make.due_at
    stop(session, instance, finance, NOW + timedelta(days=30))
    go_on(session, instance, finance, NOW + timedelta(days=37))
    assert make.due_at == before


def test_twice_is_told(session: Session, start: Start, finance: Staff) -> None:
    instance = start(("two", TWO))
    with pytest.raises(Conflict):
        go_on(session, instance, finance)
    stop(session, instance, finance)
    with pytest.raises(Conflict):
        suspend(
            session,
            lock_instance(session, instance.id, suspended=True),
            "再停一次",
            finance.head,
            NOW,
        )
    step.cancel_instance(session, instance.id, finance.head, NOW, "不办了")
    assert session.scalars(select(WorkItem.status)).all() == ["CANCELLED"]
