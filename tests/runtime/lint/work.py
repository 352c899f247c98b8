"""Mistakes in who does what, and what runs by itself."""

from tests.runtime.diagrams import service, user
from tests.runtime.lint.planting import (
    WORK,
    Planted,
    between,
    element,
    one,
    properties,
)

PEOPLE = {
    "nobody": one('<bpmn:userTask id="u" name="u"/>', "u", "没有承办方"),
    "unknown party": one(user("u", "mayor:maker"), "u", "承办方", "mayor"),
    "unknown role": one(user("u", "finance:boss"), "u", "岗位", "boss"),
    "unknown escalation": one(user("u", escalateTo="mayor:head"), "u", "mayor"),
    "no form": one(
        element("userTask", "u", properties(deadline="P5D"), camunda_candidateGroups="bank:maker"),
        "u",
        "没有表单",
    ),
    "unknown form": one(
        user("u").replace('formKey="f"', 'formKey="gone"'), "u", "表单", "gone"
    ),
    "unknown recording": one(user("u", operation="test.gone"), "u", "test.gone"),
    "service as recording": one(user("u", operation="test.work"), "u", "test.work"),
    "no deadline": one(user("u", deadline=""), "u", "没有时限"),
    "no reason for none": one(user("u", deadline="none", clause=""), "u", "依据"),
    "unknown period": one(user("u", deadline="soon_period"), "u", "soon_period"),
    "bad duration": one(user("u", deadline="P5X"), "u", "P5X"),
    "bad reminder": one(user("u", reminders="-P3D,tomorrow"), "u", "tomorrow"),
    "excludes nobody": one(user("u", excludes="ghost"), "u", "ghost"),
    "excludes itself": one(user("u", excludes="u"), "u", "excludes"),
    "pauses no clock": one(user("u", pauses="nine"), "u", "nine"),
    "clock with two times": Planted(
        between(
            user("u", clock="c", deadline="P1D") + user("v", clock="c", deadline="P2D"), "u", "v"
        ),
        "u",
        ("时限不同",),
    ),
    "due date of another engine": one(
        user("u").replace("<bpmn:userTask ", '<bpmn:userTask camunda:dueDate="P1D" '),
        "u",
        "dueDate",
    ),
}  # fmt: skip

SERVICES = {
    "nothing to do": one(element("serviceTask", "w"), "w", "没有操作"),
    "unknown operation": one(service("w", "test.gone"), "w", "test.gone"),
    "form operation": one(service("w", "test.record"), "w", "test.record"),
    "wrong type": one(WORK.replace('"external"', '"connector"'), "w", "connector"),
    "unknown input": one(service("w", "test.work", case_id="=1", cas="=1"), "w", "cas", "不接受"),
    "missing input": one(service("w", "test.work", note='="x"'), "w", "case_id", "缺少"),
    "unknown decision": one(
        element("businessRuleTask", "dt", camunda_decisionRef="gone", camunda_resultVariable="x"),
        "dt",
        "gone",
    ),
    "decision without a variable": one(
        element("businessRuleTask", "dt", camunda_decisionRef="rating"), "dt", "结果存到哪里"
    ),
    "decision mapped strangely": one(
        element(
            "businessRuleTask",
            "dt",
            camunda_decisionRef="rating",
            camunda_resultVariable="x",
            camunda_mapDecisionResult="all",
        ),
        "dt",
        "all",
    ),
    "groovy": one(
        element("scriptTask", "x", "<bpmn:script>x = 1</bpmn:script>", scriptFormat="groovy"),
        "x",
        "groovy",
    ),
    "no script": one(element("scriptTask", "x"), "x", "没有内容"),
    "no assignment": one(
        element("scriptTask", "x", "<bpmn:script>import os</bpmn:script>"), "x", "import os"
    ),
    "unknown process": one(element("callActivity", "c", calledElement="gone"), "c", "gone"),
    "calls itself": one(element("callActivity", "c", calledElement="p"), "c", "没有尽头"),
    "calls in a circle": one(element("callActivity", "c", calledElement="back"), "c", "没有尽头"),
}

MULTI = {
    "how many": one(
        user("u", inner="<bpmn:multiInstanceLoopCharacteristics/>"), "u", "几次没有写清"
    ),
    **{
        f"always {count}": one(
            user(
                "u",
                inner="<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>"
                f"{count}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>",
            ),
            "u",
            "总是得到",
            at="<bpmn:multiInstance",
        )
        for count in ("-1", "=1 - 4", "=1.5", "=2000", "=null", "true")
    },
    "always one": one(
        user(
            "u",
            inner="<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>=1"
            "</bpmn:loopDataInputRef></bpmn:multiInstanceLoopCharacteristics>",
        ),
        "u",
        "总是得到",
        at="<bpmn:multiInstance",
    ),
    "always nobody": one(user("u", assignee="=null"), "u", "null", at='name="assignee"'),
    "no variable": one(
        user(
            "u",
            inner='<bpmn:multiInstanceLoopCharacteristics camunda:collection="many" '
            'camunda:elementVariable="no name"/>',
        ),
        "u",
        "no name",
    ),
    "results": one(
        user(
            "u",
            inner='<bpmn:multiInstanceLoopCharacteristics camunda:collection="many">'
            "<bpmn:loopDataOutputRef>all</bpmn:loopDataOutputRef>"
            "</bpmn:multiInstanceLoopCharacteristics>",
        ),
        "u",
        "收集",
    ),
}
