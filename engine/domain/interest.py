"""Interest subsidy (D.8, M4, M6) and the average rate of loans (D.11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor

from engine.domain.dates import Span, add_months, merged, overlap
from engine.domain.money import down, half_up, plain
from engine.domain.trace import (
    Measure,
    Op,
    Operand,
    Rounding,
    Step,
    Trace,
    cny,
    days_of,
    listed,
    on_day,
    percent_of,
    ratio_of,
)
from engine.domain.validate import Problems
from engine.errors import RuleRefused
from engine.text import text

YEAR_DAYS = 360
RATIO_CAP = Decimal("0.50")  # M4: 最高50%


@dataclass(frozen=True)
class Balance:
    """A loan's balance (元) over a span of days."""

    span: Span
    amount: Decimal


@dataclass(frozen=True)
class InterestTerms:
    """What the subsidy depends on. `annual_rate` in percent, `max_months` from disbursement."""

    annual_rate: Decimal
    ratio: Decimal
    disbursed_on: date
    max_months: int
    excluded: tuple[Span, ...] = ()
    interest_paid: Decimal | None = None

    @property
    def window(self) -> Span:
        """The days that may be subsidised."""
        return Span(self.disbursed_on, add_months(self.disbursed_on, self.max_months))


@dataclass(frozen=True)
class InterestSubsidy:
    """The first day after the window, days subsidised, interest as shown and subsidy (元)."""

    window_to: date
    days: int
    interest: Decimal
    subsidy: Decimal
    trace: Trace


def interest_subsidy(
    balances: Sequence[Balance],
    terms: InterestTerms,
    *,
    ratio_cap: Decimal = RATIO_CAP,
    version: str | None = None,
) -> InterestSubsidy:
    """DOWN(min(interest, interest paid) x ratio), interest by days / 360 (D.8).

    The days of each balance are cut to the window and less the excluded days, counted once even
    where exclusions overlap. Balances that overlap are InvalidInput; a ratio above `ratio_cap` is
    RuleRefused ratio_above_cap. Penalty interest must not be in `interest_paid`.
    """
    _check(balances, terms, ratio_cap)
    counted = [(b, _days(b.span, terms)) for b in balances]
    total = sum(days for _, days in counted)
    exact = sum((_interest(b, days, terms.annual_rate) for b, days in counted), Fraction(0))
    paid = terms.interest_paid
    base = exact if paid is None else min(exact, Fraction(paid))
    subsidy = down(base * Fraction(terms.ratio))
    interest = half_up(exact)
    steps = tuple(_balance_step(n, b, days, terms) for n, (b, days) in enumerate(counted, 1))
    steps += (_sum_step([step.result for step in steps], exact, interest),)
    steps += (_subsidy_step(exact, terms, subsidy),)
    given = (
        on_day("window_from", text("补贴起日"), terms.window.start),
        on_day("window_to", text("补贴止日（不计）"), terms.window.end),
    )
    trace = Trace("interest-subsidy", "M4 / D.8", steps, version, given)
    return InterestSubsidy(terms.window.end, total, interest, subsidy, trace)


def _check(balances: Sequence[Balance], terms: InterestTerms, ratio_cap: Decimal) -> None:
    problems = Problems()
    problems.rate("annual_rate", terms.annual_rate)
    problems.ratio("ratio", terms.ratio, zero=True)
    problems.number("max_months", terms.max_months, 1, 36)
    problems.amount("interest_paid", terms.interest_paid)
    for n, balance in enumerate(balances):
        problems.amount(f"balances[{n}].balance", balance.amount)
        problems.order(f"balances[{n}].to", balance.span.start, balance.span.end)
    for n, span in enumerate(terms.excluded):
        problems.order(f"excluded[{n}].to", span.start, span.end)
    problems.expect("balances", bool(balances), text("至少需要一段余额"))
    apart = not overlap([b.span for b in balances])
    problems.expect("balances", apart, text("各段余额的日期不能重叠"))
    problems.done()
    if terms.ratio > ratio_cap:
        raise RuleRefused(
            "ratio_above_cap",
            text("贴息比例{ratio}高于上限{cap}", ratio=plain(terms.ratio), cap=plain(ratio_cap)),
            text("按M4把贴息比例改到上限以内"),
        )


