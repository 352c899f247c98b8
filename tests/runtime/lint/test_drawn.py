"""What runs can be seen: a drawing shows all of it, and nothing runs that no rule looks at."""

import re
from collections.abc import Iterator

import pytest
from lxml import etree

from engine.findings import Level
from engine.runtime.normalise import BPMN, SPIFF, normalise
from tests.runtime.diagrams import chain, event, process
from tests.runtime.lint.planting import check
from tests.runtime.test_compare import APPROVAL, swapped
from tests.runtime.test_compare_hidden import AROUND

SHAPE = r'<bpmndi:BPMNShape [^>]*bpmnElement="{}".*?</bpmndi:BPMNShape>'
EDGE = r'<bpmndi:BPMNEdge [^>]*bpmnElement="{}".*?</bpmndi:BPMNEdge>'
FLOW = "flow_disburse_to_disburse_check"


def undrawn(source: bytes) -> list[str]:
    found = check(source).findings
    return [one.element for one in found if "没有画在图上" in str(one.message)]


def drawn_otherwise(pattern: str, old: str, new: str) -> bytes:
    """The approval with something replaced where an element is drawn."""
    source = APPROVAL.decode()
    found = re.search(pattern, source, re.S)
    assert found
    assert re.search(old, found[0], re.S)
    return source.replace(found[0], re.sub(old, new, found[0], flags=re.S)).encode()


def test_a_gateway_that_nobody_drew_is_refused_with_its_flows() -> None:
    assert undrawn(APPROVAL) == []
    assert sorted(undrawn(swapped(AROUND))) == ["amount_on", "amount_past", "gw_amount"]


def not_drawn() -> Iterator[tuple[str, bytes, str]]:
    shape, edge = SHAPE.format("disburse_check"), EDGE.format(FLOW)
    yield "no shape", drawn_otherwise(shape, ".*", ""), "disburse_check"
    yield "no edge", drawn_otherwise(edge, ".*", ""), FLOW
    yield "no size", drawn_otherwise(shape, 'height="[^"]*"', 'height="0"'), "disburse_check"
    yield "far away", drawn_otherwise(shape, ' x="[^"]*"', ' x="9e9"'), "disburse_check"
    yield "one point", drawn_otherwise(edge, r"(<di:waypoint [^>]*>).*(?=</b)", r"\1\1"), FLOW


@pytest.mark.parametrize(
    ("source", "element"), [one[1:] for one in not_drawn()], ids=[one[0] for one in not_drawn()]
)
def test_what_a_picture_cannot_show_is_not_drawn(source: bytes, element: str) -> None:
    assert undrawn(source) == [element]


def test_a_flow_that_is_drawn_to_another_step_is_refused() -> None:
    edge = EDGE.format("flow_gw_disburse_check_to_end_disbursed")
    last = r"<di:waypoint [^>]*>(?=\s*(<bpmndi:BPMNLabel|</bpmndi:BPMNEdge))"
    led = drawn_otherwise(edge, last, '<di:waypoint x="100" y="100" />')
    found = [one for one in check(led).findings if "画到了别处" in str(one.message)]
    assert [one.element for one in found] == ["flow_gw_disburse_check_to_end_disbursed"]
    assert "已放款" in str(found[0].message)


def test_a_file_without_a_drawing_and_a_pool_drawn_as_a_box_hide_nothing() -> None:
    bare = re.sub(rb"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", b"", APPROVAL, flags=re.S)
    assert undrawn(bare) == []
    pool = re.search(SHAPE.format("pool_bank_approval"), APPROVAL.decode(), re.S)
    assert pool
    plane = f'<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="p">{pool[0]}</bpmndi:BPMNPlane>'
    boxed = bare.replace(b"</bpmn:def", plane.encode() + b"</bpmndi:BPMNDiagram></bpmn:def")
    assert undrawn(boxed) == []
    told = [one for one in check(boxed).findings if "一步也没有画出来" in str(one.message)]
    assert [(one.level, one.element) for one in told] == [(Level.WARNING, "bank_approval")]


def test_a_drawing_may_name_its_elements_with_a_prefix() -> None:
    assert undrawn(APPROVAL.replace(b' bpmnElement="', b' bpmnElement="tns:')) == []


def test_nothing_is_given_to_the_library_but_what_the_rules_look_at() -> None:
    hidden = (
        '<x:sequenceFlow xmlns:x="urn:x" id="f" sourceRef="g" targetRef="e"/>'
        '<camunda:boundaryEvent id="b" attachedToRef="g"/>'
        '<bpmn:sequenceFlow id="f2" sourceRef="g" targetRef="e"/>'
    )
    body = (
        event("start", "s")
        + '<bpmn:task id="g"><bpmn:documentation>a<bpmn:process id="q"/></bpmn:documentation>'
        + f"<bpmn:extensionElements>{hidden}</bpmn:extensionElements></bpmn:task>"
        + event("end", "e")
        + chain("s", "g", "e")
        + '<x:boundaryEvent xmlns:x="urn:x" id="b2" attachedToRef="g"/>'
    )
    root = normalise(process("p", body), "p")
    names = [etree.QName(node) for node in root.iter()]
    assert {name.namespace for name in names} <= {BPMN, SPIFF}
    assert [name.localname for name in names].count("sequenceFlow") == 2
    assert [name.localname for name in names].count("process") == 1


def test_extensions_of_other_tools_are_left_alone() -> None:
    more = (
        '<bpmn:extensionElements><x:metaData xmlns:x="urn:x" name="a" value="b"/>'
        '<x:note xmlns:x="urn:x" x:color="red"/></bpmn:extensionElements>'
    )
    body = event("start", "s") + '<bpmn:manualTask id="t" name="t" xmlns:m="urn:m" m:icon="y" '
    template = 'camunda:modelerTemplate="a.b" camunda:modelerTemplateVersion="1">'
    source = process("p", f"{body}{template}{more}</bpmn:manualTask>{event('end', 'e')}"
                     + chain("s", "t", "e"))  # fmt: skip
    assert check(source).findings == ()
