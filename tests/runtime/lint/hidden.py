"""Mistakes that nobody sees: settings in disguise, elements where no modeler puts them."""

from tests.runtime.diagrams import event, user
from tests.runtime.lint.planting import (
    TIMER,
    WORK,
    Planted,
    between,
    caught,
    choice,
    edge,
    element,
    one,
)

X = 'xmlns:x="urn:x"'
TWO = user("u") + user("v", excludes="u")
EXCLUDES = '<camunda:property name="excludes" value="u"/>'
BAD_END = '<{} id="past" sourceRef="s" targetRef="e"/>'


def of_v(old: str, new: str, *words: str, at: str) -> Planted:
    """The second of two tasks, with something of it replaced."""
    assert old in TWO, old
    return Planted(between(TWO.replace(old, new), "u", "v"), "v", words, at)


def extended(body: str, key: str, extension: str, *words: str, at: str) -> Planted:
    """An element with an extension."""
    more = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>"
    opening = f'id="{key}" name="{key}">'
    return Planted(between(body.replace(opening, opening + more), key), key, words, at)


DISGUISED = {
    "another vendor's property": of_v(
        EXCLUDES,
        f'<x:property {X} name="excludes" value="u"/>',
        "{urn:x}property",
        "不会生效",
        at="x:property",
    ),
    "a property of nobody's": of_v(
        EXCLUDES, '<property name="excludes" value="u"/>', "property", at="<property"
    ),
    "a property in a wrapping": of_v(
        EXCLUDES, f"<x:wrap {X}>{EXCLUDES}</x:wrap>", "camunda:property", "放错了地方", at=EXCLUDES
    ),
    "properties in properties": of_v(
        EXCLUDES,
        f'<camunda:properties a="b">{EXCLUDES}</camunda:properties>',
        "camunda:properties",
        "放错了地方",
        at='a="b"',
    ),
    "a prefixed name": of_v(
        EXCLUDES, EXCLUDES.replace(" name", " camunda:name"), "name", "前缀", at="camunda:name"
    ),
    "a prefixed value": of_v(
        EXCLUDES, EXCLUDES.replace(" value", " camunda:value"), "value", "前缀", at="camunda:value"
    ),
    "a prefixed attribute of BPMN": Planted(
        choice("case_id = 1").replace(' default="g_no"', ' default="g_no" bpmn:default="g_yes"'),
        "g",
        ("default", "前缀"),
    ),
    "a blank in a name": of_v(
        EXCLUDES, EXCLUDES.replace('"excludes"', '"excludes "'), "excludes", at='"excludes "'
    ),
    "an invisible sign in a name": of_v(
        EXCLUDES, EXCLUDES.replace("excludes", "ex\u200bcludes"), "excludes", at="cludes"
    ),
    "a capital in a name": of_v(
        EXCLUDES, EXCLUDES.replace("excludes", "Excludes"), "Excludes", at="Excludes"
    ),
    "full-width letters": of_v(
        EXCLUDES, EXCLUDES.replace("excludes", "ｅｘｃｌｕｄｅｓ"), "excludes", at="ｅ"
    ),
    "an attribute without its prefix": one(
        user("u").replace("<bpmn:userTask ", '<bpmn:userTask escalateTo="bank:head" '),
        "u",
        "escalateTo",
        "不会生效",
    ),
    "another vendor's attribute": one(
        user("u").replace("<bpmn:userTask ", f'<bpmn:userTask {X} x:formKey="f" '),
        "u",
        "{urn:x}formKey",
    ),
    "a setting twice": of_v(
        EXCLUDES, f'{EXCLUDES}<camunda:property name="excludes" value=""/>', "excludes", "几次",
        at='id="v"',
    ),
    "a setting as attribute and property": one(
        user("u").replace("<bpmn:userTask ", '<bpmn:userTask camunda:deadline="P1D" '),
        "u",
        "deadline",
        "几次",
    ),
}  # fmt: skip

MISPLACED = {
    "another vendor's flow": extended(
        element("parallelGateway", "g", " "),
        "g",
        BAD_END.format(f"x:sequenceFlow {X}"),
        "{urn:x}sequenceFlow",
        at="x:sequenceFlow",
    ),
    "a flow of Camunda's": extended(
        element("parallelGateway", "g", " "),
        "g",
        BAD_END.format("camunda:sequenceFlow"),
        "sequenceFlow",
        at="camunda:sequenceFlow",
    ),
    "a flow whose name only ends so": extended(
        element("parallelGateway", "g", " "),
        "g",
        BAD_END.format(f"x:notasequenceFlow {X}"),
        "notasequenceFlow",
        at="notasequenceFlow",
    ),
    "a flow in an extension": Planted(
        between(
            element(
                "parallelGateway",
                "g",
                "<bpmn:extensionElements>"
                '<bpmn:sequenceFlow id="past" sourceRef="g" targetRef="e"/>'
                "</bpmn:extensionElements>",
            ),
            "g",
        ),
        "past",
        ("sequenceFlow", "extensionElements"),
    ),
    "a condition before the condition": Planted(
        choice("case_id = 1").replace(
            "<bpmn:conditionExpression>",
            "<bpmn:extensionElements><bpmn:conditionExpression>true"
            "</bpmn:conditionExpression></bpmn:extensionElements><bpmn:conditionExpression>",
        ),
        "g_yes",
        ("conditionExpression", "extensionElements"),
        "Expression>true",
    ),
    "half a condition": Planted(
        choice("case_id = 1").replace("case_id = 1", f"case_id = 1 <x:i {X}/>and case_id = 2"),
        "g_yes",
        ("不会被读到", "“i”"),
        "case_id",
    ),
    "two conditions": Planted(
        choice("case_id = 1").replace(
            "case_id = 1</bpmn:conditionExpression>",
            "case_id = 1</bpmn:conditionExpression>"
            "<bpmn:conditionExpression>true</bpmn:conditionExpression>",
        ),
        "g_yes",
        ("conditionExpression", "几次"),
    ),
    "half an input": Planted(
        between(WORK.replace("=case_id<", f"=case_id<x:i {X}/>+1<"), "w"),
        "w",
        ("不会被读到", "“i”"),
        "inputParameter",
    ),
    "words beside a time": Planted(
        between(user("u"), "u")
        + edge("t", "u", TIMER.replace("Definition>", "Definition>=due(&quot;x&quot;) //", 1)),
        "t",
        ("定时器",),
        "timerEventDefinition>=",
    ),
    "two times": Planted(
        between(user("u"), "u")
        + edge(
            "t",
            "u",
            caught(
                "timer",
                "<bpmn:timeDuration>P1D</bpmn:timeDuration><bpmn:timeDate>P2D</bpmn:timeDate>",
            ),
        ),
        "t",
        ("time", "几次"),
        "timerEventDefinition>",
    ),
    "a message in a step": Planted(
        between(
            element("task", "t", '<bpmn:message id="inner" name="hello"/>'), "t"
        ),
        "inner",
        ("message", "task"),
    ),
    "a process in a step": Planted(
        between(
            element("task", "t", f'<bpmn:process id="other">{event("start", "os")}</bpmn:process>'),
            "t",
        ),
        "other",
        ("process", "task"),
    ),
}  # fmt: skip
