"""Timers, messages and signals, waiting alone and behind an event-based gateway."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Subscription, Timer
from engine.runtime.scripts import StepFailed
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Run
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
