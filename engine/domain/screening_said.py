"""What a published decision table says of one check: the outcome, the row that gave it, and why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.dmn import DecisionRefused, Result, TableExplanation
from engine.domain.codes import Outcome
from engine.domain.screening_types import Check
from engine.domain.trace import Op, Operand, Step, Term, Trace, code_of, yes_no
from engine.text import Text, text

Ask = Callable[[str, Mapping[str, Any]], Result]
"""Asks a published decision, by id, with facts by the names of its inputs."""

Words = Mapping[tuple[str, str], Text]
"""By row and outcome, as the tables are shipped: words that translate, with names and dates."""

_NONE = "NONE"  # the table has nothing to check


@dataclass(frozen=True)
class Said:
    """An answer to one check. `words` are the row's annotation without its `clause`."""

    outcome: Outcome | None
    row: str
    words: Text
    clause: str
    overridable: bool
    needs_head: bool
    trace: Trace | None

    def check(
        self, code: str, title: Text, words: Words, *, negative: bool = False
    ) -> Check | None:
        """As a check, None where there is nothing to check. A row that the owners changed or added
        speaks with its own annotation."""
        if self.outcome is None:
            return None
        return Check(
            code,
            self.outcome,
            title,
            words.get((self.row, self.outcome.value), self.words),
            self.clause,
            self.trace,
            overridable=self.overridable,
            negative=negative,
            needs_head=self.needs_head,
        )


def read(result: Result, working: Result | None = None) -> Said:
    """The outcome of a check; `working` is the answer whose reckoning a reader wants to see.

    Raises DecisionRefused where the table gives no outcome.
    """
    value = result.required()
    answer = value if isinstance(value, Mapping) else {"outcome": value}
    row, annotation = _decided(result.explanation[-1]) if result.explanation else ("", "")
    clause, _, words = annotation.rpartition("：")
    first = clause.replace("、", " ").partition(" ")[0]
    return Said(
        _outcome(answer.get("outcome")),
        row,
        Text(_literal(words or annotation)),
        first,
        answer.get("overridable") is True,
        answer.get("needs_head") is True,
        _trace(first, *working.explanation) if working else None,
    )


def _decided(table: TableExplanation) -> tuple[str, str]:
    rows = ((one.id, one.annotation) for one in table.matched if one.row in table.decided)
    return next(rows, ("", ""))


def _outcome(value: object) -> Outcome | None:
    if value == _NONE:
        return None
    if value in set(Outcome):
        return Outcome(str(value))
    raise refused(value, "、".join([*Outcome, _NONE]))


def refused(value: object, allowed: str) -> DecisionRefused:
    """The refusal of an answer that nobody can act on."""
    return DecisionRefused(
        "no_answer",
        text("决策表给出了{value}，无法据此办理", value="null" if value is None else str(value)),
        text("请流程管理员改正决策表；结果可以是{allowed}", allowed=allowed),
    )


def _literal(words: str) -> str:
    return words.replace("{", "{{").replace("}", "}}")


def _trace(clause: str, *tables: TableExplanation) -> Trace:
    """The tables that were asked, each with what it looked at and what the row said."""
    return Trace("decision", clause, tuple(_steps(tables)))


def _steps(tables: tuple[TableExplanation, ...]) -> Iterator[Step]:
    for table in tables:
        for one in table.matched:
            if one.row in table.decided:
                answer = "、".join(map(_said, one.results or ()))
                yield Step(_terms(table), code_of(table.id, Text(_literal(table.table)), answer))


def _said(value: object) -> str:
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _terms(table: TableExplanation) -> tuple[Term, ...]:
    given = [_operand(f"{table.id}_{at}", *each) for at, each in enumerate(table.inputs)]
    spaced = [term for one in given for term in (Op.COMMA, one)]
    return (*spaced[1:], Op.TO)


def _operand(name: str, label: str, value: object) -> Operand:
    shown = Text(_literal(label))
    if isinstance(value, bool):
        return yes_no(name, shown, value)
    if isinstance(value, int | float | Decimal):
        return Operand(name, shown, Decimal(str(value)))
    words = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return code_of(name, shown, "—" if value is None else words)
