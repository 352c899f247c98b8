"""How a figure came about, for pages: the stored form of engine.domain.trace, made readable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from engine.domain.trace import ROUNDING_TEXT, UNIT_TEXT, Measure, Operand, Rounding, Trace
from engine.text import Text
from web.i18n import raw_unit, render_text


@dataclass(frozen=True)
class Part:
    """A piece of a formula: an operand with its name, or a sign."""

    text: str
    operand: bool


@dataclass(frozen=True)
class Line:
    """One row of a working (macro `ui.working`)."""

    name: str
    parts: tuple[Part, ...]
    result: str
    note: str = ""


def lines(trace: Trace | Mapping[str, Any] | None) -> list[Line]:
    """The rows of one rule's trace, as the object or as it is stored; none without a trace."""
    if not trace:
        return []
    plain: Mapping[str, Any] = trace.to_dict() if isinstance(trace, Trace) else trace
    steps = plain.get("steps") or []
    found = [_line(step) for step in steps]
    if found:
        found[-1] = _with_source(found[-1], plain)
    return found


def all_lines(traces: Mapping[str, Any] | Iterable[Any]) -> list[Line]:
    """The rows of several traces: a mapping rule -> trace (LoanCase.traces), or a list."""
    found = traces.values() if isinstance(traces, Mapping) else traces
    return [line for trace in found if isinstance(trace, Mapping | Trace) for line in lines(trace)]


def is_trace(value: object) -> bool:
    """Whether a stored value is one trace (and not a mapping of several)."""
    return isinstance(value, Mapping) and "steps" in value


def working_of(stored: Mapping[str, Any] | None) -> list[Line]:
    """The rows of a `trace` or `traces` column, whichever of both was stored."""
    if not stored:
        return []
    return lines(stored) if is_trace(stored) else all_lines(stored)


def _line(step: Mapping[str, Any]) -> Line:
    parts = tuple(_part(term) for term in step["terms"])
    result = operand_of(step["result"])
    rounding = ROUNDING_TEXT.get(Rounding(step.get("rounding") or Rounding.NONE))
    return Line(_label(result), parts, shown(result), render_text(rounding) if rounding else "")


def _with_source(line: Line, trace: Mapping[str, Any]) -> Line:
    version = trace.get("version")
    words = [line.note, str(trace.get("clause") or "")]
    words.append(gettext("参数%(v)s版", v=version) if version else "")
    return Line(line.name, line.parts, line.result, " · ".join(word for word in words if word))


def _part(term: Mapping[str, Any]) -> Part:
    if "op" in term:
        return Part(_sign(str(term["op"])), operand=False)
    operand = operand_of(term)
    return Part(f"{_label(operand)} {shown(operand)}".strip(), operand=True)


def _sign(sign: str) -> str:
    words = {"min": gettext("取最低"), "max": gettext("取最高"), "∧": gettext("且")}
    return str(words.get(sign, sign))


def operand_of(stored: Mapping[str, Any]) -> Operand:
    """An operand from its stored form."""
    measure = Measure(stored.get("measure") or Measure.NUMBER)
    value: Any = stored.get("value")
    if value is not None and measure is Measure.DATE:
        value = date.fromisoformat(str(value))
    elif isinstance(value, str) and measure not in (Measure.CODE, Measure.FLAG):
        value = Decimal(value)
    return Operand(str(stored.get("name", "")), Text(str(stored.get("label", ""))), value, measure)


def _label(operand: Operand) -> str:
    template = operand.label.template
    return str(gettext(template)) if template else ""


def shown(operand: Operand) -> str:
    """The value with its unit where that is not plain: days, months, persons …"""
    unit = UNIT_TEXT.get(operand.measure)
    plain = operand.measure in (Measure.MONEY,)
    return operand.shown() + (raw_unit(unit.template) if unit and not plain else "")
