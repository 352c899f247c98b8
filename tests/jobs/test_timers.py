"""Due timers move their instances once; one that fails does not hold the others."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.db import unit_of_work
from engine.errors import RuleRefused
from engine.jobs.deadlines import Sweep
from engine.jobs.timers import sweep_timers
from engine.models import Instance, Timer
from engine.runtime.facts import Locked
from tests.jobs.conftest import NOW, Factory, World


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand in for the runtime: note the instance and drop its timers, as a step does."""
    seen: list[int] = []

    def fire(session: Session, locked: Locked, now: datetime) -> bool:
        instance = locked.instance
        if not any(at <= now for at in locked.facts.timers.values()):
            return False
        if instance.subject == "case:bad":
            raise RuleRefused("no", "refused")
        session.execute(delete(Timer).where(Timer.instance_id == instance.id, Timer.due_at <= now))
        seen.append(instance.id)
        return True

    monkeypatch.setattr("engine.runtime.step.fire_due", fire)
    return seen


def _timer(world: World, offset: timedelta, subject: str | None = None) -> int:
    with unit_of_work(world.factory) as session:
        instance = world.instance(session, subject)
        for name in ("a", "b"):
            session.add(
                Timer(
                    instance_id=instance.id, task_id=name, element_id="timer", due_at=NOW + offset
                )
            )
        return instance.id


def test_an_instance_with_due_timers_is_taken_on_once(
    factory: Factory, world: World, fired: list[int]
) -> None:
    due = _timer(world, timedelta(0))
    _timer(world, timedelta(seconds=1))
    assert sweep_timers(factory, NOW) == Sweep(1, 0)
    assert sweep_timers(factory, NOW) == Sweep(0, 0)
    assert fired == [due]


def test_sweepers_at_once_take_every_instance_once(
    factory: Factory, world: World, fired: list[int]
) -> None:
    expected = [_timer(world, timedelta(0)) for _ in range(20)]
    threads = [threading.Thread(target=sweep_timers, args=(factory, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fired) == expected


def test_an_instance_that_fails_keeps_its_timer_and_stops_nobody(
    factory: Factory, world: World, fired: list[int]
) -> None:
    bad = _timer(world, timedelta(0), "case:bad")
    good = _timer(world, timedelta(0))
    assert sweep_timers(factory, NOW) == Sweep(1, 1)
    assert fired == [good]
    with factory() as session:
        assert set(session.scalars(select(Timer.instance_id))) == {bad}


def test_an_instance_somebody_works_on_is_left_for_later(
    factory: Factory, world: World, fired: list[int]
) -> None:
    instance_id = _timer(world, timedelta(0))
    with factory() as busy:
        busy.execute(select(Instance).where(Instance.id == instance_id).with_for_update())
        assert sweep_timers(factory, NOW) == Sweep(0, 0)
        busy.rollback()
    assert sweep_timers(factory, NOW) == Sweep(1, 0)
