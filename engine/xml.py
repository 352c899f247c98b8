"""Reading XML from anybody: no entities, no network, no bounds that can be burst."""

from collections.abc import Callable

from lxml import etree

from engine.errors import DanbaoError
from engine.text import Text, text

MAX_BYTES = 2_000_000
_HARMLESS = {"WAR_NS_URI", "WAR_NS_URI_RELATIVE"}
_DECLARES = (b"<!DOCTYPE", b"<!ENTITY")

Refuse = Callable[[str, Text, Text, int], DanbaoError]
"""Makes the reader's error from a code, what is wrong, what to do, and the line."""


def read_xml(source: bytes, name: str, refuse: Refuse, split: Text) -> etree._Element:
    """The root of a file of at most 2 MB in any encoding, without comments and instructions.

    Raises what `refuse` makes; `split` is what to do about a file that is too large.
    """
    if len(source) > MAX_BYTES:
        raise refuse("too_large", text("{name}超过2 MB", name=name), split, 0)
    # NULs go because a file in UTF-16 or UTF-32 spells the declaration with them.
    if any(mark in source.replace(b"\0", b"") for mark in _DECLARES):
        raise _doctype(name, refuse)
    root = _tree(source, name, refuse)
    declared = root.getroottree().docinfo
    if declared.internalDTD is not None or declared.doctype:  # in an encoding of another alphabet
        raise _doctype(name, refuse)
    return root


def _tree(source: bytes, name: str, refuse: Refuse) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        root: etree._Element | None = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise _not_xml(name, getattr(error, "lineno", None) or 1, refuse) from error
    # Recovering lets a namespace that is no URI pass (two vendors write one), and nothing else.
    for entry in parser.error_log:
        if entry.type_name not in _HARMLESS:
            raise _not_xml(name, entry.line, refuse)
    if root is None:
        raise _not_xml(name, 1, refuse)
    return root


def _not_xml(name: str, line: int, refuse: Refuse) -> DanbaoError:
    line = max(line, 1)
    message = text("{name}第{line}行不是有效的XML", name=name, line=line)
    return refuse("not_xml", message, text("用建模工具打开并重新保存"), line)


def _doctype(name: str, refuse: Refuse) -> DanbaoError:
    message = text("{name}含有DOCTYPE声明", name=name)
    return refuse("doctype", message, text("删去该声明后重新上传"), 0)
