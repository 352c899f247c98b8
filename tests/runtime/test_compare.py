"""What differs between two versions, said plainly; what is the same is not said."""

from pathlib import Path

from engine.config import ROOT
from engine.runtime.compare import Kind, Mark, compare, contrast
from tests.runtime.diagrams import chain, event, flow, process
from tests.runtime.test_migration import ABC, boundary, choice, guarded, line, task

APPROVAL = (Path(ROOT) / "bpmn/processes/bank_approval.bpmn").read_bytes()


def said(old: bytes, new: bytes) -> list[str]:
    return [str(one.words) for one in compare(old, new)]


def test_the_same_file_differs_in_nothing() -> None:
    assert compare(APPROVAL, APPROVAL) == []


def test_a_step_put_between_two_others_is_one_difference() -> None:
    assert said(ABC, line("a", "x", "b", "c")) == ["新增人办任务“x”，在“a”之后"]


def test_a_longer_way_to_a_step_does_not_move_what_other_ways_lead_to() -> None:
    first = b'sourceRef="approve_check" targetRef="gw_approve_check"'
    new = (
        b'sourceRef="approve_check" targetRef="more"/><bpmn:userTask id="more" name="more"/>'
        b'<bpmn:sequenceFlow id="more_on" sourceRef="more" targetRef="gw_approve_check"'
    )
    assert APPROVAL.count(first) == 1

    found = said(APPROVAL, APPROVAL.replace(first, new))

    assert len(found) == 1
    assert found[0].startswith("新增人办任务“more”")


def test_a_step_taken_out_is_one_difference() -> None:
    assert said(ABC, line("a", "c")) == ["删去人办任务“b”"]


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
        "“新名”的时限由30日改为2日",
    ]
    found = said(choice('chosen = "NO"'), choice('chosen = "PASS"'))
    assert found == ['从“g”到“other”的条件由chosen = "NO"改为chosen = "PASS"']


def test_another_default_flow_is_told() -> None:
    other = choice("x").replace(b'default="g_e"', b'default="g_other"')
    assert "从“g”到“e”的条件由其余情况改为无" in said(choice("x"), other)


def test_a_boundary_event_and_its_time() -> None:
    assert "新增边界事件“逾期”，在“b”之后" in said(ABC, guarded("a", "b", "c"))
    later = guarded("a", "b", "c").replace(b"P9D", b"P10D")
    assert said(guarded("a", "b", "c"), later) == ["“逾期”的时间（过多久）由9日改为10日"]
    assert boundary()


def test_a_flow_to_elsewhere() -> None:
    def back(target: str) -> bytes:
        gate = '<bpmn:exclusiveGateway id="g" default="g_e"/>'
        body = "".join(map(task, ("a", "b"))) + gate + event("start", "s") + event("end", "e")
        flows = chain("s", "a", "b", "g", "e") + flow("g", target, "x")
        return process("p", body + flows)

    assert said(back("a"), back("b")) == ["“g”之后可到“b”，条件：x", "“g”之后不再到“a”"]


def swapped(*pairs: tuple[str, str]) -> bytes:
    found = APPROVAL.decode()
    for old, new in pairs:
        assert old in found, old
        found = found.replace(old, new, 1)
    return found.encode()


def test_a_step_given_to_somebody_elses_lane_is_told_by_the_lanes() -> None:
    inside = "<bpmn:flowNodeRef>decide_route</bpmn:flowNodeRef>"
    first = '<bpmn:lane id="lane_bank" name="合作银行">'
    new = swapped((inside, ""), (first, first + inside))
    (found,) = compare(APPROVAL, new)
    assert (found.kind, found.element) == (Kind.MOVED, "decide_route")
    assert str(found.words) == "“定去向”的泳道由系统改为合作银行"
    assert said(APPROVAL, swapped((inside, ""))) == ["“定去向”的泳道由系统改为无"]


def test_lanes_pools_and_the_process_are_told_by_their_names() -> None:
    new = swapped(
        ('id="lane_bank" name="合作银行"', 'id="lane_bank" name="银行"'),
        ('id="bank_approval" name="银行审批放款"', 'id="bank_approval" name="审批"'),
        ('id="pool_bank_approval" name="银行审批放款"', 'id="pool_bank_approval" name="审批"'),
    )
    assert sorted(said(APPROVAL, new)) == [
        "泳池“银行审批放款”改名为“审批”",
        "泳道“合作银行”改名为“银行”",
        "流程“银行审批放款”改名为“审批”",
    ]
    places = {one.element for one in compare(APPROVAL, new)}
    assert places == {"pool_bank_approval", "lane_bank"}


