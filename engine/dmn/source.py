"""A DMN file as XML: read safely, its version checked, its elements found by their plain names."""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.dmn.errors import DecisionRefused, line_of, refuse
from engine.text import Text, text

MAX_TEXT = 300_000  # characters of all expressions
_VERSIONS = (
    "http://www.omg.org/spec/DMN/20180521/MODEL/",  # 1.2
    "https://www.omg.org/spec/DMN/20191111/MODEL/",  # 1.3
    "https://www.omg.org/spec/DMN/20211108/MODEL/",  # 1.4
    "https://www.omg.org/spec/DMN/20230324/MODEL/",  # 1.5
)
_REMEDY = text("用建模工具打开，另存为DMN 1.3后重新上传")


def read_xml(source: bytes, name: str) -> etree._Element:
    """The `definitions` element; no entities, no network. Raises DecisionRefused with the line."""
    root = xml.read_xml(source, name, _refuse, text("拆成几个文件"))
    _check_version(root, name)
    _check_text(root, name)
    return root


def _refuse(code: str, message: Text, remedy: Text, line: int) -> DecisionRefused:
    return DecisionRefused(code, message, remedy, line=line or None)


def _check_text(root: etree._Element, name: str) -> None:
    """Reading expressions takes a while, so there may not be too much of them."""
    if sum(len(node.text or "") for node in root.iter("{*}text")) > MAX_TEXT:
        message = text("{name}的表达式合计超过{limit}个字符", name=name, limit=MAX_TEXT)
        raise DecisionRefused("too_large", message, text("拆成几个文件"))


def _check_version(root: etree._Element, name: str) -> None:
    if etree.QName(root).namespace not in _VERSIONS or kind_of(root) != "definitions":
        raise DecisionRefused(
            "not_dmn", text("{name}不是DMN 1.2至1.5的决策文件", name=name), _REMEDY
        )


def namespace_of(source: bytes) -> str:
    """What a file calls itself, whatever it is stored as; empty for what is no decision file."""
    try:
        return str(read_xml(source, "").get("namespace", ""))
    except DecisionRefused:
        return ""


def kind_of(node: etree._Element) -> str:
    """The plain name of an element of DMN; empty for other elements."""
    if not isinstance(node.tag, str):
        return ""
    name = etree.QName(node)
    return name.localname if name.namespace in _VERSIONS else ""


def children(node: etree._Element, *kinds: str) -> Iterator[etree._Element]:
    """The DMN elements directly below, of these kinds or all."""
    for child in node:
        kind = kind_of(child)
        if kind and (not kinds or kind in kinds):
            yield child


def child(node: etree._Element, *kinds: str) -> etree._Element | None:
    """The first DMN element of one of these kinds directly below."""
    return next(children(node, *kinds), None)


def need(node: etree._Element, kind: str) -> etree._Element:
    """The element of this kind directly below. Raises DecisionRefused when there is none."""
    found = child(node, kind)
    if found is None:
        message = text("缺少{kind}", kind=kind)
        raise refuse("incomplete", node, message, text("在建模工具里补全后重新上传"))
    return found


def text_of(node: etree._Element | None) -> str:
    """The expression text inside an element; empty without one."""
    if node is None:
        return ""
    found = node if kind_of(node) == "text" else child(node, "text")
    return "" if found is None else (found.text or "")


def text_line(node: etree._Element) -> int:
    """The line of the file on which the element's expression text begins."""
    found = child(node, "text")
    return line_of(node if found is None else found)
