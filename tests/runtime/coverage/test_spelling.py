"""What is written in another way than tools do is read the same by linter and engine."""

from datetime import timedelta

import pytest

from tests.runtime.conftest import NOW
from tests.runtime.coverage.conftest import Run
from tests.runtime.coverage.parts import boundary, end, loop, timer
from tests.runtime.diagrams import chain, event, process, user
from tests.runtime.lint.planting import between, check, element, inner

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "left"), [("1", []), (" true ", []), ("0", ["work"]), ("false", ["work"])]
)
def test_an_event_interrupts_when_so_ticked(run: Run, written: str, left: list[str]) -> None:
    source = process(
        "p",
        between(user("work") + user("side") + end("e2"), "work")
        + boundary("b", "work", timer("P1D")).replace('"true"', f'"{written}"')
        + chain("b", "side", "e2"),
    )
    case = run(source)
    case.fire(NOW + 2 * DAY)
    assert case.open == ["side", *left]


@pytest.mark.parametrize(("written", "opened"), [("1", 1), ("0", 3)])
def test_instances_come_one_by_one_when_so_ticked(run: Run, written: str, opened: int) -> None:
    each = loop(cardinality="3", one_by_one=True).replace('"true"', f'"{written}"')
    case = run(process("p", between(user("work", inner=each), "work")))
    assert case.open == ["work"] * opened


@pytest.mark.parametrize(
    "body",
    [
        between(user("u"), "u") + inner("subProcess", triggeredByEvent="1"),
        between(element("task", "x", isForCompensation="1"), "x"),
        between(element("receiveTask", "r", instantiate="1", messageRef="m"), "r"),
    ],
)
def test_what_is_refused_is_refused_in_every_spelling(body: str) -> None:
    source = process("p", body)
    told = [str(one.message) for one in check(source).errors]
    assert told == [str(one.message) for one in check(source.replace(b'"1"', b'"true"')).errors]
    assert told != [str(one.message) for one in check(source.replace(b'"1"', b'"0"')).errors]


def test_what_is_neither_true_nor_false_is_refused() -> None:
    event_of = event("end", "e2") + chain("b", "e2")
    body = between(user("u"), "u") + boundary("b", "u", timer("P1D")) + event_of
    source = process("p", body).replace(b'cancelActivity="true"', b'cancelActivity="yes"')
    (one,) = check(source).errors
    assert (one.element, "yes" in str(one.message)) == ("b", True)
