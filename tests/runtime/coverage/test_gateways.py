"""Gateways split and join by BPMN's token rules, in loops too."""

import pytest

from engine.runtime.scripts import StepFailed
from tests.runtime.coverage.conftest import Run
from tests.runtime.coverage.parts import element, end, gateway, inside
from tests.runtime.diagrams import chain, event, flow, process, service, user


def _two_ways(kind: str, split: str, join: str, *more: str) -> bytes:
    return process(
        "p",
        event("start", "s")
        + split
        + user("a")
        + user("b", "bank:maker")
        + gateway(kind, "j")
        + user("after")
        + end("e")
        + chain("s", "g", "a", "j", "after", "e")
        + join
        + "".join(more),
    )


PARALLEL = _two_ways("parallel", gateway("parallel", "g"), chain("g", "b", "j"))


def test_a_parallel_join_waits_for_all_and_goes_on_once(run: Run) -> None:
    case = run(PARALLEL)
    assert case.open == ["a", "b"]
    case.do("b", outcome="B")
    assert case.open == ["a"], "合流要等两路"
    case.do("a", outcome="A")
    assert case.open == ["after"]
    data = case.data("after")
    assert (data["a_outcome"], data["b_outcome"]) == ("A", "B")
    case.do("after")
    assert case.ended == "e"
    assert sorted(case.passed) == sorted(["s", "g", "a", "b", "j", "after", "e"])


LOOP = process(
    "p",
    event("start", "s")
    + gateway("exclusive", "again")
    + gateway("parallel", "g")
    + user("a")
    + user("b")
    + gateway("parallel", "j")
    + user("more")
    + gateway("exclusive", "x", default="x_e")
    + end("e")
    + chain("s", "again", "g", "a", "j", "more", "x", "e")
    + chain("g", "b", "j")
    + flow("x", "again", '=more_outcome = "AGAIN"'),
)


def test_a_parallel_join_in_a_loop_does_not_count_tokens_of_earlier_rounds(run: Run) -> None:
    case = run(LOOP)
    for first, second in (("a", "b"), ("b", "a"), ("b", "a")):
        case.do(first)
        assert case.open == [second], "上一轮的不能算"
        case.do(second)
        assert case.open == ["more"]
        case.do("more", outcome="AGAIN")
        assert case.open == ["a", "b"]
    case.do("b")
    case.do("a")
    case.do("more", outcome="ENOUGH")
    assert case.ended == "e"
    assert case.passed.count("j") == 4


INCLUSIVE = process(
    "p",
    event("start", "s")
    + gateway("inclusive", "g", default="g_none")
    + user("a")
    + inside("sub", event("start", "s2") + user("b") + end("e2") + chain("s2", "b", "e2"))
    + user("c")
    + user("none")
    + gateway("inclusive", "j")
    + user("after")
    + end("e")
    + chain("s", "g")
    + flow("g", "a", "=a")
    + flow("g", "sub", "=b")
    + flow("g", "none")
    + chain("a", "j")
    + chain("sub", "c", "j")
    + chain("none", "j", "after", "e"),
)


def test_an_inclusive_join_waits_for_the_ways_that_were_taken_and_no_others(run: Run) -> None:
    case = run(INCLUSIVE, a=True, b=True)
    assert case.open == ["a", "b"]
    case.do("a")
    assert case.open == ["b"], "子流程还在办"
    case.do("b")
    assert case.open == ["c"]
    case.do("c")
    assert case.open == ["after"]
    case.do("after")
    assert (case.ended, case.passed.count("j")) == ("e", 1)


def test_an_inclusive_gateway_takes_its_default_when_nothing_else_is_true(run: Run) -> None:
    case = run(INCLUSIVE, a=False, b=None)
    assert case.open == ["none"]
    case.do("none")
    case.do("after")
    assert case.ended == "e"


DIRECT = process(
    "p",
    event("start", "s")
    + gateway("inclusive", "g", default="g_j")
    + user("a")
    + gateway("inclusive", "j")
    + user("after")
    + end("e")
    + chain("s", "g")
    + flow("g", "a", "=true")
    + flow("g", "j")
    + chain("a", "j", "after", "e"),
)


def test_an_inclusive_gateway_may_lead_straight_to_its_join(run: Run) -> None:
    case = run(DIRECT)
    assert case.open == ["a"]
    case.do("a")
    case.do("after")
    assert (case.ended, case.passed.count("j")) == ("e", 1)


