"""Every FEEL expression of a diagram, with the names that are set where it is evaluated."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from engine.runtime.lint.data import Flow, script_of, set_once
from engine.runtime.lint.events import timer_of
from engine.runtime.lint.graph import graphs
from engine.runtime.lint.known import Names
from engine.runtime.lint.moments import is_literal, looks_like_cycle
from engine.runtime.lint.multi import collection_of, item_of, loop_of
from engine.runtime.lint.page import Page, child_text, properties
from engine.runtime.lint.services import inputs
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.source import bpmn, local, text_of

_COUNTS: Names = dict.fromkeys(("nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"))
_IDS = ("organisation", "assignee")
_ALWAYS_FEEL = (*_IDS, "correlation")


class Gives(StrEnum):
    """What an expression has to give."""

    TRUTH = "TRUTH"
    COUNT = "COUNT"
    LIST = "LIST"
    ID = "ID"


@dataclass(frozen=True)
class Written:
    """An expression, without the leading `=`; `at` is the XML element that it stands in, and
    `gives` what it has to give, where nothing else will do."""

    at: etree._Element
    source: str
    names: Names
    gives: Gives | None = None


def written(page: Page, flow: Flow) -> Iterator[Written]:
    """The expressions of all elements that can be reached."""
    for graph in graphs(page):
        for key, node in graph.nodes.items():
            if key not in flow.before:
                continue
            for out in graph.out[key]:
                yield from _condition(out, flow.after.get(key, {}))
            if not is_helper(key):
                yield from _of_node(page, node, flow.before.get(key, {}))


def _condition(out: etree._Element, names: Names) -> Iterator[Written]:
    found = out.find(bpmn("conditionExpression"))
    if found is not None and text_of(found):
        yield Written(found, bare(text_of(found)), names, Gives.TRUTH)


def _of_node(page: Page, node: etree._Element, names: Names) -> Iterator[Written]:
    loop = loop_of(node)
    if loop is not None:
        yield from _loop(page, node, loop, names)
        item = item_of(loop)
        names = {**names, **({item: None} if item else {})}
    for at, name, value in _properties(node):
        if name in _ALWAYS_FEEL or (name == "deadline" and value.startswith("=")):
            yield Written(at, bare(value), names, Gives.ID if name in _IDS else None)
    for entry in inputs(node):
        yield Written(entry, bare(text_of(entry)), names)
    yield from _script(node, names)
    yield from _timer(page, node, names)


def _loop(
    page: Page, node: etree._Element, loop: etree._Element, names: Names
) -> Iterator[Written]:
    if collection_of(loop):
        yield Written(loop, bare(collection_of(loop)), names, Gives.LIST)
    number, over = child_text(loop, "loopCardinality"), child_text(loop, "completionCondition")
    if number:
        yield Written(loop, bare(number), names, Gives.COUNT)
    if over:
        item = item_of(loop)
        inside = {**names, **set_once(node, page.known), **_COUNTS}
        names = {**inside, **({item: None} if item else {})}
        yield Written(loop, bare(over), names, Gives.TRUTH)


def _properties(node: etree._Element) -> Iterator[tuple[etree._Element, str, str]]:
    """The properties, each with the XML element that it stands in (an attribute: the node)."""
    places = {
        entry.get("name", ""): entry
        for entry in node.iterfind("{*}extensionElements/{*}properties/*")
    }
    for name, value in properties(node).items():
        yield places.get(name, node), name, value


def _script(node: etree._Element, names: Names) -> Iterator[Written]:
    if local(node) != "scriptTask":
        return
    at = node.find(bpmn("script"))
    for name, source in script_of(node):
        yield Written(node if at is None else at, bare(source), names)
        names = {**names, name: None}


def _timer(page: Page, node: etree._Element, names: Names) -> Iterator[Written]:
    time = timer_of(node)
    body = "" if time is None else text_of(time)
    literal = is_literal(body) or looks_like_cycle(body) or body in page.known.parameters
    if time is not None and body and not literal:
        yield Written(time, bare(body), names)


def bare(source: str) -> str:
    """The expression without the sign that marks one."""
    return source.strip().removeprefix("=").strip()
