"""Why a decision table gave its answer: what matched, and which cell kept the near misses out."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.dmn.nodes import Table
from engine.dmn.table import Trace, bits
from engine.feel import FeelError, to_json_native
from engine.feel.values import kind_of
from engine.text import Text, text

MAX_MISSES = 20  # near misses of one table; each evaluation is kept with its case


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that all cells but one let through: the cell of `column` said no to `value`."""

    row: int
    column: str
    cell: str
    value: object


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule that matched, counted from 1, with its outputs as they are written and, where the
    policy looked at them, the values that they gave."""

    row: int
    id: str
    outputs: tuple[str, ...]
    annotation: str
    results: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class TableExplanation:
    """One evaluation of a table; `decided` are the rows among the matched that gave the answer."""

    table: str
    id: str
    policy: str
    inputs: tuple[tuple[str, object], ...]
    matched: tuple[Matched, ...]
    decided: tuple[int, ...]
    near_misses: tuple[NearMiss, ...]
    problem: Text | None

    def to_json(self) -> dict[str, object]:
        """JSON-native, values as `to_json_native` writes them."""
        return {
            "table": self.table,
            "id": self.id,
            "policy": self.policy,
            "inputs": [{"name": name, "value": value} for name, value in self.inputs],
            "matched": [
                {
                    "row": m.row,
                    "id": m.id,
                    "outputs": list(m.outputs),
                    "results": None if m.results is None else list(m.results),
                    "annotation": m.annotation,
                }
                for m in self.matched
            ],
            "decided": list(self.decided),
            "near_misses": [
                {"row": n.row, "column": n.column, "cell": n.cell, "value": n.value}
                for n in self.near_misses
            ],
            "problem": stored(self.problem),
        }

    def in_words(self) -> list[Text]:
        """Sentences for people: first what matched, then what nearly did."""
        given = _in_words(self.inputs)
        rows = [match.row for match in self.matched]
        if rows:
            shown = _rows(rows)
            head = text(
                "“{table}”第{rows}行符合（{given}）", table=self.table, rows=shown, given=given
            )
        else:
            head = text("“{table}”没有一行符合（{given}）", table=self.table, given=given)
        said = [head]
        if len(self.decided) < len(rows) and self.decided:
            said.append(text("由第{rows}行决定", rows=_rows(self.decided)))
        if self.problem:
            said.append(self.problem)
        return said + [
            text(
                "第{row}行只差“{column}”：要求{cell}，实际{value}",
                row=miss.row,
                column=miss.column,
                cell=miss.cell,
                value=_shown(miss.value),
            )
            for miss in self.near_misses
        ]


def _rows(rows: Sequence[int]) -> str:
    return "、".join(map(str, rows))


def stored(message: Text | None) -> dict[str, object] | None:
    """A text as JSON, still to be translated where it is shown."""
    if message is None:
        return None
    params = {k: v if isinstance(v, int) else str(v) for k, v in message.params.items()}
    return {"template": message.template, "params": params}


def _shown(value: object) -> str:
    if value is None:
        return "null"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _in_words(inputs: Sequence[tuple[str, object]]) -> str:
    return "，".join(f"{name}={_shown(value)}" for name, value in inputs)


def given_in_words(trace: Trace) -> str:
    """What a table was asked with."""
    return _in_words(_inputs(trace))


def _inputs(trace: Trace) -> tuple[tuple[str, object], ...]:
    labels = [column.label for column in trace.compiled.table.inputs]
    return tuple(zip(labels, map(native, trace.values), strict=True))


def explain(trace: Trace) -> TableExplanation:
    """What one evaluation of a table did; tests the cells again that were skipped then."""
    table = trace.compiled.table
    return TableExplanation(
        table.name,
        table.id,
        f"{table.policy} {table.aggregation}".strip(),
        _inputs(trace),
        tuple(_matched(trace, rule) for rule in trace.rules),
        _decided(trace),
        tuple(_near_misses(trace)),
        trace.problem,
    )


def native(value: object) -> object:
    """A value as JSON; what JSON cannot hold is named by its kind."""
    try:
        return to_json_native(value)
    except FeelError:
        return kind_of(value)


def _decided(trace: Trace) -> tuple[int, ...]:
    if trace.problem:
        return ()
    return tuple(rule + 1 for rule in (trace.rules if trace.decided is None else trace.decided))


def _matched(trace: Trace, at: int) -> Matched:
    table, results = trace.compiled.table, None
    if at in trace.answers:
        results = tuple(map(native, answer_values(table, trace.answers[at])))
    rule = table.rules[at]
    return Matched(rule.number, rule.id, rule.answers, rule.annotation, results)


def answer_values(table: Table, answer: object) -> list[object]:
    """The values of one answer by output."""
    if len(table.outputs) == 1:
        return [answer]
    return [answer.get(one.name) if isinstance(answer, dict) else None for one in table.outputs]


def _near_misses(trace: Trace) -> list[NearMiss]:
    """The first rules that exactly one column refuses, in their order."""
    compiled = trace.compiled
    once, twice = 0, 0
    refused: list[int] = []
    for column, value in zip(compiled.columns, trace.values, strict=True):
        refused.append(compiled.everything & ~column.passed(trace.frame, value))
        twice |= once & refused[-1]
        once |= refused[-1]
    return [_near_miss(trace, rule, refused) for rule in bits(once & ~twice)[:MAX_MISSES]]


def _near_miss(trace: Trace, at: int, refused: list[int]) -> NearMiss:
    column = next(i for i, rules in enumerate(refused) if rules >> at & 1)
    table, rule = trace.compiled.table, trace.compiled.table.rules[at]
    value = native(trace.values[column])
    return NearMiss(rule.number, table.inputs[column].label, rule.cells[column], value)