INCLUSIVE_LOOP = process(
    "p",
    event("start", "s")
    + gateway("exclusive", "again")
    + gateway("inclusive", "g", default="g_j")
    + user("a")
    + user("b")
    + gateway("inclusive", "j")
    + user("more")
    + gateway("exclusive", "x", default="x_e")
    + end("e")
    + chain("s", "again", "g")
    + flow("g", "a", "=true")
    + flow("g", "b", "=true")
    + flow("g", "j")
    + chain("a", "j", "more", "x", "e")
    + chain("b", "j")
    + flow("x", "again", '=more_outcome = "AGAIN"'),
)


def test_an_inclusive_join_in_a_loop_waits_in_every_round(run: Run) -> None:
    case = run(INCLUSIVE_LOOP)
    for _ in range(2):
        case.do("b")
        assert case.open == ["a"]
        case.do("a")
        assert case.open == ["more"]
        case.do("more", outcome="AGAIN")
    assert case.open == ["a", "b"]


CHOICE = process(
    "p",
    event("start", "s")
    + gateway("exclusive", "g", default="g_none")
    + end("low")
    + end("high")
    + end("none")
    + chain("s", "g")
    + flow("g", "low", "=amount &lt; 10")
    + flow("g", "high", "=amount >= 5")
    + flow("g", "none"),
)


@pytest.mark.parametrize(("amount", "way"), [(7, "low"), (10, "high"), (None, "none")])
def test_an_exclusive_gateway_takes_the_first_true_flow_else_its_default(
    run: Run, amount: int | None, way: str
) -> None:
    assert run(CHOICE, amount=amount).ended == way


def test_a_condition_that_is_neither_true_nor_false_is_not_taken_for_true(run: Run) -> None:
    source = CHOICE.replace(b"=amount &lt; 10", b"=amount")
    with pytest.raises(StepFailed, match="不是真或假"):
        run(source, amount="yes")


def test_several_flows_into_a_task_are_a_task_for_each_token(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + gateway("parallel", "g")
        + element("manualTask", "m1")
        + element("task", "m2")
        + user("u")
        + end("e")
        + chain("s", "g", "m1", "u", "e")
        + chain("g", "m2", "u"),
    )
    case = run(source)
    assert case.open == ["u", "u"]
    case.do("u")
    assert (case.open, case.ended) == (["u"], None), "还有一路没到"
    case.do("u")
    assert case.ended == "e"


SHARED = process(
    "p",
    event("start", "s")
    + gateway("parallel", "g")
    + user("a")
    + element("scriptTask", "sa", "<bpmn:script>shared = [9]\nlist = append(list, 4)</bpmn:script>")
    + user("b")
    + gateway("parallel", "j")
    + user("after")
    + end("e")
    + chain("s", "g", "a", "sa", "j", "after", "e")
    + chain("g", "b", "j"),
)


def test_a_join_keeps_what_one_branch_changed_though_another_finished_later(run: Run) -> None:
    case = run(SHARED, shared=[1, 2, 3], list=[{"deep": 1}], other="x")
    case.do("a")
    assert case.data("b")["shared"] == [1, 2, 3], "另一路看不到"
    assert case.data("b")["list"] == [{"deep": 1}]
    case.do("b")
    data = case.data("after")
    assert data["shared"] == [9]
    assert data["list"] == [{"deep": 1}, 4]
    assert data["other"] == "x"


def test_a_branch_that_makes_a_number_true_has_changed_it(run: Run) -> None:
    """To Python 1 is True and 0 False; to a condition only true is true."""
    source = SHARED.replace(b"shared = [9]\nlist = append(list, 4)", b"given = true\nlist = [0]")
    case = run(source, given=1, list=[False])
    case.do("a")
    case.do("b")
    data = case.data("after")
    assert data["given"] is True, "一路改成了是，合流后仍是是"
    assert str(data["list"]) == "[0]"


def test_nothing_runs_behind_a_terminating_end(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + gateway("parallel", "g")
        + end("stop", "<bpmn:terminateEventDefinition/>")
        + service("n", "cover.note", what='="late"')
        + user("u")
        + end("e")
        + chain("s", "g", "stop")
        + chain("g", "n", "e")
        + chain("g", "u", "e"),
    )
    case = run(source)
    assert (case.ended, case.open) == ("stop", [])
    assert case.noted == [], "终止时已经就绪的也不办"
    assert not {"n", "u"} & set(case.passed)


def test_a_join_that_some_paths_never_reach_in_this_instance_ends_with_the_others(
    run: Run,
) -> None:
    source = process(
        "p",
        event("start", "s")
        + gateway("parallel", "g")
        + user("a")
        + user("b")
        + end("ea")
        + end("eb")
        + chain("s", "g", "a", "ea")
        + chain("g", "b", "eb"),
    )
    case = run(source)
    case.do("a")
    assert (case.ended, case.open) == (None, ["b"]), "一路到头，流程还没有完"
    case.do("b")
    assert case.ended == "eb"
