"""What an owner would rather not have read: whatever runs otherwise is told where it is drawn."""

import re
import time

import pytest

from engine.config import ROOT
from engine.runtime.compare import Mark, compare, contrast
from engine.runtime.normalise import normalise
from engine.runtime.normalise.vocabulary import properties_of
from tests.runtime.diagrams import HEAD, chain, event, flow, process, user
from tests.runtime.test_compare import APPROVAL, said, swapped
from tests.runtime.test_migration import ABC, line, task

SECONDS = 10.0
RENAMED = ('name="授信审批"', 'name="审批"')
TOLD = "“授信审批”改名为“审批”"
EXCLUDES = '<camunda:property name="excludes" value="approve_loan" />'
SHADOWS = {
    "another vendor's property": EXCLUDES.replace("camunda:", "x:"),
    "a property of no namespace": '<property xmlns="" name="excludes" value="approve_loan" />',
    "wrapped in another vendor's": f"<x:wrap>{EXCLUDES}</x:wrap>",
    "one level too deep": f"<camunda:properties>{EXCLUDES}</camunda:properties>",
    "with prefixed attributes": EXCLUDES.replace(" name", " camunda:name"),
    "with a prefixed value": EXCLUDES.replace(" value", " camunda:value"),
    "with a space in its name": EXCLUDES.replace('"excludes"', '"excludes "'),
    "with a line break in its name": EXCLUDES.replace('"excludes"', '"&#10;excludes"'),
    "said again, and empty": EXCLUDES + EXCLUDES.replace("approve_loan", ""),
}


def declared(source: bytes) -> bytes:
    return source.replace(b"<bpmn:definitions ", b'<bpmn:definitions xmlns:x="urn:x" ', 1)


def excluded(source: bytes) -> str | None:
    """What the engine takes from the step."""
    (node,) = (one for one in normalise(source, "p").iter() if one.get("id") == "approve_check")
    return properties_of(node).get("excludes") or None


@pytest.mark.parametrize("shadow", SHADOWS.values(), ids=SHADOWS)
def test_a_setting_that_only_looks_as_before_is_told_beside_a_new_name(shadow: str) -> None:
    new = declared(swapped((EXCLUDES, shadow), RENAMED))
    assert (excluded(APPROVAL), excluded(new)) == ("approve_loan", None)

    found = contrast(declared(APPROVAL), new)

    words = [str(one.words) for one in found.differences]
    assert TOLD in words
    assert any(one.startswith("“审批复核”的不得是同一人的步骤由") for one in words), words
    assert found.new["approve_check"] == (Mark.CHANGED,)


@pytest.mark.parametrize("name", ["deadline", "escalateTo", "clause", "operation"])
def test_every_setting_of_the_vocabulary_is_told_by_its_namespace(name: str) -> None:
    old = re.search(rf'<camunda:property name="{name}" [^>]*>', APPROVAL.decode())
    assert old
    new = declared(swapped((old[0], old[0].replace("camunda:", "x:")), RENAMED))
    assert len(said(declared(APPROVAL), new)) > 1


def test_attributes_are_told_by_their_namespace_too() -> None:
    for old, other in (
        ('camunda:formKey="bank_decision"', 'formKey="bank_decision"'),
        ('camunda:formKey="bank_decision"', 'x:formKey="bank_decision"'),
        (' default="flow_gw_material', ' bpmn:default="flow_gw_material'),
        ('camunda:decisionRef="loan_route"', 'camunda:decisionRef="other:loan_route"'),
    ):
        new = declared(swapped((old, other), ('name="合作银行"', 'name="银行"')))
        assert len(said(declared(APPROVAL), new)) > 1, other


def test_what_words_cannot_tell_apart_is_still_told_where_it_stands() -> None:
    attribute = user("a").replace("<bpmn:userTask ", '<bpmn:userTask camunda:excludes="b" ')
    both = (user("a", excludes="b"), attribute)
    old, new = (process("p", one.replace('name="a"', f'name="{n}"')) for n, one in enumerate(both))
    assert said(old, new) == ["“0”改名为“1”", "“1”的不得是同一人的步骤换了写法：b"]


def test_a_word_of_the_comparison_is_no_attribute() -> None:
    lies = {"isDefault": "true", "condition": "x", "event": "timer", "within": "sub", "ids": "i"}
    plain = process("p", user("a") + user("b") + flow("a", "b", "x"))
    for name, value in lies.items():
        new = plain.replace(b"<bpmn:sequenceFlow ", b'<bpmn:sequenceFlow %s="%s" ' % (
            name.encode(), value.encode()))  # fmt: skip
        assert said(plain, new) == [f"从“a”到“b”的其他设置（bpmn:{name}）由无改为{_as_read(value)}"]


