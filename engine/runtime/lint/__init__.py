"""The linter: what SpiffWorkflow would execute wrongly is refused before it is published.

`lint` looks at one file; `known` says what else exists. It finds all mistakes, not only the first,
and no input makes it raise. The rules are small functions, one idea each, in the modules here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from engine.findings import Finding, Level, Report, short, whole_file
from engine.runtime.lint import (
    caught,
    constructs,
    disguise,
    drawn,
    events,
    foreign,
    gateways,
    multi,
    names,
    paths,
    people,
    places,
    restless,
    services,
    shape,
    texts,
    tokens,
)
from engine.runtime.lint.executable import not_executable
from engine.runtime.lint.known import Called, Known
from engine.runtime.lint.page import Page
from engine.runtime.lint.reading import read_page
from engine.runtime.lint.size import oversized
from engine.runtime.normalise import (
    DiagramRefused,
    complete_graph,
    main_process,
    parse_xml,
    plain,
)
from engine.runtime.normalise.source import bpmn, candidates, line_of
from engine.text import Text, text

__all__ = ["Called", "Finding", "Known", "Level", "Report", "lint", "read_page"]

MOST = 200  # findings told of one file

Rule = Callable[[Page], Iterable[Finding]]
AS_DRAWN: tuple[Rule, ...] = (
    *constructs.RULES,
    *people.RULES,
    *services.RULES,
    *events.RULES,
    *caught.RULES,
    *texts.RULES,
    *multi.RULES,
    *foreign.RULES,
    *places.RULES,
    *disguise.RULES,
    *drawn.RULES,
)
COMPLETED: tuple[Rule, ...] = (
    *paths.RULES,
    *restless.RULES,
    *gateways.RULES,
    *tokens.RULES,
    *names.RULES,
)


def lint(source: bytes, name: str, known: Known) -> Report:
    """All findings on a BPMN file. `name` is its file name, or the key it is published under."""
    try:
        root = parse_xml(source, name)
    except DiagramRefused as refused:
        return Report(name, (whole_file(refused.message, refused.remedy, refused.line),))
    found = list(_processes(root))
    process = main_process(root, name) if not found else _first(root)
    if process is not None:
        plain(process)
        page = Page(root, process, known, process.get("id", ""))
        found += list(oversized(page, source)) or _findings(page, source)
    return Report(name, _in_order(found))


def _first(root: etree._Element) -> etree._Element | None:
    return next(iter(candidates(root)), None)


def _findings(page: Page, source: bytes) -> list[Finding]:
    found = [*_told(shape.RULES, page)]
    sound = not found
    found += _told(AS_DRAWN, page)
    if sound:
        complete_graph(page.process)
        page.complete = True
        found += _told(COMPLETED, page)
    if not any(one.level is Level.ERROR for one in found):
        found += not_executable(page, source)
    return found


def _told(rules: Iterable[Rule], page: Page) -> Iterator[Finding]:
    """What the rules find, of each no more than is told of a whole file."""
    for rule in rules:
        counts = Counter[Level]()
        for finding in rule(page):
            counts[finding.level] += 1
            if counts[finding.level] <= MOST:
                yield finding
            elif finding.level is Level.ERROR:
                break


def _processes(root: etree._Element) -> Iterator[Finding]:
    """A file holds one process that is meant to be executed."""
    if root.tag != bpmn("definitions"):
        yield whole_file(text("不是BPMN文件"), text("用建模工具画流程，保存为BPMN 2.0"))
        return
    found = candidates(root)
    if not found:
        yield _at(
            next(root.iterfind(bpmn("process")), root),
            text("文件里没有可以执行的流程"),
            text("画上开始、任务和结束，用顺序流连好"),
        )
    for one in found[1:]:
        yield _at(
            one,
            text("文件里有{n}个可以执行的流程，只能有一个", n=len(found)),
            text("把其中一个标为可执行，其余标为不可执行，或各存一个文件"),
        )


def _at(node: etree._Element, message: Text, remedy: Text) -> Finding:
    key = short(node.get("id", ""), 120)
    return Finding(Level.ERROR, key, short(node.get("name") or key), line_of(node), message, remedy)


def _in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    by_line = sorted(found, key=lambda one: (one.line, one.element))
    once = {(one.element, one.line, str(one.message)): one for one in by_line}
    kept = sorted(once.values(), key=lambda one: one.level is Level.WARNING)[:MOST]
    return tuple(sorted(kept, key=lambda one: (one.line, one.element)))
