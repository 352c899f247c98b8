"""Errors and escalations go to the event of their code, and the linter knows to which."""

from collections.abc import Callable

import pytest

from engine.models import DefinitionKind
from engine.runtime.lint.gate import reports_on
from engine.runtime.lint.gather import Source
from tests.runtime.conftest import FORM
from tests.runtime.coverage.conftest import Begin, Run
from tests.runtime.coverage.parts import (
    boundary,
    element,
    end,
    error,
    escalation,
    gateway,
    inside,
    outside,
)
from tests.runtime.diagrams import chain, event, flow, process, service, user

Deploy = Callable[..., None]
DECLARED = outside(errors="X Y", escalations="Z W")
WAITS, LOST = "会一直等下去", "没有任何边界事件接住"


def told(**processes: bytes) -> dict[str, list[str]]:
    """What is wrong with each of a set of processes: errors only."""
    files = [Source(DefinitionKind.PROCESS, *one) for one in processes.items()]
    form = Source(FORM.kind, FORM.key, FORM.source)
    return {
        report.file: [f"{one.element}: {one.message}" for one in report.errors]
        for report in reports_on([form, *files])
        if report.file in processes
    }


def _branches(sent: str) -> str:
    """Two parallel branches; one of them may end by what is sent."""
    return (
        event("start", "s2")
        + gateway("parallel", "g")
        + user("u")
        + user("v")
        + gateway("exclusive", "x", default="x_j")
        + end("bad", sent)
        + gateway("parallel", "j")
        + end("fine")
        + chain("s2", "g", "u", "x", "j", "fine")
        + chain("g", "v", "j")
        + flow("x", "bad", '=u_outcome = "NO"')
    )


def _outer(body: str, *edges: str) -> bytes:
    ends = "".join(end(f"e{number}") + chain(key, f"e{number}") for number, key in enumerate(edges))
    return process("p", event("start", "s") + body + end("e") + ends, DECLARED)


def _around_branches(sent: str, *edges: tuple[str, str], interrupting: bool = True) -> bytes:
    body = inside("sub", _branches(sent)) + chain("s", "sub", "e")
    keys = [key for key, _ in edges]
    for key, caught in edges:
        body += boundary(key, "sub", caught, interrupting=interrupting)
    return _outer(body, *keys)


def test_an_error_that_nothing_catches_is_refused_and_leaves_a_join_waiting(run: Run) -> None:
    source = process("p", _branches(error("X")), DECLARED)
    (lost, waits) = told(p=source)["p"]
    assert lost.startswith("bad")
    assert LOST in lost
    assert waits.startswith("j")
    assert WAITS in waits
    case = run(source, gate=False)
    case.do("u", outcome="NO")
    case.do("v")
    assert (case.ended, case.open) == (None, []), "就此停住"


@pytest.mark.parametrize("caught", [error("X"), error()])
def test_an_error_of_the_code_of_an_event_around_ends_both_branches(run: Run, caught: str) -> None:
    source = _around_branches(error("X"), ("b", caught))
    assert told(p=source) == {"p": []}
    case = run(source)
    case.do("u", outcome="NO")
    assert case.ended == "e0"


def test_an_error_of_another_code_is_refused_for_it_would_pass_as_success(run: Run) -> None:
    sub = event("start", "s2") + user("u") + end("bad", error("X")) + chain("s2", "u", "bad")
    body = inside("sub", sub) + boundary("b", "sub", error("Y")) + chain("s", "sub", "e")
    source = _outer(body, "b")
    assert [LOST in one for one in told(p=source)["p"]] == [True]
    case = run(source, gate=False)
    case.do("u")
    assert case.ended == "e"


def _calls(*edges: tuple[str, str], key: str = "p") -> bytes:
    body = element("callActivity", "c", calledElement="inner") + chain("s", "c", "e")
    body += "".join(boundary(one, "c", caught) for one, caught in edges)
    return _outer(body, *(one for one, _ in edges)).replace(b'id="p"', f'id="{key}"'.encode())


INNER = process("inner", _branches(error("X")), DECLARED)


def test_an_error_of_a_called_process_is_caught_by_all_that_call_it(
    deploy: Deploy, begin: Begin
) -> None:
    fine = _calls(("b", error("X")))
    assert told(p=fine, inner=INNER) == {"p": [], "inner": []}
    for other in (_calls(key="q"), _calls(("b", error("Y")), key="q")):
        found = told(p=fine, q=other, inner=INNER)["inner"]
        assert [LOST in one or WAITS in one for one in found] == [True, True]
    deploy(("p", fine), ("inner", INNER))
    case = begin("p")
    case.do("u", outcome="NO")
    assert case.ended == "e0"


def test_an_error_goes_through_a_caller_to_its_own_caller() -> None:
    middle = _calls(key="middle")
    outer = _calls(("b", error("X"))).replace(b'"inner"', b'"middle"')
    assert told(p=outer, middle=middle, inner=INNER) == {"p": [], "middle": [], "inner": []}
    assert len(told(middle=middle, inner=INNER)["inner"]) == 2


def test_an_escalation_ends_both_branches_only_where_it_interrupts(run: Run) -> None:
    source = _around_branches(escalation("Z"), ("b", escalation("Z")))
    assert told(p=source) == {"p": []}
    case = run(source)
    case.do("u", outcome="NO")
    assert case.ended == "e0"
    for other in (("b", escalation("W")), ("b", error("X"))):
        assert [WAITS in one for one in told(p=_around_branches(escalation("Z"), other))["p"]]
    runs_on = _around_branches(escalation("Z"), ("b", escalation("Z")), interrupting=False)
    assert [WAITS in one for one in told(p=runs_on)["p"]] == [True]


@pytest.mark.parametrize("ticked", ["false", "0", " 0 "])
def test_an_error_event_interrupts_whatever_is_ticked(run: Run, ticked: str) -> None:
    source = _outer(
        user("u")
        + service("svc", "cover.refuse", code='="X"')
        + boundary("b", "svc", error("X"), interrupting=False).replace('"false"', f'"{ticked}"')
        + chain("s", "u", "svc", "e"),
        "b",
    )
    case = run(source)
    case.do("u")
    assert case.ended == "e0"
