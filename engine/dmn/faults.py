"""Why an answer cannot be used, stricter than the standard, which makes all of this null or lets it
pass: values that a table does not expect, answers that it does not list, no answer at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.dmn.explain import answer_values, given_in_words, native
from engine.dmn.nodes import Output, Table
from engine.dmn.regions import shown
from engine.dmn.table import MAX_TRACES, Trace
from engine.feel.nodes import Tests
from engine.feel.printer import to_source
from engine.text import Text, text

_CORRECT = text("请流程管理员改正决策表")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer, and what to do about it."""

    message: Text
    remedy: Text


def faults_of(
    traces: Sequence[Trace], value: object, own: Table | None, reason: Text | None
) -> Iterator[Fault]:
    """All that keeps a value from being used; `own` is the table that gave it, if one did."""
    for trace in traces:
        if trace.problem:
            table = trace.compiled.table.name
            yield Fault(text("“{table}”：{why}", table=table, why=trace.problem), _CORRECT)
        yield from _unexpected(trace)
        yield from _unlisted(trace)
    if len(traces) >= MAX_TRACES:
        message = text("问了{n}次以上的表，没有全部核对", n=MAX_TRACES)
        yield Fault(message, text("拆成几个决策"))
    if value is None or (isinstance(value, dict) and None in value.values()):
        yield from (_silent(trace) for trace in traces if trace.is_silent)
    if value is None and traces and traces[-1].compiled.table is own:
        yield from _lost(traces[-1], reason)


def _unexpected(trace: Trace) -> Iterator[Fault]:
    """Values that a column does not allow; that there is none is told by the cells."""
    table = trace.compiled.table
    for column, tested, value in zip(
        table.inputs, trace.compiled.columns, trace.values, strict=True
    ):
        if tested.allowed and value is not None and not tested.allowed(trace.frame, value):
            message = text(
                "“{table}”的“{label}”是{value}，不在允许值里",
                table=table.name,
                label=column.label,
                value=_shown(value),
            )
            yield Fault(message, _allowed(column.allowed))


def _allowed(tests: Tests | None) -> Text:
    return text(
        "可以是{allowed}；改正资料，或请流程管理员改正决策表",
        allowed=to_source(tests) if tests else "",
    )


def _unlisted(trace: Trace) -> Iterator[Fault]:
    """Answers that decided and are not among those that their column lists."""
    table = trace.compiled.table
    chosen = {*(trace.rules if trace.decided is None else trace.decided), None}
    for rule, answer in trace.answers.items():
        values = answer_values(table, answer)
        for output, listed, value in zip(table.outputs, trace.compiled.listed, values, strict=True):
            if rule in chosen and listed and not listed(trace.frame, value):
                yield _outside(table, output, rule, value)


def _outside(table: Table, output: Output, rule: int | None, value: object) -> Fault:
    known = {"table": table.name, "label": output.label, "value": _shown(value)}
    message = text("“{table}”的默认值“{label}”是{value}，不在允许值里", **known)
    if rule is not None:
        message = text(
            "“{table}”第{row}行的“{label}”得出{value}，不在允许值里", row=rule + 1, **known
        )
    return Fault(message, _allowed(output.order))


def _silent(trace: Trace) -> Fault:
    message = text(
        "“{table}”没有一行符合（{given}），得不出结果",
        table=trace.compiled.table.name,
        given=given_in_words(trace),
    )
    return Fault(message, text("补全或改正资料；资料无误的，请流程管理员在决策表里加一行"))


def _lost(trace: Trace, reason: Text | None) -> Iterator[Fault]:
    """An answer that is not of the type that the decision declares comes out as null."""
    for answer in trace.answers.values():
        if answer is not None and not trace.problem:
            message = text(
                "“{table}”得出{value}，不是声明的类型：{why}",
                table=trace.compiled.table.name,
                value=_shown(answer),
                why=reason or "",
            )
            yield Fault(message, _CORRECT)
            return


def _shown(value: object) -> str:
    return (
        "null" if value is None else shown(value) if isinstance(value, str) else str(native(value))
    )
