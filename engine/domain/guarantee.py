"""Guaranteed amount and fee (D.1), the ceiling test (D.2) and the LPR cap (D.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.domain.codes import FeeBasis, RateType, Route, SupportClass
from engine.domain.dates import Span
from engine.domain.money import ZERO, down, half_up, half_up_tenths, plain
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
    listed,
    on_day,
    percent_of,
    ratio_of,
    yes_no,
)
from engine.domain.validate import Problems
from engine.errors import RuleRefused
from engine.text import text

RATIO_CAP = Decimal("0.85")  # J3.5, hard (I.10)
CEILINGS = {
    SupportClass.NORMAL: Decimal(10_000_000),
    SupportClass.KEY: Decimal(20_000_000),
}
YEAR_DAYS = 365  # D.1, leap years too


@dataclass(frozen=True)
class FeeTerms:
    """How the fee is reckoned: rate as a ratio (0.005); `term` is needed for ANNUAL."""

    rate: Decimal
    basis: FeeBasis = FeeBasis.FLAT
    term: Span | None = None


@dataclass(frozen=True)
class Guarantee:
    """`ratio` as it was given, `guaranteed` and `fee` in 元."""

    ratio: Decimal
    guaranteed: Decimal
    fee: Decimal
    trace: Trace


def guarantee(
    principal: Decimal,
    agreement_ratio: Decimal,
    fee_terms: FeeTerms,
    *,
    bank_year_ratio: Decimal | None = None,
    cap: Decimal = RATIO_CAP,
    version: str | None = None,
) -> Guarantee:
    """Guaranteed amount = DOWN(principal x ratio), fee = HALF_UP(guaranteed x fee rate); D.1.

    The ratio is the least of `cap`, the agreement's and the bank's of the year (J3.5).
    Raises RuleRefused ratio_above_cap when the agreement's own ratio is above `cap`, however low
    the bank's is; InvalidInput for amounts and ratios that are not positive.
    """
    _check_guarantee(principal, agreement_ratio, bank_year_ratio, fee_terms)
    _refuse_high_ratio(agreement_ratio, cap)
    ratio, ratio_step = _effective_ratio(agreement_ratio, bank_year_ratio, cap)
    guaranteed = down(Fraction(principal) * Fraction(ratio))
    base = cny("guaranteed", text("担保额"), guaranteed)
    loan = cny("principal", text("放款"), principal)
    covered = Step((loan, Op.TIMES, ratio_step.result), base, Rounding.DOWN)
    fee_step, fee = _fee(base, guaranteed, fee_terms)
    steps = (ratio_step, covered, fee_step)
    basis = (code_of("fee_basis", text("计费方式"), fee_terms.basis.value),)
    trace = Trace("guarantee", "J3.5 J4.5 / D.1", steps, version, basis)
    return Guarantee(ratio, guaranteed, fee, trace)


def _check_guarantee(
    principal: Decimal, agreement: Decimal, bank_year: Decimal | None, fee: FeeTerms
) -> None:
    problems = Problems()
    problems.amount("principal", principal, zero=False)
    problems.ratio("agreement_ratio", agreement)
    problems.ratio("bank_year_ratio", bank_year)
    problems.ratio("fee_rate", fee.rate, zero=True)
    if fee.basis is FeeBasis.ANNUAL:
        problems.expect("from", fee.term is not None, text("按年计费需要起止日期"))
        problems.expect("to", fee.term is not None, text("按年计费需要起止日期"))
        if fee.term:
            problems.order("to", fee.term.start, fee.term.end)
    problems.done()


def _refuse_high_ratio(agreement_ratio: Decimal, cap: Decimal) -> None:
    if agreement_ratio > cap:
        raise RuleRefused(
            "ratio_above_cap",
            text("协议担保比例{ratio}高于上限{cap}", ratio=plain(agreement_ratio), cap=plain(cap)),
            text("按J3.5把协议的担保比例改到上限以内"),
        )


def _effective_ratio(
    agreement: Decimal, bank_year: Decimal | None, cap: Decimal
) -> tuple[Decimal, Step]:
    # the agreement comes first: of equal ratios, its way of writing is kept
    candidates = [ratio_of("agreement_ratio", text("协议比例"), agreement)]
    if bank_year is not None:
        candidates.append(ratio_of("bank_year_ratio", text("银行年度比例"), bank_year))
    candidates.append(ratio_of("ratio_cap", text("上限"), cap))
    ratio = min([agreement, *([] if bank_year is None else [bank_year]), cap])
    return ratio, Step(listed(Op.MIN, candidates), ratio_of("ratio", text("担保比例"), ratio))


def _fee(base: Operand, guaranteed: Decimal, fee: FeeTerms) -> tuple[Step, Decimal]:
    exact = Fraction(guaranteed) * Fraction(fee.rate)
    terms: tuple[Operand | Op, ...] = (
        base,
        Op.TIMES,
        ratio_of("fee_rate", text("担保费率"), fee.rate),
    )
    if fee.basis is FeeBasis.ANNUAL and fee.term:
        exact = exact * fee.term.days / YEAR_DAYS
        year = days_of("year_days", text("全年"), YEAR_DAYS)
        days = days_of("days", text("天数"), fee.term.days)
        terms = (*terms, Op.TIMES, days, Op.OVER, year)
    charged = half_up(exact)
    return Step(terms, cny("fee", text("担保费"), charged), Rounding.HALF_UP), charged


@dataclass(frozen=True)
class Ceiling:
    """Where the loan goes, and by how much it is over the ceiling (元)."""

    route: Route
    excess: Decimal
    ceiling: Decimal
    trace: Trace


def ceiling(
    support_class: SupportClass,
    exposure: Decimal,
    new: Decimal,
    *,
    agreement_ceiling: Decimal | None = None,
    ceilings: Mapping[SupportClass, Decimal] = CEILINGS,
    version: str | None = None,
) -> Ceiling:
    """exposure + new within the ceiling of the class, or of the agreement, goes BATCH (D.2, J4.1).

    `exposure` is outstanding + approved undrawn of all banks in the programme, 元, 0 or more;
    `new` is above 0. What is over goes CASE_BY_CASE (P16), always (I.10).
    """
    problems = Problems()
    problems.amount("exposure", exposure)
    problems.amount("new", new, zero=False)
    problems.amount("agreement_ceiling", agreement_ceiling, zero=False)
    problems.done()
    limit = ceilings[support_class] if agreement_ceiling is None else agreement_ceiling
    excess = max(exposure + new - limit, ZERO)
    route = Route.CASE_BY_CASE if excess else Route.BATCH
    used = cny("exposure", text("现有敞口"), exposure)
    asked = cny("new", text("本次"), new)
    allowed = cny("ceiling", text("单户上限"), limit)
    step = Step((used, Op.PLUS, asked, Op.MINUS, allowed), cny("excess", text("超出"), excess))
    given = (code_of("support_class", text("企业类别"), support_class.value),)
    return Ceiling(route, excess, limit, Trace("ceiling", "J4.1 / D.2", (step,), version, given))


@dataclass(frozen=True)
class LprCap:
    """`lpr` in percent as published, `within` the cap or not, the excess in basis points."""

    lpr: Decimal
    within: bool
    excess_bp: Decimal
    trace: Trace


def lpr_on(day: date, table: Mapping[date, Decimal]) -> tuple[date, Decimal]:
    """The 1-year LPR last published on or before `day`; RuleRefused no_lpr_published if none."""
    published = [known for known in table if known <= day]
    if not published:
        raise RuleRefused(
            "no_lpr_published",
            text("{day}及以前没有已登记的一年期LPR", day=day.isoformat()),
            text("由参数管理员补登当期LPR后再核"),
        )
    return max(published), table[max(published)]


def lpr_cap(
    contract_date: date,
    rate: Decimal,
    table: Mapping[date, Decimal],
    *,
    rate_type: RateType = RateType.FIXED,
    spread_bp: Decimal | None = None,
    version: str | None = None,
) -> LprCap:
    """Whether `rate` (percent) is at most the LPR of the contract date (D.4, J4.3, I.21).

    A FLOATING loan also needs `spread_bp` <= 0. Raises RuleRefused no_lpr_published.
    """
    problems = Problems()
    problems.rate("rate", rate)
    if rate_type is RateType.FLOATING:
        problems.expect("spread_bp", spread_bp is not None, text("浮动利率需要加点"))
    problems.done()
    published, lpr = lpr_on(contract_date, table)
    within = rate <= lpr and (spread_bp is None or rate_type is RateType.FIXED or spread_bp <= 0)
    excess = half_up_tenths(max(rate - lpr, Decimal(0)) * 100)
    steps = _lpr_steps(rate, lpr, excess, within)
    if rate_type is RateType.FLOATING:
        spread = Operand("spread_bp", text("加点"), spread_bp, Measure.BASIS_POINTS)
        zero = Operand("zero", text("零"), 0)
        steps = (*steps, Step((spread, Op.AT_MOST, zero), steps[-1].result))
    given = (
        on_day("contract_date", text("合同日期"), contract_date),
        on_day("published_on", text("LPR公布日"), published),
    )
    return LprCap(lpr, within, excess, Trace("lpr-cap", "J4.3 / D.4", steps, version, given))


def _lpr_steps(rate: Decimal, lpr: Decimal, excess: Decimal, within: bool) -> tuple[Step, ...]:
    asked = percent_of("rate", text("年利率"), rate)
    cap = percent_of("lpr", text("一年期LPR"), lpr)
    over = Operand("excess_bp", text("超出"), excess, Measure.BASIS_POINTS)
    return (
        Step((asked, Op.MINUS, cap), over, Rounding.HALF_UP_TENTH),
        Step((asked, Op.AT_MOST, cap), yes_no("within", text("不高于LPR"), within)),
    )
