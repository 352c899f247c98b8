"""Multi-instance activities: how many there are, and what each is given."""

import re
from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.page import Page, child_text
from engine.runtime.normalise.source import CAMUNDA, bpmn, local
from engine.text import text

_NAME = re.compile(r"[^\W\d]\w*")
_OUTPUTS = ("loopDataOutputRef", "outputDataItem")


def loop_of(node: etree._Element) -> etree._Element | None:
    """The multi-instance marker of an activity."""
    return node.find(bpmn("multiInstanceLoopCharacteristics"))


def collection_of(loop: etree._Element) -> str:
    """What a multi-instance goes through; empty when it only counts."""
    return (
        loop.get(f"{{{CAMUNDA}}}collection") or child_text(loop, "loopDataInputRef") or ""
    ).strip()


def item_of(loop: etree._Element) -> str | None:
    """The variable that each instance finds its item in."""
    if loop.get(f"{{{CAMUNDA}}}collection"):
        return loop.get(f"{{{CAMUNDA}}}elementVariable", "item")
    found = loop.find(bpmn("inputDataItem"))
    return None if found is None else found.get("name") or found.get("id")


def how_many(page: Page) -> Iterator[Finding]:
    """A multi-instance has a list to go through or a number, not both."""
    for node, loop in _loops(page):
        number = child_text(loop, "loopCardinality") or ""
        collection = collection_of(loop)
        if bool(number) == bool(collection):
            yield page.error(
                node,
                text("“{name}”要办几次没有写清", name=page.name(node)),
                text("写一个清单（collection）或一个次数（loopCardinality），只写其一"),
            )
        item = item_of(loop)
        if item is not None and not _NAME.fullmatch(item):
            yield page.error(
                node, text("“{name}”不能用作变量名", name=short(item)), text("用字母开头的名称")
            )


def lost_results(page: Page) -> Iterator[Finding]:
    """Instances leave nothing behind: what they find out is in tables."""
    for node, loop in _loops(page):
        if any(loop.find(bpmn(tag)) is not None for tag in _OUTPUTS):
            yield page.error(
                node,
                text("“{name}”各次的结果不会收集成清单", name=page.name(node)),
                text("由登记操作记下每次的结果，再用一个服务任务汇总"),
            )
        behavior = loop.get("behavior", "All")
        if behavior != "All" or loop.find(bpmn("complexBehaviorDefinition")) is not None:
            yield page.error(
                node, text("不支持多实例逐次发出事件"), text("删去这项设置，需要时在后面画事件")
            )


def no_place(page: Page) -> Iterator[Finding]:
    """Send tasks with a message are done once."""
    for node, _ in _loops(page):
        if local(node) == "sendTask" and not node.get(f"{{{CAMUNDA}}}topic"):
            yield page.error(node, text("发送任务不能多实例"), text("放进一个多实例的子流程里"))


def _loops(page: Page) -> Iterator[tuple[etree._Element, etree._Element]]:
    for node in page.nodes():
        loop = loop_of(node)
        if loop is not None:
            yield node, loop


RULES = (how_many, lost_results, no_place)
