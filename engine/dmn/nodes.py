"""What DMN adds to the syntax tree of FEEL: boxed expressions that FEEL has no words for."""

from dataclasses import dataclass
from typing import Literal

from engine.feel.errors import FeelError
from engine.feel.nodes import Node, Tests
from engine.feel.values import TypeOf

Policy = Literal["UNIQUE", "ANY", "PRIORITY", "FIRST", "OUTPUT ORDER", "RULE ORDER", "COLLECT"]
Aggregation = Literal["", "SUM", "MIN", "MAX", "COUNT"]


@dataclass(slots=True)
class Typed(Node):
    """A value that is made to conform to a declared type."""

    value: Node
    type: TypeOf


@dataclass(slots=True)
class Block(Node):
    """A boxed context with a result: entries see those before them, the result sees all."""

    keys: tuple[str, ...]
    values: tuple[Node, ...]
    result: Node


@dataclass(slots=True)
class Row(Node):
    """A row of a relation: its values do not see each other."""

    keys: tuple[str, ...]
    values: tuple[Node, ...]


@dataclass(slots=True)
class Broken(Node):
    """An expression that could not be read, in a file that was loaded all the same: null."""

    error: FeelError


@dataclass(slots=True)
class Boolean(Node):
    """A condition of a boxed expression: anything but true, false and null ends it."""

    value: Node


@dataclass(slots=True)
class Strict(Node):
    """A boxed expression that is null when a condition in it is not boolean."""

    value: Node


@dataclass(slots=True)
class Column(Node):
    """An input: what is tested, and the values that are expected there."""

    label: str
    value: Node
    allowed: Tests | None
    type: TypeOf | None


@dataclass(slots=True)
class Output(Node):
    """An output: `order` are its values by priority, `default` its value when no rule matches."""

    name: str
    label: str
    type: TypeOf | None
    order: Tests | None
    default: Node | None


@dataclass(slots=True)
class Rule(Node):
    """A rule: one test per input, one value per output, and the texts as they were written."""

    number: int
    id: str
    tests: tuple[Tests, ...]
    values: tuple[Node, ...]
    cells: tuple[str, ...]
    answers: tuple[str, ...]
    lines: tuple[int, ...]
    annotation: str


@dataclass(slots=True)
class Table(Node):
    id: str
    name: str
    policy: Policy
    aggregation: Aggregation
    inputs: tuple[Column, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
