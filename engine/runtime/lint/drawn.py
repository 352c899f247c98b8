"""What is executed can be seen: every step and flow is in the drawing, if there is one."""

from collections.abc import Iterator

from engine.findings import Finding
from engine.runtime.lint.page import Page
from engine.runtime.picture_model import BPMNDI, drawn_in
from engine.text import text


def undrawn(page: Page) -> Iterator[Finding]:
    """Steps and flows without a place in the picture. A process that nobody drew at all is not
    half hidden: it has no picture that could be believed."""
    if next(page.root.iter(f"{{{BPMNDI}}}BPMNShape"), None) is None:
        return
    seen = drawn_in(page.root)
    nodes, flows = [*page.nodes()], [*page.flows()]
    if nodes and not any(node.get("id") in seen for node in nodes):
        yield page.warning(
            page.process,
            text("文件里有图，但这个流程一步也没有画出来"),
            text("在建模工具里把它画出来，别人才看得见它怎么走"),
        )
        return
    for node in nodes:
        if node.get("id") not in seen:
            yield page.error(
                node,
                text("“{name}”没有画在图上，却会执行", name=page.name(node)),
                text("在建模工具里打开，画出来或删去"),
            )
    for flow in flows:
        if flow.get("id") not in seen:
            yield page.error(
                flow,
                text(
                    "从“{source}”到“{target}”的线没有画在图上，却会执行",
                    source=page.call(flow.get("sourceRef", "")),
                    target=page.call(flow.get("targetRef", "")),
                ),
                text("在建模工具里打开，画出来或删去"),
            )


RULES = (undrawn,)
