"""What is right passes, also what BPMN leaves unsaid; and all that is shipped is clean."""

from pathlib import Path

import pytest

from engine.config import ROOT
from engine.models import DefinitionKind
from engine.runtime.definitions import read_files
from engine.runtime.lint.gate import reports_on
from engine.runtime.lint.gather import Source
from engine.runtime.normalise import is_helper, normalise
from tests.runtime.diagrams import chain, event, flow, process, user
from tests.runtime.lint.planting import (
    DEFINE,
    TIMER,
    TWO_ENDS,
    WORK,
    between,
    caught,
    check,
    choice,
    edge,
    element,
    inner,
    properties,
    spread,
)

GOOD = {
    "a user task": between(user("u"), "u"),
    "a deadline of the programme": between(user("u", deadline="approval_period"), "u"),
    "a duration": between(user("u", deadline="P2W"), "u"),
    "an outcome asked": choice('=u_outcome = "PASS"', user("u"), "u"),
    "a result asked": choice('=result = "GOOD" and number &gt; 2', WORK, "w"),
    "what is given at the start": choice("=case_id = 1"),
    "what a called process sets": choice(
        "=found = 1", element("callActivity", "c", calledElement="other"), "c"
    ),
    "an item within its loop": between(
        user(
            "u",
            inner='<bpmn:multiInstanceLoopCharacteristics camunda:collection="=many" '
            'camunda:elementVariable="each"><bpmn:completionCondition>nrOfCompletedInstances '
            '&gt; 1 or u_outcome = "PASS"</bpmn:completionCondition>'
            "</bpmn:multiInstanceLoopCharacteristics>",
            organisation="=each",
        ),
        "u",
    ),
    "a script and its use": choice(
        "=total &gt; 2",
        element("scriptTask", "x", "<bpmn:script>part = case_id\ntotal = part + 1</bpmn:script>"),
        "x",
    ),
    "a variable named like a function": between(
        element("scriptTask", "x", "<bpmn:script>count = 2</bpmn:script>")
        + user(
            "u",
            inner="<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>=count + 1"
            "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>",
        ),
        "x",
        "u",
    ),
    "a decision": choice(
        '=grade = "A"',
        element(
            "businessRuleTask", "b", camunda_decisionRef="rating", camunda_resultVariable="grade"
        ),
        "b",
    ),
    "timers": between(user("u"), "u")
    + edge("t1", "u", TIMER)
    + edge("t2", "u", caught("timer", "<bpmn:timeDate>acceptance_period</bpmn:timeDate>"))
    + edge(
        "t3",
        "u",
        caught("timer", "<bpmn:timeCycle>R3/P1D</bpmn:timeCycle>"),
        cancelActivity="false",
    ),
    "a message": between(
        element("receiveTask", "r", properties(correlation="=case_id"), messageRef="m"), "r"
    ),
    "an error of a sub-process": between(
        element(
            "subProcess",
            "sub",
            event("start", "is")
            + user("u")
            + element("endEvent", "ie", caught("error", errorRef="err"))
            + chain("is", "u", "ie"),
        ),
        "sub",
    )
    + edge("b", "sub", caught("error", errorRef="err")),
    "a sub-process": between(inner("subProcess"), "sub"),
    "a manual task": between(element("manualTask", "m1") + element("manualTask", "m2"), "m1", "m2"),
    "an event gateway": event("start", "s")
    + '<bpmn:eventBasedGateway id="g" name="g"/>'
    + element("intermediateCatchEvent", "t1", TIMER)
    + element("intermediateCatchEvent", "t2", TIMER)
    + TWO_ENDS
    + chain("s", "g", "t1", "a")
    + chain("g", "t2", "b"),
    "inclusive ways joined": event("start", "s")
    + '<bpmn:inclusiveGateway id="g" name="g" default="g_u"/>'
    + user("u")
    + user("v")
    + '<bpmn:inclusiveGateway id="j" name="j"/>'
    + event("end", "e")
    + chain("s", "g", "u", "j", "e")
    + flow("g", "v", "case_id = 1")
    + flow("v", "j"),
    "a join of parallel ways with a choice inside": event("start", "s")
    + '<bpmn:parallelGateway id="g" name="g"/>'
    + '<bpmn:exclusiveGateway id="x" name="x" default="x_u"/>'
    + user("u")
    + user("v")
    + user("w1")
    + '<bpmn:exclusiveGateway id="y" name="y"/>'
    + '<bpmn:parallelGateway id="j" name="j"/>'
    + event("end", "e")
    + chain("s", "g", "x", "u", "y", "j", "e")
    + flow("x", "v", "case_id = 1")
    + chain("v", "y")
    + chain("g", "w1", "j"),
}

