"""Texts that the engine evaluates are texts and nothing else: it would read only a part of them."""

from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import CAMUNDA, bpmn
from engine.text import text

_EVALUATED = (
    f"{{{CAMUNDA}}}inputParameter",
    *map(bpmn, ("conditionExpression", "script", "timeDate", "timeDuration", "timeCycle")),
    *map(bpmn, ("loopCardinality", "completionCondition", "loopDataInputRef")),
)


def elements_within(page: Page) -> Iterator[Finding]:
    """Lists, maps and scripts of Camunda, and whatever else stands where a text belongs."""
    for node in page.process.iter(*_EVALUATED):
        for child in node:
            tag = etree.QName(child).localname if isinstance(child.tag, str) else ""
            yield page.error(
                node,
                text("这里的“{tag}”不会被读到，只读文字", tag=short(tag)),
                text("改写成一个FEEL表达式，例如 =amount > 100 或 =[1, 2]"),
            )
            break


def other_languages(page: Page) -> Iterator[Finding]:
    """Conditions are read as FEEL, whatever a diagram says."""
    for node in page.process.iter(bpmn("conditionExpression")):
        language = node.get("language") or "feel"
        if "feel" not in language.lower() or node.get(f"{{{CAMUNDA}}}resource") is not None:
            yield page.error(
                node,
                text("用{language}写的条件不会被执行", language=short(language)),
                text("改写成FEEL，以=开头，例如 =amount > 100"),
            )


RULES = (elements_within, other_languages)
