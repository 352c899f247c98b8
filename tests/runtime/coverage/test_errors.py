"""Errors: rules that refuse, and error ends, go to the nearest event that catches them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import RuleRefused
from engine.models.running import Incident
from engine.people import SYSTEM
from engine.runtime.retries import lock_unsettled, try_again
from tests.runtime.conftest import NOW, Staff
from tests.runtime.coverage.conftest import Begin, Run
from tests.runtime.coverage.operations import MOODS
from tests.runtime.coverage.parts import (
    boundary,
    catch,
    element,
    end,
    error,
    gateway,
    inside,
    outside,
    timer,
)
from tests.runtime.diagrams import chain, event, process, service, user

DAY = timedelta(days=1)
Deploy = Callable[..., None]


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
    run: Run, session: Session, bank: Staff
) -> None:
    source = process(
        "p",
        event("start", "s")
        + catch("t", timer("PT1H"))
        + service("svc", "cover.moody")
        + boundary("b", "svc", error("NO"))
        + user("side", "bank:maker")
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
    assert case.items[0].org_id == bank.org.id, "写了一半的承办单位不算"
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
    deploy(("inner", INNER), gate=False)
    case = begin("inner")
    case.do("ask", outcome="NO")
    assert case.ended == "e"
