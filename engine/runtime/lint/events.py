"""Timers, messages, signals, errors and escalations: what they wait for, and what they send."""

from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.moments import is_cycle, is_literal, is_time, looks_like_cycle
from engine.runtime.lint.page import Page, properties
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.source import bpmn, definitions_of, local, text_of
from engine.text import Text, text

_TIMES = ("timeDate", "timeDuration", "timeCycle")
_SHARED = {"signal": "signalRef", "error": "errorRef", "escalation": "escalationRef"}
_KINDS = {"signal": text("信号"), "error": text("错误"), "escalation": text("升级")}


def timer_of(node: etree._Element) -> etree._Element | None:
    """The time of a timer event."""
    definition = node.find(bpmn("timerEventDefinition"))
    times = [] if definition is None else [one for one in definition if local(one) in _TIMES]
    return times[0] if times else None


def timers(page: Page) -> Iterator[Finding]:
    """A timer has one time that can be computed when its task begins."""
    for node in page.nodes("boundaryEvent", "intermediateCatchEvent"):
        if node.find(bpmn("timerEventDefinition")) is None:
            continue
        time = timer_of(node)
        if time is None or not text_of(time):
            yield page.error(
                node,
                text("定时器“{name}”没有写时间", name=page.name(node)),
                text('写上P3D这样的期限、方案参数名或 =due("参数名")'),
            )
        elif local(time) == "timeCycle":
            yield from _cycle(page, node, time)
        else:
            yield from _time(page, time)


def _time(page: Page, time: etree._Element) -> Iterator[Finding]:
    body = text_of(time)
    if is_literal(body) and not is_time(body):
        yield page.error(
            time,
            text("时间“{body}”无法理解", body=short(body)),
            text("期限写成P3D、P2W、P1M、PT8H；日期时间写成2026-01-31T17:00:00+08:00"),
        )


def _cycle(page: Page, node: etree._Element, time: etree._Element) -> Iterator[Finding]:
    body = text_of(time)
    if looks_like_cycle(body) and not is_cycle(body):
        yield page.error(
            time,
            text("周期“{body}”无法理解", body=short(body)),
            text("写成R3/P1D（三次，每天）或R/P1W（一直，每周）"),
        )
    if local(node) == "boundaryEvent" and node.get("cancelActivity") != "false":
        yield page.error(
            node,
            text("中断任务的定时器不能写周期"),
            text("改为不中断，或写一个期限"),
        )


def messages(page: Page) -> Iterator[Finding]:
    """A message has a name, and its event says whom it is about."""
    known = {one.get("id"): one for one in page.root.iterfind(bpmn("message"))}
    for holder, node in _with_messages(page):
        reference = holder.get("messageRef")
        if not reference:
            yield page.error(
                node,
                text("“{name}”没有指定消息", name=page.name(node)),
                text("选定或新建一个消息"),
            )
        elif reference not in known:
            yield page.error(
                node,
                text("消息“{id}”不存在", id=short(reference)),
                text("重新选定消息"),
            )
        elif not (known[reference].get("name") or "").strip():
            yield page.error(
                known[reference],
                text("消息没有名称"),
                text("给消息起名，例如loan.disbursed"),
            )
        if reference and not properties(node).get("correlation"):
            yield page.error(
                node,
                text("“{name}”没有写明消息与哪件事对应", name=page.name(node)),
                text("在属性correlation写表达式，例如 =case_id"),
            )


def _with_messages(page: Page) -> Iterator[tuple[etree._Element, etree._Element]]:
    for node in page.nodes("receiveTask"):
        yield node, node
    for node in page.nodes("sendTask"):
        if not properties(node).get("topic"):
            yield node, node
    for node in page.nodes():
        for definition in definitions_of(node):
            if local(definition) == "messageEventDefinition" and local(node) != "startEvent":
                yield definition, node


def references(page: Page) -> Iterator[Finding]:
    """Signals, errors and escalations that events name are defined in the file."""
    known = {
        kind: {one.get("id"): one for one in page.root.iterfind(bpmn(kind))} for kind in _SHARED
    }
    for node in page.nodes():
        for definition in definitions_of(node):
            kind = local(definition).removesuffix("EventDefinition")
            if kind in _SHARED and local(node) != "startEvent":
                found = known[kind]
                yield from _reference(page, node, kind, definition.get(_SHARED[kind]), found)


def _reference(
    page: Page,
    node: etree._Element,
    kind: str,
    reference: str | None,
    known: dict[str | None, etree._Element],
) -> Iterator[Finding]:
    what = _KINDS[kind]
    found = known.get(reference or "")
    if reference and found is None:
        yield page.error(
            node,
            text("{what}“{id}”不存在", what=what, id=short(reference)),
            text("重新选定"),
        )
    elif kind == "signal" and (found is None or not (found.get("name") or "").strip()):
        yield page.error(
            node, text("“{name}”的信号没有名称", name=page.name(node)), text("选定一个有名称的信号")
        )
    elif not reference and local(node) == "endEvent":
        yield page.error(
            node, text("“{name}”没有指定{what}", name=page.name(node), what=what), text("选定一个")
        )


def uncaught(page: Page) -> Iterator[Finding]:
    """An error or escalation that nothing around catches changes nothing."""
    caught = _caught(page)
    # a process that is called may be caught by its caller
    is_called = any(page.key in one.calls for one in page.known.processes.values())
    for node in page.nodes("endEvent", "intermediateThrowEvent"):
        if is_called or is_helper(node.get("id", "")):
            continue
        around = {one.get("id") for one in node.iterancestors()}
        for definition in definitions_of(node):
            kind = local(definition)
            if kind in caught and around.isdisjoint(caught[kind]):
                yield page.warning(node, *_lost(page, node))


def _lost(page: Page, node: etree._Element) -> tuple[Text, Text]:
    return (
        text("“{name}”发出的没有任何边界事件接住", name=page.name(node)),
        text("在外层子流程或调用活动上加对应的边界事件，或改为普通结束"),
    )


def _caught(page: Page) -> dict[str, set[str | None]]:
    """On which activities each kind is caught."""
    found: dict[str, set[str | None]] = {
        "errorEventDefinition": set(),
        "escalationEventDefinition": set(),
    }
    for event in page.nodes("boundaryEvent"):
        for kind, hosts in found.items():
            if event.find(bpmn(kind)) is not None:
                hosts.add(event.get("attachedToRef"))
    return found


RULES = (timers, messages, references, uncaught)
