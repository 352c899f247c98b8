"""The syntax tree to closures: everything that can be decided once is decided here.

Each kind of node has one compiling function, registered with `@compiles`; the rest of them are in
operators.py, loops.py and calls.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar, cast

from engine.feel import nodes
from engine.feel.limits import MAX_FOLDED, Budget, check_list
from engine.feel.nodes import Node
from engine.feel.properties import PROPERTIES
from engine.feel.registry import BUILTINS
from engine.feel.scope import Fn, Frame
from engine.feel.types import Types
from engine.feel.values import HostFunction, Range, kind_of
from engine.text import text

Kind = TypeVar("Kind", bound=Node)
_EXACT = 10**34  # whole numbers below it are FEEL numbers as they are


@dataclass(slots=True)
class Reads:
    """The names that an expression reads from its context.

    `certain` are read for sure; `perhaps` stand in a filter, where they may also be fields of the
    elements that are filtered.
    """

    certain: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known at a place of the text: names bound around it, and those declared outside.

    `levels` are the frames between here and the outermost, which looking up a name may have to go
    through; `folding` is what may still be spent on calls that give the same every time.
    """

    reads: Reads
    declared: frozenset[str]
    functions: frozenset[str]
    types: Types = field(default_factory=dict)
    bound: frozenset[str] = frozenset()
    nested: bool = False
    filtered: bool = False
    levels: int = 0
    folding: Budget = field(default_factory=lambda: Budget(MAX_FOLDED))

    def inside(self, *names: str) -> "Scope":
        """One level further in, where `names` are bound."""
        bound = self.bound.union(names)
        return replace(self, bound=bound, nested=True, levels=self.levels + 1)

    def inside_filter(self) -> "Scope":
        # An element that is a context has a frame of its own.
        return replace(self.inside("item").inside(), filtered=True)

    def read(self, name: str) -> None:
        """Note that `name` is read here, if it is the context that it may come from."""
        if name in self.bound:
            return
        if self.filtered and name not in self.declared:
            self.reads.perhaps.add(name)
        else:
            self.reads.certain.add(name)


Compiler = Callable[[Node, Scope], Fn]
_COMPILERS: dict[type[Node], Compiler] = {}


def compiles(
    kind: type[Kind],
) -> Callable[[Callable[[Kind, Scope], Fn]], Callable[[Kind, Scope], Fn]]:
    """Register the function that compiles one kind of node."""

    def register(function: Callable[[Kind, Scope], Fn]) -> Callable[[Kind, Scope], Fn]:
        _COMPILERS[kind] = cast(Compiler, function)
        return function

    return register


def compile_node(node: Node, scope: Scope) -> Fn:
    """The closure that evaluates a node in a frame."""
    return _COMPILERS[type(node)](node, scope)


@compiles(nodes.Literal)
def _literal(node: nodes.Literal, _scope: Scope) -> Fn:
    value = node.value
    return lambda _frame: value


@compiles(nodes.Name)
def _name(node: nodes.Name, scope: Scope) -> Fn:
    name = node.name
    fallback = _named_function(name, scope)
    if fallback is None or name in scope.declared:
        scope.read(name)
    read = _read_nested(name) if scope.nested else _read_outermost(name)
    if fallback is None:
        return read

    def read_or_function(frame: Frame) -> object:
        value = read(frame)
        return fallback(frame) if value is None else value

    return read_or_function


def _named_function(name: str, scope: Scope) -> Fn | None:
    """A function used as a value, when no variable has its name."""
    if name in scope.bound:
        return None
    if name in scope.functions:
        return lambda frame: HostFunction(name, frame.run.functions[name])
    function = BUILTINS.get(name)
    return None if function is None else lambda _frame: function


def _read_outermost(name: str) -> Fn:
    def read(frame: Frame) -> object:
        value = frame.names.get(name)
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if isinstance(value, int) and -_EXACT < value < _EXACT:
            return Decimal(value)
        return frame.run.read(name, value)

    return read


def _read_nested(name: str) -> Fn:
    def read(frame: Frame) -> object:
        while frame.parent is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        value = frame.names.get(name)
        return None if value is None else frame.run.read(name, value)

    return read


@compiles(nodes.ListOf)
def _list(node: nodes.ListOf, scope: Scope) -> Fn:
    items = [compile_node(item, scope) for item in node.items]
    return lambda frame: [item(frame) for item in items]