def test_a_lane_drawn_anew_under_its_name_is_the_same_lane() -> None:
    new = APPROVAL.replace(b'"lane_bank"', b'"Lane_0x1"')
    assert said(APPROVAL, new) == ["泳道“合作银行”的内部编号由lane_bank改为Lane_0x1"]


def test_explanations_and_the_names_of_lines_count() -> None:
    new = swapped(("按去向使审批结果生效。", "按去向生效。"), ('name="否，待补"', 'name="要补件"'))
    assert said(APPROVAL, new) == [
        "“审批结果核定”的说明由按去向使审批结果生效。改为按去向生效。",
        "从“材料齐备”到“等待企业补件”的名称由否，待补改为要补件",
    ]


def test_a_new_step_brings_its_settings_and_the_condition_that_leads_to_it() -> None:
    flow_on = (
        'id="flow_gw_material_to_await_material" name="否，待补" sourceRef="gw_material" target'
    )
    more = (
        '<bpmn:userTask id="more" name="催补" camunda:formKey="f"/><bpmn:sequenceFlow id="on" '
        'sourceRef="more" targetRef="await_material"/><bpmn:sequenceFlow '
    )
    new = swapped(
        (f'<bpmn:sequenceFlow {flow_on}Ref="await_material"', f'{more}{flow_on}Ref="more"')
    )
    (found,) = compare(APPROVAL, new)
    assert str(found.words) == "新增人办任务“催补”，在“材料齐备”之后"
    assert [str(one) for one in found.details] == [
        '从“材料齐备”来的条件：approve_loan_outcome = "RETURN"',
        "表单：f",
    ]


def test_other_elements_are_called_by_their_names_and_lengths_of_time_in_words() -> None:
    new = swapped(
        ('name="excludes" value="approve_loan"', 'name="excludes" value="approve_loan,disburse"'),
        ('value="acceptance_period"', 'value="P2W"'),
        ('name="clock" value="approval"', 'name="reminders" value="-P3D,P0D,P1D"'),
    )
    assert said(APPROVAL, new) == [
        "“授信审批”的提醒由无改为提前3日、到期当日、逾期1日",
        "“授信审批”的共用的计时由approval改为无",
        "“审批复核”的不得是同一人的步骤由授信审批改为授信审批、签订合同并放款",
        "“放款复核”的时限由acceptance_period改为2周",
    ]


def test_who_knows_the_names_of_forms_may_say_them() -> None:
    new = swapped(('camunda:formKey="bank_decision"', 'camunda:formKey="filing"'))
    (found,) = compare(APPROVAL, new, lambda key, value: f"<{value}>" if key == "formKey" else None)
    assert str(found.words) == "“授信审批”的表单由<bank_decision>改为<filing>"
    assert (found.old, found.new) == ("<bank_decision>", "<filing>")


def test_a_line_led_elsewhere_and_a_second_line_between_the_same_steps() -> None:
    old = 'sourceRef="gw_received" targetRef="decline_loan"'
    found = compare(APPROVAL, swapped((old, 'sourceRef="gw_received" targetRef="end_declined"')))
    assert [str(one.words) for one in found] == [
        '“补件结果”之后可到“未获授信”，条件：await_material_outcome = "WITHDRAWN"',
        "“补件结果”之后不再到“登记未批”",
    ]
    assert {one.mark for one in found} == {Mark.CHANGED}
    more = f'<bpmn:sequenceFlow id="second" {old}/></bpmn:process>'
    (double,) = compare(APPROVAL, swapped(("</bpmn:process>", more)))
    assert str(double.words) == "从“补件结果”到“登记未批”多了一条线"


def test_each_picture_marks_its_own_side() -> None:
    found = contrast(line("a", "b", "c"), line("a", "x", "c"))
    assert found.old == {"b": (Mark.REMOVED,), "a_b": (Mark.REMOVED,), "b_c": (Mark.REMOVED,)}
    assert found.new == {"x": (Mark.ADDED,), "a_x": (Mark.ADDED,), "x_c": (Mark.ADDED,)}
    renamed = swapped(('name="授信审批"', 'name="授信"'))
    both = contrast(APPROVAL, renamed)
    assert both.old == both.new == {"approve_loan": (Mark.CHANGED,)}
