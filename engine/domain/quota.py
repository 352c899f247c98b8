"""Quotas (D.11, I.19), the bank score (R8) and how long a scheme runs (J6)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.domain.codes import QuotaResult
from engine.domain.dates import last_day_of_years
from engine.domain.money import ZERO, half_up
from engine.domain.trace import Measure, Op, Operand, Rounding, Step, Trace, cny, on_day, ratio_of
from engine.domain.validate import Problems
from engine.text import text


@dataclass(frozen=True)
class Quota:
    """Admitted or waitlisted, and by how much the request is over the limit (元)."""

    result: QuotaResult
    excess: Decimal
    trace: Trace


def quota(limit: Decimal, used: Decimal, requested: Decimal, version: str | None = None) -> Quota:
    """used + requested within the limit is ADMIT, else WAITLIST with the excess (D.11).

    `used` counts approved lines; only cancellation or expiry releases it (I.19).
    """
    problems = Problems()
    problems.amount("limit", limit)
    problems.amount("used", used)
    problems.amount("requested", requested, zero=False)
    problems.done()
    excess = max(used + requested - limit, ZERO)
    result = QuotaResult.WAITLIST if excess else QuotaResult.ADMIT
    terms = (
        cny("used", text("已用额度"), used),
        Op.PLUS,
        cny("requested", text("本次申请"), requested),
        Op.MINUS,
        cny("limit", text("总额度"), limit),
    )
    step = Step(terms, cny("excess", text("超出"), excess))
    return Quota(result, excess, Trace("quota", "M6 / D.11", (step,), version))


@dataclass(frozen=True)
class BankMarks:
    """A bank's ratios for R8, each 0 or more; what is above 1 counts as 1."""

    completion: Decimal
    approval: Decimal
    timeliness: Decimal
    pricing: Decimal
    data_quality: Decimal
    cooperation: Decimal


BANK_WEIGHTS: Mapping[str, int] = {
    "completion": 25,
    "approval": 20,
    "timeliness": 20,
    "pricing": 10,
    "data_quality": 15,
    "cooperation": 10,
}
_MARK_LABELS = {
    "completion": text("业务完成度"),
    "approval": text("审批通过率"),
    "timeliness": text("按时审批率"),
    "pricing": text("利率优惠"),
    "data_quality": text("数据质量"),
    "cooperation": text("配合度"),
}


@dataclass(frozen=True)
class BankScore:
    """0 to 100, to 0.01."""

    score: Decimal
    trace: Trace


def bank_score(
    marks: BankMarks, weights: Mapping[str, int] = BANK_WEIGHTS, version: str | None = None
) -> BankScore:
    """Sum of weight x min(ratio, 1), HALF_UP to 0.01 (R8, D.11, J5.2)."""
    values = {one.name: getattr(marks, one.name) for one in fields(marks)}
    problems = Problems()
    for name, value in values.items():
        problems.ratio(name, value, zero=True, top=Decimal(1_000_000))
    problems.done()
    capped = {name: min(value, Decimal(1)) for name, value in values.items()}
    exact = sum((weights[name] * Fraction(value) for name, value in capped.items()), Fraction(0))
    score = half_up(exact)
    terms: list[Op | Operand] = []
    for name, value in capped.items():
        weight = Operand(f"weight_{name}", text("权重"), weights[name], Measure.POINTS)
        terms += [Op.PLUS, ratio_of(name, _MARK_LABELS[name], value), Op.TIMES, weight]
    result = Operand("score", text("银行得分"), score, Measure.POINTS)
    step = Step(tuple(terms[1:]), result, Rounding.HALF_UP)
    return BankScore(score, Trace("bank-score", "J5.2 / R8", (step,), version))


def pricing_mark(rate: Decimal, lpr: Decimal) -> Decimal:
    """R8 pricing: 1 at LPR - 30 basis points or less, 0 at the LPR or above, linear between."""
    return min(max((lpr - rate) / Decimal("0.30"), Decimal(0)), Decimal(1))


@dataclass(frozen=True)
class SchemeExpiry:
    """The last day on which a scheme runs."""

    last_day: date
    trace: Trace


def scheme_expiry(effective_from: date, years: int, version: str | None = None) -> SchemeExpiry:
    """Last day of `years` years (1 to 100) that begin on `effective_from` (J6, D.11)."""
    problems = Problems()
    problems.number("years", years, 1, 100)
    problems.done()
    last = last_day_of_years(effective_from, years)
    start = on_day("effective_from", text("生效日"), effective_from)
    length = Operand("years", text("有效期"), years, Measure.YEARS)
    step = Step((start, Op.PLUS, length), on_day("last_day", text("最后一日"), last))
    return SchemeExpiry(last, Trace("scheme-expiry", "J6 / D.11", (step,), version))
