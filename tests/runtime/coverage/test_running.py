"""Much work in one step, circles with and without rest, and what is blamed for a failure."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.jobs.timers import sweep_timers
from engine.models.running import Incident
from engine.operations.incidents import retry
from engine.people import SYSTEM
from engine.runtime.codec import decode, encode
from engine.runtime.definitions import specs_of
from engine.runtime.place import blamed
from engine.runtime.scripts import StepFailed
from tests.runtime.coverage.conftest import Case, Run
from tests.runtime.coverage.parts import catch, element, end, gateway, inside, loop, timer
from tests.runtime.coverage.test_sweep import ENDLESS, LATER, Factory
from tests.runtime.diagrams import chain, event, flow, process, service, user


def _adds(key: str = "more") -> str:
    return element("scriptTask", key, "<bpmn:script>amount = amount + 1</bpmn:script>")


def _counts_to(limit: int, inner: str = "") -> bytes:
    """Adds one until there are enough, within one step."""
    return process(
        "p",
        event("start", "s")
        + gateway("exclusive", "again")
        + (inner or _adds())
        + gateway("exclusive", "g", default="g_again")
        + user("u")
        + end("e")
        + chain("s", "again", "more", "g", "again")
        + flow("g", "u", f"=amount &gt;= {limit}")
        + chain("u", "e"),
    )


def test_a_circle_of_hundreds_of_rounds_in_one_step_comes_to_rest(run: Run) -> None:
    case = run(_counts_to(900), amount=0)
    assert case.open == ["u"]
    assert case.data("u")["amount"] == 900
    assert case.passed.count("more") == 900
    case.do("u")
    assert case.ended == "e"


def test_a_circle_around_a_sub_process_does_so_too(run: Run) -> None:
    body = event("start", "s2") + _adds("add") + end("e2") + chain("s2", "add", "e2")
    case = run(_counts_to(200, inside("more", body)), amount=0)
    assert case.open == ["u"]
    assert case.passed.count("add") == 200


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_thousand_automatic_instances_are_no_circle(run: Run, one_by_one: bool) -> None:
    how = loop(collection="=rows", one_by_one=one_by_one)
    task = service("each", "cover.note", what="=item")
    source = process(
        "p",
        event("start", "s")
        + task.replace("</bpmn:serviceTask>", how + "</bpmn:serviceTask>")
        + user("after")
        + end("e")
        + chain("s", "each", "after", "e"),
    )
    rows = [str(number) for number in range(1000)]
    case = run(source, rows=rows)
    assert case.noted == rows
    assert case.open == ["after"]


def test_a_circle_without_rest_is_refused_and_names_an_element_of_it(
    run: Run, factory: Factory, session: Session
) -> None:
    run(ENDLESS, amount=1)
    sweep_timers(factory, LATER)
    found = session.scalars(select(Incident)).one()
    assert (found.code, found.task_id) == ("no_rest", "")
    assert found.element_id in ("again", "more", "g")


def _late(failing: str, *, after: str = "") -> bytes:
    return process(
        "p",
        event("start", "s")
        + catch("t", timer("PT24H"))
        + failing
        + (after or user("u"))
        + end("e")
        + chain("s", "t", "x", "u", "e"),
    )


CHOICE = gateway("exclusive", "x", default="x_u") + end("e2") + flow("x", "e2", "=shared")
FAILING = {
    "a condition": (_late(CHOICE), "x", "not_boolean"),
    "a task for nobody": (_late(_adds("x"), after=user("u", "nobody:maker")), "u", "party_unbound"),
    "a timer": (_late(_adds("x"), after=catch("u", timer("=shared"))), "u", "bad_time"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "element_id", "code"), FAILING.values(), ids=FAILING)
def test_a_step_that_fails_as_a_whole_says_at_which_element(
    run: Run, factory: Factory, session: Session, source: bytes, element_id: str, code: str
) -> None:
    run(source, gate=False, amount=1, shared="no time")
    sweep_timers(factory, LATER)
    found = session.scalars(select(Incident)).one()
    assert (found.element_id, found.name, found.code) == (element_id, element_id, code)
    assert (found.process_key, found.task_id) == ("p", "")


def test_whoever_waits_for_the_answer_is_told_the_same(run: Run) -> None:
    source = process(
        "p",
        event("start", "s") + user("a") + CHOICE + user("u") + end("e")
        + chain("s", "a", "x", "u", "e"),
    )  # fmt: skip
    case = run(source, shared="no time")
    with pytest.raises(StepFailed, match="“x”"):
        case.do("a")


def test_a_retry_that_fails_elsewhere_says_where(
    run: Run, factory: Factory, session: Session
) -> None:
    case = run(_late(CHOICE, after=user("u", "nobody:maker")), gate=False, shared="no time")
    sweep_timers(factory, LATER)
    found = session.scalars(select(Incident)).one()
    assert found.element_id == "x"
    _let(case, shared=False)
    assert not retry(session, found.id, SYSTEM, LATER).done
    assert (found.element_id, found.code) == ("u", "party_unbound")


def test_a_circle_that_the_library_follows_without_end_has_a_place(run: Run) -> None:
    gate = gateway("exclusive", "g") + gateway("exclusive", "h")
    source = process("p", event("start", "s") + gate + chain("s", "g", "h", "g"))
    with pytest.raises(StepFailed) as caught:
        run(source, gate=False)
    place = blamed(caught.value)
    assert place is not None
    assert place.element_id in ("s", "g", "h")


def _let(case: Case, **data: object) -> None:
    """Change the data of a case, as nothing but a test does."""
    specs = specs_of(case.session, case.instance.deployment_id, "p")
    workflow = decode(case.instance.state, specs)
    for task in workflow.tasks.values():
        task.data.update(data)
    case.instance.state = encode(workflow)
    case.instance.version += 1
    case.settle()
