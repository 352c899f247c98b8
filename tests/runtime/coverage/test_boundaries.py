"""Events at the edge of activities: what they end, what they leave, and how often they catch."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Subscription, Timer
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Run
from tests.runtime.coverage.parts import (
    about,
    boundary,
    catch,
    end,
    escalation,
    gateway,
    inside,
    loop,
    message,
    outside,
    signal,
    throw,
    timer,
)
from tests.runtime.diagrams import chain, event, process, service, user

DAY = timedelta(days=1)
Deploy = Callable[..., None]


def _on_user(definition: str, declared: str = "", inner: str = "", **how: bool) -> bytes:
    return process(
        "p",
        event("start", "s")
        + user("work")
        + boundary("b", "work", definition, inner, **how)
        + user("side")
        + end("e")
        + end("e_side")
        + chain("s", "work", "e")
        + chain("b", "side", "e_side"),
        declared,
    )


HELLO = (message("hello"), outside(messages="hello"), about("=case_id"))


def test_a_message_that_does_not_interrupt_is_caught_each_time_it_comes(run: Run) -> None:
    case = run(_on_user(*HELLO, interrupting=False), case_id=7)
    for number in (1, 2, 3):
        assert case.deliver("hello", 7) == 1
        assert case.open == ["side"] * number + ["work"]
    case.do("work")
    assert case.open == ["side"] * 3, "支路各自办完"
    assert case.deliver("hello", 7) == 0, "主任务办结后不再接收"
    for _ in range(3):
        assert case.ended is None
        case.do("side")
    assert case.ended is not None
    assert case.passed.count("b") == 3


def test_a_message_that_interrupts_is_caught_once_and_ends_the_task(
    run: Run, session: Session
) -> None:
    case = run(_on_user(*HELLO), case_id=7)
    assert case.deliver("hello", 7) == 1
    assert case.open == ["side"]
    assert case.deliver("hello", 7) == 0
    assert session.scalars(select(Subscription)).all() == []
    case.do("side")
    assert (case.ended, case.passed.count("b")) == ("e_side", 1)
    assert "e" not in case.passed


def test_a_boundary_does_not_fire_after_its_task_is_done(run: Run, session: Session) -> None:
    case = run(_on_user(timer("P3D")))
    case.do("work")
    assert case.ended == "e"
    assert session.scalars(select(Timer)).all() == []


def test_of_two_interrupting_timers_that_are_both_overdue_one_fires(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + user("work")
        + boundary("b1", "work", timer("PT1H"))
        + boundary("b2", "work", timer("PT2H"))
        + boundary("b3", "work", timer("PT3H"), interrupting=False)
        + end("e")
        + user("u1")
        + user("u2")
        + user("u3")
        + chain("s", "work", "e")
        + chain("b1", "u1", "e")
        + chain("b2", "u2", "e")
        + chain("b3", "u3", "e"),
    )
    case = run(source)
    case.fire(NOW + DAY)
    assert case.open == ["u1"]
    assert case.due == {}


def test_a_timer_that_does_not_interrupt_fires_once(run: Run) -> None:
    case = run(_on_user(timer("PT1H"), interrupting=False))
    case.fire(NOW + DAY)
    assert (case.open, case.due) == (["side", "work"], {})
    assert not case.fire(NOW + 2 * DAY)
    case.do("work")
    case.do("side")
    assert case.passed.count("b") == 1


def _sub(edge: str, declared: str, *ways: str) -> bytes:
    """A sub-process with two ways inside: one throws behind a task, one does other things."""
    body = (
        event("start", "s2")
        + gateway("parallel", "g")
        + chain("s2", "g", "u")
        + user("u")
        + "".join(ways)
    )
    return process(
        "p",
        event("start", "s")
        + inside("sub", body)
        + edge
        + user("after")
        + end("e")
        + end("e_b")
        + chain("s", "sub", "e")
        + chain("b", "after", "e_b"),
        declared,
    )


SIGNAL_WAYS = (
    throw("t", signal("alarm")),
    service("n", "cover.note", what='="ran on"'),
    end("e1"),
    chain("u", "t", "n", "e1"),
    user("other"),
    catch("w", timer("P3D")),
    end("e2"),
    chain("g", "other", "w", "e2"),
)


def test_a_signal_from_inside_ends_the_sub_process_before_it_runs_on(
    run: Run, session: Session
) -> None:
    edge = boundary("b", "sub", signal("alarm"))
    case = run(_sub(edge, outside(signals="alarm"), *SIGNAL_WAYS))
    case.do("u")
    assert case.open == ["after"]
    assert case.noted == [], "信号之后的步骤不再办"
    assert "sub" not in case.passed
    assert session.scalars(select(Subscription)).all() == []
    case.do("after")
    assert (case.ended, case.passed.count("b")) == ("e_b", 1)


def test_a_signal_that_does_not_interrupt_lets_the_sub_process_run_on(run: Run) -> None:
    edge = boundary("b", "sub", signal("alarm"), interrupting=False)
    case = run(_sub(edge, outside(signals="alarm"), *SIGNAL_WAYS))
    case.do("u")
    assert case.open == ["after", "other"]
    assert case.noted == ["ran on"]
    case.do("after")
    case.do("other")
    case.fire(NOW + 10 * DAY)
    assert case.ended == "e"


def _escalates(*, interrupting: bool, code: str = "up") -> bytes:
    ways = (
        throw("t", escalation("up")),
        service("n", "cover.note", what='="ran on"'),
        end("e1"),
        chain("u", "t", "n", "e1"),
        user("other"),
        end("e2", escalation("up")),
        chain("g", "other", "e2"),
    )
    edge = boundary("b", "sub", escalation(code), interrupting=interrupting)
    return _sub(edge, outside(escalations="up other"), *ways)


def test_an_escalation_that_interrupts_ends_the_sub_process_at_once(run: Run) -> None:
    case = run(_escalates(interrupting=True))
    case.do("u")
    assert (case.open, case.noted) == (["after"], [])
    case.do("after")
    assert (case.ended, case.passed.count("b")) == ("e_b", 1)


def test_an_escalation_that_does_not_interrupt_is_caught_each_time(run: Run) -> None:
    case = run(_escalates(interrupting=False))
    case.do("u")
    assert (case.open, case.noted) == (["after", "other"], ["ran on"])
    case.do("other")
    assert case.open == ["after", "after"], "结束时又上报一次"
    case.do("after")
    case.do("after")
    assert case.passed.count("b") == 2


def test_an_escalation_of_another_code_is_not_caught(run: Run) -> None:
    case = run(_escalates(interrupting=True, code="other"))
    case.do("u")
    case.do("other")
    assert (case.ended, case.open) == ("e", [])
    assert "b" not in case.passed


def test_an_event_ends_a_multi_instance_with_everything_in_it(run: Run, session: Session) -> None:
    body = (
        event("start", "s2")
        + gateway("parallel", "g")
        + user("ask")
        + catch("t", timer("P9D"))
        + catch("m", message("hello"), about("=item"))
        + end("e2")
        + chain("s2", "g", "ask", "e2")
        + chain("g", "t", "e2")
        + chain("g", "m", "e2")
    )
    source = process(
        "p",
        event("start", "s")
        + inside("each", body, loop(collection="rows"))
        + boundary("b", "each", timer("P3D"))
        + user("late")
        + end("e")
        + chain("s", "each", "e")
        + chain("b", "late", "e"),
        outside(messages="hello"),
    )
    case = run(source, rows=[1, 2])
    assert case.open == ["ask", "ask"]
    assert len(session.scalars(select(Subscription)).all()) == 2
    case.do("ask")
    case.fire(case.due["b"])
    assert case.open == ["late"]
    assert session.scalars(select(Timer)).all() == []
    assert session.scalars(select(Subscription)).all() == []
    case.do("late")
    assert case.ended == "e"
