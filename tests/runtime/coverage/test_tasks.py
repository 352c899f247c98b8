"""Tasks that run by themselves, and processes within processes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.dmn import DecisionRefused
from engine.models.running import Evaluation
from engine.runtime.elements.scripts import assignments
from engine.runtime.lint.gate import LintRefused
from engine.runtime.scripts import StepFailed
from tests.runtime.coverage.conftest import Begin, Run
from tests.runtime.coverage.parts import element, end, gateway, inside
from tests.runtime.diagrams import chain, event, flow, process, service, user

Deploy = Callable[..., None]


def _one(activity: str, name: str = "x") -> bytes:
    return process(
        "p",
        event("start", "s") + activity + user("after") + end("e") + chain("s", name, "after", "e"),
    )


def _script(body: str, **attributes: str) -> bytes:
    return _one(element("scriptTask", "x", f"<bpmn:script>{body}</bpmn:script>", **attributes))


def test_a_script_sets_values_one_after_the_other(run: Run) -> None:
    body = """
        double = amount * 2
        // a note
        kind = if double > 10
            then "big"
            else "small"
        rows = for r in [1, 2] return r + double
    """
    case = run(_script(body.replace(">", "&gt;")), amount=6)
    data = case.data("after")
    assert (data["double"], data["kind"], data["rows"]) == (12, "big", [13, 14])
    assert "x" in case.passed


def test_a_script_can_be_one_expression_with_a_variable_for_its_result(run: Run) -> None:
    case = run(_script("amount + 1", **{"camunda:resultVariable": "more"}), amount=6)
    assert case.data("after")["more"] == 7


@pytest.mark.parametrize(
    "body", ["print('x')", "import os", "a == 1", "= 3", "1a = 2", "a.b = 2", "a = "]
)
def test_a_script_that_is_no_assignment_is_not_understood(body: str) -> None:
    with pytest.raises(ValueError, match=re.escape(body.strip())):
        assignments(body)


def test_a_script_cannot_do_anything_but_calculate(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    case = run(_script(f'x = __import__("os").mkdir("{folder}")'), gate=False)
    assert case.data("after")["x"] is None
    assert not folder.exists()
    with pytest.raises(StepFailed, match="无法计算"):
        run(_script("x = 1 +"), gate=False)


@pytest.mark.parametrize("kind", ["manualTask", "task"])
def test_a_task_without_work_for_the_system_is_passed_and_kept_in_history(
    run: Run, kind: str
) -> None:
    case = run(_one(element(kind, "x")))
    assert case.open == ["after"]
    assert case.passed == ["s", "x"]


def test_a_service_task_takes_inputs_and_gives_routing_values(run: Run) -> None:
    case = run(_one(service("x", "cover.note", what="=name + &quot;!&quot;")), name="n")
    assert case.noted == ["n!"]
    assert case.data("after")["noted"] == 1


TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="分类" namespace="t">
  <inputData id="i" name="amount"/>
  <decision id="kind_of" name="kind_of">
    <informationRequirement><requiredInput href="#i"/></informationRequirement>
    <decisionTable hitPolicy="{policy}">
      <input id="in"><inputExpression typeRef="number"><text>amount</text></inputExpression></input>
      <output id="out" name="kind" typeRef="string"/>
      <rule id="r1"><inputEntry><text>&lt; 10</text></inputEntry>
        <outputEntry><text>"small"</text></outputEntry></rule>
      <rule id="r2"><inputEntry><text>&gt; 5</text></inputEntry>
        <outputEntry><text>"big"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


def _decides(mapping: str) -> bytes:
    return _one(
        element(
            "businessRuleTask",
            "x",
            **{
                "camunda:decisionRef": "kind_of",
                "camunda:resultVariable": "kind",
                "camunda:mapDecisionResult": mapping,
            },
        )
    )


def test_a_business_rule_asks_a_published_decision_and_keeps_why(
    deploy: Deploy, begin: Begin, session: Session
) -> None:
    deploy(("p", _decides("singleEntry")), kinds=TABLE.format(policy="FIRST").encode())
    case = begin("p", amount=20)
    assert case.data("after")["kind"] == "big"
    (kept,) = session.scalars(select(Evaluation)).all()
    assert (kept.definition_key, kept.decision, kept.element_id) == ("kinds", "kind_of", "x")
    assert (kept.inputs, kept.result) == ({"amount": 20}, "big")
    assert kept.explanation["tables"]


@pytest.mark.parametrize(
    ("mapping", "kind"),
    [("collectEntries", ["small", "big"]), ("resultList", ["small", "big"])],
)
def test_a_business_rule_may_have_several_answers(
    deploy: Deploy, begin: Begin, mapping: str, kind: list[str]
) -> None:
    deploy(("p", _decides(mapping)), kinds=TABLE.format(policy="COLLECT").encode())
    assert begin("p", amount=7).data("after")["kind"] == kind


def test_a_table_with_two_answers_where_one_is_wanted_is_not_published(deploy: Deploy) -> None:
    with pytest.raises(LintRefused, match="同时符合"):
        deploy(("p", _decides("singleEntry")), kinds=TABLE.format(policy="UNIQUE").encode())


def test_two_answers_where_one_is_wanted_are_refused(deploy: Deploy, begin: Begin) -> None:
    table = TABLE.format(policy="UNIQUE").encode()
    deploy(("p", _decides("singleEntry")), gate=False, kinds=table)
    with pytest.raises(DecisionRefused):
        begin("p", amount=7)


CALLED = process(
    "called",
    event("start", "s")
    + element("scriptTask", "x", "<bpmn:script>given = 2\ninner = given + 1</bpmn:script>")
    + user("ask")
    + gateway("exclusive", "g", default="g_e")
    + end("stop", "<bpmn:terminateEventDefinition/>")
    + end("e")
    + chain("s", "x", "ask", "g", "e")
    + flow("g", "stop", '=ask_outcome = "STOP"'),
)
CALLER = _one(element("callActivity", "x", calledElement="called"))


@pytest.mark.parametrize("outcome", ["STOP", "GO"])
def test_a_called_process_works_on_a_copy_and_gives_back_what_it_set(
    deploy: Deploy, begin: Begin, outcome: str
) -> None:
    deploy(("p", CALLER), ("called", CALLED))
    case = begin("p", given=1, rows=[1])
    assert case.open == ["ask"]
    case.do("ask", outcome=outcome)
    assert case.open == ["after"], "里面终止，外面照办"
    data = case.data("after")
    assert (data["given"], data["inner"], data["rows"]) == (2, 3, [1])
    assert data["ask_outcome"] == outcome
    case.do("after")
    assert case.ended == "e"


def test_two_branches_of_a_sub_process_bring_back_what_each_has_set(run: Run) -> None:
    body = (
        event("start", "s2")
        + gateway("parallel", "g")
        + user("a")
        + element("scriptTask", "sa", "<bpmn:script>rows = [9]</bpmn:script>")
        + user("b")
        + end("ea")
        + end("eb")
        + chain("s2", "g", "a", "sa", "ea")
        + chain("g", "b", "eb")
    )
    case = run(_one(inside("x", body)), rows=[1, 2, 3])
    case.do("a", outcome="A")
    case.do("b", outcome="B")
    data = case.data("after")
    assert (data["rows"], data["a_outcome"], data["b_outcome"]) == ([9], "A", "B")


def test_a_loop_that_never_waits_is_stopped(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + gateway("exclusive", "g")
        + element("scriptTask", "x", "<bpmn:script>n = 1</bpmn:script>")
        + chain("s", "g", "x", "g"),
    )
    with pytest.raises(Exception, match="无法停下"):
        run(source, gate=False)
