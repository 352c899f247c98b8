"""The syntax tree back to text: one way of writing, with brackets only where they are needed.

What is printed reads as the same tree when the same names are in scope.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel import nodes
from engine.feel.convert import format_scalar
from engine.feel.nodes import Node
from engine.feel.values import TypeOf

# How tightly things bind; an operand that binds less tightly than its place needs brackets.
_WHOLE, _OR, _AND, _COMPARISON, _SUM, _PRODUCT, _POWER, _SIGN, _POSTFIX = range(9)
_ARITHMETIC = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}

Printer = Callable[[Any], tuple[int, str]]
"""A node to how tightly its text binds, and the text."""


def to_source(node: Node) -> str:
    """The text of an expression or of unary tests."""
    return _tests(node) if isinstance(node, nodes.Tests) else _print(node, _WHOLE)


def _print(node: Node, place: int) -> str:
    """The text of a node for a place that binds as tightly as `place`."""
    binding, text = _PRINTERS[type(node)](node)
    return text if binding >= place else f"({text})"


def _literal(node: nodes.Literal) -> tuple[int, str]:
    value = node.value
    if isinstance(value, Decimal):
        return _POSTFIX, str(value)
    if isinstance(value, str):
        return _POSTFIX, quoted(value)
    if value is None or isinstance(value, bool):
        return _POSTFIX, format_scalar(value)
    return _POSTFIX, f'@"{format_scalar(value)}"'


def quoted(value: str) -> str:
    """A string as FEEL writes it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name(node: nodes.Name) -> tuple[int, str]:
    return _POSTFIX, node.name


def _list(node: nodes.ListOf) -> tuple[int, str]:
    return _POSTFIX, f"[{_joined(map(_test, node.items))}]"


def _joined(parts: Any) -> str:
    return ", ".join(parts)


def _test(node: Node) -> str:
    """Where a test may stand, an operator needs no brackets."""
    if isinstance(node, nodes.OperatorTest):
        return f"{node.op} {_print(node.value, _SUM)}"
    return _print(node, _WHOLE)


def _operator_test(node: nodes.OperatorTest) -> tuple[int, str]:
    return _POSTFIX, f"({_test(node)})"


def _context(node: nodes.ContextOf) -> tuple[int, str]:
    marks = node.quoted or (True,) * len(node.keys)
    keys = [quoted(k) if mark else k for k, mark in zip(node.keys, marks, strict=True)]
    pairs = zip(keys, node.values, strict=True)
    return _POSTFIX, "{" + _joined(f"{key}: {_print(v, _WHOLE)}" for key, v in pairs) + "}"


def _range(node: nodes.RangeOf) -> tuple[int, str]:
    opening, closing = "[" if node.start_included else "(", "]" if node.end_included else ")"
    start, end = _print(node.start, _WHOLE), _print(node.end, _WHOLE)
    return _POSTFIX, f"{opening}{start}..{end}{closing}"


def _negate(node: nodes.Negate) -> tuple[int, str]:
    return _SIGN, f"-{_print(node.value, _SIGN)}"


def _arithmetic(node: nodes.Arithmetic) -> tuple[int, str]:
    binding = _ARITHMETIC[node.ops[0]]
    first, *rest = [_print(operand, binding + 1) for operand in node.operands]
    pairs = zip(node.ops, rest, strict=True)
    return binding, first + "".join(f" {op} {operand}" for op, operand in pairs)


def _logic(node: nodes.Logic) -> tuple[int, str]:
    binding, word = (_OR, " or ") if node.decisive else (_AND, " and ")
    return binding, word.join(_print(operand, binding + 1) for operand in node.operands)


def _compare(node: nodes.Compare) -> tuple[int, str]:
    left, right = _print(node.left, _COMPARISON), _print(node.right, _SUM)
    return _COMPARISON, f"{left} {node.op} {right}"


def _between(node: nodes.Between) -> tuple[int, str]:
    value, low = _print(node.value, _COMPARISON), _print(node.low, _SUM)
    return _COMPARISON, f"{value} between {low} and {_print(node.high, _SUM)}"