@compiles(nodes.ContextOf)
def _context(node: nodes.ContextOf, scope: Scope) -> Fn:
    """Entries see the entries before them."""
    entries: list[tuple[str, Fn]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        # A function may call itself; any other entry sees only the entries before it.
        inner = scope.inside(key) if isinstance(value, nodes.Lambda) else scope.inside()
        entries.append((key, compile_node(value, inner)))
        scope = scope.inside(key)

    def build(frame: Frame) -> object:
        made: dict[str, object] = {}
        level = Frame(made, frame, frame.run)
        for key, value in entries:
            made[key] = value(level)
        return made

    return build


@compiles(nodes.RangeOf)
def _range(node: nodes.RangeOf, scope: Scope) -> Fn:
    start, end = compile_node(node.start, scope), compile_node(node.end, scope)
    first, last = node.start_included, node.end_included
    if isinstance(node.start, nodes.Literal) and isinstance(node.end, nodes.Literal):
        fixed = Range(node.start.value, node.end.value, first, last)
        return lambda frame: make_range(frame, node, fixed)
    return lambda frame: make_range(frame, node, Range(start(frame), end(frame), first, last))


def make_range(frame: Frame, node: Node, made: Range) -> Range | None:
    """The range, unless its ends are missing or of different kinds."""
    if made.start is None or made.end is None or kind_of(made.start) != kind_of(made.end):
        frame.run.budget.note(node.pos, text("区间的两端须是同一种值"))
        return None
    return made


@compiles(nodes.OperatorTest)
def _operator_range(node: nodes.OperatorTest, scope: Scope) -> Fn:
    """`< 5` as a value is the range below 5, `= 5` the range that is 5."""
    value, op = compile_node(node.value, scope), node.op

    def build(frame: Frame) -> object:
        bound = value(frame)
        if bound is None or op == "!=":
            return None
        if op == "=":
            return Range(bound, bound, True, True)
        if op[0] == "<":
            return Range(None, bound, False, op == "<=")
        return Range(bound, None, op == ">=", False)

    return build


@compiles(nodes.If)
def _if(node: nodes.If, scope: Scope) -> Fn:
    condition = compile_node(node.condition, scope)
    then, otherwise = compile_node(node.then, scope), compile_node(node.otherwise, scope)

    def choose(frame: Frame) -> object:
        return then(frame) if condition(frame) is True else otherwise(frame)

    return choose


@compiles(nodes.Path)
def _path(node: nodes.Path, scope: Scope) -> Fn:
    walk = _walk(node, scope)
    steps = _steps(node)
    return walk if scope.nested or steps is None else _shortcut(walk, *steps)


def _steps(node: Node) -> tuple[str, tuple[str, ...]] | None:
    """A path as the name that it starts from and its keys, if it starts from a name."""
    keys: list[str] = []
    while isinstance(node, nodes.Path):
        keys.append(node.key)
        node = node.base
    return (node.name, tuple(reversed(keys))) if isinstance(node, nodes.Name) else None


def _shortcut(walk: Fn, name: str, keys: tuple[str, ...]) -> Fn:
    """Through dicts of the context straight to the value, so that only it is converted."""

    def follow(frame: Frame) -> object:
        value: object = frame.names.get(name)
        for key in keys:
            if type(value) is not dict or key not in value:
                return walk(frame)
            value = value[key]
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        return frame.run.read(name, value, keys)

    return follow


def _walk(node: nodes.Path, scope: Scope) -> Fn:
    """Step by step: the base may be any value, lists included."""
    base, key = compile_node(node.base, scope), node.key

    def follow(frame: Frame) -> object:
        value = base(frame)
        if type(value) is dict and key in value:
            return value[key]
        return _property(frame, value, node)

    return follow


def _property(frame: Frame, value: object, node: nodes.Path) -> object:
    if isinstance(value, list):
        frame.run.budget.charge(len(value) >> 3, node.pos)
        check_list(value, frame.run.budget, node.pos)
        return [_property(frame, item, node) for item in value if not isinstance(item, list)]
    if isinstance(value, dict) and node.key in value:
        return value[node.key]
    read = PROPERTIES.get(type(value), {}).get(node.key)
    if read is not None:
        return read(value)
    if value is not None:
        kind = kind_of(value)
        frame.run.budget.note(node.pos, text("{kind}没有“{key}”", kind=kind, key=node.key))
    return None
