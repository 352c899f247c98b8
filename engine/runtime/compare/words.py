"""What a diagram's settings and their values are called (the words of the studio's panel)."""

import re
from collections.abc import Callable, Mapping, Sequence

from engine.runtime.compare.parts import DEFAULT, Diagram, Part
from engine.runtime.kinds import KINDS
from engine.text import Text, text

Words = Text | str
Say = Callable[[str, str], Words | None]
"""Puts a value into words that only others know: Say("formKey", "filing") is the form's name."""

NAMES: Mapping[str, Text] = {
    "candidateGroups": text("承办"),
    "formKey": text("表单"),
    "operation": text("登记方式"),
    "deadline": text("时限"),
    "reminders": text("提醒"),
    "escalateTo": text("逾期上报"),
    "clock": text("共用的计时"),
    "pauses": text("暂停的计时"),
    "excludes": text("不得是同一人的步骤"),
    "organisation": text("办理单位"),
    "assignee": text("办理人"),
    "clause": text("依据"),
    "stage": text("环节"),
    "topic": text("自动操作"),
    "decisionRef": text("决策表"),
    "resultVariable": text("结果存到"),
    "mapDecisionResult": text("结果取法"),
    "calledElement": text("调用的流程"),
    "script": text("赋值"),
    "attachedToRef": text("所属步骤"),
    "cancelActivity": text("是否中断步骤"),
    "isInterrupting": text("是否中断"),
    "event": text("事件"),
    "timeDuration": text("时间（过多久）"),
    "timeDate": text("时间（到某一刻）"),
    "timeCycle": text("时间（每隔多久）"),
    "condition": text("条件"),
    "name": text("链接名称"),
    "messageRef": text("消息"),
    "signalRef": text("信号"),
    "errorRef": text("错误"),
    "escalationRef": text("升级"),
    "correlation": text("对应的编号"),
    "loop": text("逐项办理"),
    "collection": text("逐项的名单"),
    "elementVariable": text("每一项存到"),
    "loopCardinality": text("办几次"),
    "completionCondition": text("提前结束的条件"),
    "isSequential": text("一项办完再办下一项"),
    "documentation": text("说明"),
    "text": text("文字"),
    "within": text("所在的子流程"),
    "default": text("默认出口"),
    "isExecutable": text("是否执行"),
    "processRef": text("所画的流程"),
    "sourceRef": text("起点"),
    "targetRef": text("终点"),
    "errorCode": text("错误编号"),
    "escalationCode": text("升级编号"),
    "triggeredByEvent": text("由事件引发"),
    "ids": text("内部编号"),
    "executionPlatform": text("适用的平台"),
    "executionPlatformVersion": text("平台版本"),
    "targetNamespace": text("命名空间"),
}
EVENTS: Mapping[str, Text] = {
    "timer": text("到时间"),
    "message": text("消息"),
    "signal": text("信号"),
    "error": text("错误"),
    "escalation": text("升级"),
    "conditional": text("条件"),
    "terminate": text("全部终止"),
    "compensate": text("撤销已办的"),
    "cancel": text("取消"),
    "link": text("连接"),
}
LOOPS: Mapping[str, Text] = {
    "none": text("否"),
    "multiInstance": text("是"),
    "standard": text("按条件重复"),
}
YES_NO = {"true": text("是"), "false": text("否")}
UNSAID = {  # what counts when a file does not say it
    "cancelActivity": "true",
    "isInterrupting": "true",
    "isSequential": "false",
    "isExecutable": "false",
    "triggeredByEvent": "false",
    "loop": "none",
}
MOST = 50  # values that are listed one by one
NAMING = {"excludes", "within", "default"}  # other parts, as whatever ends in Ref does
NOTHING = text("无")
NO_DEADLINE = text("不设期限")
OTHERWISE = text("其余情况")
UNITS: Mapping[str, Callable[[str], Text]] = {
    "D": lambda n: text("{n}日", n=n),
    "W": lambda n: text("{n}周", n=n),
    "M": lambda n: text("{n}个月", n=n),
    "Y": lambda n: text("{n}年", n=n),
    "H": lambda n: text("{n}小时", n=n),
}
_LENGTH = re.compile(r"P(?:(\d+)([DWMY])|T(\d+)(H))")
_REMINDER = re.compile(r"(-?)P(\d{1,3})D")
_SAID = 1000  # characters; nobody has words for more


def name_of(key: str) -> Text:
    """What a setting is called."""
    kind, colon, own = key.partition(":")
    if colon and kind in ("input", "output"):
        return text("输入{name}", name=own) if kind == "input" else text("输出{name}", name=own)
    return NAMES.get(key) or text("其他设置（{key}）", key=key)


def kind_of(part: Part) -> Text:
    """What sort of element it is."""
    return KINDS.get(part.tag) or (text("步骤") if part.is_node else text("内容"))


def value_of(diagram: Diagram, key: str, value: str, say: Say) -> Words:
    """A setting's value as people read it."""
    value = value or UNSAID.get(key, "")
    if not value:
        return NOTHING
    if is_list(key):
        return listed([item_of(diagram, key, one) for one in items(value)])
    return (say(key, value) if len(value) <= _SAID else None) or _plain(key, value)


def is_list(key: str) -> bool:
    """Whether a setting has several values, with commas between them."""
    return key == "reminders" or key in NAMING or (key.endswith("Ref") and key != "decisionRef")


def items(value: str) -> list[str]:
    """The values of such a setting, each once."""
    return [*dict.fromkeys(one.strip() for one in value.split(","))]


def item_of(diagram: Diagram, key: str, one: str) -> Words:
    """One of them as people read it."""
    return _reminder(one) if key == "reminders" else diagram.call(one)


def _plain(key: str, value: str) -> Words:
    if value in YES_NO:
        return YES_NO[value]
    if key == "event":
        return EVENTS.get(value, value)
    if key == "loop":
        return LOOPS.get(value, value)
    if key == "deadline" and value == "none":
        return NO_DEADLINE
    if key in ("condition", "completionCondition"):
        return " ".join(value.split()).removeprefix("=").lstrip()
    return length_of(value) or value


def length_of(value: str) -> Text | None:
    """P5D in words; None for what is no simple length."""
    found = _LENGTH.fullmatch(value.strip())
    if found is None:
        return None
    days, unit, hours, hour = found.groups()
    return UNITS[unit or hour](days or hours)


def _reminder(value: str) -> Words:
    found = _REMINDER.fullmatch(value)
    if found is None:
        return value
    before, days = found[1], int(found[2])
    if not days:
        return text("到期当日")
    return text("提前{n}日", n=days) if before else text("逾期{n}日", n=days)


def listed(found: Sequence[Words]) -> Words:
    """Several values one after another, in any language; of very many the first."""
    if not found:
        return NOTHING
    words = found[min(len(found), MOST) - 1]
    for one in reversed(found[: MOST - 1] if len(found) >= MOST else found[:-1]):
        words = text("{first}、{rest}", first=one, rest=words)
    return words if len(found) <= MOST else text("{list}…等{n}项", list=words, n=len(found))


def condition_of(flow: Part, diagram: Diagram, say: Say) -> Words:
    """When a flow is taken."""
    if flow.said.get(DEFAULT):
        return OTHERWISE
    return value_of(diagram, "condition", flow.said.get("condition", ""), say)
