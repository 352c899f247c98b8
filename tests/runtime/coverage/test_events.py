"""Timers, messages and signals, waiting alone and behind an event-based gateway."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Subscription, Timer
from engine.runtime.scripts import StepFailed
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Begin, Case, Run
from tests.runtime.coverage.parts import (
    about,
    boundary,
    catch,
    element,
    end,
    gateway,
    message,
    outside,
    signal,
    throw,
    timer,
)
from tests.runtime.diagrams import chain, event, process, service, user

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def _race(*branches: tuple[str, str], declared: str = "") -> bytes:
    """An event-based gateway with an end behind each of its events."""
    return process(
        "p",
        event("start", "s")
        + gateway("eventBased", "g")
        + chain("s", "g")
        + "".join(inner for _, inner in branches)
        + "".join(end(f"e_{key}") + chain("g", key, f"e_{key}") for key, _ in branches),
        declared,
    )


TWO_TIMERS = _race(("late", catch("late", timer("PT8H"))), ("soon", catch("soon", timer("PT2H"))))


def test_of_two_timers_behind_a_gateway_each_has_its_own_time(run: Run) -> None:
    case = run(TWO_TIMERS)
    assert case.due == {"soon": NOW + 2 * HOUR, "late": NOW + 8 * HOUR}
    assert not case.fire(NOW + HOUR)
    assert case.open == []
    case.fire(NOW + 2 * HOUR)
    assert (case.ended, case.due) == ("e_soon", {})
    assert "late" not in case.passed


def test_when_both_timers_are_overdue_only_one_goes_on(run: Run) -> None:
    case = run(TWO_TIMERS)
    case.fire(NOW + WEEK)
    assert case.ended in ("e_soon", "e_late")
    assert len([one for one in case.passed if one.startswith("e_")]) == 1


MIXED = _race(
    ("t", catch("t", timer("P3D"))),
    ("m", catch("m", message("hello"), about("=case_id"))),
    ("r", element("receiveTask", "r", about('="x"'), messageRef="m_other")),
    ("i", catch("i", signal("alarm"))),
    declared=outside(messages="hello other", signals="alarm"),
)


def test_whichever_comes_first_behind_a_gateway_leaves_nothing_of_the_others(
    run: Run, session: Session
) -> None:
    case = run(MIXED, case_id=7)
    assert len(session.scalars(select(Subscription)).all()) == 3
    assert case.deliver("hello", 8) == 0, "说的是别的事"
    assert case.deliver("hello", 7) == 1
    assert case.ended == "e_m"
    assert session.scalars(select(Subscription)).all() == []
    assert session.scalars(select(Timer)).all() == []
    assert case.deliver("hello", 7) == 0
    assert case.deliver("other", "x") == 0


def test_a_receive_task_can_win_behind_a_gateway(run: Run) -> None:
    case = run(MIXED, case_id=7)
    assert case.deliver("other", "x") == 1
    assert (case.ended, case.due) == ("e_r", {})


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("PT36H", timedelta(hours=36)),
        ("P1DT12H", timedelta(hours=36)),
        ("2025-12-10T02:00:00Z", 2 * DAY),
        ("=when", 2 * DAY),
        ('=due("acceptance_period")', None),
        ("acceptance_period", None),
        ("P1M", None),
        ("2025-12-31", None),
    ],
)
def test_a_timer_takes_durations_dates_parameters_and_feel(
    run: Run, body: str, after: timedelta | None
) -> None:
    source = process(
        "p", event("start", "s") + catch("t", timer(body)) + end("e") + chain("s", "t", "e")
    )
    case = run(source, when="2025-12-10T02:00:00+00:00")
    due = case.due["t"]
    assert after is None or due == NOW + after
    assert due > NOW
    assert not case.fire(due - timedelta(seconds=1))
    assert case.ended is None
    assert case.fire(due)
    assert case.ended == "e"


@pytest.mark.parametrize("body", ["=nothing", "next week", "P0D", "P1M3D", '="Tuesday"'])
def test_a_time_that_makes_no_sense_is_refused_and_says_where(run: Run, body: str) -> None:
    source = process(
        "p", event("start", "s") + catch("t", timer(body)) + end("e") + chain("s", "t", "e")
    )
    with pytest.raises(StepFailed, match="“t”"):
        run(source, gate=False)


def _cycle(body: str) -> bytes:
    return process(
        "p",
        event("start", "s")
        + user("work")
        + boundary("tick", "work", timer(body, "timeCycle"), interrupting=False)
        + service("n", "cover.note", what='="tick"')
        + end("e")
        + end("e_tick")
        + chain("s", "work", "e")
        + chain("tick", "n", "e_tick"),
    )


def test_a_cycle_comes_again_until_it_has_come_often_enough(run: Run) -> None:
    case = run(_cycle("R3/PT24H"))
    for round_ in (1, 2, 3):
        assert case.due == {"tick": NOW + round_ * DAY}
        assert not case.fire(NOW + round_ * DAY - HOUR)
        case.fire(NOW + round_ * DAY)
        assert case.noted == ["tick"] * round_
        assert case.open == ["work"], "不打断"
    assert case.due == {}
    case.do("work")
    assert case.ended == "e"


def test_rounds_that_were_missed_are_one_firing_and_do_not_pile_up(run: Run) -> None:
    case = run(_cycle("R/PT24H"))
    case.fire(NOW + WEEK + HOUR)
    assert case.noted == ["tick"], "停了一周，只补一次"
    assert case.due == {"tick": NOW + WEEK + DAY}
    assert not case.fire(NOW + WEEK + HOUR)
    case.fire(NOW + WEEK + DAY)
    assert case.noted == ["tick", "tick"]


def test_missed_rounds_count_among_those_that_a_cycle_has(run: Run) -> None:
    case = run(_cycle("R3/PT24H"))
    case.fire(NOW + WEEK)
    assert (case.noted, case.due, case.open) == (["tick"], {}, ["work"])


def test_a_cycle_of_days_keeps_to_the_calendar_and_stops_with_its_task(run: Run) -> None:
    case = run(_cycle("R/P1D"))
    first = case.due["tick"]
    case.fire(first)
    assert case.due["tick"] > first
    case.do("work")
    assert (case.ended, case.due) == ("e", {})
    assert case.noted == ["tick"]


def test_an_intermediate_cycle_goes_on_at_its_first_round(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + catch("t", timer("R5/PT1H", "timeCycle"))
        + end("e")
        + chain("s", "t", "e"),
    )
    case = run(source)
    case.fire(NOW + 3 * HOUR)
    assert (case.ended, case.passed.count("e"), case.due) == ("e", 1, {})


@pytest.mark.parametrize("body", ["R0/P1D", "R3/PT0S", "R3", '="daily"', "R/P1D/2026-01-01"])
def test_a_cycle_that_makes_no_sense_is_refused(run: Run, body: str) -> None:
    with pytest.raises(StepFailed, match="“tick”"):
        run(_cycle(body), gate=False)


SENDER = process(
    "sender",
    event("start", "s")
    + user("u")
    + throw("t", message("hello"), about("=case_id"))
    + end("e", message("bye"), about("=case_id + 1"))
    + chain("s", "u", "t", "e"),
    outside(messages="hello bye"),
)
RECEIVER = process(
    "receiver",
    event("start", "s")
    + element("receiveTask", "r", about("=case_id"), messageRef="m_hello")
    + catch("c", message("bye"), about("=case_id + 1"))
    + user("u")
    + end("e")
    + chain("s", "r", "c", "u", "e"),
    outside(messages="hello bye"),
)
Deploy = Callable[..., None]


def test_messages_go_to_other_instances_of_the_same_matter(deploy: Deploy, begin: Begin) -> None:
    deploy(("sender", SENDER), ("receiver", RECEIVER))
    meant, other = begin("receiver", case_id=7), begin("receiver", case_id=8)
    sender = begin("sender", case_id=7)
    sender.do("u")
    assert sender.ended == "e"
    assert meant.open == ["u"], "先收到hello，再收到结束时的bye"
    assert (other.open, other.passed) == ([], ["s"])


SEND_TASK = process(
    "p",
    event("start", "s")
    + element("sendTask", "t", about('="all"'), messageRef="m_hello")
    + element(
        "sendTask",
        "op",
        "<bpmn:extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="what">="sent"</camunda:inputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements>",
        **{"camunda:type": "external", "camunda:topic": "cover.note"},
    )
    + catch("c", message("hello"), about('="all"'))
    + end("e")
    + chain("s", "t", "op", "c", "e"),
    outside(messages="hello"),
)


def test_a_send_task_sends_or_calls_its_operation_and_a_message_can_come_home(run: Run) -> None:
    case = run(SEND_TASK)
    assert case.noted == ["sent"]
    assert case.ended == "e", "保存时已在等，收到自己发的"


PING = process(
    "ping",
    event("start", "s")
    + gateway("exclusive", "x")
    + throw("t", message("ping"), about('="p"'))
    + catch("c", message("pong"), about('="p"'))
    + chain("s", "x", "t", "c", "x"),
    outside(messages="ping pong"),
)
PONG = PING.replace(b"ping", b"tmp").replace(b"pong", b"ping").replace(b"tmp", b"pong")


def test_instances_that_answer_each_other_for_ever_are_stopped(
    deploy: Deploy, begin: Begin
) -> None:
    deploy(("ping", PING), ("pong", PONG), gate=False)
    first = begin("ping")
    second = begin("pong")
    assert first.instance.status == second.instance.status == "RUNNING"
    assert first.passed.count("t") < 20


ALARM = process(
    "alarm",
    event("start", "s") + user("u") + end("e", signal("alarm")) + chain("s", "u", "e"),
    outside(signals="alarm other"),
)
LISTENER = process(
    "listener",
    event("start", "s")
    + gateway("parallel", "g")
    + catch("i", signal("alarm"))
    + catch("k", signal("other"))
    + user("u")
    + end("e")
    + end("e2")
    + chain("s", "g", "i", "u", "e")
    + chain("g", "k", "e2"),
    outside(signals="alarm other"),
)


def test_a_signal_reaches_every_instance_that_waits_for_it(
    deploy: Deploy, begin: Begin, session: Session
) -> None:
    deploy(("alarm", ALARM), ("listener", LISTENER))
    listeners = [begin("listener") for _ in range(3)]
    kinds = session.scalars(select(Subscription.kind)).all()
    assert set(kinds) == {"SIGNAL"}
    assert listeners[0].deliver("alarm", "") == 0, "信号不是消息"
    sender = begin("alarm")
    sender.do("u")
    assert sender.ended == "e"
    for listener in listeners:
        assert listener.open == ["u"]
        assert listener.passed.count("i") == 1
        assert "k" not in listener.passed, "别的信号"


def test_a_signal_is_caught_once_inside_the_instance_that_sends_it(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + gateway("parallel", "g")
        + catch("i", signal("alarm"))
        + user("u")
        + throw("t", signal("alarm"))
        + end("e")
        + end("e2")
        + chain("s", "g", "i", "e2")
        + chain("g", "u", "t", "e"),
        outside(signals="alarm"),
    )
    case = run(source)
    assert case.ended is None
    case.do("u")
    assert case.ended is not None
    assert case.passed.count("i") == 1


def test_one_receiver_that_fails_does_not_stop_the_sender_or_the_others(
    deploy: Deploy, begin: Begin
) -> None:
    broken = LISTENER.replace(b'id="listener"', b'id="broken"').replace(
        b'candidateGroups="finance:maker"', b'candidateGroups="nobody:maker"'
    )
    deploy(("alarm", ALARM), ("listener", LISTENER), ("broken", broken), gate=False)
    bad, good = begin("broken"), begin("listener")
    sender = begin("alarm")
    sender.do("u")
    assert sender.ended == "e"
    assert good.open == ["u"]
    assert (bad.open, bad.instance.status) == ([], "RUNNING"), "留待重试"
    assert isinstance(bad, Case)
