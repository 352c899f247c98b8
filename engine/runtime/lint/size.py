"""Bounds, before anything looks at all of a diagram more than once."""

from collections.abc import Iterator
from itertools import islice

from engine.findings import Finding, whole_file
from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import CAMUNDA, FLOW_NODES, bpmn
from engine.text import text

MOST_ELEMENTS = 3000  # tasks, events, gateways and flows of a diagram; ten times the largest known
MOST_PROPERTIES = 200  # of one element
MOST_LINES = 65_535  # the parser counts no further, and every finding would stand on the last

_DRAWN = tuple(map(bpmn, (*sorted(FLOW_NODES), "sequenceFlow")))
_LISTS = tuple(f"{{{CAMUNDA}}}{name}" for name in ("properties", "inputOutput"))


def oversized(page: Page, source: bytes) -> Iterator[Finding]:
    """What is too large to be looked at, once."""
    if source.count(b"\n") > MOST_LINES:
        yield whole_file(
            text("文件超过{n}行", n=MOST_LINES), text("用建模工具打开并重新保存，或拆成几个流程")
        )
        return
    if next(islice(page.process.iter(*_DRAWN), MOST_ELEMENTS, None), None) is not None:
        yield page.error(
            page.process,
            text("流程有{n}个以上的元素和顺序流，太多", n=MOST_ELEMENTS),
            text("拆成几个流程，再用调用活动连接"),
        )
        return
    for node in page.process.iter():
        number = max(len(node.attrib), len(node) if node.tag in _LISTS else 0)
        if number > MOST_PROPERTIES:
            yield page.error(
                node, text("这里有{n}个属性，太多", n=number), text("只留下用得到的属性")
            )
            return
