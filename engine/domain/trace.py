"""How a figure came about: operands and operators in order, for screens, documents and audit.

A rule makes one Trace of one or more Steps; each Step is a formula with named values and its
result, e.g. 放款5,000,000.00 × 担保比例80% 舍到分 = 担保额4,000,000.00.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.domain.money import plain
from engine.text import Text, text

Value = Decimal | int | str | date | None


class Measure(StrEnum):
    """What a value measures, hence how it is shown."""

    MONEY = "MONEY"  # 元
    WAN = "WAN"  # 万元
    RATIO = "RATIO"  # 0.85 is shown as 85%
    PERCENT = "PERCENT"  # 3.05 is shown as 3.05%
    BASIS_POINTS = "BASIS_POINTS"
    DAYS = "DAYS"
    MONTHS = "MONTHS"
    YEARS = "YEARS"
    PERSONS = "PERSONS"
    POINTS = "POINTS"
    DATE = "DATE"
    NUMBER = "NUMBER"
    CODE = "CODE"
    FLAG = "FLAG"  # YES or NO, shown as a sign


class Rounding(StrEnum):
    """What was done to the exact result of a step."""

    NONE = "NONE"
    DOWN = "DOWN"
    HALF_UP = "HALF_UP"
    HALF_UP_TENTH = "HALF_UP_TENTH"


class Op(StrEnum):
    """Signs between operands."""

    PLUS = "+"
    MINUS = "−"
    TIMES = "×"
    OVER = "÷"
    OPEN = "("
    CLOSE = ")"
    MIN = "min"
    MAX = "max"
    COMMA = ","
    AT_MOST = "≤"
    AT_LEAST = "≥"
    LESS = "<"
    MORE = ">"
    AND = "∧"
    TO = "→"


# NONE has no words: gettext("") would answer with the catalogue's header
ROUNDING_TEXT = {
    Rounding.DOWN: text("舍到分"),
    Rounding.HALF_UP: text("四舍五入到0.01"),
    Rounding.HALF_UP_TENTH: text("四舍五入到0.1"),
}
UNIT_TEXT = {
    Measure.MONEY: text("元"),
    Measure.WAN: text("万元"),
    Measure.BASIS_POINTS: text("基点"),
    Measure.DAYS: text("天"),
    Measure.MONTHS: text("个月"),
    Measure.YEARS: text("年"),
    Measure.PERSONS: text("人"),
    Measure.POINTS: text("分"),
}


def _percent(value: Decimal) -> str:
    return plain((value * 100).normalize()) + "%"


@dataclass(frozen=True)
class Operand:
    """A named value: `name` for programs, `label` for people, `measure` says how to show it."""

    name: str
    label: Text
    value: Value
    measure: Measure = Measure.NUMBER

    def shown(self) -> str:
        """The value without its unit, the same in every language."""
        if self.value is None:
            return "—"
        if self.measure is Measure.FLAG:
            return "✓" if self.value == "YES" else "✗"
        if isinstance(self.value, date | str):
            return str(self.value)
        number = Decimal(self.value)
        if self.measure in (Measure.MONEY, Measure.WAN):
            return f"{number:,.2f}"
        if self.measure is Measure.RATIO:
            return _percent(number)
        return plain(number) + ("%" if self.measure is Measure.PERCENT else "")

    @property
    def unit(self) -> Text | None:
        """The unit's name, where the value does not show it itself."""
        return UNIT_TEXT.get(self.measure)

    def to_dict(self) -> dict[str, object]:
        """JSON form; decimals as strings, dates in ISO form."""
        value = plain(self.value) if isinstance(self.value, Decimal) else self.value
        return {
            "name": self.name,
            "label": str(self.label),
            "value": value.isoformat() if isinstance(value, date) else value,
            "measure": self.measure.value,
        }


Term = Operand | Op


@dataclass(frozen=True)
class Step:
    """One formula: its terms in reading order, the rounding, and the result."""

    terms: tuple[Term, ...]
    result: Operand
    rounding: Rounding = Rounding.NONE

    def sentence(self) -> str:
        """The formula as one line in Chinese, without units."""
        rounded = ROUNDING_TEXT.get(self.rounding)
        parts = [*map(_word, self.terms), *([str(rounded)] if rounded else []), "="]
        return " ".join([*parts, _word(self.result)])

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        terms = [t.to_dict() if isinstance(t, Operand) else {"op": t.value} for t in self.terms]
        return {"terms": terms, "rounding": self.rounding.value, "result": self.result.to_dict()}


def _word(term: Term) -> str:
    return term.value if isinstance(term, Op) else f"{term.label}{term.shown()}"


@dataclass(frozen=True)
class Trace:
    """A rule's whole reckoning. `version` is the version of the programme's parameters, if any."""

    rule: str
    clause: str
    steps: tuple[Step, ...]
    version: str | None = None
    given: tuple[Operand, ...] = ()

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """What went in: what is given, and every operand no earlier step has produced."""
        return tuple({op.name: op for op in (*self.given, *self._taken())}.values())

    def _taken(self) -> Iterator[Operand]:
        made: set[str] = set()
        for step in self.steps:
            for term in step.terms:
                if isinstance(term, Operand) and term.name not in made:
                    yield term
            made.add(step.result.name)

    @property
    def results(self) -> tuple[Operand, ...]:
        """The result of each step."""
        return tuple(step.result for step in self.steps)

    def sentences(self) -> list[str]:
        """The formulas, one line each, in Chinese."""
        return [step.sentence() for step in self.steps]

    def to_dict(self) -> dict[str, object]:
        """JSON form for the audit trail and `danbao calc --trace`."""
        return {
            "rule": self.rule,
            "clause": self.clause,
            "version": self.version,
            "inputs": [op.to_dict() for op in self.inputs],
            "steps": [step.to_dict() for step in self.steps],
            "formula": self.sentences(),
        }


def cny(name: str, label: Text, value: Decimal) -> Operand:
    """An amount in 元."""
    return Operand(name, label, value, Measure.MONEY)


def ratio_of(name: str, label: Text, value: Decimal) -> Operand:
    """A ratio, 0.85 for 85%."""
    return Operand(name, label, value, Measure.RATIO)


def percent_of(name: str, label: Text, value: Decimal) -> Operand:
    """A yearly rate in percent, 3.05 for 3.05%."""
    return Operand(name, label, value, Measure.PERCENT)


def on_day(name: str, label: Text, value: date | None) -> Operand:
    """A calendar day."""
    return Operand(name, label, value, Measure.DATE)


def days_of(name: str, label: Text, value: int) -> Operand:
    """A number of days."""
    return Operand(name, label, value, Measure.DAYS)


def code_of(name: str, label: Text, value: str) -> Operand:
    """A code; its name for people is the renderer's."""
    return Operand(name, label, value, Measure.CODE)


def yes_no(name: str, label: Text, value: bool) -> Operand:
    """A truth value."""
    return Operand(name, label, "YES" if value else "NO", Measure.FLAG)


def listed(op: Op, operands: list[Operand]) -> tuple[Term, ...]:
    """The terms of `op(a, b, …)`."""
    inner = [term for one in operands for term in (Op.COMMA, one)]
    return (op, Op.OPEN, *inner[1:], Op.CLOSE)
