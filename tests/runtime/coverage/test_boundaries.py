"""Events at the edge of activities: what they end, what they leave, and how often they catch."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import RuleRefused
from engine.models import Subscription, Timer
from engine.models.running import Incident
from engine.people import SYSTEM
from engine.runtime.retries import lock_unsettled, try_again
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Begin, Run
from tests.runtime.coverage.operations import MOODS
from tests.runtime.coverage.parts import (
    about,
    boundary,
    catch,
    element,
    end,
    error,
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


def _fails(code: str, *edges: str) -> bytes:
    return process(
        "p",
        event("start", "s")
        + user("u")
        + service("svc", "cover.refuse", code=code)
        + "".join(edges)
        + user("named_u")
        + end("e")
        + chain("s", "u", "svc", "e")
        + chain("named", "named_u", "e")
        + (user("any_u") + chain("any", "any_u", "e") if len(edges) > 1 else ""),
        outside(errors="NO LATE"),
    )


NAMED, ANY = boundary("named", "svc", error("NO")), boundary("any", "svc", error())


def test_a_rule_that_refuses_goes_the_way_of_its_code_and_leaves_nothing_behind(
    run: Run, session: Session
) -> None:
    case = run(_fails('="NO"', NAMED, ANY))
    case.do("u")
    assert case.open == ["named_u"]
    assert case.noted == [], "写了一半的已撤回"
    assert "svc" not in case.passed
    assert case.passed.count("named") == 1
    case.do("named_u")
    assert case.ended == "e"


def test_a_code_that_nothing_names_goes_to_the_event_for_any_error(run: Run) -> None:
    case = run(_fails('="OTHER"', NAMED, ANY))
    case.do("u")
    assert (case.open, case.noted) == (["any_u"], [])


def test_a_refusal_that_nothing_catches_is_told_and_changes_nothing(run: Run) -> None:
    case = run(_fails('="LATE"', NAMED))
    with pytest.raises(RuleRefused):
        case.do("u")
    case.session.rollback()
    assert (case.open, case.noted) == (["u"], [])


def test_what_first_broke_and_is_then_refused_goes_the_way_of_the_refusal(
    run: Run, session: Session
) -> None:
    source = process(
        "p",
        event("start", "s")
        + catch("t", timer("PT1H"))
        + service("svc", "cover.moody")
        + boundary("b", "svc", error("NO"))
        + user("side")
        + end("e")
        + chain("s", "t", "svc", "e")
        + chain("b", "side", "e"),
        outside(errors="NO"),
    )
    case = run(source)
    MOODS[:] = [ZeroDivisionError(), RuleRefused("NO", "refused")]
    case.fire(NOW + DAY)
    found = session.scalars(select(Incident)).one()
    assert try_again(session, lock_unsettled(session, found), found, SYSTEM, NOW + 2 * DAY)
    case.settle()
    assert (case.open, case.noted) == (["side"], [])
    assert session.scalars(select(Incident.status)).one() == "RESOLVED"
    case.do("side")
    assert case.ended == "e"


TWO_CALLS = process(
    "p",
    event("start", "s")
    + gateway("parallel", "g")
    + element("callActivity", "c1", calledElement="inner")
    + element("callActivity", "c2", calledElement="inner")
    + boundary("b1", "c1", error("NO"))
    + boundary("b2", "c2", error("NO"))
    + user("u1")
    + user("u2")
    + end("e1")
    + end("e2")
    + chain("s", "g", "c1", "e1")
    + chain("g", "c2", "e2")
    + chain("b1", "u1", "e1")
    + chain("b2", "u2", "e2"),
    outside(errors="NO"),
)
INNER = process(
    "inner",
    event("start", "s")
    + inside(
        "deep",
        event("start", "s2")
        + user("ask")
        + gateway("exclusive", "x", default="x_fine")
        + end("bad", error("NO"))
        + end("fine")
        + chain("s2", "ask", "x", "fine")
        + '<bpmn:sequenceFlow id="x_bad" sourceRef="x" targetRef="bad">'
        '<bpmn:conditionExpression>=ask_outcome = "NO"</bpmn:conditionExpression>'
        "</bpmn:sequenceFlow>",
    )
    + end("e")
    + chain("s", "deep", "e"),
    outside(errors="NO"),
)


def test_an_error_goes_to_the_call_that_it_came_from_and_not_to_its_sibling(
    deploy: Deploy, begin: Begin
) -> None:
    deploy(("p", TWO_CALLS), ("inner", INNER))
    case = begin("p")
    assert case.open == ["ask", "ask"]
    case.do("ask", outcome="NO")
    (way,) = {"u1", "u2"} & set(case.open)
    assert case.open == ["ask", way], "另一路照办"
    case.do("ask", outcome="YES")
    case.do(way)
    assert case.ended is not None
    assert {"b1", "b2"} & set(case.passed) == {f"b{way[1]}"}
    assert case.passed.count(f"b{way[1]}") == 1


def test_an_error_that_nothing_catches_just_ends_its_path(deploy: Deploy, begin: Begin) -> None:
    deploy(("inner", INNER))
    case = begin("inner")
    case.do("ask", outcome="NO")
    assert case.ended == "e"


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
