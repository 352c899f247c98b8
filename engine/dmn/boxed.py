"""Boxed expressions: from the XML to the syntax tree that FEEL expressions have too."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from lxml import etree

from engine.dmn.errors import label_of, line_of, refuse
from engine.dmn.nodes import Block, Boolean, Broken, Row, Strict, Typed
from engine.dmn.source import child, children, kind_of, need, text_line, text_of
from engine.dmn.types import ItemTypes
from engine.feel import FeelError, nodes
from engine.feel.nodes import Node
from engine.feel.parser import parse
from engine.feel.values import TypeOf
from engine.text import text

_MAX_DEPTH = 30  # boxes inside boxes


@dataclass(frozen=True, slots=True)
class Place:
    """What is known where an expression stands.

    `names` are in scope; `fields` may follow a dot; with `tolerant`, what cannot be read becomes
    null instead of refusing the file.
    """

    types: ItemTypes
    names: frozenset[str]
    functions: frozenset[str]
    fields: frozenset[str]
    tolerant: bool
    depth: int = 0

    def inside(self, *names: str) -> "Place":
        return replace(self, names=self.names.union(names), depth=self.depth + 1)


def expression_in(node: etree._Element, place: Place) -> Node:
    """The one expression that stands directly inside an element."""
    found = child(node, *_BOXES)
    if found is None:
        if place.tolerant:
            return nodes.Literal(position(node), None)
        message = text("没有填写表达式")
        raise refuse("incomplete", node, message, text("在建模工具里填写后重新上传"))
    return translate(found, place)


def translate(node: etree._Element, place: Place) -> Node:
    """The syntax tree of a boxed expression. Raises DecisionRefused with the element and line."""
    if place.depth > _MAX_DEPTH:
        message = text("表达式的嵌套超过{limit}层", limit=_MAX_DEPTH)
        raise refuse("too_deep", node, message, text("拆成几个决策"))
    try:
        return _BOXES[kind_of(node)](node, place)
    except FeelError as error:
        raise refuse("bad_expression", node, error.message, error.remedy or text("拆小")) from error


def position(node: etree._Element) -> tuple[int, int]:
    return line_of(node), 1


def typed(value: Node, kind: TypeOf | None) -> Node:
    """The value, made to conform to the type if one is declared."""
    return value if kind is None else Typed(value.pos, value, kind)


def read_feel(
    node: etree._Element,
    place: Place,
    start: Literal["expression", "unary_tests"] = "expression",
) -> Node:
    """The tree of the FEEL text inside an element."""
    language = node.get("expressionLanguage", "")
    if language and "feel" not in language.lower():
        message = text("表达式语言{language}不能使用", language=language)
        raise refuse("language", node, message, text("改用FEEL"))
    source = text_of(node)
    if start == "unary_tests" and not source.strip():
        source = "-"
    try:
        return parse(source, place.names | place.functions, start, text_line(node), place.fields)
    except FeelError as error:
        if place.tolerant:
            return Broken(position(node), error)
        raise _unreadable(node, source, error) from error


def _unreadable(node: etree._Element, source: str, error: FeelError) -> Exception:
    line = error.line or text_line(node)
    message = text(
        "第{column}个字符处：{why}（{source}）",
        column=error.column or 1,
        why=error.message,
        source=source.strip()[:80],
    )
    refusal = refuse("bad_expression", node, message, error.remedy or text("改正后重新上传"))
    refusal.line = line
    refusal.name = label_of(node)
    return refusal


def _literal(node: etree._Element, place: Place) -> Node:
    return typed(read_feel(node, place), place.types.find(node.get("typeRef"), node))


def _context(node: etree._Element, place: Place) -> Node:
    keys: list[str] = []
    values: list[Node] = []
    for entry in children(node, "contextEntry"):
        variable = child(entry, "variable")
        if variable is None:
            return Block(
                position(node), tuple(keys), tuple(values), expression_in(entry, place.inside())
            )
        name = name_of(variable)
        if name in keys:
            message = text("“{key}”写了两次", key=name)
            raise refuse("duplicate", variable, message, text("改名或删去一个"))
        kind = place.types.find(variable.get("typeRef"), variable)
        inner = place.inside(name) if child(entry, "functionDefinition") is not None else place
        values.append(typed(expression_in(entry, inner.inside()), kind))
        keys.append(name)
        place = place.inside(name)
        place = replace(place, depth=place.depth - 1)
    return nodes.ContextOf(position(node), tuple(keys), tuple(values))


def name_of(node: etree._Element) -> str:
    """A name with its white space as FEEL reads it."""
    return " ".join(node.get("name", "").split())


def function(node: etree._Element, place: Place, result: TypeOf | None = None) -> Node:
    """A function definition. Functions in other languages are refused: nothing runs them."""
    if node.get("kind", "FEEL") != "FEEL":
        message = text("{kind}函数不能使用", kind=node.get("kind"))
        if place.tolerant:
            return Broken(position(node), FeelError("feel_function", message))
        raise refuse("foreign_function", node, message, text("改写成FEEL"))
    params = list(children(node, "formalParameter"))
    names = tuple(name_of(param) for param in params)
    kinds = tuple(place.types.find(param.get("typeRef"), param) for param in params)
    body = typed(expression_in(node, place.inside(*names)), result)
    return nodes.Lambda(position(node), names, kinds, body, result)


def _function(node: etree._Element, place: Place) -> Node:
    return function(node, place, place.types.find(node.get("typeRef"), node))


def _invocation(node: etree._Element, place: Place) -> Node:
    callee = expression_in(node, place.inside())
    bindings = list(children(node, "binding"))
    names = tuple(name_of(need(binding, "parameter")) for binding in bindings)
    args = tuple(expression_in(binding, place.inside()) for binding in bindings)
    return nodes.Call(position(node), callee, args, names or None)


def _relation(node: etree._Element, place: Place) -> Node:
    keys = tuple(name_of(column) for column in children(node, "column"))
    rows = []
    for row in children(node, "row"):
        values = tuple(translate(value, place.inside()) for value in children(row, *_BOXES))
        if len(values) != len(keys):
            message = text("这一行有{n}格，应有{m}格", n=len(values), m=len(keys))
            raise refuse("incomplete", row, message, text("补全或删去这一行"))
        rows.append(Row(position(row), keys, values))
    return nodes.ListOf(position(node), tuple(rows))


def _list(node: etree._Element, place: Place) -> Node:
    items = tuple(translate(item, place.inside()) for item in children(node, *_BOXES))
    return nodes.ListOf(position(node), items)


def _conditional(node: etree._Element, place: Place) -> Node:
    parts = [expression_in(need(node, part), place.inside()) for part in ("if", "then", "else")]
    here = position(node)
    return Strict(here, nodes.If(here, Boolean(here, parts[0]), *parts[1:]))


def _iteration(node: etree._Element, place: Place) -> nodes.Iteration:
    source = expression_in(need(node, "in"), place.inside())
    return nodes.Iteration(position(node), node.get("iteratorVariable", ""), source, None)


def _for(node: etree._Element, place: Place) -> Node:
    each = _iteration(node, place)
    body = expression_in(need(node, "return"), place.inside(each.name, "partial"))
    return nodes.For(position(node), (each,), body)


def _quantified(node: etree._Element, place: Place) -> Node:
    each = _iteration(node, place)
    body = expression_in(need(node, "satisfies"), place.inside(each.name))
    here, some = position(node), kind_of(node) == "some"
    return Strict(here, nodes.Quantified(here, some, (each,), Boolean(here, body)))


def _filter(node: etree._Element, place: Place) -> Node:
    base = expression_in(need(node, "in"), place.inside())
    condition = expression_in(need(node, "match"), place.inside("item"))
    here = position(node)
    return Strict(here, nodes.Filter(here, base, Boolean(here, condition)))


def _table(node: etree._Element, place: Place) -> Node:
    from engine.dmn.read_table import read_table

    return read_table(node, place)


_BOXES: dict[str, Callable[[etree._Element, Place], Node]] = {
    "literalExpression": _literal,
    "context": _context,
    "functionDefinition": _function,
    "invocation": _invocation,
    "relation": _relation,
    "list": _list,
    "conditional": _conditional,
    "for": _for,
    "some": _quantified,
    "every": _quantified,
    "filter": _filter,
    "decisionTable": _table,
}
