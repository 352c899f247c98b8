"""The elements of a file and what they require: decisions, inputs, knowledge, services."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from engine.dmn.boxed import Place, expression_in, function, name_of, position, typed
from engine.dmn.errors import refuse
from engine.dmn.nodes import Broken
from engine.dmn.source import child, children, need
from engine.dmn.types import ItemTypes
from engine.feel import FeelError
from engine.feel.nodes import Node
from engine.feel.values import TypeOf
from engine.text import text

Role = Literal["input", "decision", "knowledge", "service"]
_ROLES: dict[str, Role] = {
    "inputData": "input",
    "decision": "decision",
    "businessKnowledgeModel": "knowledge",
    "decisionService": "service",
}


@dataclass(slots=True)
class Element:
    """One box of the requirements diagram.

    `key` is unique over all files, `namespace#id`; `requires` are the keys of what it needs, each
    with the path of names under which it is known here.
    """

    key: str
    id: str
    name: str
    role: Role
    xml: etree._Element
    type: TypeOf | None
    requires: dict[str, tuple[str, ...]] = field(default_factory=dict)
    node: Node | None = None
    service: "Service | None" = None
    unknown: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names that its expression may use; a function may call itself."""
        own = [self.name] if self.role == "knowledge" else []
        return frozenset([*own, *(path[0] for path in self.requires.values())])


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service: what it is given, in the order of its parameters, and what it gives."""

    outputs: tuple[str, ...]
    parameters: tuple[str, ...]


def read_elements(
    root: etree._Element, types: ItemTypes, known: Mapping[str, tuple[str, Element]]
) -> dict[str, Element]:
    """The elements of one file by key; `known` are those of imported files, with import name."""
    namespace = root.get("namespace", "")
    own: dict[str, Element] = {}
    for node in children(root, *_ROLES):
        element = _element(node, namespace, types)
        if element.key in own:
            message = text("标识{id}用了两次", id=element.id)
            raise refuse("duplicate", node, message, text("改用另一个标识"))
        own[element.key] = element
    graph = _Graph(namespace, own, known)
    for element in own.values():
        graph.connect(element)
    return own


def _element(node: etree._Element, namespace: str, types: ItemTypes) -> Element:
    variable = child(node, "variable")
    reference = None if variable is None else variable.get("typeRef")
    role = _ROLES[etree.QName(node).localname]
    kind = types.find(reference, node)
    name = name_of(node)
    identity = str(node.get("id") or name)
    if not name:
        raise refuse("incomplete", node, text("没有名称"), text("在建模工具里填写名称"))
    return Element(f"{namespace}#{identity}", identity, name, role, node, kind)


class _Graph:
    """Finds what references mean."""

    def __init__(
        self,
        namespace: str,
        own: Mapping[str, Element],
        known: Mapping[str, tuple[str, Element]],
    ) -> None:
        self.namespace = namespace
        self.own = own
        self.known = known

    def connect(self, element: Element) -> None:
        if element.role == "service":
            element.service = self._service(element)
            return
        for requirement in children(element.xml, "informationRequirement", "knowledgeRequirement"):
            for wanted in children(
                requirement, "requiredInput", "requiredDecision", "requiredKnowledge"
            ):
                key, path = self.find(wanted)
                if key != element.key or element.role != "knowledge":  # a function may call itself
                    element.requires[key] = path

    def _service(self, element: Element) -> Service:
        def keys(kind: str) -> tuple[str, ...]:
            return tuple(self.find(node)[0] for node in children(element.xml, kind))

        inputs = (*keys("inputData"), *keys("inputDecision"))
        return Service(keys("outputDecision"), inputs)

    def find(self, node: etree._Element) -> tuple[str, tuple[str, ...]]:
        """The key of what an href points at, and the names by which it is known here."""
        reference = node.get("href", "")
        key = self.namespace + reference if reference.startswith("#") else reference
        if key in self.own:
            return key, (self.own[key].name,)
        if key in self.known:
            prefix, element = self.known[key]
            return key, (prefix, element.name) if prefix else (element.name,)
        message = text("引用的{href}不存在", href=reference)
        raise refuse("unknown_reference", node, message, text("在建模工具里重新连线"))


def read_logic(element: Element, place: Place) -> Node | None:
    """The tree of what an element computes; None for inputs and services."""
    if element.role == "decision":
        return typed(expression_in(element.xml, place), element.type)
    if element.role == "knowledge":
        return _knowledge(element, place)
    return None


def _knowledge(element: Element, place: Place) -> Node:
    """A function; the variable's type is that of the function, or of its result."""
    kind = element.type
    if kind is not None and kind.name == "function":
        kind = kind.parts[-1] if kind.parts else None
    if place.tolerant and child(element.xml, "encapsulatedLogic") is None:
        reason = FeelError("feel_function", text("没有填写函数"))
        return Broken(position(element.xml), reason)
    return function(need(element.xml, "encapsulatedLogic"), place, kind)


def plan(wanted: Iterable[str], elements: Mapping[str, Element], given: Iterable[str]) -> list[str]:
    """The keys to compute, each after what it requires, without what is given.

    Raises DecisionRefused for a circle.
    """
    ready, order, opened = set(given), list[str](), set[str]()
    stack = [(key, False) for key in reversed(list(wanted))]
    while stack:
        key, done = stack.pop()
        if done:
            opened.discard(key)
            ready.add(key)
            order.append(key)
        elif key in opened:
            _refuse_circle(elements[key])
        elif key not in ready:
            opened.add(key)
            stack.append((key, True))
            stack.extend((need, False) for need in elements[key].requires if need not in ready)
    return order


def _refuse_circle(element: Element) -> None:
    message = text("要算出它，先要有它自己的结果")
    raise refuse("circular", element.xml, message, text("删去绕回来的连线"))
