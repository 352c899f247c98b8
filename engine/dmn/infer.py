"""What can be said about an expression's type without evaluating it."""

from collections.abc import Iterator, Mapping

from engine.dmn.nodes import Typed
from engine.feel import nodes
from engine.feel.nodes import Node
from engine.feel.values import TypeOf, kind_of

Kinds = Mapping[str, TypeOf | None]
"""The types of the names in scope; None where a type is not declared."""

_BOOLEAN = TypeOf("boolean")
_NUMBER = TypeOf("number")
_TESTS = (nodes.Compare, nodes.Logic, nodes.Between, nodes.In, nodes.InstanceOf, nodes.Quantified)
_SCALARS = frozenset(
    {"number", "string", "boolean", "date", "time", "date and time"}
    | {"days and time duration", "years and months duration"}
)


def infer(node: Node, kinds: Kinds) -> TypeOf | None:
    """The type of an expression, None when it is not known."""
    if isinstance(node, nodes.Literal):
        return None if node.value is None else TypeOf(kind_of(node.value))
    if isinstance(node, nodes.Name):
        return kinds.get(node.name)
    if isinstance(node, Typed):
        return node.type
    if isinstance(node, _TESTS):
        return _BOOLEAN
    if isinstance(node, nodes.Path):
        return _field(infer(node.base, kinds), node.key)
    if isinstance(node, nodes.Negate):
        return infer(node.value, kinds)
    return _arithmetic(node, kinds) if isinstance(node, nodes.Arithmetic) else None


def _field(kind: TypeOf | None, key: str) -> TypeOf | None:
    if kind is None or key not in kind.keys:
        return None
    return kind.parts[kind.keys.index(key)]


def _arithmetic(node: nodes.Arithmetic, kinds: Kinds) -> TypeOf | None:
    found = [infer(operand, kinds) for operand in node.operands]
    names = {kind.name if kind else "" for kind in found}
    return found[0] if len(names) == 1 and names <= {"number", "string"} else None


def clash(left: TypeOf | None, right: TypeOf | None) -> bool:
    """Whether two known kinds can never be equal or in order."""
    if left is None or right is None:
        return False
    known = left.name in _SCALARS and right.name in _SCALARS
    return known and left.name != right.name


def clashes(node: Node, kinds: Kinds) -> Iterator[tuple[Node, TypeOf, TypeOf]]:
    """Comparisons of values of different kinds anywhere in an expression."""
    if isinstance(node, nodes.Compare):
        left, right = infer(node.left, kinds), infer(node.right, kinds)
        if left and right and clash(left, right):
            yield node, left, right
    for below in node.children():
        yield from clashes(below, kinds)


def unknown_fields(node: Node, kinds: Kinds) -> Iterator[tuple[nodes.Path, TypeOf]]:
    """Paths to a field that the type of what stands before them does not have."""
    if isinstance(node, nodes.Path):
        base = infer(node.base, kinds)
        if base is not None and base.name == "context" and base.keys and node.key not in base.keys:
            yield node, base
    for below in node.children():
        yield from unknown_fields(below, kinds)


def names_in(node: Node) -> Iterator[nodes.Name]:
    """Every name in a tree."""
    return (found for found in nodes.nodes_in(node) if isinstance(found, nodes.Name))