def _as_read(value: str) -> str:
    return "是" if value == "true" else value


def test_a_default_is_one_only_of_the_choice_it_leaves() -> None:
    new = swapped(
        ('<bpmn:lane id="lane_bank"', '<bpmn:lane default="more" id="lane_bank"'),
        (
            "</bpmn:process>",
            '<bpmn:sequenceFlow id="more" sourceRef="gw_received" targetRef="end_declined">'
            "<bpmn:conditionExpression>=true</bpmn:conditionExpression></bpmn:sequenceFlow>"
            "</bpmn:process>",
        ),
    )
    assert "“补件结果”之后可到“未获授信”，条件：true" in said(APPROVAL, new)


GATE = '<bpmn:exclusiveGateway id="gw_amount" name="金额" default="amount_on"/>'
AROUND = (
    'sourceRef="disburse" targetRef="disburse_check" />',
    'sourceRef="disburse" targetRef="gw_amount" />'
    f'{GATE}<bpmn:sequenceFlow id="amount_on" sourceRef="gw_amount" targetRef="disburse_check"/>'
    '<bpmn:sequenceFlow id="amount_past" sourceRef="gw_amount" targetRef="end_disbursed">'
    "<bpmn:conditionExpression>=case_id &gt; 0</bpmn:conditionExpression></bpmn:sequenceFlow>",
)


def test_a_new_gateway_that_leads_past_a_check_says_where_it_leads_and_when() -> None:
    assert said(APPROVAL, swapped(AROUND)) == [
        "新增排他网关“金额”，在“签订合同并放款”之后",
        "“金额”之后可到“放款复核”，条件：其余情况",
        "“金额”之后可到“已放款”，条件：case_id > 0",
    ]
    marks = contrast(APPROVAL, swapped(AROUND)).new
    assert {marks[one] for one in ("gw_amount", "amount_on", "amount_past")} == {(Mark.ADDED,)}


def test_a_step_called_like_another_is_told_with_its_id() -> None:
    named = swapped((AROUND[0], AROUND[1].replace("金额", "放款复核")))
    assert said(APPROVAL, named) == [
        "新增排他网关“放款复核（gw_amount）”，在“签订合同并放款”之后",
        "“放款复核（gw_amount）”之后可到“放款复核（disburse_check）”，条件：其余情况",
        "“放款复核（gw_amount）”之后可到“已放款”，条件：case_id > 0",
    ]


def test_the_same_with_an_old_line_led_to_the_new_gateway() -> None:
    gate = GATE + flow("gw_amount", "end_disbursed", "=case_id &gt; 0")
    old = '<bpmn:sequenceFlow id="flow_disburse_to_disburse_check"'
    assert old.encode() in APPROVAL
    led = re.sub(
        rb'sourceRef="disburse" targetRef="disburse_check"',
        b'sourceRef="disburse" targetRef="gw_amount"',
        swapped((old, gate + flow("gw_amount", "disburse_check") + old)),
    )
    words = said(APPROVAL, led)
    assert "“金额”之后可到“已放款”，条件：case_id > 0" in words
    assert "“金额”之后可到“放款复核”" in words


def test_a_gateway_taken_out_says_what_the_step_before_it_leads_to_now() -> None:
    def checked(middle: str, *flows: str) -> bytes:
        return process("p", "".join((event("start", "s"), task("a"), task("check"), middle,
                                     event("end", "e"), *flows)))  # fmt: skip

    gate = '<bpmn:exclusiveGateway id="g" name="g" default="g_check"/>'
    old = checked(gate, chain("s", "a", "g", "check", "e"), flow("g", "e", "small"))
    new = checked("", chain("s", "a", "e"), flow("check", "e"))
    assert "“a”之后可到“e”" in said(old, new)


def test_a_boundary_event_says_where_it_leads() -> None:
    late = '<bpmn:boundaryEvent id="late" name="逾期" attachedToRef="b"/>'
    new = ABC.replace(b'<bpmn:endEvent id="e"', late.encode() + b'<bpmn:endEvent id="e"')
    new = new.replace(b"</bpmn:process>", flow("late", "e").encode() + b"</bpmn:process>")
    assert said(ABC, new) == ["新增边界事件“逾期”，在“b”之后", "“逾期”之后可到“e”"]


