"""The sweep over due timers, with real instances: found by index, fired once, lost never."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.verify import verify
from engine.jobs.deadlines import Sweep
from engine.jobs.timers import sweep_timers
from engine.models import DomainEvent, Instance, StepHistory, Timer
from engine.models.running import Incident
from engine.runtime import live
from tests.dying import killed
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Begin, Case, Run
from tests.runtime.coverage.parts import boundary, catch, element, end, gateway, timer
from tests.runtime.diagrams import chain, flow, process, service, user
from tests.runtime.diagrams import event as plain

HOUR = timedelta(hours=1)
LATER = NOW + 8 * 24 * HOUR
Factory = sessionmaker[Session]


def _waits(*, broken: bool = False) -> bytes:
    topic = service("n", "cover.note", what="=name")
    after = user("u", "nobody:maker") if broken else user("u")
    return process(
        "p",
        plain("start", "s")
        + catch("t", timer("PT24H"))
        + topic
        + after
        + end("e")
        + chain("s", "t", "n", "u", "e"),
    )


CYCLE = process(
    "p",
    plain("start", "s")
    + user("work")
    + boundary("tick", "work", timer("R/PT24H", "timeCycle"), interrupting=False)
    + service("n", "cover.note", what='="tick"')
    + end("e")
    + end("e_tick")
    + chain("s", "work", "e")
    + chain("tick", "n", "e_tick"),
)


def _statements(engine: Engine, do: Callable[[], Any]) -> list[str]:
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    do()
    event.remove(engine, "before_cursor_execute", note)
    return seen


def test_that_nothing_is_due_is_found_out_by_index_alone(
    run: Run, session: Session, factory: Factory, engine: Engine
) -> None:
    case = run(_waits(), name="a")
    session.execute(
        sql(
            "INSERT INTO timer (instance_id, task_id, element_id, due_at) SELECT :key, 'x' || n,"
            " 't', :due FROM generate_series(1, 20000) AS n"
        ),
        {"key": case.instance.id, "due": LATER + 9999 * HOUR},
    )
    session.commit()
    session.execute(sql("ANALYZE timer"))
    session.commit()
    (found,) = _statements(engine, lambda: sweep_timers(factory, NOW))
    assert "FROM timer" in found
    assert "state" not in found.replace("status", "")
    plan = session.execute(
        sql("EXPLAIN SELECT instance_id FROM timer WHERE due_at <= :now"), {"now": NOW}
    )
    assert "ix_timer_due" in " ".join(plan.scalars())


def test_workers_at_once_fire_every_instance_once(
    run: Run, begin: Begin, session: Session, factory: Factory
) -> None:
    run(_waits(), name="0")
    for number in range(1, 12):
        begin("p", name=str(number))
    live.clear()
    workers = [threading.Thread(target=sweep_timers, args=(factory, LATER)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sweep_timers(factory, LATER)
    fired = session.scalars(
        select(StepHistory.instance_id).where(StepHistory.element_id == "t")
    ).all()
    assert sorted(fired) == sorted(session.scalars(select(Instance.id)).all())
    assert len(fired) == 12
    assert verify(session).ok


def _happened(factory: Factory) -> tuple[Any, ...]:
    with factory() as session:
        return (
            session.scalar(select(Instance.version)),
            session.scalar(select(func.count()).select_from(StepHistory)),
            session.scalar(select(func.count()).select_from(DomainEvent)),
            session.scalar(select(func.count()).select_from(Timer)),
        )


def test_a_worker_killed_in_the_middle_leaves_the_timer_to_the_next(
    run: Run, session: Session, factory: Factory, database_url: str
) -> None:
    run(_waits(), name="a")
    session.rollback()
    before = _happened(factory)
    number = 0
    while _happened(factory) == before:
        number += 1
        assert killed(database_url, number, lambda own: sweep_timers(own, LATER)) or (
            _happened(factory) != before
        )
    assert number > 10, "the sweep was hardly interrupted"
    after = _happened(factory)
    assert after[0] == before[0] + 1, "whole or not at all, and nobody had to wait"
    assert after[3] == 0
    assert sweep_timers(factory, LATER) == Sweep(0, 0)
    assert verify(session).ok


def test_a_week_out_of_use_is_one_firing_of_a_cycle(run: Run, factory: Factory) -> None:
    case = run(CYCLE)
    back = NOW + 7 * 24 * HOUR + HOUR
    assert sweep_timers(factory, back) == Sweep(1, 0)
    assert sweep_timers(factory, back) == Sweep(0, 0)
    case.settle()
    assert case.noted == ["tick"]
    assert case.due == {"tick": NOW + 8 * 24 * HOUR}
    assert sweep_timers(factory, NOW + 8 * 24 * HOUR) == Sweep(1, 0)
    case.settle()
    assert (case.noted, case.open) == (["tick", "tick"], ["work"])


def test_an_instance_whose_step_fails_stops_nobody_and_is_kept(
    deploy: Callable[..., None], begin: Begin, session: Session, factory: Factory
) -> None:
    broken = _waits(broken=True).replace(b'id="p"', b'id="bad"')
    deploy(("p", _waits()), ("bad", broken), gate=False)
    bad, good = begin("bad", name="bad"), begin("p", name="good")
    assert sweep_timers(factory, LATER) == Sweep(1, 1)
    assert sweep_timers(factory, LATER) == Sweep(0, 0), "不反复去撞"
    _settle(bad, good)
    assert good.open == ["u"]
    assert (bad.noted, bad.passed) == (["good"], ["s"])
    assert session.scalars(select(Incident.instance_id)).all() == [bad.instance.id]


def _settle(*cases: Case) -> None:
    for case in cases:
        case.settle()


ENDLESS = process(
    "p",
    plain("start", "s")
    + catch("t", timer("PT24H"))
    + gateway("exclusive", "again")
    + element("scriptTask", "more", "<bpmn:script>amount = amount + 1</bpmn:script>")
    + gateway("exclusive", "g", default="g_again")
    + user("u")
    + end("e")
    + chain("s", "t", "again", "more", "g", "again")
    + flow("g", "u", "=amount &lt; 0")
    + chain("u", "e"),
)


def test_a_loop_without_end_behind_a_timer_is_written_down_for_somebody_to_see(
    run: Run, factory: Factory, session: Session
) -> None:
    run(ENDLESS, amount=1)
    assert sweep_timers(factory, LATER) == Sweep(0, 1)
    assert session.scalars(select(Incident.code)).one() == "no_rest"
    assert sweep_timers(factory, LATER) == Sweep(0, 0), "不再每半分钟重跑一次"
