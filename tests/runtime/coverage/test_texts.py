"""Linter and engine read the same text."""

import pytest

from tests.runtime.coverage.conftest import Run
from tests.runtime.coverage.parts import end, gateway
from tests.runtime.diagrams import chain, event, flow, process, service, user
from tests.runtime.lint.planting import between, check, element

LIST = "<camunda:list><camunda:value>case_id</camunda:value></camunda:list>"
REFUSED = {
    "a list as an input": between(service("w", "test.work", case_id=LIST), "w"),
    "an element within an input": between(
        service("w", "test.work", case_id='case<x:y xmlns:x="y"/>_id'), "w"
    ),
    "an element within a condition": event("start", "s")
    + gateway("exclusive", "g", "g_a")
    + end("a")
    + end("b")
    + chain("s", "g", "a")
    + flow("g", "b", '=case_id = <x:y xmlns:x="y">1</x:y>'),
    "an element within a script": between(
        element("scriptTask", "x", '<bpmn:script>a = <x:y xmlns:x="y">1</x:y></bpmn:script>'), "x"
    ),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_elements_where_a_text_belongs_are_refused(body: str) -> None:
    assert any("只读文字" in str(one.message) for one in check(process("p", body)).errors)


def test_a_condition_in_another_language_is_refused() -> None:
    body = REFUSED["an element within a condition"].replace('<x:y xmlns:x="y">1</x:y>', "1")
    marked = body.replace("<bpmn:conditionExpression>", '<bpmn:conditionExpression language="{}">')
    assert check(process("p", body)).ok
    assert check(process("p", marked.format("https://www.omg.org/spec/FEEL/"))).ok
    (found,) = check(process("p", marked.format("groovy"))).errors
    assert "groovy" in str(found.message)


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("// first\n1 + 1", 2),
        ('"a   b"', "a   b"),
        ("a = 1", False),
        ("=\n  if a = 2\n  then 1\n  else 3", 1),
    ],
)
def test_an_expression_with_a_result_variable_is_read_as_it_stands(
    run: Run, script: str, value: object
) -> None:
    task = element(
        "scriptTask", "x", f"<bpmn:script>{script}</bpmn:script>", camunda_resultVariable="y"
    )
    case = run(process("p", between(task + user("u"), "x", "u")), a=2)
    assert case.data("u")["y"] == value


def test_only_the_attribute_names_an_operation() -> None:
    properties = (
        '<bpmn:extensionElements><camunda:properties><camunda:property name="topic" '
        'value="test.work"/></camunda:properties></bpmn:extensionElements>'
    )
    assert not check(process("p", between(element("serviceTask", "w", properties), "w"))).ok
    two = service("w", "test.work", case_id="=case_id").replace(
        "<camunda:inputOutput>",
        '<camunda:properties><camunda:property name="topic" value="no.such"/></camunda:properties>'
        "<camunda:inputOutput>",
    )
    refused = check(process("p", between(two, "w")))
    assert "写了几次" in str(refused.errors[0].message)


def test_blanks_around_names_are_no_part_of_them(run: Run) -> None:
    called = service("w", " cover.note ", what='="hello"')
    case = run(process("p", between(called + user("u", " finance:maker "), "w", "u")))
    assert (case.noted, case.open) == (["hello"], ["u"])
