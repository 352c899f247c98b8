"""What can be said about an expression's type without evaluating it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.dmn.nodes import Block, Output, Table, Typed
from engine.dmn.regions import OPAQUE, constant
from engine.dmn.types import Listed
from engine.feel import nodes
from engine.feel.nodes import Node, Tests
from engine.feel.values import TypeOf, kind_of

Kinds = Mapping[str, TypeOf | None]
"""The types of the names in scope; None where a type is not declared."""

_BOOLEAN = TypeOf("boolean")
_NUMBER = TypeOf("number")
_STRING = TypeOf("string")
_TESTS = (nodes.Compare, nodes.Logic, nodes.Between, nodes.In, nodes.InstanceOf, nodes.Quantified)
_SCALARS = frozenset(
    {"number", "string", "boolean", "date", "time", "date and time"}
    | {"days and time duration", "years and months duration"}
)
_RESULTS: Kinds = {
    **dict.fromkeys(
        ("count", "sum", "number", "floor", "ceiling", "abs", "string length"), _NUMBER
    ),
    **dict.fromkeys(("round half up", "round half even", "round up", "round down"), _NUMBER),
    **dict.fromkeys(("string", "upper case", "lower case", "substring"), _STRING),
    **dict.fromkeys(("not", "list contains", "contains", "starts with", "ends with"), _BOOLEAN),
    "date": TypeOf("date"),
}
_EXTREMES = ("min", "max")


def infer(node: Node, kinds: Kinds) -> TypeOf | None:
    """The type of an expression, None when it is not known."""
    if isinstance(node, nodes.Literal):
        return None if node.value is None else TypeOf(kind_of(node.value))
    if isinstance(node, nodes.Name):
        return kinds.get(node.name)
    if isinstance(node, Typed):
        return narrower(node.type, infer(node.value, kinds))
    if isinstance(node, _TESTS):
        return _BOOLEAN
    if isinstance(node, nodes.Path):
        return _field(infer(node.base, kinds), node.key)
    if isinstance(node, nodes.Negate):
        return plain(infer(node.value, kinds))
    return _of_structure(node, kinds)


def _of_structure(node: Node, kinds: Kinds) -> TypeOf | None:
    if isinstance(node, nodes.Arithmetic):
        return _arithmetic(node, kinds)
    if isinstance(node, Table):
        return _table(node, kinds)
    if isinstance(node, nodes.ListOf):
        return TypeOf("list", (), _one([infer(item, kinds) for item in node.items]))
    if isinstance(node, nodes.Filter):
        return _filtered(node, kinds)
    if isinstance(node, nodes.If):
        return next(iter(_one([infer(node.then, kinds), infer(node.otherwise, kinds)])), None)
    if isinstance(node, nodes.Call):
        return _call(node, kinds)
    if isinstance(node, nodes.ContextOf | Block):
        return _context(node, kinds)
    return None


def plain(kind: TypeOf | None) -> TypeOf | None:
    """The type without its allowed values, which a computed value need not be one of."""
    return kind and TypeOf(kind.name, kind.keys, kind.parts)


def narrower(declared: TypeOf | None, found: TypeOf | None) -> TypeOf | None:
    """What is known of a value that is declared as one type and found to be of another."""
    if declared is None or found is None:
        return found if declared is None else declared
    says_more = found.allows is not None or bool(found.parts)
    silent = declared.allows is None and not declared.parts
    return found if declared.name == found.name and silent and says_more else declared


def _one(found: list[TypeOf | None]) -> tuple[TypeOf, ...]:
    """The one type of several values, if they have one."""
    first = found[0] if found else None
    if first is None or any(kind is None or kind.name != first.name for kind in found):
        return ()
    return (TypeOf(first.name),) if first.name in _SCALARS else ()


def element_of(kind: TypeOf | None) -> TypeOf | None:
    """The type of a list's elements; a single value stands for a list of it."""
    if kind is None or kind.name != "list":
        return kind
    return kind.parts[0] if kind.parts else None


def _field(kind: TypeOf | None, key: str) -> TypeOf | None:
    """A field of a context, of a list of contexts the list of their fields."""
    holder = element_of(kind)
    if kind is None or holder is None or key not in holder.keys:
        return None
    found = holder.parts[holder.keys.index(key)]
    return TypeOf("list", (), (found,)) if kind.name == "list" else found


def _arithmetic(node: nodes.Arithmetic, kinds: Kinds) -> TypeOf | None:
    found = [infer(operand, kinds) for operand in node.operands]
    names = {kind.name if kind else "" for kind in found}
    return plain(found[0]) if len(names) == 1 and names <= {"number", "string"} else None


def _filtered(node: nodes.Filter, kinds: Kinds) -> TypeOf | None:
    base, wanted = infer(node.base, kinds), infer(node.condition, inside_filter(node, kinds))
    return element_of(base) if wanted is not None and wanted.name == "number" else base


def _call(node: nodes.Call, kinds: Kinds) -> TypeOf | None:
    name = node.callee.name if isinstance(node.callee, nodes.Name) else ""
    if name in kinds:
        return None  # the file's own function
    if name in _EXTREMES and node.args:
        return plain(element_of(infer(node.args[0], kinds)))
    return _RESULTS.get(name)


