"""Every diagram can be executed and understood: names, conditions, forms, parties, deadlines."""

import re
from itertools import chain

import pytest
from lxml import etree

from engine.domain.parameter_names import KNOWN
from engine.feel import compile_expression
from engine.runtime.normalise import BPMN, CAMUNDA
from tests.diagrams.files import (
    FORMS,
    PROCESSES,
    camunda,
    flows,
    nodes,
    of_kind,
    picture,
    properties,
    source,
    tree,
)

PARTIES = {"referrer", "finance", "centre", "guarantor", "bank", "treasury", "scorer"}
ROLES = {"maker", "checker", "head"}
NOT_NAMED = {"documentation", "laneSet", "extensionElements"}
REFUSED = {"complexGateway", "adHocSubProcess", "linkEventDefinition", "scriptTask"}
every_process = pytest.mark.parametrize("process", PROCESSES)


def tag(node: etree._Element) -> str:
    return etree.QName(node.tag).localname


def named(process: str) -> list[etree._Element]:
    return [n for n in nodes(process) if tag(n) not in NOT_NAMED and tag(n) != "sequenceFlow"]


def feel(expression: str) -> None:
    assert expression.startswith("="), expression
    compile_expression(expression.removeprefix("="))


@every_process
def test_the_process_id_is_the_name_of_the_file(process: str) -> None:
    assert [node.get("id") for node in tree(process).iterfind(f"{{{BPMN}}}process")] == [process]


@every_process
def test_every_element_has_an_id_and_a_chinese_name(process: str) -> None:
    for node in named(process):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", str(node.get("id"))), node.get("id")
        assert re.search(r"[\u4e00-\u9fff]", str(node.get("name"))), node.get("id")


@every_process
def test_every_task_and_the_process_say_what_is_done(process: str) -> None:
    for node in named(process):
        if tag(node).endswith(("Task", "Activity")):
            assert (node.findtext(f"{{{BPMN}}}documentation") or "").endswith("。"), node.get("id")
    assert tree(process).findtext(f"{{{BPMN}}}process/{{{BPMN}}}documentation")


