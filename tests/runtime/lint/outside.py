"""Mistakes in events, in extensions of other engines, and in expressions."""

from tests.runtime.diagrams import chain, event, service, user
from tests.runtime.lint.planting import (
    WORK,
    Planted,
    between,
    caught,
    choice,
    edge,
    element,
    inner,
    one,
    properties,
)

EVENTS = {
    "no time": one(element("intermediateCatchEvent", "t", caught("timer")), "t", "没有写时间"),
    "bad time": one(
        element(
            "intermediateCatchEvent",
            "t",
            caught("timer", "<bpmn:timeDuration>P3X</bpmn:timeDuration>"),
        ),
        "t",
        "P3X",
        at="timeDuration",
    ),
    "bad cycle": one(
        element(
            "intermediateCatchEvent",
            "t",
            caught("timer", "<bpmn:timeCycle>R0/P1D</bpmn:timeCycle>"),
        ),
        "t",
        "R0/P1D",
        at="timeCycle",
    ),
    "interrupting cycle": Planted(
        between(user("u"), "u")
        + edge("t", "u", caught("timer", "<bpmn:timeCycle>R3/P1D</bpmn:timeCycle>")),
        "t",
        ("周期",),
    ),
    "no message": one(
        element("receiveTask", "r", properties(correlation="=case_id")), "r", "没有指定消息"
    ),
    "unknown message": one(
        element("receiveTask", "r", properties(correlation="=case_id"), messageRef="gone"),
        "r",
        "gone",
    ),
    "about nothing": one(element("receiveTask", "r", messageRef="m"), "r", "对应"),
    "message end about nothing": Planted(
        event("start", "s")
        + element("endEvent", "e", caught("message", messageRef="m"))
        + chain("s", "e"),
        "e",
        ("对应",),
    ),
    "unknown signal": one(
        element("intermediateThrowEvent", "x", caught("signal", signalRef="gone")), "x", "gone"
    ),
    "nameless signal": one(
        element("intermediateThrowEvent", "x", caught("signal")), "x", "没有名称"
    ),
    "unknown error": Planted(
        between(inner("subProcess"), "sub") + edge("b", "sub", caught("error", errorRef="gone")),
        "b",
        ("gone",),
    ),
}  # fmt: skip


def extended(body: str, extension: str) -> str:
    return body.replace("<bpmn:extensionElements>", f"<bpmn:extensionElements>{extension}", 1)


FOREIGN = {
    "execution listener": one(
        extended(WORK, '<camunda:executionListener class="x" event="start"/>'),
        "w",
        "监听器",
        at="executionListener",
    ),
    "task listener": one(
        extended(user("u"), '<camunda:taskListener class="x" event="create"/>'),
        "u",
        "监听器",
        at="taskListener",
    ),
    "class": one(element("serviceTask", "w", camunda_class="a.B"), "w", "程序"),
    "delegate": one(element("serviceTask", "w", camunda_delegateExpression="bean"), "w", "程序"),
    "output": one(
        WORK.replace(
            "</camunda:inputOutput>",
            '<camunda:outputParameter name="x">=1</camunda:outputParameter></camunda:inputOutput>',
        ),
        "w",
        "输出映射",
        at="outputParameter",
    ),
    "input of a user task": one(
        extended(
            user("u"),
            '<camunda:inputOutput><camunda:inputParameter name="x">=1</camunda:inputParameter>'
            "</camunda:inputOutput>",
        ),
        "u",
        "输入映射",
    ),
    "form in the diagram": one(
        extended(user("u"), "<camunda:formData/>"), "u", "表单", at="formData"
    ),
    "mapping of a call": one(
        element(
            "callActivity",
            "c",
            '<bpmn:extensionElements><camunda:in source="a" target="b"/></bpmn:extensionElements>',
            calledElement="other",
        ),
        "c",
        "输入映射",
        at="camunda:in ",
    ),
    "java expression": Planted(
        choice("${approved}"), "g_yes", ("${approved}",), "conditionExpression"
    ),
    "python of the library": one(
        extended(
            user("u"),
            '<spiff:preScript xmlns:spiff="http://spiffworkflow.org/bpmn/schema/1.0/core">'
            "import os</spiff:preScript>",
        ),
        "u",
        "SpiffWorkflow",
    ),
    "camunda 8": one(
        extended(
            user("u"),
            '<zeebe:x xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"/>',
        ),
        "u",
        "Camunda 8",
    ),
}

CONDITION = "conditionExpression"
NAMES = {
    "does not parse": Planted(choice("=case_id =="), "g_yes", ("case_id ==", "写错"), CONDITION),
    "names nothing": Planted(choice("=amount &gt; 5"), "g_yes", ("amount",), CONDITION),
    "misspelt outcome": Planted(
        choice('=u_outcom = "PASS"', user("u"), "u"), "g_yes", ("u_outcom",), CONDITION
    ),
    "value that no form offers": Planted(
        choice('=u_outcome = "PAST"', user("u"), "u"), "g_yes", ("u_outcome", "PAST"), CONDITION
    ),
    "value that no operation sets": Planted(
        choice('=result = "FINE"', WORK, "w"), "g_yes", ("result", "FINE"), CONDITION
    ),
    "unknown name in an input": one(
        service("w", "test.work", case_id="=cass_id"), "w", "cass_id", at="inputParameter"
    ),
    "unknown name in a deadline": one(
        user("u", deadline="=until"), "u", "until", at='name="deadline"'
    ),
    "unknown name in an organisation": one(
        user("u", organisation="=bidder"), "u", "bidder", at='name="organisation"'
    ),
    "unknown name in a correlation": one(
        element("receiveTask", "r", properties(correlation="=ghost"), messageRef="m"),
        "r",
        "ghost",
        at='name="correlation"',
    ),
    "unknown name in a timer": one(
        element(
            "intermediateCatchEvent", "t", caught("timer", "<bpmn:timeDate>=until</bpmn:timeDate>")
        ),
        "t",
        "until",
        at="timeDate",
    ),
    "unknown period in a timer": one(
        element(
            "intermediateCatchEvent",
            "t",
            caught("timer", '<bpmn:timeDate>=due("soon_period")</bpmn:timeDate>'),
        ),
        "t",
        "soon_period",
        at="timeDate",
    ),
    "unknown collection": one(
        user("u", inner='<bpmn:multiInstanceLoopCharacteristics camunda:collection="ghosts"/>'),
        "u",
        "ghosts",
        at="multiInstance",
    ),
    "item after its loop": Planted(
        choice(
            "=each = 1",
            user(
                "u",
                inner='<bpmn:multiInstanceLoopCharacteristics camunda:collection="many" '
                'camunda:elementVariable="each"/>',
            ),
            "u",
        ),
        "g_yes",
        ("each",),
        CONDITION,
    ),
    "unknown name in a script": one(
        element("scriptTask", "x", "<bpmn:script>a = ghost + 1</bpmn:script>"),
        "x",
        "ghost",
        at="bpmn:script>",
    ),
    "unknown function": Planted(choice("=sum_up(case_id) = 1"), "g_yes", ("sum_up",), CONDITION),
}  # fmt: skip
