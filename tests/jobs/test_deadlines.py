"""A due deadline is handled once, whoever sweeps, and never decides anything."""

import threading
from datetime import timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy import text as sql

from engine.audit.verify import verify
from engine.db import unit_of_work
from engine.jobs.deadlines import Sweep, sweep_deadlines
from engine.models import AuditEvent, Deadline, DeadlineKind, DomainEvent, WorkItem
from tests.jobs.conftest import NOW, Factory, World

AGO = timedelta(minutes=-1)
REMIND, OVERDUE = DeadlineKind.REMIND, DeadlineKind.OVERDUE


def _events(factory: Factory) -> list[tuple[str, int, str | None]]:
    with factory() as session:
        rows = session.scalars(select(DomainEvent).order_by(DomainEvent.id))
        return [(row.kind, row.payload["work_item_id"], row.payload.get("to")) for row in rows]


def test_each_kind_of_deadline_tells_its_own_event(factory: Factory, world: World) -> None:
    remind = world.item((REMIND, AGO))
    overdue = world.item((OVERDUE, AGO))
    head = world.item((DeadlineKind.ESCALATE_HEAD, AGO))
    finance = world.item((DeadlineKind.ESCALATE_FINANCE, AGO))
    assert sweep_deadlines(factory, NOW) == Sweep(4, 0)
    assert sorted(_events(factory)) == sorted(
        [
            ("task_reminder", remind, None),
            ("task_overdue", overdue, None),
            ("task_escalated", head, "head"),
            ("task_escalated", finance, "finance"),
        ]
    )


def test_an_overdue_task_is_marked_and_recorded_but_stays_open(
    factory: Factory, world: World
) -> None:
    item_id = world.item((OVERDUE, AGO))
    sweep_deadlines(factory, NOW)
    with factory() as session:
        item = session.get_one(WorkItem, item_id)
        assert (item.status, item.outcome, item.overdue_since) == ("OPEN", None, NOW)
        event = session.scalars(select(AuditEvent)).one()
        assert (event.action, event.actor_id) == ("task.overdue", None)
        assert event.chain == item.instance.subject
        assert verify(session).ok


def test_overdue_is_told_again_every_day_while_the_task_is_open(
    factory: Factory, world: World
) -> None:
    item_id = world.item((OVERDUE, AGO))
    for day in range(4):
        sweep_deadlines(factory, NOW + timedelta(days=day))
        sweep_deadlines(factory, NOW + timedelta(days=day))
    assert len(_events(factory)) == 4
    with unit_of_work(factory) as session:
        session.get_one(WorkItem, item_id).status = "DONE"
    sweep_deadlines(factory, NOW + timedelta(days=9))
    assert len(_events(factory)) == 4
    with factory() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_nothing_happens_before_the_time_or_while_the_clock_stands_still(
    factory: Factory, world: World
) -> None:
    world.item((REMIND, timedelta(seconds=1)))
    world.item((OVERDUE, AGO), clock="approval", paused=True)
    assert sweep_deadlines(factory, NOW) == Sweep(0, 0)
    assert _events(factory) == []


def test_a_running_clock_does_not_hold_a_deadline_back(factory: Factory, world: World) -> None:
    world.item((OVERDUE, AGO), clock="approval")
    assert sweep_deadlines(factory, NOW).handled == 1


def test_reminders_that_were_missed_are_not_all_sent_afterwards(
    factory: Factory, world: World
) -> None:
    item_id = world.item(
        (REMIND, timedelta(days=-3)),
        (REMIND, timedelta(days=-1)),
        (REMIND, timedelta(hours=-5)),
    )
    assert sweep_deadlines(factory, NOW).handled == 3
    assert _events(factory) == [("task_reminder", item_id, None)]


def test_many_sweepers_at_once_handle_every_row_once(factory: Factory, world: World) -> None:
    items = [world.item((REMIND, AGO)) for _ in range(30)]
    results: list[Sweep] = []
    threads = [
        threading.Thread(target=lambda: results.append(sweep_deadlines(factory, NOW)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep_deadlines(factory, NOW)
    assert sorted(item for _kind, item, _to in _events(factory)) == items
    with factory() as session:
        fired = select(func.count()).where(Deadline.fired_at.is_not(None))
        assert session.scalar(fired) == 30


def test_a_row_that_fails_stays_for_the_next_time_and_stops_nobody(
    factory: Factory, world: World, engine: Engine
) -> None:
    bad = world.item((REMIND, timedelta(minutes=-9)), subject="case:bad")
    good = [world.item((REMIND, AGO)) for _ in range(3)]
    with engine.begin() as connection:
        connection.execute(
            sql("ALTER TABLE domain_event ADD CONSTRAINT bad CHECK (subject <> 'case:bad')")
        )
    assert sweep_deadlines(factory, NOW) == Sweep(3, 1)
    assert sorted(item for _kind, item, _to in _events(factory)) == good
    with engine.begin() as connection:
        connection.execute(sql("ALTER TABLE domain_event DROP CONSTRAINT bad"))
    assert sweep_deadlines(factory, NOW) == Sweep(1, 0)
    assert bad in [item for _kind, item, _to in _events(factory)]


def test_a_task_in_somebody_s_hands_is_left_alone_until_later(
    factory: Factory, world: World
) -> None:
    item_id = world.item((OVERDUE, AGO))
    with factory() as busy:
        busy.execute(select(WorkItem).where(WorkItem.id == item_id).with_for_update())
        assert sweep_deadlines(factory, NOW) == Sweep(0, 0)
        busy.rollback()
    assert sweep_deadlines(factory, NOW) == Sweep(1, 0)


def test_a_locked_chain_makes_the_sweep_give_way_not_the_person(
    factory: Factory, world: World
) -> None:
    world.item((OVERDUE, AGO), subject="case:busy")
    other = world.item((OVERDUE, AGO))
    with factory() as busy:
        busy.execute(sql("SELECT pg_advisory_xact_lock(hashtextextended('case:busy', 0))"))
        assert sweep_deadlines(factory, NOW) == Sweep(1, 1)
        assert [item for _kind, item, _to in _events(factory)] == [other]
        busy.rollback()
    assert sweep_deadlines(factory, NOW) == Sweep(1, 0)
