"""What the parser calls for each rule of the grammar: children in, node out."""

from typing import Any, cast

from lark import Token, Transformer

from engine.feel import nodes
from engine.feel.errors import FeelError, Pos
from engine.feel.nodes import Node
from engine.feel.temporal import parse_temporal
from engine.feel.values import CONTEXT, Operator, TypeOf
from engine.text import text

Children = list[Any]
"""Nodes and tokens, in the order of the grammar's rule, which fixes their types."""

_LITERALS = {"true": True, "false": False, "null": None}


def _at(token: Token) -> Pos:
    return token.line or 1, token.column or 1


def _operator(token: Token) -> Operator:
    return cast(Operator, str(token))


class Builder(Transformer[Token, Node]):
    """One method for each rule or alias of grammar.lark."""

    def number(self, children: Children) -> Node:
        value = CONTEXT.create_decimal(str(children[0]))
        if not value.is_finite():
            raise FeelError("feel_syntax", text("数字太大"), pos=_at(children[0]))
        return nodes.Literal(_at(children[0]), value)

    def string(self, children: Children) -> Node:
        return nodes.Literal(_at(children[0]), str(children[0]))

    def literal(self, children: Children) -> Node:
        return nodes.Literal(_at(children[0]), _LITERALS[children[0]])

    def at_literal(self, children: Children) -> Node:
        value = parse_temporal(str(children[0]))
        if value is None:
            message = text("“{value}”不是日期、时间或时长", value=str(children[0]))
            remedy = text('写成 @"2025-01-31"、@"P10D" 这样')
            raise FeelError("feel_syntax", message, pos=_at(children[0]), remedy=remedy)
        return nodes.Literal(_at(children[0]), value)

    def name(self, children: Children) -> Node:
        return nodes.Name(_at(children[0]), str(children[0]))

    def group(self, children: Children) -> Node:
        return cast(Node, children[1])

    def operator(self, children: Children) -> Token:
        return cast(Token, children[0])

    def group_operator(self, children: Children) -> Node:
        return nodes.OperatorTest(_at(children[0]), _operator(children[1]), children[2])

    def test_operator(self, children: Children) -> Node:
        return nodes.OperatorTest(_at(children[0]), _operator(children[0]), children[1])

    def list(self, children: Children) -> Node:
        return nodes.ListOf(_at(children[0]), tuple(children[1:]))

    def entry(self, children: Children) -> tuple[Token, Node]:
        return children[0], children[1]

    def context(self, children: Children) -> Node:
        keys = tuple(str(key) for key, _ in children[1:])
        for i, (key, _) in enumerate(children[1:]):
            if keys.index(str(key)) < i:
                message = text("“{key}”写了两次", key=str(key))
                raise FeelError("feel_syntax", message, pos=_at(key))
        values = tuple(value for _, value in children[1:])
        quoted = tuple(key.type == "STRING" for key, _ in children[1:])
        return nodes.ContextOf(_at(children[0]), keys, values, quoted)

    def range_closed_closed(self, children: Children) -> Node:
        return nodes.RangeOf(_at(children[0]), children[1], children[2], True, True)

    def range_closed_open(self, children: Children) -> Node:
        return nodes.RangeOf(_at(children[0]), children[1], children[2], True, False)

    def range_open_closed(self, children: Children) -> Node:
        return nodes.RangeOf(_at(children[0]), children[1], children[2], False, True)

    def range_open_open(self, children: Children) -> Node:
        return nodes.RangeOf(_at(children[0]), children[1], children[2], False, False)

    def negate(self, children: Children) -> Node:
        return nodes.Negate(_at(children[0]), children[1])

    def arithmetic(self, children: Children) -> Node:
        signs = children[1::2]
        ops = tuple(str(sign) for sign in signs)
        places = tuple(_at(sign) for sign in signs)
        return nodes.Arithmetic(children[0].pos, ops, places, tuple(children[::2]))

    additive = term = power = arithmetic

    def disjunction(self, children: Children) -> Node:
        return nodes.Logic(_at(children[1]), True, tuple(children[::2]))

    def conjunction(self, children: Children) -> Node:
        return nodes.Logic(_at(children[1]), False, tuple(children[::2]))

    def compare(self, children: Children) -> Node:
        left, sign, right = children
        return nodes.Compare(_at(sign), _operator(sign), left, right)

    def between(self, children: Children) -> Node:
        value, sign, low, _, high = children
        return nodes.Between(_at(sign), value, low, high)

    def in_value(self, children: Children) -> Node:
        value, sign, test = children
        return nodes.In(_at(sign), value, (test,))

    def in_operator(self, children: Children) -> Node:
        value, sign, op, operand = children
        test = nodes.OperatorTest(_at(op), _operator(op), operand)
        return nodes.In(_at(sign), value, (test,))

    def in_tests(self, children: Children) -> Node:
        value, sign, _, *tests = children
        return nodes.In(_at(sign), value, tuple(tests))

    def instance_of(self, children: Children) -> Node:
        value, sign, kind = children
        return nodes.InstanceOf(_at(sign), value, kind)

    def type(self, children: Children) -> TypeOf:
        return TypeOf(".".join(map(str, children)))  # `import.name` is one name

    def type_of(self, children: Children) -> TypeOf:
        return TypeOf(str(children[0]), (), (children[2],))

    def type_fields(self, children: Children) -> TypeOf:
        found = [child for child in children if isinstance(child, tuple)]
        keys = tuple(str(key) for key, _ in found)
        return TypeOf(str(children[0]), keys, tuple(part for _, part in found))

    def type_function(self, children: Children) -> TypeOf:
        parts = tuple(child for child in children if isinstance(child, TypeOf))
        return TypeOf("function", (), parts)

    def field(self, children: Children) -> tuple[Token, TypeOf]:
        return children[0], children[1]

    def conditional(self, children: Children) -> Node:
        return nodes.If(_at(children[0]), children[1], children[2], children[3])

    def iteration(self, children: Children) -> Node:
        name, _, source, *end = children
        return nodes.Iteration(_at(name), str(name), source, end[0] if end else None)

    def loop(self, children: Children) -> Node:
        return nodes.For(_at(children[0]), tuple(children[1:-1]), children[-1])

    def quantified(self, children: Children) -> Node:
        some = children[0].type == "SOME"
        return nodes.Quantified(_at(children[0]), some, tuple(children[1:-1]), children[-1])

    def param(self, children: Children) -> tuple[str, TypeOf | None]:
        return str(children[0]), children[1] if len(children) > 1 else None

    def function(self, children: Children) -> Node:
        params = children[2:-1]
        names, kinds = tuple(name for name, _ in params), tuple(kind for _, kind in params)
        return nodes.Lambda(_at(children[0]), names, kinds, children[-1])

    def path(self, children: Children) -> Node:
        return nodes.Path(children[0].pos, children[0], str(children[1]))

    def filter(self, children: Children) -> Node:
        return nodes.Filter(_at(children[1]), children[0], children[2])

    def call(self, children: Children) -> Node:
        return nodes.Call(children[0].pos, children[0], tuple(children[2:]), None)

    def named(self, children: Children) -> tuple[str, Node]:
        return str(children[0]), children[1]

    def call_named(self, children: Children) -> Node:
        names = tuple(name for name, _ in children[2:])
        args = tuple(arg for _, arg in children[2:])
        return nodes.Call(children[0].pos, children[0], args, names)

    def tests(self, children: Children) -> Node:
        return nodes.Tests(children[0].pos, tuple(children), False, False)

    def negated(self, children: Children) -> Node:
        return nodes.Tests(_at(children[0]), children[2].tests, True, False)

    def any_value(self, children: Children) -> Node:
        return nodes.Tests(_at(children[0]), (), False, True)
