"""Compiles arithmetic, comparisons, logic, `in`, `between`, `instance of` and unary tests."""

import operator
from collections.abc import Callable
from decimal import Decimal

from engine.feel import nodes
from engine.feel.arithmetic import apply, negate, power
from engine.feel.compare import compare, is_in, mismatch
from engine.feel.compile import Scope, compile_node, compiles
from engine.feel.errors import FeelError, Pos
from engine.feel.limits import Budget, check_list
from engine.feel.nodes import Node, mentions
from engine.feel.scope import Fn, Frame, TestFn
from engine.feel.types import is_instance, resolve, size, without_values
from engine.feel.values import Operator, kind_of
from engine.text import text

_DECIMAL: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@compiles(nodes.Arithmetic)
def _arithmetic(node: nodes.Arithmetic, scope: Scope) -> Fn:
    first, *rest = [compile_node(operand, scope) for operand in node.operands]
    if len(rest) == 1:
        op, pos, second = node.ops[0], node.places[0], rest[0]
        run = _runner(op)
        return lambda frame: run(op, first(frame), second(frame), frame.run.budget, pos)
    steps = list(zip(node.ops, map(_runner, node.ops), node.places, rest, strict=True))

    def fold(frame: Frame) -> object:
        value = first(frame)
        for op, run, pos, operand in steps:
            value = run(op, value, operand(frame), frame.run.budget, pos)
        return value

    return fold


def _runner(op: str) -> Callable[[str, object, object, Budget, Pos], object]:
    return power if op == "**" else apply


@compiles(nodes.Negate)
def _negate(node: nodes.Negate, scope: Scope) -> Fn:
    value, pos = compile_node(node.value, scope), node.pos
    return lambda frame: negate(value(frame), frame.run.budget, pos)


@compiles(nodes.Logic)
def _logic(node: nodes.Logic, scope: Scope) -> Fn:
    """Three-valued: the decisive value wins, anything that is not boolean makes it null."""
    operands = [compile_node(operand, scope) for operand in node.operands]
    decisive, neutral = node.decisive, not node.decisive

    def decide(frame: Frame) -> object:
        answer: bool | None = neutral
        for operand in operands:
            value = operand(frame)
            if value is decisive:
                return decisive
            if value is not neutral:
                answer = None
        return answer

    return decide


@compiles(nodes.Compare)
def _compare(node: nodes.Compare, scope: Scope) -> Fn:
    left, right = compile_node(node.left, scope), compile_node(node.right, scope)
    op, pos, quick = node.op, node.pos, _DECIMAL[node.op]
    bound = node.right.value if isinstance(node.right, nodes.Literal) else None
    if isinstance(bound, Decimal):
        return _compare_with(left, op, bound, pos)

    def test(frame: Frame) -> bool | None:
        a, b = left(frame), right(frame)
        if type(a) is Decimal and type(b) is Decimal:
            return quick(a, b)
        return _compare_any(frame, op, a, b, pos)

    return test


def _compare_with(left: Fn, op: Operator, bound: Decimal, pos: Pos) -> Fn:
    """A comparison with a number that is written out, the most frequent condition."""
    quick = _DECIMAL[op]

    def test(frame: Frame) -> bool | None:
        value = left(frame)
        if type(value) is Decimal:
            return quick(value, bound)
        return _compare_any(frame, op, value, bound, pos)

    return test


def _compare_any(frame: Frame, op: Operator, a: object, b: object, pos: Pos) -> bool | None:
    try:
        answer = compare(op, a, b, frame.run.budget)
    except FeelError as error:
        error.place(pos)
        raise
    if answer is None and (mismatch(a, b) or (a is not None and b is not None)):
        message = text("{left}和{right}不能比较", left=kind_of(a), right=kind_of(b))
        frame.run.budget.note(pos, message)
    return answer


@compiles(nodes.Between)
def _between(node: nodes.Between, scope: Scope) -> Fn:
    value, pos = compile_node(node.value, scope), node.pos
    low, high = compile_node(node.low, scope), compile_node(node.high, scope)

    def test(frame: Frame) -> bool | None:
        tested = value(frame)
        above = _compare_any(frame, ">=", tested, low(frame), pos)
        below = _compare_any(frame, "<=", tested, high(frame), pos)
        if above is False or below is False:
            return False
        return None if above is None or below is None else True

    return test


@compiles(nodes.In)
def _in(node: nodes.In, scope: Scope) -> Fn:
    value = compile_node(node.value, scope)
    tests = [compile_membership(test, scope) for test in node.tests]

    def holds(frame: Frame) -> bool | None:
        try:
            return one_holds(tests, frame, value(frame))
        except FeelError as error:
            error.place(node.pos)
            raise

    return holds


