"""The syntax tree. Every node knows its place, its height and its size (number of nodes)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from engine.feel.errors import Pos
from engine.feel.limits import MAX_HEIGHT, too_big
from engine.feel.values import Operator, TypeOf
from engine.text import text


@dataclass(slots=True)
class Node:
    pos: Pos
    height: int = field(init=False, default=1)
    size: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        for child in self.children():
            self.height = max(self.height, child.height + 1)
            self.size += child.size
        if self.height > MAX_HEIGHT:
            raise too_big(text("表达式的嵌套层数"), MAX_HEIGHT, self.pos)

    def children(self) -> Iterator["Node"]:
        """The nodes directly below."""
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))


@dataclass(slots=True)
class Literal(Node):
    value: object


@dataclass(slots=True)
class Name(Node):
    name: str


@dataclass(slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(slots=True)
class ContextOf(Node):
    """`quoted` says which keys are strings; names of the others may be used after them."""

    keys: tuple[str, ...]
    values: tuple[Node, ...]
    quoted: tuple[bool, ...] = ()


@dataclass(slots=True)
class RangeOf(Node):
    start: Node
    end: Node
    start_included: bool
    end_included: bool


@dataclass(slots=True)
class OperatorTest(Node):
    """`< 5` where a test may stand: a test of what is tested, elsewhere a half-open range."""

    op: Operator
    value: Node


@dataclass(slots=True)
class Negate(Node):
    value: Node


@dataclass(slots=True)
class Arithmetic(Node):
    """Operators of one precedence, applied from the left."""

    ops: tuple[str, ...]
    places: tuple[Pos, ...]
    operands: tuple[Node, ...]


@dataclass(slots=True)
class Logic(Node):
    """`and` / `or` of two or more; `decisive` is the value that settles it alone."""

    decisive: bool
    operands: tuple[Node, ...]


@dataclass(slots=True)
class Compare(Node):
    op: Operator
    left: Node
    right: Node


@dataclass(slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(slots=True)
class In(Node):
    value: Node
    tests: tuple[Node, ...]


@dataclass(slots=True)
class InstanceOf(Node):
    value: Node
    type: TypeOf


@dataclass(slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True)
class Iteration(Node):
    """`name in source`, or `name in source..end`."""

    name: str
    source: Node
    end: Node | None


@dataclass(slots=True)
class For(Node):
    iterations: tuple[Iteration, ...]
    body: Node


@dataclass(slots=True)
class Quantified(Node):
    """`some` when `decisive` is True, `every` when it is False."""

    decisive: bool
    iterations: tuple[Iteration, ...]
    body: Node


@dataclass(slots=True)
class Lambda(Node):
    params: tuple[str, ...]
    types: tuple[TypeOf | None, ...]
    body: Node
    result: TypeOf | None = None


@dataclass(slots=True)
class Path(Node):
    base: Node
    key: str


@dataclass(slots=True)
class Filter(Node):
    base: Node
    condition: Node


@dataclass(slots=True)
class Call(Node):
    """A call; `names` are the arguments' names, or None when they go by position."""

    callee: Node
    args: tuple[Node, ...]
    names: tuple[str, ...] | None


@dataclass(slots=True)
class Tests(Node):
    """Unary tests: `any` for `-`, else one of `tests` must hold, or none when negated."""

    tests: tuple[Node, ...]
    negated: bool
    any: bool


def nodes_in(node: Node) -> Iterator[Node]:
    """A tree's nodes, from the top."""
    yield node
    for child in node.children():
        yield from nodes_in(child)


def mentions(node: Node, name: str) -> bool:
    """Whether a name stands anywhere in the tree."""
    if isinstance(node, Name):
        return node.name == name
    return any(mentions(child, name) for child in node.children())