@every_process
def test_ids_are_unique_and_every_flow_has_one(process: str) -> None:
    ids = [str(node.get("id")) for node in tree(process).iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    assert all(flow.get("id") for flow in flows(process))


@every_process
def test_flows_connect_what_says_it_is_connected(process: str) -> None:
    for node in named(process):
        key = node.get("id")
        out = [f.get("id") for f in flows(process) if f.get("sourceRef") == key]
        into = [f.get("id") for f in flows(process) if f.get("targetRef") == key]
        assert [e.text for e in node.iterfind(f"{{{BPMN}}}outgoing")] == out
        assert [e.text for e in node.iterfind(f"{{{BPMN}}}incoming")] == into
        assert out or tag(node) == "endEvent", key
        assert into or tag(node) in ("startEvent", "boundaryEvent"), key
        assert len(out) < 2 or tag(node).endswith("Gateway"), key


@every_process
def test_a_choice_has_a_default_and_a_condition_and_a_name_on_every_other_way(process: str) -> None:
    for gateway in of_kind(process, "exclusiveGateway"):
        leaving = [f for f in flows(process) if f.get("sourceRef") == gateway.get("id")]
        assert len(leaving) >= 2, gateway.get("id")
        assert gateway.get("default") in {flow.get("id") for flow in leaving}, gateway.get("id")
        for flow in leaving:
            condition = flow.findtext(f"{{{BPMN}}}conditionExpression")
            assert flow.get("name"), flow.get("id")
            assert (condition is None) == (flow.get("id") == gateway.get("default"))
            if condition:
                feel(condition)


@every_process
def test_conditions_stand_nowhere_but_behind_a_choice(process: str) -> None:
    choices = {node.get("id") for node in of_kind(process, "exclusiveGateway")}
    for flow in flows(process):
        if flow.find(f"{{{BPMN}}}conditionExpression") is not None:
            assert flow.get("sourceRef") in choices


@every_process
def test_a_condition_asks_about_the_outcome_of_a_task_that_has_it(process: str) -> None:
    tasks = {str(node.get("id")): node for node in of_kind(process, "userTask")}
    for flow in flows(process):
        condition = flow.findtext(f"{{{BPMN}}}conditionExpression") or ""
        for task, value in re.findall(r'(\w+)_outcome = "(\w+)"', condition):
            assert value in outcomes(camunda(tasks[task], "formKey")), flow.get("id")


def outcomes(form: str) -> set[str]:
    from engine.forms import load_form
    from tests.diagrams.files import ROOT

    field = load_form((ROOT / "forms" / f"{form}.form").read_bytes()).outcome
    return {option.value for option in field.options} if field else set()


@every_process
def test_every_user_task_names_a_party_a_role_a_form_an_operation_and_a_deadline(
    process: str,
) -> None:
    for task in of_kind(process, "userTask"):
        key, found = task.get("id"), properties(task)
        party, _, role = camunda(task, "candidateGroups").partition(":")
        assert party in PARTIES, key
        assert role in ROLES, key
        assert camunda(task, "formKey") in FORMS, key
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", found["operation"]), key
        assert found["deadline"].startswith("=") or found["deadline"] in KNOWN, key
        for name in ("deadline", "organisation", "assignee"):
            if found.get(name, "").startswith("="):
                feel(found[name])


@every_process
def test_checkers_and_heads_are_not_the_people_they_check(process: str) -> None:
    tasks = {str(node.get("id")): node for node in of_kind(process, "userTask")}
    for key, task in tasks.items():
        excluded = [k for k in properties(task).get("excludes", "").split(",") if k]
        assert set(excluded) <= tasks.keys() - {key}, key
        for other in excluded:
            own, theirs = (camunda(tasks[k], "candidateGroups") for k in (key, other))
            assert own.partition(":")[0] == theirs.partition(":")[0], key
        if camunda(task, "formKey") == "review_check":
            assert excluded, key


@every_process
def test_a_clock_that_is_paused_is_a_clock_that_runs(process: str) -> None:
    found = [properties(task) for task in of_kind(process, "userTask")]
    clocks = {one["clock"] for one in found if "clock" in one}
    assert {one["pauses"] for one in found if "pauses" in one} <= clocks
    for clock in clocks:
        assert len({one["deadline"] for one in found if one.get("clock") == clock}) == 1


@every_process
def test_every_service_task_has_a_topic_and_its_inputs_are_expressions(process: str) -> None:
    for task in of_kind(process, "serviceTask"):
        assert camunda(task, "type") == "external"
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", camunda(task, "topic"))
        inputs = list(task.iter(f"{{{CAMUNDA}}}inputParameter"))
        assert inputs, task.get("id")
        for entry in inputs:
            feel(str(entry.text))


@every_process
def test_called_processes_exist(process: str) -> None:
    for call in of_kind(process, "callActivity"):
        assert call.get("calledElement") in PROCESSES


@every_process
def test_messages_are_defined_and_correlated(process: str) -> None:
    defined = {m.get("id"): m.get("name") for m in tree(process).iterfind(f"{{{BPMN}}}message")}
    for task in of_kind(process, "receiveTask"):
        assert defined[task.get("messageRef")]
        feel(properties(task)["correlation"])


@every_process
def test_timers_carry_an_absolute_date_that_the_calendar_counts(process: str) -> None:
    for timer in tree(process).iter(f"{{{BPMN}}}timerEventDefinition"):
        (body,) = [child.text or "" for child in timer if isinstance(child.tag, str)]
        feel(body)
        for name in re.findall(r'due\("(\w+)"\)', body):
            assert name in KNOWN


@every_process
def test_a_boundary_timer_falls_with_the_deadline_of_its_task(process: str) -> None:
    tasks = {node.get("id"): node for node in of_kind(process, "userTask")}
    for event in of_kind(process, "boundaryEvent"):
        deadline = properties(tasks[event.get("attachedToRef")])["deadline"]
        body = "".join(str(part) for part in event.itertext())
        assert deadline in body, event.get("id")


@every_process
def test_there_is_a_way_to_an_end_from_everywhere(process: str) -> None:
    after: dict[str, set[str]] = {}
    for edge in picture(process).edges:
        after.setdefault(edge.source, set()).add(edge.target)
    good = {str(node.get("id")) for node in of_kind(process, "endEvent")}
    assert good
    while more := {key for key, to in after.items() if to & good} - good:
        good |= more
    assert {str(node.get("id")) for node in named(process)} <= good


@every_process
def test_nothing_is_used_that_the_engine_gets_silently_wrong(process: str) -> None:
    kinds = {tag(node) for node in tree(process).iter() if isinstance(node.tag, str)}
    assert not kinds & REFUSED
    assert b"<!DOCTYPE" not in source(process)


def test_the_seven_stages_are_called_in_order() -> None:
    calls = [properties(c)["stage"] for c in of_kind("guarantee_case", "callActivity")]
    assert calls == list("1234567")


def test_every_form_is_used() -> None:
    tasks = chain.from_iterable(of_kind(process, "userTask") for process in PROCESSES)
    assert sorted({camunda(task, "formKey") for task in tasks}) == FORMS
