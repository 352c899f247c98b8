"""Reading files: what is refused with its line, requirements, boxed expressions, types, imports."""

from typing import Any

import pytest

from engine.dmn import DecisionRefused, load
from engine.dmn.graph import plan
from engine.feel import FeelError
from tests.dmn.files import decision, file, inputs, literal, model, needs, source

NUMBER = {"a": "number"}


def test_a_long_chain_of_decisions_is_planned_once_and_not_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned: list[int] = []
    real = plan

    def counted(*given: Any) -> list[str]:
        planned.append(len(found := real(*given)))
        return found

    monkeypatch.setattr("engine.dmn.loader.plan", counted)
    links = [
        decision(
            f"d{i}", literal(f"d{i - 1} + 1"), requires=needs(f"d{i - 1}", kind="requiredDecision")
        )
        for i in range(1, 300)
    ]
    made = load(file(decision("d0", literal("1")) + "".join(links)), "m")
    assert (sum(planned), made.evaluate("d299", {}).value) == (300, 300)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<x", "不是有效的XML"),
        (b"<x/>", "不是DMN 1.2至1.5"),
        (b"<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>", "DOCTYPE"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><x/>'.encode("utf-16"), "DOCTYPE"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>', "DOCTYPE"),
        (b" " * 2_000_001, "2 MB"),
        (file('<decision id="d" name="d"/>'), "没有填写表达式"),
        (file(decision("d", literal("1 +"))), "表达式没有写完"),
        (file(decision("d", literal("1"), requires=needs("x"))), "引用的#x不存在"),
        (file(decision("d", literal("1"), kind="tNone")), "没有名为tNone的类型"),
        (
            file(decision("d", literal("d"), requires=needs("d", kind="requiredDecision"))),
            "先要有它自己的结果",
        ),
        (
            file(
                decision("a", literal("b"), requires=needs("b", kind="requiredDecision"))
                + decision("b", literal("a"), requires=needs("a", kind="requiredDecision"))
            ),
            "先要有它自己的结果",
        ),
        (file('<itemDefinition name="t"><typeRef>t</typeRef></itemDefinition>'), "用到了它自己"),
        (file('<import namespace="z" name="z" importType="DMN"/>'), "没有找到"),
        (source(NUMBER, [("1", "2", "3")]), "第1行的格数"),
        (source(NUMBER, [], policy='hitPolicy="BEST"'), "不认识的命中策略BEST"),
        (source(NUMBER, [("1", "2")], outputs=""), "输出列"),
        (source(NUMBER, [("1", "2", "3")], outputs="<output/><output/>"), "各自的名称"),
        (file(decision("d", literal('matches("a", "(")'))), "样式不能使用"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_reason_and_remedy(
    content: bytes, words: str
) -> None:
    with pytest.raises(DecisionRefused, match=words) as caught:
        load(content, "m.dmn")
    assert caught.value.remedy


def test_a_cell_that_cannot_be_read_is_named_with_its_line() -> None:
    with pytest.raises(DecisionRefused) as caught:
        load(source(NUMBER, [("< 5", "1"), ("5 <", "2")]), "m.dmn")
    assert (caught.value.line, caught.value.name) == (5, "d")
    assert "5 <" in str(caught.value)


def test_decisions_see_only_what_they_require() -> None:
    body = inputs({"a": "number", "b": "number"}) + decision(
        "d", literal("[a, b]"), requires=needs("i_a")
    )
    assert load(file(body), "m").evaluate("d", {"a": 1, "b": 2}).value == [1, None]


def test_names_of_fields_hold_signs_only_where_a_field_may_stand() -> None:
    entry = f"<context><contextEntry><variable name='a-b'/>{literal('7')}</contextEntry></context>"
    body = (
        inputs({"a": "number", "b": "number"})
        + decision("x", entry)
        + decision(
            "d",
            literal("[a - b, a-b, x.a-b, count([x][a-b = 7])]"),
            requires=needs("i_a", "i_b") + needs("x", kind="requiredDecision"),
        )
    )
    found = load(file(body), "m")
    assert found.evaluate("d", {"a": 5, "b": 2}).value == [3, 3, 7, 1]


def test_required_decisions_are_computed_once_each_even_in_a_diamond() -> None:
    body = (
        decision("base", literal('{name: "x"}'))
        + decision("l", literal("base.name"), requires=needs("base", kind="requiredDecision"))
        + decision("r", literal("base.name"), requires=needs("base", kind="requiredDecision"))
        + decision("top", literal("l + r"), requires=needs("l", "r", kind="requiredDecision"))
    )
    assert load(file(body), "m").evaluate("top", {}).value == "xx"


def test_knowledge_is_a_function_and_may_be_invoked_in_a_box() -> None:
    knowledge = (
        '<businessKnowledgeModel id="k" name="加 倍"><variable name="加 倍" typeRef="number"/>'
        '<encapsulatedLogic><formalParameter name="数 量" typeRef="number"/>'
        f"{literal('数 量 * 2')}</encapsulatedLogic></businessKnowledgeModel>"
    )
    boxed = (
        f"<invocation>{literal('加 倍')}<binding><parameter name='数 量'/>{literal('21')}"
        "</binding></invocation>"
    )
    required = needs("k", kind="requiredKnowledge")
    body = (
        knowledge
        + decision("d", literal("加 倍(4) + 1"), requires=required)
        + decision("e", boxed, requires=required)
    )
    found = load(file(body), "m")
    assert (found.evaluate("d", {}).value, found.evaluate("e", {}).value) == (9, 42)
    called = found.run(found.find("加 倍", ("knowledge",)), {"数 量": 3})
    assert called.value == 6


def test_knowledge_may_call_itself() -> None:
    knowledge = (
        '<businessKnowledgeModel id="k" name="阶乘"><variable name="阶乘"/><encapsulatedLogic>'
        f'<formalParameter name="n"/>{literal("if n < 2 then 1 else n * 阶乘(n - 1)")}'
        "</encapsulatedLogic></businessKnowledgeModel>"
    )
    body = decision("d", literal("阶乘(5)"), requires=needs("k", kind="requiredKnowledge"))
    assert load(file(knowledge + body), "m").evaluate("d", {}).value == 120


def test_a_recursion_without_end_is_refused() -> None:
    knowledge = (
        '<businessKnowledgeModel id="k" name="k"><variable name="k"/><encapsulatedLogic>'
        f'<formalParameter name="n"/>{literal("f(n)")}</encapsulatedLogic>'
        "</businessKnowledgeModel>"
    )
    context = (
        f"<context><contextEntry><variable name='f'/>{literal('function(n) f(n + 1)')}"
        f"</contextEntry><contextEntry>{literal('f(1)')}</contextEntry></context>"
    )
    found = load(file(knowledge + decision("d", context)), "m")
    with pytest.raises(FeelError, match="层数"):
        found.evaluate("d", {})


def test_allowed_values_turn_others_into_null() -> None:
    kinds = (
        '<itemDefinition name="tSize"><typeRef>string</typeRef><allowedValues>'
        '<text>"大","小"</text></allowedValues></itemDefinition>'
    )
    body = (
        kinds + inputs({"规模": "tSize"}) + decision("d", literal("规模"), requires=needs("i_规模"))
    )
    found = load(file(body), "m")
    assert found.evaluate("d", {"规模": "大"}).value == "大"
    result = found.evaluate("d", {"规模": "巨"})
    assert result.value is None
    assert result.reason is not None


def test_inputs_as_json_holds_them_are_read_as_declared() -> None:
    kinds = (
        '<itemDefinition name="tLoan"><itemComponent name="from"><typeRef>date</typeRef>'
        '</itemComponent><itemComponent name="rates" isCollection="true"><typeRef>number</typeRef>'
        "</itemComponent></itemDefinition>"
    )
    body = kinds + inputs({"loan": "tLoan", "name": "string", "term": "days and time duration"})
    body += decision(
        "d",
        literal('[loan.from + term, sum(loan.rates), name + "!"]'),
        requires=needs("i_loan", "i_name", "i_term"),
    )
    given = {
        "loan": {"from": "2025-01-31", "rates": ["0.5", 1]},
        "name": "2025-01-31",
        "term": "P1D",
    }
    result = load(file(body), "m").evaluate("d", given)
    assert result.required() == ["2025-02-01", "1.5", "2025-01-31!"]


def test_host_functions_can_be_called() -> None:
    body = decision("d", literal('working days(date("2025-01-01"), 2)'))
    made = load(file(body), "m", functions={"working days": lambda day, n: day})
    assert made.evaluate("d", {}).required() == "2025-01-01"


def test_boxed_lists_relations_and_loops() -> None:
    relation = (
        "<relation><column name='a'/><column name='b'/>"
        f"<row>{literal('1')}{literal('2')}</row><row>{literal('3')}{literal('4')}</row></relation>"
    )
    loop = (
        f"<for iteratorVariable='x'><in>{literal('[1,2]')}</in>"
        f"<return>{literal('x * 10')}</return></for>"
    )
    body = decision("r", relation) + decision("l", f"<list>{literal('1')}</list>")
    body += decision("f", loop)
    found = load(file(body), "m")
    assert found.evaluate("r", {}).value == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert (found.evaluate("l", {}).value, found.evaluate("f", {}).value) == ([1], [10, 20])


def test_tolerant_loading_makes_what_cannot_be_read_null() -> None:
    found = load(file(decision("d", literal("1 +"))), "m", tolerant=True)
    result = found.evaluate("d", {})
    assert result.value is None
    assert "没有写完" in str(result.reason)


def test_decisions_are_found_by_id_or_name() -> None:
    found = model(NUMBER, [("-", "1")])
    assert [element.name for element in found.decisions] == ["d"]
    assert found.decision("d").role == "decision"
