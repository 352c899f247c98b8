"""What differs between two versions, said plainly; what is the same is not said."""

from pathlib import Path

from engine.config import ROOT
from engine.runtime.compare import Kind, compare
from tests.runtime.diagrams import chain, event, flow, process
from tests.runtime.test_migration import ABC, boundary, choice, guarded, line, task

APPROVAL = (Path(ROOT) / "bpmn/processes/bank_approval.bpmn").read_bytes()


def said(old: bytes, new: bytes) -> list[str]:
    return [str(one.words) for one in compare(old, new)]


def test_the_same_file_differs_in_nothing() -> None:
    assert compare(APPROVAL, APPROVAL) == []


def test_a_step_put_between_two_others_is_one_difference() -> None:
    assert said(ABC, line("a", "x", "b", "c")) == ["新增人办“x”，在“a”之后"]


def test_a_longer_way_to_a_step_does_not_move_what_other_ways_lead_to() -> None:
    first = b'sourceRef="approve_check" targetRef="gw_approve_check"'
    new = (
        b'sourceRef="approve_check" targetRef="more"/><bpmn:userTask id="more" name="more"/>'
        b'<bpmn:sequenceFlow id="more_on" sourceRef="more" targetRef="gw_approve_check"'
    )
    assert APPROVAL.count(first) == 1

    found = said(APPROVAL, APPROVAL.replace(first, new))

    assert len(found) == 1
    assert found[0].startswith("新增人办“more”")


def test_a_step_taken_out_is_one_difference() -> None:
    assert said(ABC, line("a", "c")) == ["删去人办“b”"]


def test_a_step_that_changes_places_is_moved() -> None:
    kinds = [one.kind for one in compare(ABC, line("a", "c", "b"))]
    assert Kind.MOVED in kinds
    assert Kind.ADDED not in kinds
    assert Kind.REMOVED not in kinds


def test_names_parties_forms_deadlines_and_conditions() -> None:
    other = task("b", deadline="P2D").replace('name="b"', 'name="新名"').replace(
        "finance:maker", "finance:checker"
    )  # fmt: skip
    assert said(ABC, line("a", "b", "c", b=other)) == [
        "“b”改名为“新名”",
        "“新名”的承办由finance:maker改为finance:checker",
        "“新名”的时限由P30D改为P2D",
    ]
    found = said(choice('chosen = "NO"'), choice('chosen = "PASS"'))
    assert found == ['从“g”到“other”的条件由chosen = "NO"改为chosen = "PASS"']


def test_another_default_flow_is_told() -> None:
    other = choice("x").replace(b'default="g_e"', b'default="g_other"')
    assert "从“g”到“e”的条件由其余情况改为无" in said(choice("x"), other)


def test_a_boundary_event_and_its_time() -> None:
    assert "新增边界事件“逾期”，在“b”之后" in said(ABC, guarded("a", "b", "c"))
    later = guarded("a", "b", "c").replace(b"P9D", b"P10D")
    assert said(guarded("a", "b", "c"), later) == ["“逾期”的等候的事件由timer P9D改为timer P10D"]
    assert boundary()


def test_a_flow_to_elsewhere() -> None:
    def back(target: str) -> bytes:
        gate = '<bpmn:exclusiveGateway id="g" default="g_e"/>'
        body = "".join(map(task, ("a", "b"))) + gate + event("start", "s") + event("end", "e")
        flows = chain("s", "a", "b", "g", "e") + flow("g", target, "x")
        return process("p", body + flows)

    assert said(back("a"), back("b")) == ["“g”之后可到“b”", "“g”之后不再到“a”"]
