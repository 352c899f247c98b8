"""What is executed can be seen: every step and flow is in the drawing, if there is one, and each
flow is drawn from where it comes to where it goes."""

from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding
from engine.runtime.lint.page import Page
from engine.runtime.picture_model import BPMNDI, Box, Drawn, Point, drawn_in
from engine.text import text

NEAR = 30.0  # how far from a step its flows may end; no tool of the corpus leaves a third of it


def drawing(page: Page) -> Iterator[Finding]:
    """What the picture of a process does not show, or shows otherwise than it runs. A process that
    nobody drew at all is not half hidden: it has no picture that could be believed."""
    if next(page.root.iter(f"{{{BPMNDI}}}BPMNShape"), None) is None:
        return
    drawn, nodes = drawn_in(page.root), [*page.nodes()]
    if nodes and not any(node.get("id") in drawn.shapes for node in nodes):
        yield page.warning(
            page.process,
            text("文件里有图，但这个流程一步也没有画出来"),
            text("在建模工具里把它画出来，别人才看得见它怎么走"),
        )
        return
    yield from _steps(page, nodes, drawn)
    for flow in page.flows():
        yield from _flow(page, flow, drawn)


def _steps(page: Page, nodes: list[etree._Element], drawn: Drawn) -> Iterator[Finding]:
    for node in nodes:
        if node.get("id") not in drawn.shapes:
            yield page.error(
                node,
                text("“{name}”没有画在图上，却会执行", name=page.name(node)),
                text("在建模工具里打开，画出来或删去"),
            )


def _flow(page: Page, flow: etree._Element, drawn: Drawn) -> Iterator[Finding]:
    source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
    lines = drawn.lines.get(flow.get("id", ""), [])
    names = {"source": page.call(source), "target": page.call(target)}
    if not lines:
        yield page.error(
            flow,
            text("从“{source}”到“{target}”的线没有画在图上，却会执行", **names),
            text("在建模工具里打开，画出来或删去"),
        )
    for points in lines:
        if not (_meets(points[0], drawn, source) and _meets(points[-1], drawn, target)):
            yield page.error(
                flow,
                text("从“{source}”到“{target}”的线在图上画到了别处", **names),
                text("在建模工具里把线的两端拖回这两步"),
            )


def _meets(point: Point, drawn: Drawn, key: str) -> bool:
    """Whether a point is at an element; what is not drawn is told as that."""
    boxes = drawn.shapes.get(key)
    return boxes is None or any(_distance(point, box) <= NEAR for box in boxes)


def _distance(point: Point, box: Box) -> float:
    (x, y), (right, bottom) = point, box.corner
    return max(box.x - x, x - right, box.y - y, y - bottom, 0.0)


RULES = (drawing,)