def _in(node: nodes.In) -> tuple[int, str]:
    value = _print(node.value, _COMPARISON)
    if len(node.tests) > 1:
        return _COMPARISON, f"{value} in ({_joined(map(_test, node.tests))})"
    only = node.tests[0]
    test = _test(only) if isinstance(only, nodes.OperatorTest) else _print(only, _SUM)
    return _COMPARISON, f"{value} in {test}"


def _instance_of(node: nodes.InstanceOf) -> tuple[int, str]:
    return _COMPARISON, f"{_print(node.value, _COMPARISON)} instance of {type_source(node.type)}"


def type_source(kind: TypeOf) -> str:
    """The text of a type."""
    if kind.name == "function" and kind.parts:
        *params, result = map(type_source, kind.parts)
        return f"function<{_joined(params)}> -> {result}"
    if kind.keys:
        pairs = zip(kind.keys, map(type_source, kind.parts), strict=True)
        return f"{kind.name}<{_joined(f'{key}: {part}' for key, part in pairs)}>"
    return f"{kind.name}<{type_source(kind.parts[0])}>" if kind.parts else kind.name


def _if(node: nodes.If) -> tuple[int, str]:
    condition, then = _print(node.condition, _WHOLE), _print(node.then, _WHOLE)
    return _WHOLE, f"if {condition} then {then} else {_print(node.otherwise, _WHOLE)}"


def _iterations(iterations: tuple[nodes.Iteration, ...]) -> str:
    return _joined(map(_iteration, iterations))


def _iteration(each: nodes.Iteration) -> str:
    end = f"..{_print(each.end, _WHOLE)}" if each.end else ""
    return f"{each.name} in {_print(each.source, _WHOLE)}{end}"


def _for(node: nodes.For) -> tuple[int, str]:
    return _WHOLE, f"for {_iterations(node.iterations)} return {_print(node.body, _WHOLE)}"


def _quantified(node: nodes.Quantified) -> tuple[int, str]:
    word, body = "some" if node.decisive else "every", _print(node.body, _WHOLE)
    return _WHOLE, f"{word} {_iterations(node.iterations)} satisfies {body}"


def _lambda(node: nodes.Lambda) -> tuple[int, str]:
    pairs = zip(node.params, node.types, strict=True)
    params = [f"{name}: {type_source(kind)}" if kind else name for name, kind in pairs]
    return _WHOLE, f"function({_joined(params)}) {_print(node.body, _WHOLE)}"


def _path(node: nodes.Path) -> tuple[int, str]:
    return _POSTFIX, f"{_print(node.base, _POSTFIX)}.{node.key}"


def _filter(node: nodes.Filter) -> tuple[int, str]:
    return _POSTFIX, f"{_print(node.base, _POSTFIX)}[{_print(node.condition, _WHOLE)}]"


def _call(node: nodes.Call) -> tuple[int, str]:
    args = [_print(arg, _WHOLE) for arg in node.args]
    if node.names:
        args = [f"{name}: {arg}" for name, arg in zip(node.names, args, strict=True)]
    return _POSTFIX, f"{_print(node.callee, _POSTFIX)}({_joined(args)})"


def _tests(node: nodes.Tests) -> str:
    if node.any:
        return "-"
    inside = _joined(map(_test, node.tests))
    if node.negated:
        return f"not({inside})"
    only = node.tests[0]
    if len(node.tests) == 1 and isinstance(only, nodes.Call) and inside.startswith("not("):
        return f"({inside})"  # without brackets it would deny all tests
    return inside


_PRINTERS: dict[type[Node], Printer] = {
    nodes.Literal: _literal,
    nodes.Name: _name,
    nodes.ListOf: _list,
    nodes.OperatorTest: _operator_test,
    nodes.ContextOf: _context,
    nodes.RangeOf: _range,
    nodes.Negate: _negate,
    nodes.Arithmetic: _arithmetic,
    nodes.Logic: _logic,
    nodes.Compare: _compare,
    nodes.Between: _between,
    nodes.In: _in,
    nodes.InstanceOf: _instance_of,
    nodes.If: _if,
    nodes.For: _for,
    nodes.Quantified: _quantified,
    nodes.Lambda: _lambda,
    nodes.Path: _path,
    nodes.Filter: _filter,
    nodes.Call: _call,
}
