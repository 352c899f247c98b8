"""Errors and escalations: which boundary event has what is sent, here or at whoever calls."""

from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding
from engine.runtime.lint.known import Catch, Known
from engine.runtime.lint.page import Page
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.source import bpmn, definitions_of, local
from engine.text import Text, text

KINDS = ("error", "escalation")


def around(page: Page, node: etree._Element) -> tuple[Catch, ...]:
    """What is caught at an element and at the sub-processes around it, the nearest first, and of
    one activity those that name a code first: the order in which the runtime asks them."""
    edges = _edges(page)
    found: list[Catch] = []
    for one in (node, *node.iterancestors()):
        found += sorted(edges.get(one.get("id", ""), ()), key=lambda catch: catch.code is None)
    return tuple(found)


def _edges(page: Page) -> dict[str, list[Catch]]:
    """The catches of each activity, read once."""
    known = page.cache.get("catches")
    if isinstance(known, dict):
        return known
    found: dict[str, list[Catch]] = {}
    for event in page.nodes("boundaryEvent"):
        for kind, code in _sent(page, event):
            catch = Catch(kind, code, event.get("cancelActivity") != "false")
            found.setdefault(event.get("attachedToRef", ""), []).append(catch)
    page.cache["catches"] = found
    return found


def _sent(page: Page, node: etree._Element) -> Iterator[tuple[str, str | None]]:
    """The kind and code of the errors and escalations of an event."""
    for definition in definitions_of(node):
        kind = local(definition).removesuffix("EventDefinition")
        if kind in KINDS:
            reference = definition.get(f"{kind}Ref")
            declared = page.root.iterfind(bpmn(kind)) if reference else ()
            codes = [one.get(f"{kind}Code") for one in declared if one.get("id") == reference]
            yield kind, codes[0] if codes else None


def taken_by(page: Page, node: etree._Element) -> set[Catch | None]:
    """The events that may have what an event sends; None where nothing has it."""
    found: set[Catch | None] = set()
    for kind, code in _sent(page, node):
        inside = _first(around(page, node), kind, code)
        found |= {inside} if inside else _outside(page.known, page.key, kind, code, frozenset())
    return found


def _first(catches: tuple[Catch, ...], kind: str, code: str | None) -> Catch | None:
    fitting = (one for one in catches if one.kind == kind and one.code in (None, code))
    return next(fitting, None)


def _outside(
    known: Known, key: str, kind: str, code: str | None, seen: frozenset[str]
) -> set[Catch | None]:
    """The same at every place that calls a process."""
    found: set[Catch | None] = set()
    for caller, one in known.processes.items():
        if key not in one.calls or caller in seen:
            continue
        for catches in one.catches.get(key, ((),)):
            here = _first(catches, kind, code)
            found |= {here} if here else _outside(known, caller, kind, code, seen | {key})
    return found or {None}


def ends_all(page: Page, node: etree._Element) -> bool:
    """Whether an error or escalation is sure to end the process or sub-process it is sent in."""
    found = taken_by(page, node)
    return bool(found) and all(one is not None and one.interrupts for one in found)


def uncaught(page: Page) -> Iterator[Finding]:
    """An error that nothing catches would end its path as if all were well; an escalation that
    nothing catches changes nothing, in BPMN too."""
    for node in page.nodes("endEvent", "intermediateThrowEvent"):
        if is_helper(node.get("id", "")) or None not in taken_by(page, node):
            continue
        if node.find(bpmn("errorEventDefinition")) is not None:
            yield page.error(node, *_lost(page, node))
        else:
            yield page.warning(node, *_lost(page, node))


def _lost(page: Page, node: etree._Element) -> tuple[Text, Text]:
    return (
        text("“{name}”发出的没有任何边界事件接住", name=page.name(node)),
        text("在外层子流程或调用活动上加同一代码的边界事件，或改为普通结束"),
    )


RULES = (uncaught,)