def _context(node: "nodes.ContextOf | Block", kinds: Kinds) -> TypeOf | None:
    found: list[TypeOf] = []
    for key, value in zip(node.keys, node.values, strict=True):
        kind = infer(value, kinds)
        found.append(kind or TypeOf("Any"))
        kinds = {**kinds, key: kind}
    if isinstance(node, Block):
        return infer(node.result, kinds)
    return TypeOf("context", node.keys, tuple(found))


def _table(table: Table, kinds: Kinds) -> TypeOf | None:
    """What a table gives: of several outputs a context, of several rules a list."""
    if table.aggregation in ("SUM", "COUNT"):
        return _NUMBER
    parts = tuple(_output(table, at, kinds) or TypeOf("Any") for at in range(len(table.outputs)))
    names = tuple(output.name for output in table.outputs)
    one = parts[0] if len(parts) == 1 else TypeOf("context", names, parts)
    several = table.policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER") and not table.aggregation
    return TypeOf("list", (), (one,)) if several else None if one.name == "Any" else one


def _output(table: Table, at: int, kinds: Kinds) -> TypeOf | None:
    output, given = table.outputs[at], _answers(table, at)
    found = narrower(output.type, next(iter(_one([infer(one, kinds) for one in given])), None))
    if found is None or found.allows is not None or found.name not in _SCALARS:
        return found
    listed = _listed(output, given, found.name == "string")
    return found if listed is None else TypeOf(found.name, allows=listed)


def _answers(table: Table, at: int) -> list[Node]:
    default = table.outputs[at].default
    return [rule.values[at] for rule in table.rules] + ([default] if default else [])


def _listed(output: Output, given: list[Node], words: bool) -> Listed | None:
    """The values that an output lists, and those that its rules give; words need no list."""
    fixed = given and all(constant(one) is not OPAQUE for one in given)
    rules = Tests(given[0].pos, tuple(given), False, False) if fixed else None
    tests = output.order or (rules if words else None)
    return None if tests is None else Listed(tests, rules)


def clash(left: TypeOf | None, right: TypeOf | None) -> bool:
    """Whether two known kinds can never be equal or in order."""
    if left is None or right is None:
        return False
    known = left.name in _SCALARS and right.name in _SCALARS
    return known and left.name != right.name


@dataclass(frozen=True, slots=True)
class Cell:
    """Where in a table an expression stands: row and column from 1, row 0 for a column's head."""

    table: Table
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A node of a tree, with the types of the names that are in scope there."""

    node: Node
    kinds: Kinds
    cell: Cell | None


def walk(node: Node, kinds: Kinds, cell: Cell | None = None) -> Iterator[Seen]:
    """Every node of a tree, with what loops, filters and entries bind around it."""
    yield Seen(node, kinds, cell)
    if isinstance(node, Table):
        yield from _walk_table(node, kinds)
        return
    for below, inner in _below(node, kinds):
        yield from walk(below, inner, cell)


def _below(node: Node, kinds: Kinds) -> Iterator[tuple[Node, Kinds]]:
    if isinstance(node, nodes.Quantified | nodes.For):
        yield from _loop(node, kinds)
    elif isinstance(node, nodes.Filter):
        yield node.base, kinds
        yield node.condition, inside_filter(node, kinds)
    elif isinstance(node, nodes.ContextOf | Block):
        yield from _entries(node, kinds)
    elif isinstance(node, nodes.Lambda):
        yield node.body, {**kinds, **dict(zip(node.params, node.types, strict=True))}
    else:
        yield from ((child, kinds) for child in node.children())


def _loop(node: "nodes.Quantified | nodes.For", kinds: Kinds) -> Iterator[tuple[Node, Kinds]]:
    for each in node.iterations:
        yield each.source, kinds
        if each.end is not None:
            yield each.end, kinds
        kind = _NUMBER if each.end is not None else element_of(infer(each.source, kinds))
        kinds = {**kinds, each.name: kind}
    yield node.body, {**kinds, "partial": None} if isinstance(node, nodes.For) else kinds


def inside_filter(node: nodes.Filter, kinds: Kinds) -> Kinds:
    """A condition sees `item` and its fields; of an unknown element any name may be a field."""
    element = element_of(infer(node.base, kinds))
    if element is None or (element.name == "context" and not element.keys):
        return dict.fromkeys(kinds)
    return {**kinds, **dict(zip(element.keys, element.parts, strict=False)), "item": element}


def _entries(node: "nodes.ContextOf | Block", kinds: Kinds) -> Iterator[tuple[Node, Kinds]]:
    for key, value in zip(node.keys, node.values, strict=True):
        yield value, kinds
        kinds = {**kinds, key: infer(value, kinds)}
    if isinstance(node, Block):
        yield node.result, kinds


def _walk_table(table: Table, kinds: Kinds) -> Iterator[Seen]:
    columns = [narrower(infer(one.value, kinds), one.type) for one in table.inputs]
    for at, column in enumerate(table.inputs, 1):
        yield from walk(column.value, kinds, Cell(table, 0, at))
    for at, output in enumerate(table.outputs, len(columns) + 1):
        if output.default is not None:
            yield from walk(output.default, kinds, Cell(table, 0, at))
    for rule in table.rules:
        for at, (tests, kind) in enumerate(zip(rule.tests, columns, strict=True), 1):
            yield from walk(tests, {**kinds, "?": kind}, Cell(table, rule.number, at))
        for at, value in enumerate(rule.values, len(columns) + 1):
            yield from walk(value, kinds, Cell(table, rule.number, at))
