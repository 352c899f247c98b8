"""What looks like a setting of ours and is none, so that the real one can be missed.

Extensions of other tools are left alone, as long as their names are not those of our vocabulary.
"""

import unicodedata
from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.foreign import ENGINES
from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import BPMN, CAMUNDA, FLOW_NODES, local
from engine.runtime.normalise.vocabulary import PROPERTIES
from engine.text import Text, text

_OURS = (PROPERTIES | {"collection", "elementVariable"}) - {"type"}  # anybody says type
_BY_LETTERS = {name.casefold(): name for name in PROPERTIES}
_STRUCTURE = FLOW_NODES | {
    *("sequenceFlow", "conditionExpression", "extensionElements", "laneSet"),
    *("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"),
}
_LIBRARY = ("sequenceFlow", "boundaryEvent")  # the library asks only how a name ends
_HOLDERS = {"properties", "inputOutput"}
_ENTRIES = {
    "property": "properties",
    **dict.fromkeys(("inputParameter", "outputParameter"), "inputOutput"),
}
_NEITHER = {
    *("http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace"),
    *ENGINES,  # told as what they are
}


def attributes(page: Page) -> Iterator[Finding]:
    """Attributes of our vocabulary have Camunda's prefix, all others of BPMN have none."""
    for node in page.process.iter(f"{{{BPMN}}}*"):
        for name in map(etree.QName, node.attrib):
            if name.namespace == BPMN:
                yield page.error(node, *_prefixed(name.localname))
            elif name.localname in _OURS and name.namespace not in {CAMUNDA, *_NEITHER}:
                shown = short(f"camunda:{name.localname}")
                yield page.error(
                    node,
                    text("属性{name}不是{shown}，不会生效", name=_called(name), shown=shown),
                    text("写成{shown}，或删去", shown=shown),
                )
    for node in page.process.iter(f"{{{CAMUNDA}}}*"):
        for name in map(etree.QName, node.attrib):
            if name.namespace == CAMUNDA:
                yield page.error(node, *_prefixed(name.localname))


def _prefixed(name: str) -> tuple[Text, Text]:
    return (
        text("属性{name}带了前缀，不会生效", name=short(name)),
        text("去掉前缀，写成{name}", name=short(name)),
    )


def elements(page: Page) -> Iterator[Finding]:
    """Elements of other tools have names of their own."""
    for node in page.process.iter():
        name = etree.QName(node)
        if name.namespace == BPMN or name.namespace in _NEITHER:
            continue
        own = name.localname
        if own in _STRUCTURE or own.endswith(_LIBRARY):
            yield page.error(node, *_no_bpmn(name))
        elif name.namespace == CAMUNDA:
            continue
        elif own in _ENTRIES and node.get("name") in PROPERTIES:
            yield page.error(node, *_no_setting(name))
        elif own in _ENTRIES or own in _HOLDERS:
            yield page.warning(node, *_no_setting(name))


def _no_bpmn(name: etree.QName) -> tuple[Text, Text]:
    return (
        text("{name}不是BPMN的元素", name=_called(name)),
        text("删去它；要用的，在建模工具里画"),
    )


def _no_setting(name: etree.QName) -> tuple[Text, Text]:
    return (
        text("{name}不是这里的设置，不会生效", name=_called(name)),
        text("在建模工具的属性面板里设置，或删去"),
    )


def places(page: Page) -> Iterator[Finding]:
    """Properties and inputs stand where they are read."""
    for node in page.process.iter(f"{{{CAMUNDA}}}*"):
        own, parent = etree.QName(node).localname, node.getparent()
        if parent is None:
            continue
        if own in _ENTRIES:
            is_read = parent.tag == f"{{{CAMUNDA}}}{_ENTRIES[own]}"
        else:
            is_read = own not in _HOLDERS or _holds(parent, own)
        if not is_read:
            yield page.error(
                node,
                text("{name}放错了地方，不会生效", name=short(f"camunda:{own}")),
                text("在建模工具的属性面板里重新设置"),
            )


def _holds(parent: etree._Element, own: str) -> bool:
    if own == "inputOutput" and parent.tag == f"{{{CAMUNDA}}}connector":
        return True  # told as what it is
    holder = parent.getparent()
    return local(parent) == "extensionElements" and holder is not None and bool(local(holder))


def spelling(page: Page) -> Iterator[Finding]:
    """A property is read by its exact name."""
    for node in page.process.iter(f"{{{CAMUNDA}}}property"):
        name = node.get("name", "")
        meant = _BY_LETTERS.get(_letters(name))
        if meant is not None and name != meant:
            yield page.error(
                node,
                text("属性名“{name}”不是{meant}，不会生效", name=short(name), meant=meant),
                text("写成{shown}，或删去", shown=meant),
            )


def _letters(name: str) -> str:
    """What people read: no blanks, nothing invisible, small letters."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(sign for sign in plain if sign.isprintable() and sign != " ").casefold()


def _called(name: etree.QName) -> str:
    return short(f"{{{name.namespace}}}{name.localname}" if name.namespace else name.localname, 100)


RULES = (attributes, elements, places, spelling)
