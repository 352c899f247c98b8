"""Tasks that run by themselves: operations, decisions, scripts, called processes."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.elements.scripts import assignments
from engine.runtime.lint.data import Flow
from engine.runtime.lint.multi import item_of, loop_of
from engine.runtime.lint.page import Page, child_text, properties
from engine.runtime.normalise.source import BPMN, CAMUNDA, local
from engine.runtime.normalise.vocabulary import topic_of
from engine.runtime.registry import Operation
from engine.text import text

_INPUTS = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}inputOutput/{{{CAMUNDA}}}inputParameter"
_MAPPINGS = ("singleEntry", "singleResult", "collectEntries", "resultList")
_NAME = re.compile(r"[^\W\d]\w*")


def inputs(node: etree._Element) -> list[etree._Element]:
    """The inputs that a task gives to its operation."""
    return list(node.iterfind(_INPUTS))


def topics(page: Page) -> Iterator[Finding]:
    """A service task calls a registered operation."""
    for node in page.nodes("serviceTask", "sendTask"):
        props = properties(node)
        topic = topic_of(node)
        if not topic:
            if local(node) == "serviceTask":
                yield page.error(
                    node,
                    text("“{name}”没有操作可以执行", name=page.name(node)),
                    text("类型选External，在topic写上登记操作的名称"),
                )
            continue
        if props.get("type", "external") != "external":
            yield page.error(
                node,
                text("类型{type}不会被执行", type=short(props["type"])),
                text("类型选External"),
            )
        found = page.known.operations.get(topic)
        if found is None or found.kind != "service":
            yield page.error(
                node,
                text("没有名为“{name}”的登记操作", name=short(topic)),
                text("改正topic，或请开发人员登记这个操作"),
            )
        else:
            yield from _inputs(page, node, found.inputs)
            yield from unasked(page, node, found)


def unasked(page: Page, node: etree._Element, found: Operation) -> Iterator[Finding]:
    """The decisions that an operation goes by and that nobody has published."""
    for decision in found.asks:
        if decision not in page.known.decisions:
            yield page.error(
                node,
                text(
                    "操作“{name}”要问的决策“{decision}”不存在", name=found.name, decision=decision
                ),
                text("先发布有这个决策的决策表"),
            )


def _inputs(page: Page, node: etree._Element, wanted: Mapping[str, bool]) -> Iterator[Finding]:
    given = Counter(entry.get("name", "") for entry in inputs(node))
    for name, times in given.items():
        if name not in wanted:
            yield page.error(
                node,
                text("操作不接受输入“{name}”", name=short(name)),
                text("可以写：{names}", names="、".join(sorted(wanted)) or "—"),
            )
        elif times > 1:
            yield page.error(node, text("输入“{name}”写了几次", name=short(name)), text("只留一个"))
    for name, required in wanted.items():
        if required and name not in given:
            yield page.error(
                node,
                text("操作缺少输入“{name}”", name=short(name)),
                text("加上输入参数{name}，例如 ={name}", name=name),
            )


def decisions(page: Page) -> Iterator[Finding]:
    """A business rule task asks a published decision and keeps its answer."""
    for node in page.nodes("businessRuleTask"):
        props = properties(node)
        decision, variable = props.get("decisionRef", ""), props.get("resultVariable", "")
        if decision not in page.known.decisions:
            yield page.error(
                node,
                text("决策“{name}”不存在", name=short(decision)),
                text("先发布决策表，在decisionRef写上它的id"),
            )
        if not _NAME.fullmatch(variable):
            yield page.error(
                node,
                text("“{name}”没有写明结果存到哪里", name=page.name(node)),
                text("在resultVariable写上变量名"),
            )
        mapping = props.get("mapDecisionResult", "resultList")
        if mapping not in _MAPPINGS:
            yield page.error(
                node,
                text("结果取法“{mapping}”不存在", mapping=short(mapping)),
                text("可以写：{names}", names="、".join(_MAPPINGS)),
            )


def facts(page: Page, flow: Flow) -> Iterator[Finding]:
    """What a decision rests on has been set before a task asks it: else it would be null."""
    for node in page.nodes("businessRuleTask"):
        asked = page.known.offered.get(properties(node).get("decisionRef", ""))
        names = flow.before.get(node.get("id", ""))
        if asked is None or names is None:
            continue
        loop = loop_of(node)
        item = {item_of(loop)} if loop is not None else set()
        for name in sorted(asked.inputs - names.keys() - item):
            yield page.error(
                node,
                text("决策要问的{name}，前面没有任何步骤设定", name=short(name)),
                text("在前面加上设定它的任务，或改决策表的输入"),
            )


def scripts(page: Page) -> Iterator[Finding]:
    """A script is FEEL assignments, nothing else is ever run."""
    for node in page.nodes("scriptTask"):
        language = (node.get("scriptFormat") or "feel").strip().lower()
        body = child_text(node, "script") or ""
        if language != "feel" or properties(node).get("resource"):
            yield page.error(
                node,
                text("不执行{language}脚本", language=short(language)),
                text("脚本格式写feel，每行一个 名称 = 表达式；其余的事用登记操作"),
            )
        elif not body:
            yield page.error(
                node, text("“{name}”没有内容", name=page.name(node)), text("写上 名称 = 表达式")
            )
        else:
            yield from _assignments(page, node, body)


def _assignments(page: Page, node: etree._Element, body: str) -> Iterator[Finding]:
    variable = properties(node).get("resultVariable")
    if variable is not None:
        if not _NAME.fullmatch(variable):
            yield page.error(
                node,
                text("“{name}”不能用作变量名", name=short(variable)),
                text("用字母开头的名称"),
            )
        return
    try:
        assignments(body)
    except ValueError as error:
        yield page.error(
            node,
            text("脚本里的“{line}”不是赋值", line=short(error)),
            text("每行写 名称 = 表达式，续行缩进"),
        )


def calls(page: Page) -> Iterator[Finding]:
    """A called process is published, and does not call this one back."""
    for node in page.nodes("callActivity"):
        called = node.get("calledElement", "")
        if called == page.key:
            yield _circle(page, node, called)
        elif called not in page.known.processes:
            yield page.error(
                node,
                text("调用的流程“{name}”不存在", name=short(called)),
                text("先发布那个流程，在calledElement写上它的id"),
            )
        elif page.key in _called_by(page, called):
            yield _circle(page, node, called)


def _circle(page: Page, node: etree._Element, called: str) -> Finding:
    return page.error(
        node,
        text("流程“{name}”又会调用本流程，没有尽头", name=short(called)),
        text("把循环画在一个流程里，用网关和顺序流回到前面"),
    )


def _called_by(page: Page, key: str) -> set[str]:
    seen: set[str] = set()
    todo = [key]
    while todo:
        current = todo.pop()
        if current not in seen and current in page.known.processes:
            seen.add(current)
            todo += page.known.processes[current].calls
    return {one for key in seen for one in page.known.processes[key].calls}


RULES = (topics, decisions, scripts, calls)
