"""Fee subsidy and refund (D.7), and the guarantee institution's subsidy (D.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from engine.domain.codes import Grade, SubsidyStatus
from engine.domain.money import ZERO, down, half_up
from engine.domain.trace import (
    Measure,
    Op,
    Operand,
    Rounding,
    Step,
    Trace,
    cny,
    code_of,
    days_of,
    ratio_of,
)
from engine.domain.validate import Problems
from engine.text import text

ONE = Decimal(1)


@dataclass(frozen=True)
class FeeSubsidy:
    """The subsidy in 元. CARRY_FORWARD when the enterprise has not paid a fee yet."""

    subsidy: Decimal
    status: SubsidyStatus
    trace: Trace


def fee_subsidy(
    fee_paid: Decimal,
    *,
    refunded: Decimal = ZERO,
    other_subsidy: Decimal = ZERO,
    ratio: Decimal = ONE,
    version: str | None = None,
) -> FeeSubsidy:
    """DOWN((paid - refunded - other subsidy, not below 0) x ratio); D.7, J4.7.1, I.4.

    PAYABLE as soon as a fee has been paid, even if deductions leave nothing.
    """
    problems = Problems()
    problems.amount("fee_paid", fee_paid)
    problems.amount("refunded", refunded)
    problems.amount("other_subsidy", other_subsidy)
    problems.ratio("ratio", ratio, zero=True)
    problems.done()
    base = max(fee_paid - refunded - other_subsidy, ZERO)
    subsidy = down(Fraction(base) * Fraction(ratio))
    status = SubsidyStatus.PAYABLE if fee_paid else SubsidyStatus.CARRY_FORWARD
    paid = cny("fee_paid", text("实缴担保费"), fee_paid)
    less = (
        Op.MINUS,
        cny("refunded", text("已退"), refunded),
        Op.MINUS,
        cny("other_subsidy", text("其他补贴"), other_subsidy),
    )
    net = cny("base", text("补贴基数"), base)
    share = ratio_of("ratio", text("补贴比例"), ratio)
    result = cny("subsidy", text("担保费补贴"), subsidy)
    steps = (Step((paid, *less), net), Step((net, Op.TIMES, share), result, Rounding.DOWN))
    return FeeSubsidy(subsidy, status, Trace("fee-subsidy", "J4.7.1 / D.7", steps, version))


@dataclass(frozen=True)
class FeeRefund:
    """Refund of the fee, the subsidy clawed back with it, and the subsidy that stays (元)."""

    refund: Decimal
    clawback: Decimal
    net_subsidy: Decimal
    trace: Trace


def fee_refund(
    fee_paid: Decimal, unused_days: int, term_days: int, version: str | None = None
) -> FeeRefund:
    """HALF_UP(paid x unused days / term days), refunded and clawed back (D.7).

    Supposes that the fee was subsidised in full (ratio 1, as both programmes do).
    """
    problems = Problems()
    problems.amount("fee_paid", fee_paid)
    problems.number("term_days", term_days, 1, 36600)
    problems.number("unused_days", unused_days, 0, 36600)
    problems.done()
    problems.expect("unused_days", unused_days <= term_days, text("未使用天数不能多于总天数"))
    problems.done()
    refund = half_up(Fraction(fee_paid) * unused_days / term_days)
    paid = cny("fee_paid", text("实缴担保费"), fee_paid)
    unused = days_of("unused_days", text("未使用天数"), unused_days)
    term = days_of("term_days", text("总天数"), term_days)
    back = cny("refund", text("退费及追回补贴"), refund)
    net = cny("net_subsidy", text("保留补贴"), fee_paid - refund)
    steps = (
        Step((paid, Op.TIMES, unused, Op.OVER, term), back, Rounding.HALF_UP),
        Step((paid, Op.MINUS, back), net),
    )
    trace = Trace("fee-refund", "J4.7.1 / D.7", steps, version)
    return FeeRefund(refund, refund, fee_paid - refund, trace)


GRADES: Mapping[Grade, Decimal] = {
    Grade.EXCELLENT: Decimal(90),
    Grade.GOOD: Decimal(80),
    Grade.MEDIUM: Decimal(60),
    Grade.POOR: Decimal(0),
}
INSTITUTION_RATIO = Decimal("0.01")


def grade_of(score: Decimal, grades: Mapping[Grade, Decimal] = GRADES) -> Grade:
    """The highest grade whose lower bound `score` (0 to 100) reaches; no rounding first."""
    problems = Problems()
    problems.rate("score", score)
    problems.done()
    reached = [grade for grade, low in grades.items() if score >= low]
    return max(reached, key=lambda grade: grades[grade])


@dataclass(frozen=True)
class InstitutionSubsidy:
    """The institution's grade and its subsidy in 元."""

    grade: Grade
    subsidy: Decimal
    trace: Trace


def institution_subsidy(
    guaranteed: Decimal,
    score: Decimal,
    *,
    ratio: Decimal = INSTITUTION_RATIO,
    grades: Mapping[Grade, Decimal] = GRADES,
    version: str | None = None,
) -> InstitutionSubsidy:
    """DOWN(year's accepted guaranteed amount x 1%) from MEDIUM up, else 0 (D.9, J4.7.2)."""
    problems = Problems()
    problems.amount("guaranteed_amount", guaranteed)
    problems.ratio("ratio", ratio, zero=True)
    problems.done()
    grade = grade_of(score, grades)
    applied = Decimal(0) if grade is Grade.POOR else ratio
    subsidy = down(Fraction(guaranteed) * Fraction(applied))
    marks = Operand("score", text("绩效评价得分"), score, Measure.POINTS)
    base = cny("guaranteed_amount", text("当年担保额"), guaranteed)
    share = ratio_of("ratio", text("补贴比例"), applied)
    steps = (
        Step((marks, Op.TO), code_of("grade", text("等次"), grade.value)),
        Step((base, Op.TIMES, share), cny("subsidy", text("补贴"), subsidy), Rounding.DOWN),
    )
    trace = Trace("institution-subsidy", "J4.7.2 / D.9", steps, version)
    return InstitutionSubsidy(grade, subsidy, trace)
