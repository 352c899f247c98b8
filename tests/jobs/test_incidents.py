"""The sweep over failures: one bad case stops nobody, and a killed worker loses nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import db
from engine.audit.verify import verify
from engine.errors import Conflict
from engine.jobs.deadlines import Sweep
from engine.jobs.incidents import sweep_incidents
from engine.jobs.timers import sweep_timers
from engine.models import Instance, Timer
from engine.models.running import Incident
from engine.operations.incidents import retry
from engine.people import SYSTEM
from engine.runtime import live, scripts
from tests.dying import killed
from tests.jobs.conftest import Factory
from tests.runtime.conftest import NOW, Start, bank, finance, start
from tests.runtime.diagrams import chain, flow, process, user
from tests.runtime.diagrams import event as end_event
from tests.runtime.test_incidents import PLAN, TIMED, effects

__all__ = ["bank", "finance", "start"]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    PLAN.clear()
    live.clear()
    yield
    PLAN.clear()


def six(session: Session, start: Start, *, failures: int) -> list[Instance]:
    """Six instances whose operation is called by one timer sweep; `failures` of the calls fail."""
    found = [start(("timed", TIMED)) for _ in range(6)]
    session.commit()
    live.clear()
    PLAN["a"] = [ValueError("bad")] * failures
    return found


def one_failed(session: Session, factory: Factory, start: Start) -> tuple[Incident, datetime]:
    """Of six instances one failed in the sweep of their timers; when that was."""
    six(session, start, failures=1)
    later = NOW + timedelta(days=2)
    sweep_timers(factory, later)
    session.rollback()
    return session.scalars(select(Incident)).one(), later


def test_one_bad_instance_stops_neither_the_timers_nor_the_retries(
    session: Session, factory: Factory, start: Start
) -> None:
    instances = six(session, start, failures=1)
    later = NOW + timedelta(days=2)
    assert sweep_timers(factory, later) == Sweep(6, 0)
    session.rollback()
    assert effects(session) == 5
    assert sweep_incidents(factory, later) == Sweep(0, 0), "还没有到下一次"
    assert sweep_incidents(factory, later + MINUTE) == Sweep(1, 0)
    session.rollback()
    assert effects(session) == 6
    assert all(one.status == "RUNNING" for one in instances)


def test_a_failure_among_good_ones_is_counted_and_the_good_ones_are_done(
    session: Session, factory: Factory, start: Start
) -> None:
    six(session, start, failures=6)
    later = NOW + timedelta(days=2)
    sweep_timers(factory, later)
    PLAN["a"] = [ValueError("still")]
    assert sweep_incidents(factory, later + MINUTE) == Sweep(5, 1)
    session.rollback()
    assert effects(session) == 5
    left = session.scalars(select(Incident).where(Incident.status == "RETRYING")).one()
    assert (left.attempts, left.retry_at) == (2, later + 6 * MINUTE)


def test_a_suspended_instance_waits_with_its_retry(
    session: Session, factory: Factory, start: Start
) -> None:
    found, later = one_failed(session, factory, start)
    found.instance.status = "SUSPENDED"
    session.commit()
    assert sweep_incidents(factory, later + MINUTE) == Sweep(0, 0)
    session.refresh(found)
    assert found.attempts == 1
    found.instance.status = "RUNNING"
    session.commit()
    assert sweep_incidents(factory, later + MINUTE) == Sweep(1, 0)


def test_an_instance_somebody_works_on_is_left_for_the_next_sweep(
    session: Session, factory: Factory, start: Start
) -> None:
    found, later = one_failed(session, factory, start)
    with factory() as busy:
        busy.execute(select(Instance).where(Instance.id == found.instance_id).with_for_update())
        assert sweep_incidents(factory, later + MINUTE) == Sweep(0, 0)
        busy.rollback()
    assert sweep_incidents(factory, later + MINUTE) == Sweep(1, 0)


GATE = process(
    "gate",
    end_event("start", "s")
    + '<bpmn:intermediateCatchEvent id="t" name="t"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    "</bpmn:intermediateCatchEvent>"
    + '<bpmn:exclusiveGateway id="g" default="g_thank"/>'
    + user("thank")
    + end_event("end", "e")
    + end_event("end", "no")
    + chain("s", "t", "g")
    + flow("g", "thank")
    + flow("g", "no", '=one = "no"')
    + chain("thank", "e"),
)


def test_a_step_that_fails_as_a_whole_keeps_its_timer_and_is_passed_by(
    session: Session, factory: Factory, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = start(("gate", GATE), one="yes")
    good = start(("timed", TIMED))
    session.commit()
    live.clear()
    later = NOW + timedelta(days=2)

    def broken(*_: Any, **__: Any) -> Any:
        raise scripts.StepFailed("expression_failed", "条件无法计算")

    with monkeypatch.context() as patch:
        patch.setattr(scripts, "evaluate", broken)
        assert sweep_timers(factory, later).failed == 1
        assert sweep_timers(factory, later) == Sweep(0, 0), "等处理，不再每次都试"
    session.rollback()
    found = session.scalars(select(Incident).where(Incident.task_id == "")).one()
    assert (found.instance_id, found.code, found.status) == (
        bad.id,
        "expression_failed",
        "RETRYING",
    )
    assert session.scalars(select(Timer.instance_id)).all().count(bad.id) == 1, "定时没有丢"
    assert sweep_incidents(factory, later + MINUTE).handled >= 1
    session.rollback()
    assert session.scalars(select(Timer.instance_id)).all().count(bad.id) == 0
    session.refresh(found)
    assert found.resolution == "RETRIED"
    assert good.status == "RUNNING"


def test_of_many_retries_at_once_one_takes_effect(
    session: Session, factory: Factory, start: Start
) -> None:
    found, later = one_failed(session, factory, start)
    key = found.id
    session.rollback()

    def attempt(number: int) -> str:
        if number % 2:
            return str(sweep_incidents(factory, later + MINUTE).handled)
        try:
            with db.unit_of_work(factory) as own:
                return str(int(retry(own, key, SYSTEM, later).done))
        except Conflict as told:
            return told.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(16)))
    assert answers.count("1") == 1
    assert set(answers) <= {"0", "1", "incident_settled"}
    assert effects(session) == 6
    assert verify(session).ok


def _retry(factory: Factory, incident_id: int) -> None:
    with db.unit_of_work(factory) as session:
        retry(session, incident_id, SYSTEM, NOW)


def test_killed_before_any_statement_a_retry_has_happened_whole_or_not_at_all(
    session: Session, factory: Factory, database_url: str, start: Start
) -> None:
    found, _ = one_failed(session, factory, start)
    key, before = found.id, effects(session)
    session.rollback()
    number = 0
    while effects(session) == before:
        unsettled = func.count(Incident.id).filter(Incident.status == "RETRYING")
        assert session.scalar(select(unsettled)) == 1
        session.rollback()
        number += 1
        assert killed(database_url, number, lambda own: _retry(own, key)) or (
            effects(session) != before
        )
        session.rollback()
    assert number > 5, "the retry was hardly interrupted"
    assert effects(session) == before + 1
    session.refresh(found)
    assert found.resolution == "RETRIED"
    assert verify(session).ok