def one_holds(tests: list[TestFn], frame: Frame, value: object) -> bool | None:
    """Whether some test holds; null when none does and one could not be answered."""
    answer: bool | None = False
    for test in tests:
        found = test(frame, value)
        if found:
            return True
        if found is None:
            answer = None
    return answer


def compile_membership(node: Node, scope: Scope) -> TestFn:
    """A test to the right of `in`: an operator, or a value, list or range."""
    if isinstance(node, nodes.OperatorTest):
        return _operator_test(node, scope)
    if isinstance(node, nodes.ListOf):
        return _listed(node, scope)
    target = compile_node(node, scope)
    return lambda frame, value: is_in(value, target(frame), frame.run.budget)


def _listed(node: nodes.ListOf, scope: Scope) -> TestFn:
    """A list that is written out needs no list value, and may hold operator tests."""
    tests = [compile_membership(item, scope) for item in node.items]
    whole = compile_node(node, scope)

    def test(frame: Frame, value: object) -> bool | None:
        if isinstance(value, list):
            return is_in(value, whole(frame), frame.run.budget)
        return bool(one_holds(tests, frame, value))

    return test


def _operator_test(node: nodes.OperatorTest, scope: Scope) -> TestFn:
    bound, op, pos = compile_node(node.value, scope), node.op, node.pos
    fixed = node.value.value if isinstance(node.value, nodes.Literal) else None
    quick = _DECIMAL[op]

    def test(frame: Frame, value: object) -> bool | None:
        if type(value) is Decimal and isinstance(fixed, Decimal):
            return quick(value, fixed)
        return _compare_any(frame, op, value, bound(frame), pos)

    return test


@compiles(nodes.InstanceOf)
def _instance_of(node: nodes.InstanceOf, scope: Scope) -> Fn:
    value, kind = compile_node(node.value, scope), without_values(resolve(node.type, scope.types))
    steps = size(kind) >> 3

    def test(frame: Frame) -> bool | None:
        try:
            frame.run.budget.charge(steps)
            return is_instance(value(frame), kind, frame.run.budget)
        except FeelError as error:
            error.place(node.pos)
            raise

    return test


def compile_tests(node: nodes.Tests, scope: Scope) -> TestFn:
    """The unary tests of a decision's cell; the tested value is `?` inside them."""
    if node.any:
        return lambda _frame, _value: True
    tests = [_cell_test(test, scope.inside("?")) for test in node.tests]
    expected = not node.negated
    named = mentions(node, "?")  # else nobody would look into a frame of its own
    only = tests[0]

    def holds(frame: Frame, value: object) -> bool:
        if named:
            frame = Frame({"?": value}, frame, frame.run)
        try:
            if len(tests) == 1:
                return (only(frame, value) is True) is expected
            return any(test(frame, value) for test in tests) is expected
        except FeelError as error:
            error.place(node.pos)
            raise

    return holds


def _cell_test(node: Node, scope: Scope) -> TestFn:
    """A test is a condition on `?`, or something that the value equals or lies in."""
    if isinstance(node, nodes.OperatorTest | nodes.ListOf):
        return compile_membership(node, scope)
    target = compile_node(node, scope)
    if isinstance(node, nodes.Literal) and isinstance(node.value, str):
        return _equal_text(node.value, target)
    if isinstance(node, nodes.RangeOf):
        quick = _number_range(node, target)
        if quick is not None:
            return quick
    about = mentions(node, "?")
    written = isinstance(node, nodes.Literal)  # a `true` in a cell is no condition that holds

    def test(frame: Frame, value: object) -> bool | None:
        found = target(frame)
        if about or (found is True and not written and not isinstance(value, bool)):
            return found is True
        if isinstance(found, list):
            check_list(found, frame.run.budget)
        return is_in(value, found, frame.run.budget)

    return test


def _equal_text(expected: str, target: Fn) -> TestFn:
    def test(frame: Frame, value: object) -> bool | None:
        if type(value) is str:
            return value == expected
        return is_in(value, target(frame), frame.run.budget)

    return test


def _number_range(node: nodes.RangeOf, target: Fn) -> TestFn | None:
    """A range whose ends are written numbers; None for others."""
    ends = [end.value if isinstance(end, nodes.Literal) else None for end in (node.start, node.end)]
    low, high = ends
    if not isinstance(low, Decimal) or not isinstance(high, Decimal):
        return None
    above = operator.ge if node.start_included else operator.gt
    below = operator.le if node.end_included else operator.lt

    def test(frame: Frame, value: object) -> bool | None:
        if type(value) is Decimal:
            return bool(above(value, low) and below(value, high))
        return is_in(value, target(frame), frame.run.budget)

    return test