def _days(span: Span, terms: InterestTerms) -> int:
    inside = span.cut(terms.window)
    taken = sum(inside.cut(one).days for one in merged(list(terms.excluded)))
    return inside.days - taken


def _interest(balance: Balance, days: int, annual_rate: Decimal) -> Fraction:
    return Fraction(balance.amount) * days * Fraction(annual_rate) / 100 / YEAR_DAYS


def _balance_step(n: int, balance: Balance, days: int, terms: InterestTerms) -> Step:
    amount = cny(f"balance_{n}", text("余额"), balance.amount)
    rate = percent_of("annual_rate", text("年利率"), terms.annual_rate)
    length = days_of(f"days_{n}", text("计息天数"), days)
    year = days_of("year_days", text("全年"), YEAR_DAYS)
    # shown rounded; the sum is taken from the exact values
    shown = half_up(_interest(balance, days, terms.annual_rate))
    part = cny(f"interest_{n}", text("利息"), shown)
    return Step((amount, Op.TIMES, length, Op.TIMES, rate, Op.OVER, year), part, Rounding.HALF_UP)


def _sum_step(parts: list[Operand], exact: Fraction, interest: Decimal) -> Step:
    added = tuple(term for part in parts for term in (Op.PLUS, part))[1:]
    total = cny("interest", text("应付利息"), interest)
    return Step((*added, Op.TO, _unrounded(exact)), total, Rounding.HALF_UP)


def _unrounded(exact: Fraction) -> Operand:
    # six decimals are enough to see why DOWN of this may differ from DOWN of the shown interest
    shown = Decimal(floor(exact * 1_000_000)).scaleb(-6)
    return Operand("exact_interest", text("未舍入利息"), shown)


def _subsidy_step(exact: Fraction, terms: InterestTerms, subsidy: Decimal) -> Step:
    base: tuple[Op | Operand, ...] = (_unrounded(exact),)
    if terms.interest_paid is not None:
        paid = cny("interest_paid", text("实付利息"), terms.interest_paid)
        base = listed(Op.MIN, [_unrounded(exact), paid])
    ratio = ratio_of("ratio", text("贴息比例"), terms.ratio)
    return Step((*base, Op.TIMES, ratio), cny("subsidy", text("贴息"), subsidy), Rounding.DOWN)


@dataclass(frozen=True)
class WeightedRate:
    """Average rate in percent."""

    rate: Decimal
    trace: Trace


def weighted_rate(loans: Sequence[tuple[Decimal, Decimal]]) -> WeightedRate:
    """Sum of amount x rate over the sum of amounts, HALF_UP to 0.01 (D.11, R4).

    `loans` are (amount 元, above 0; rate in percent); none at all is InvalidInput.
    """
    problems = Problems()
    problems.expect("loans", bool(loans), text("至少需要一笔贷款"))
    for n, (amount, rate) in enumerate(loans):
        problems.amount(f"loans[{n}].amount", amount, zero=False)
        problems.rate(f"loans[{n}].rate", rate)
    problems.done()
    total = sum((Fraction(amount) for amount, _ in loans), Fraction(0))
    product = sum((Fraction(amount) * Fraction(rate) for amount, rate in loans), Fraction(0))
    average = half_up(product / total)
    amounts = cny("total", text("贷款合计"), sum((amount for amount, _ in loans), Decimal(0)))
    weighed = Operand("product", text("金额×利率合计"), half_up(product), Measure.NUMBER)
    step = Step(
        (weighed, Op.OVER, amounts),
        percent_of("rate", text("加权平均利率"), average),
        Rounding.HALF_UP,
    )
    return WeightedRate(average, Trace("weighted-rate", "R4 / D.11", (step,)))