UNSAID = {
    "flows without ids": event("start", "s")
    + user("u")
    + event("end", "e")
    + '<bpmn:sequenceFlow sourceRef="s" targetRef="u"/>'
    + '<bpmn:sequenceFlow sourceRef="u" targetRef="e"/>',
    "no end": event("start", "s") + user("u") + chain("s", "u"),
    "no start": user("u") + event("end", "e") + chain("u", "e"),
    "neither": user("u") + user("v") + chain("u", "v"),
    "a split without a gateway": event("start", "s")
    + user("u")
    + user("v")
    + user("x")
    + chain("s", "u", "v")
    + flow("u", "x"),
    "a choice without a gateway": event("start", "s")
    + user("u").replace("<bpmn:userTask ", '<bpmn:userTask default="u_a" ')
    + TWO_ENDS
    + chain("s", "u", "a")
    + flow("u", "b", "case_id = 1"),
    "conditional beside unconditional": event("start", "s")
    + user("u")
    + TWO_ENDS
    + chain("s", "u", "a")
    + flow("u", "b", "case_id = 1"),
    "links": event("start", "s")
    + element("intermediateThrowEvent", "out", caught("link", name="there"))
    + element("intermediateCatchEvent", "in", caught("link", name="there"))
    + user("u")
    + event("end", "e")
    + chain("s", "out")
    + chain("in", "u", "e"),
    "a signal at the end": event("start", "s")
    + element("endEvent", "e", caught("signal", signalRef="sig"))
    + chain("s", "e"),
    "references with a prefix": event("start", "s")
    + user("u")
    + event("end", "e")
    + '<bpmn:sequenceFlow id="f1" sourceRef="tns:s" targetRef="tns:u"/>'
    + '<bpmn:sequenceFlow id="f2" sourceRef="tns:u" targetRef="tns:e"/>',
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD)
def test_what_is_right_has_no_finding(body: str) -> None:
    report = check(spread(process("p", body, DEFINE)))
    assert [(one.element, str(one.message)) for one in report.findings] == []


@pytest.mark.parametrize("body", UNSAID.values(), ids=UNSAID)
def test_what_is_left_unsaid_is_understood(body: str) -> None:
    source = process("p", body, DEFINE)
    report = check(source)
    assert [(one.element, str(one.message)) for one in report.findings] == []
    assert source == process("p", body, DEFINE), "the file stays as it was"


def test_helpers_are_told_from_the_owners_elements_by_their_ids() -> None:
    ids = {str(node.get("id")) for node in normalise(process("p", UNSAID["links"]), "p").iter()}
    assert {"out", "in", "u"} <= ids
    assert not any(is_helper(key) for key in ("out", "in", "a__b", "u_split"))
    no_end = normalise(process("p", UNSAID["no end"]), "p")
    assert [key for node in no_end.iter() if is_helper(key := str(node.get("id")))] == ["u__end"]


def test_messages_of_two_files_with_the_same_id_stay_apart() -> None:
    one, two = (normalise(process(key, GOOD["a message"], DEFINE), key) for key in ("p", "q"))
    assert {m.get("id") for m in one.iter("{*}message")} == {"p.m"}
    assert {m.get("id") for m in two.iter("{*}message")} == {"q.m"}
    assert [r.get("messageRef") for r in two.iter("{*}receiveTask")] == ["q.m"]


def test_all_that_is_shipped_is_clean() -> None:
    files = [Source(one.kind, one.key, one.source) for one in read_files(Path(ROOT) / "bpmn")]
    reports = list(reports_on(files))
    assert sum(one.kind is DefinitionKind.PROCESS for one in files) >= 13
    assert [str(one.message) for report in reports for one in report.findings] == []
