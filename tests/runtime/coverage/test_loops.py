"""Multi-instance activities: all at once, one by one, ended early, of nothing, of nonsense."""

import pytest

from engine.runtime.scripts import StepFailed
from tests.runtime.coverage.conftest import Case, Run
from tests.runtime.coverage.parts import element, end, inside, loop
from tests.runtime.diagrams import chain, event, process, service, user


def _each(activity: str, name: str = "each") -> bytes:
    return process(
        "p",
        event("start", "s") + activity + user("after") + end("e") + chain("s", name, "after", "e"),
    )


def _ask(characteristics: str) -> bytes:
    return _each(user("each", inner=characteristics))


def _finish(case: Case) -> None:
    assert case.open == ["after"]
    case.do("after")
    assert case.ended == "e"


def test_parallel_instances_are_all_open_at_once_and_each_has_its_item(run: Run) -> None:
    case = run(_ask(loop(collection="rows")), rows=["a", "b", "c"], item="kept")
    assert case.open == ["each"] * 3
    for left in (2, 1, 0):
        case.do("each", outcome="OK")
        assert case.open == (["each"] * left or ["after"])
    assert "each_outcome" not in case.data("after"), "结果在表里，不混进来"
    _finish(case)


def test_sequential_instances_come_one_after_the_other_in_order(run: Run) -> None:
    source = _each(
        service("each", "cover.note", what="=item").replace(
            "</bpmn:serviceTask>", loop(collection="=rows", one_by_one=True) + "</bpmn:serviceTask>"
        )
    )
    case = run(source, rows=["a", "b", "c"])
    assert case.noted == ["a", "b", "c"]
    _finish(case)


def test_sequential_user_tasks_open_one_at_a_time(run: Run) -> None:
    case = run(_ask(loop(cardinality="=number + 1", one_by_one=True)), number=2)
    for _ in range(3):
        assert case.open == ["each"]
        case.do("each")
    _finish(case)
    assert case.passed.count("each") == 4, "三次，加上整体"


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_condition_ends_the_instances_early(run: Run, one_by_one: bool) -> None:
    condition = '=each_outcome = "NO" or nrOfCompletedInstances >= 3'
    how = loop(collection="rows", until=condition, one_by_one=one_by_one)
    case = run(_each(user("each", inner=how)), rows=[1, 2, 3, 4, 5])
    case.do("each", outcome="YES")
    assert "each" in case.open
    case.do("each", outcome="NO")
    _finish(case)


def test_a_condition_may_count_the_instances(run: Run) -> None:
    condition = "=nrOfCompletedInstances / nrOfInstances >= 0.5 and nrOfActiveInstances = 2"
    case = run(_ask(loop(collection="rows", until=condition)), rows=[1, 2, 3, 4])
    case.do("each")
    assert case.open == ["each"] * 3
    case.do("each")
    _finish(case)


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize(("collection", "cardinality"), [("rows", ""), ("", "=0")])
def test_of_nothing_there_is_nothing_to_do(
    run: Run, one_by_one: bool, collection: str, cardinality: str
) -> None:
    how = loop(collection=collection, cardinality=cardinality, one_by_one=one_by_one)
    _finish(run(_each(user("each", inner=how)), rows=[]))


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("number", ["=-1", "=1.5", '="3"', "=null", "=true", "=nobody", "=1001"])
def test_a_number_of_instances_that_is_none_is_refused(
    run: Run, number: str, one_by_one: bool
) -> None:
    with pytest.raises(StepFailed, match="“each”"):
        run(_ask(loop(cardinality=number, one_by_one=one_by_one)), gate=False)


@pytest.mark.parametrize("rows", [None, "abc", 3, {"a": 1}])
def test_a_collection_that_is_no_list_is_refused(run: Run, rows: object) -> None:
    with pytest.raises(StepFailed, match="不是清单"):
        run(_ask(loop(collection="rows")), gate=False, rows=rows)


def test_sub_processes_and_calls_can_be_repeated_too(run: Run) -> None:
    body = (
        event("start", "s2")
        + service("n", "cover.note", what="=item")
        + user("ask")
        + end("e2")
        + chain("s2", "n", "ask", "e2")
    )
    case = run(
        _each(inside("each", body, loop(collection="rows", one_by_one=True))), rows=["a", "b"]
    )
    assert (case.noted, case.open) == (["a"], ["ask"])
    case.do("ask")
    assert (case.noted, case.open) == (["a", "b"], ["ask"])
    case.do("ask")
    _finish(case)


def test_what_runs_by_itself_can_be_repeated(run: Run) -> None:
    for kind, inner in (
        ("manualTask", ""),
        ("task", ""),
        ("scriptTask", "<bpmn:script>x = item</bpmn:script>"),
    ):
        source = _each(element(kind, "each", inner + loop(collection="rows")))
        _finish(run(source, rows=[1, 2]))
