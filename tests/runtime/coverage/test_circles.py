"""Circles: those that can be left run until they are; the others are refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.runtime.lint import lint
from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Run
from tests.runtime.coverage.parts import about, catch, end, gateway, message, outside, throw, timer
from tests.runtime.diagrams import chain, event, flow, process, user
from tests.runtime.lint.planting import KNOWN, caught, edge

DAY = timedelta(days=1)
ALONE = replace(KNOWN, processes={})  # nothing calls the process, and could end it
HELLO = outside(messages="hello")
WAIT = (
    gateway("eventBased", "g")
    + catch("r", message("hello"), about("=case_id"))
    + catch("t", timer("P5D"))
    + end("e")
)


def _again(*back: str) -> bytes:
    """Wait for a message, after five days wait again."""
    tasks = "".join(map(user, back))
    body = event("start", "s") + WAIT + tasks
    return process("p", body + chain("s", "g", "r", "e") + chain("g", "t", *back, "g"), HELLO)


def test_an_event_gateway_may_lead_straight_back_to_itself(run: Run) -> None:
    case = run(_again(), case_id=7)
    for week in (1, 2, 3):
        assert set(case.due) == {"t"}
        assert case.fire(NOW + week * 10 * DAY)
    assert case.deliver("hello", 7, NOW + 40 * DAY) == 1
    assert case.ended == "e"
    assert case.passed.count("t") == 3


def test_a_reminder_may_lead_back_to_the_wait_without_a_merge(run: Run) -> None:
    case = run(_again("remind"), case_id=7)
    for week in (1, 2):
        assert case.fire(NOW + week * 10 * DAY)
        assert case.open == ["remind"]
        case.do("remind", NOW + week * 10 * DAY)
    assert case.deliver("hello", 7, NOW + 40 * DAY) == 1
    assert (case.ended, case.passed.count("remind")) == ("e", 2)


def test_the_same_behind_a_choice(run: Run) -> None:
    body = event("start", "s") + user("q") + gateway("exclusive", "x", "x_e") + WAIT
    body += chain("s", "q", "x", "e") + flow("x", "g", '=q_outcome = "A"')
    case = run(process("p", body + chain("g", "r", "e") + chain("g", "t", "g"), HELLO), case_id=7)
    case.do("q", outcome="A")
    case.fire(NOW + 10 * DAY)
    case.deliver("hello", 7, NOW + 11 * DAY)
    assert case.ended == "e"


def _split_back(over: str) -> bytes:
    """Remind again and again beside a task."""
    return process(
        "p",
        event("start", "s")
        + user("a")
        + gateway("parallel", "g")
        + user("b")
        + user("c")
        + over
        + chain("s", "a", "g", "b", "e")
        + chain("g", "c", "a"),
    )


def test_a_split_may_lead_back_when_another_branch_ends_everything(run: Run) -> None:
    case = run(_split_back(end("e", "<bpmn:terminateEventDefinition/>")))
    case.do("a")
    case.do("c")
    assert case.open == ["a", "b"]
    case.do("b")
    assert case.ended == "e"


ENDLESS = {
    "a split that leads back": (_split_back(end("e")), "a"),
    "a task with a flow to itself": (
        process(
            "p",
            event("start", "s") + user("u") + end("e") + chain("s", "u", "e") + flow("u", "u"),
        ),
        "u",
    ),
}


@pytest.mark.parametrize(("source", "element"), ENDLESS.values(), ids=ENDLESS)
def test_a_circle_that_is_never_left_is_refused(source: bytes, element: str) -> None:
    (found,) = lint(source, "p", ALONE).errors
    assert found.element == element
    assert "没有出口" in str(found.message)


def test_a_circle_in_a_sub_process_may_be_left_by_an_event_around_it(run: Run) -> None:
    inner = (
        event("start", "s2")
        + user("u")
        + throw("mark")
        + end("e2")
        + chain("s2", "u", "mark", "u")
        + flow("mark", "e2")
    )
    late = edge("b", "sub", caught("timer", "<bpmn:timeDuration>P20D</bpmn:timeDuration>"))
    sub = f'<bpmn:subProcess id="sub" name="sub">{inner}</bpmn:subProcess>'
    body = event("start", "s") + sub + end("e") + chain("s", "sub", "e")
    assert not lint(process("p", body), "p", ALONE).ok
    case = run(process("p", body + late))
    case.do("u")
    case.do("u")
    assert case.open == ["u"]
    case.fire(NOW + 40 * DAY)
    assert case.ended == "b_end"


def test_branches_that_split_again_and_again_are_refused_before_they_are_tried() -> None:
    keys = [f"u{number}" for number in range(30)]
    body = event("start", "s") + "".join(map(user, keys)) + end("e") + chain("s", *keys, "e")
    more = "".join(flow(one, two) for one, two in zip(keys, keys[2:], strict=False))
    assert lint(process("p", body), "p", ALONE).ok
    (found,) = lint(process("p", body + more), "p", ALONE).errors
    assert "太多" in str(found.message)