def test_steps_put_in_a_row_stay_one_sentence_each() -> None:
    assert said(ABC, line("a", "x", "y", "b", "c")) == [
        "新增人办任务“x”，在“a”之后",
        "新增人办任务“y”，在“x”之后",
    ]
    assert said(ABC, line("a", "x", "y", "c")) == [
        "新增人办任务“x”，在“a”之后",
        "新增人办任务“y”，在“x”之后",
        "删去人办任务“b”",
    ]


def test_a_second_way_beside_the_old_one_is_told() -> None:
    new = ABC.replace(
        b"</bpmn:process>",
        (task("x") + chain("a", "x", "b")).encode() + b"</bpmn:process>",
    )
    assert said(ABC, new) == ["新增人办任务“x”，在“a”之后", "“x”之后可到“b”"]


def test_a_condition_changed_while_its_step_is_taken_out_is_told() -> None:
    def choice(condition: str, *past: str) -> bytes:
        gate = '<bpmn:exclusiveGateway id="g" name="g" default="g_e"/>'
        steps = "".join(map(task, ("a", "b", *past)))
        first = past[0] if past else "b"
        return process(
            "p",
            event("start", "s") + steps + gate + event("end", "e") + chain("s", "a", "g", "e")
            + flow("g", first, condition) + chain(*past, "b", "e"),
        )  # fmt: skip

    assert said(choice("x", "c"), choice("x")) == ["删去人办任务“c”"]
    assert "“g”之后可到“b”，条件：y" in said(choice("x", "c"), choice("y"))


def test_the_turn_in_which_a_choice_asks_is_told() -> None:
    def asks(*targets: str) -> bytes:
        gate = '<bpmn:exclusiveGateway id="g" name="g" default="g_e"/>'
        ends = "".join(event("end", one) for one in ("e", "m", "n"))
        return process(
            "p",
            event("start", "s") + gate + ends + chain("s", "g", "e")
            + "".join(flow("g", one, f"case_id > {len(one)}") for one in targets),
        )  # fmt: skip

    assert said(asks("m", "n"), asks("n", "m")) == ["“g”的判断的先后由m、n改为n、m"]
    assert said(asks("n"), asks("n", "m")) == ["“g”之后可到“m”，条件：case_id > 1"]
    assert said(asks("n"), asks("m", "n"))[-2:] == [
        "“g”之后可到“m”，条件：case_id > 1",
        "“g”的判断的先后由n改为m、n",
    ]


def test_many_values_are_listed_up_to_a_number_and_what_came_and_went_beside_it() -> None:
    many = ",".join(f"t{number}" for number in range(1200))
    for name in ("excludes", "reminders"):
        (found,) = compare(ABC, line("a", "b", "c", b=task("b", **{name: "," * 1200 + many})))
        assert str(found.new).endswith("…等1201项")
    old = line("a", "b", "c", b=task("b", excludes=f"a,{many}"))
    (found,) = compare(old, line("a", "b", "c", b=task("b", excludes=f"{many},c")))
    assert [str(one) for one in found.details] == ["不再有：a", "新有：c"]


def test_a_reminder_in_more_days_than_there_are_is_read_as_it_is_written() -> None:
    (found,) = compare(ABC, line("a", "b", "c", b=task("b", reminders=f"P{'9' * 5000}D")))
    assert "9999" in str(found.new)


def test_another_process_in_the_file_does_not_drown_what_changed() -> None:
    second = b'<bpmn:process id="q"><bpmn:task id="t"/></bpmn:process></bpmn:definitions>'
    new = line("a", "b", "c", b=task("b", deadline="P2D"))
    found = said(ABC, new.replace(b"</bpmn:definitions>", second))
    assert "“b”的时限由30日改为2日" in found
    assert len(found) == 3, found


MANY = {
    "nameless": f"{HEAD}<bpmn:process id='p'>{'<bpmn:task/>' * 20_000}</bpmn:process>"
    "</bpmn:definitions>",
    "messages": HEAD
    + "".join(f'<bpmn:message id="m{number}"/>' for number in range(20_000))
    + "</bpmn:definitions>",
    "attributes": f"{HEAD}<bpmn:process id='p'><bpmn:task id='t' "
    + " ".join(f'a{number}=""' for number in range(40_000))
    + "/></bpmn:process></bpmn:definitions>",
}


@pytest.mark.parametrize("source", MANY.values(), ids=MANY)
def test_size_costs_seconds_at_most(source: str) -> None:
    started = time.process_time()
    assert compare(ABC, source.encode())
    assert time.process_time() - started < SECONDS


def test_every_published_process_is_the_same_as_itself() -> None:
    for path in (ROOT / "bpmn" / "processes").glob("*.bpmn"):
        assert compare(path.read_bytes(), path.read_bytes()) == []
