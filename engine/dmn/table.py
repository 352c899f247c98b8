"""Compiles decision tables.

Each column's different cells are tested once per evaluation; what a test lets through is a set of
rules, kept as the bits of a number, so that the rules that match are all columns' sets in common.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from engine.dmn.nodes import Column, Output, Table
from engine.feel.builtins import lists
from engine.feel.compare import equals
from engine.feel.compile import Scope, compile_node, compiles
from engine.feel.nodes import Lambda, Literal, Name, Node, Tests, nodes_in
from engine.feel.operators import compile_tests
from engine.feel.registry import BUILTINS
from engine.feel.scope import Fn, Frame, TestFn
from engine.feel.types import coerce
from engine.text import Text, text

MAX_SEEN = 1_000  # values whose rules a column keeps
MAX_TRACES = 1_000  # tables that one evaluation tells about


@dataclass(slots=True)
class Tested:
    """A compiled column: what it tests, the rules that take any value, and the other tests.

    `allowed` are the values that are expected there; `seen` keeps the rules that a value passed,
    where the cells are constant.
    """

    value: Fn
    free: int
    tests: list[tuple[TestFn, int]]
    allowed: TestFn | None = None
    seen: dict[object, int] | None = None

    def passed(self, frame: Frame, value: object) -> int:
        """The rules that a value passes."""
        kept = self.seen if type(value) is str or type(value) is Decimal else None
        known = None if kept is None else kept.get(value)  # another thread may clear it meanwhile
        if known is not None:
            return known
        rules = self.free
        for test, allowed in self.tests:
            if test(frame, value):
                rules |= allowed
        if kept is not None:
            if len(kept) >= MAX_SEEN:
                kept.clear()
            kept[value] = rules
        return rules


@dataclass(slots=True)
class Compiled:
    """A compiled table, with what is needed to explain an evaluation of it."""

    table: Table
    columns: list[Tested]
    answers: list[Fn]
    default: Fn | None
    everything: int
    ranks: list[list[object]]
    listed: list[TestFn | None]


@dataclass(slots=True)
class Trace:
    """One evaluation of a table: enough to explain it later.

    `answers` are what the rules that the policy looked at gave, by rule from 0; that of no rule
    (None) is the default.
    """

    compiled: Compiled
    frame: Frame
    values: list[object]
    rules: list[int]
    problem: Text | None = None
    decided: list[int] | None = None  # those of the rules that the policy chose, None for all
    answers: dict[int | None, object] = field(default_factory=dict)

    def answer(self, rule: int) -> object:
        """What a rule gives, kept for the explanation."""
        found = self.answers[rule] = self.compiled.answers[rule](self.frame)
        return found

    @property
    def is_silent(self) -> bool:
        """Whether no rule matched, there is no default, and that is no answer."""
        return not self.rules and not self.answers and _nothing(self.compiled.table) is None


@compiles(Table)
def _table(node: Table, scope: Scope) -> Fn:
    compiled = Compiled(
        node,
        [_column(node, i, scope) for i in range(len(node.inputs))],
        [_answer(node.outputs, rule.values, scope) for rule in node.rules],
        _default(node, scope),
        (1 << len(node.rules)) - 1,
        [_ranks(output) for output in node.outputs],
        [compile_tests(one.order, scope) if one.order else None for one in node.outputs],
    )
    settle = _POLICIES[node.policy]

    def decide(frame: Frame) -> object:
        frame.run.budget.charge(1)
        trace = match(compiled, frame)
        if frame.run.traces is None:
            frame.run.traces = [trace]
        elif len(frame.run.traces) < MAX_TRACES:
            frame.run.traces.append(trace)
        if trace.rules:
            return settle(trace)
        if compiled.default is None:
            return _nothing(node)
        trace.answers[None] = found = compiled.default(frame)
        return found

    return decide


def _column(node: Table, at: int, scope: Scope) -> Tested:
    free = 0
    grouped: dict[str, int] = {}
    tests: dict[str, Tests] = {}
    for bit, rule in enumerate(node.rules):
        cell = rule.tests[at]
        if cell.any:
            free |= 1 << bit
        else:
            grouped[rule.cells[at]] = grouped.get(rule.cells[at], 0) | 1 << bit
            tests[rule.cells[at]] = cell
    compiled = [(compile_tests(tests[text], scope), rules) for text, rules in grouped.items()]
    constant = all(_constant(cell, scope) for cell in tests.values())
    allowed = node.inputs[at].allowed
    expected = None if allowed is None else compile_tests(allowed, scope)
    value = _input(node.inputs[at], expected, scope)
    return Tested(value, free, compiled, expected, {} if constant else None)


def _constant(cell: Tests, scope: Scope) -> bool:
    """Whether a cell says the same of a value every time: it reads nothing but built-ins."""
    if any(isinstance(node, Lambda) for node in nodes_in(cell)):
        return False
    names = {node.name for node in nodes_in(cell) if isinstance(node, Name)}
    return names <= BUILTINS.keys() - scope.bound - scope.functions


def _input(column: Column, allowed: TestFn | None, scope: Scope) -> Fn:
    """The tested value; one that the column does not allow is noted."""
    value = compile_node(column.value, scope)
    if allowed is None:
        return value
    label = column.label

    def checked(frame: Frame) -> object:
        found = value(frame)
        if found is not None and not allowed(frame, found):
            frame.run.budget.note(column.pos, text("{label}的值不在允许值里", label=label))
        return found

    return checked


def match(compiled: Compiled, frame: Frame) -> Trace:
    """Which rules match, counted from 0."""
    alive = compiled.everything
    values: list[object] = []
    for column in compiled.columns:
        value = column.value(frame)
        values.append(value)
        if alive:
            alive &= column.passed(frame, value)
    return Trace(compiled, frame, values, bits(alive))


def bits(rules: int) -> list[int]:
    """The places of the bits that are set, lowest first."""
    found: list[int] = []
    while rules:
        lowest = rules & -rules
        found.append(lowest.bit_length() - 1)
        rules ^= lowest
    return found


def _answer(outputs: tuple[Output, ...], values: tuple[Node, ...], scope: Scope) -> Fn:
    cells = [_typed(output, value, scope) for output, value in zip(outputs, values, strict=True)]
    if len(cells) == 1:
        return cells[0]
    names = [output.name for output in outputs]
    return lambda frame: {n: c(frame) for n, c in zip(names, cells, strict=True)}


def _typed(output: Output, value: Node, scope: Scope) -> Fn:
    compiled, kind = compile_node(value, scope), output.type
    if kind is None:
        return compiled
    return lambda frame: coerce(compiled(frame), kind, frame.run.budget)


def _default(node: Table, scope: Scope) -> Fn | None:
    """What the table gives when no rule matches."""
    if all(output.default is None for output in node.outputs):
        return None
    pos = node.pos
    values = tuple(output.default or Literal(pos, None) for output in node.outputs)
    plain = _answer(node.outputs, values, scope)
    return plain


def _nothing(node: Table) -> object:
    """No rule matched and there is no default: policies of several answers give none of them."""
    if node.aggregation == "COUNT":
        return Decimal(0)
    several = node.policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER") and not node.aggregation
    return [] if several else None


def _given(trace: Trace, rules: list[int]) -> list[object]:
    return [trace.answer(rule) for rule in rules]


def _unique(trace: Trace) -> object:
    if len(trace.rules) == 1:
        return trace.answer(trace.rules[0])
    rows = "、".join(str(rule + 1) for rule in trace.rules)
    _fail(trace, text("第{rows}行同时符合，而命中策略是“唯一”", rows=rows))
    return None


def _fail(trace: Trace, problem: Text) -> None:
    trace.problem = problem
    trace.frame.run.budget.note(trace.compiled.table.pos, problem)


def _any(trace: Trace) -> object:
    first, *others = _given(trace, trace.rules)
    if all(equals(first, other, trace.frame.run.budget) for other in others):
        return first
    rows = "、".join(str(rule + 1) for rule in trace.rules)
    _fail(trace, text("第{rows}行同时符合，但结果不同", rows=rows))
    return None


def _first(trace: Trace) -> object:
    trace.decided = trace.rules[:1]
    return trace.answer(trace.rules[0])


def _rule_order(trace: Trace) -> object:
    return _given(trace, trace.rules)


def _priority(trace: Trace) -> object:
    at, answer = _by_rank(trace)[0]
    trace.decided = [trace.rules[at]]
    return answer


def _by_output(trace: Trace) -> list[object]:
    return [answer for _, answer in _by_rank(trace)]


def _by_rank(trace: Trace) -> list[tuple[int, object]]:
    """All answers with their places, by the place of their values in the output values."""
    given = _given(trace, trace.rules)
    ranked = [(_rank(trace, answer), i) for i, answer in enumerate(given)]
    return [(i, given[i]) for _, i in sorted(ranked)]


def _rank(trace: Trace, answer: object) -> tuple[int, ...]:
    outputs = trace.compiled.table.outputs
    single = [answer] if len(outputs) == 1 else None
    values = single or [answer.get(o.name) for o in outputs if isinstance(answer, dict)]
    pairs = zip(trace.compiled.ranks, values, strict=False)
    budget = trace.frame.run.budget
    return tuple(
        next((i for i, item in enumerate(ranks) if equals(item, value, budget)), len(ranks))
        for ranks, value in pairs
        if ranks
    )


def _ranks(output: Output) -> list[object]:
    tests = output.order.tests if output.order else ()
    return [test.value for test in tests if isinstance(test, Literal)]


def _collect(trace: Trace) -> object:
    given = _given(trace, trace.rules)
    return _AGGREGATIONS[trace.compiled.table.aggregation](given)


_AGGREGATIONS: dict[str, Callable[[list[object]], object]] = {
    "": lambda given: given,
    "SUM": lists.total,
    "COUNT": lambda given: Decimal(len(given)),
    "MIN": lists.minimum,
    "MAX": lists.maximum,
}
_POLICIES: dict[str, Callable[[Trace], object]] = {
    "UNIQUE": _unique,
    "ANY": _any,
    "PRIORITY": _priority,
    "FIRST": _first,
    "RULE ORDER": _rule_order,
    "OUTPUT ORDER": _by_output,
    "COLLECT": _collect,
}
