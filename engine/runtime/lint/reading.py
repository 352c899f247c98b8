"""Reading a process far enough to follow its flows."""

from engine.runtime.lint import shape
from engine.runtime.lint.known import Known
from engine.runtime.lint.page import Page
from engine.runtime.normalise import (
    DiagramRefused,
    complete_graph,
    main_process,
    parse_xml,
    plain_references,
)
from engine.runtime.normalise.source import bpmn


def read_page(source: bytes, name: str, known: Known) -> Page | None:
    """The completed page of a process that can be followed; None when it cannot."""
    try:
        root = parse_xml(source, name)
    except DiagramRefused:
        return None
    process = main_process(root, name)
    if process is None or root.tag != bpmn("definitions"):
        return None
    plain_references(process)
    page = Page(root, process, known, process.get("id", ""))
    if shape.is_too_large(page) or any(True for rule in shape.RULES for _ in rule(page)):
        return None
    complete_graph(process)
    page.complete = True
    return page
