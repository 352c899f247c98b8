"""Mistakes in what is drawn."""

from tests.runtime.diagrams import chain, event, flow, user
from tests.runtime.lint.planting import (
    TIMER,
    Planted,
    between,
    caught,
    edge,
    element,
    inner,
    one,
    properties,
)

SHAPE = {
    "duplicate id": Planted(
        between(user("u"), "u") + '<bpmn:userTask id="u" name="again"/>',
        "u",
        ("u", "已经用过"),
        'name="again"',
    ),
    "reserved id": Planted(
        event("start", "Start") + event("end", "e") + chain("Start", "e"), "Start", ("引擎自用",)
    ),
    "helper id": one(user("u__split"), "u__split", "引擎自用"),
    "id with a blank": Planted(between(user("a b"), "a b"), "a b", ("不能用的字符",)),
    "no target": Planted(
        between(user("u"), "u") + '<bpmn:sequenceFlow id="f" sourceRef="u"/>', "f", ("终点",)
    ),
    "unknown source": Planted(
        between(user("u"), "u") + flow("ghost", "u"), "ghost_u", ("起点", "ghost")
    ),
    "across a border": Planted(
        between(inner("subProcess") + user("u"), "sub", "u") + flow("is", "u"),
        "is_u",
        ("另一个子流程",),
    ),
    "behind an end": Planted(between(user("u"), "u") + flow("e", "u"), "e_u", ("结束事件后面",)),
    "into a start": Planted(between(user("u"), "u") + flow("u", "s"), "u_s", ("开始事件",)),
    "boundary on nothing": Planted(
        between(user("u"), "u") + edge("b", "ghost", TIMER), "b", ("ghost",)
    ),
    "foreign default": Planted(
        between('<bpmn:exclusiveGateway id="g" name="g" default="s_g"/>', "g"), "g", ("s_g",)
    ),
}

CONSTRUCTS = {
    "complex gateway": one(element("complexGateway", "x"), "x", "复杂网关"),
    "ad-hoc": one(inner("adHocSubProcess"), "sub", "即席子流程"),
    "transaction": one(inner("transaction"), "sub", "事务子流程"),
    "event sub-process": Planted(
        between(user("u"), "u") + inner("subProcess", triggeredByEvent="true"),
        "sub",
        ("事件子流程",),
    ),
    "compensation": one(
        element("intermediateThrowEvent", "x", caught("compensate")), "x", "补偿"
    ),
    "for compensation": one(
        element("task", "x", isForCompensation="true"), "x", "补偿"
    ),
    "conditional event": one(
        element("intermediateCatchEvent", "x", caught("conditional")), "x", "条件事件"
    ),
    "cancel event": Planted(
        between(user("u"), "u") + edge("b", "u", caught("cancel")), "b", ("取消事件",)
    ),
    "several definitions": one(
        element("intermediateCatchEvent", "x", TIMER + caught("signal", signalRef="sig")),
        "x",
        "几个触发条件",
    ),
    "definition elsewhere": one(
        element(
            "intermediateCatchEvent", "x", "<bpmn:eventDefinitionRef>t</bpmn:eventDefinitionRef>"
        ),
        "x",
        "写在别处",
    ),
    "no definition": one(element("intermediateCatchEvent", "x"), "x", "一直等下去"),
    "error in the middle": one(
        element("intermediateCatchEvent", "x", caught("error", errorRef="err")), "x", "不会被执行"
    ),
    "standard loop": one(
        element("task", "x", "<bpmn:standardLoopCharacteristics/>"), "x", "标准循环"
    ),
    "message start": Planted(
        element("startEvent", "s", caught("message", messageRef="m"))
        + event("end", "e")
        + chain("s", "e"),
        "s",
        ("消息", "启动"),
    ),
    "timer start": Planted(
        element("startEvent", "s", TIMER) + event("end", "e") + chain("s", "e"),
        "s",
        ("定时启动",),
    ),
    "several starts": Planted(
        between(user("u"), "u") + event("start", "s2") + flow("s2", "u"), "s2", ("2个开始事件",)
    ),
    "instantiating receive": one(
        element(
            "receiveTask", "x", properties(correlation="=1"), instantiate="true", messageRef="m"
        ),
        "x",
        "由消息启动",
    ),
    "link to nowhere": Planted(
        event("start", "s")
        + element("intermediateThrowEvent", "x", caught("link", name="there"))
        + chain("s", "x"),
        "x",
        ("there", "接收端"),
    ),
    "link from nowhere": Planted(
        between(user("u"), "u")
        + element("intermediateCatchEvent", "x", caught("link", name="there"))
        + event("end", "e2")
        + chain("x", "e2"),
        "x",
        ("there", "发出端"),
    ),
    "choreography": Planted(
        between(user("u"), "u") + element("choreographyTask", "x"), "p", ("choreographyTask",),
        "choreographyTask",
    ),
}  # fmt: skip
