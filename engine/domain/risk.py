"""Who bears a claim (D.5) and who gets what is recovered (D.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from engine.domain.money import ZERO, down, plain
from engine.domain.trace import Op, Operand, Rounding, Step, Trace, cny, listed, ratio_of
from engine.domain.validate import Problems
from engine.errors import RuleRefused
from engine.text import text

TOTAL_CAP = Decimal("0.05")  # J4.6, hard (I.10)
GUARANTOR_CAP = Decimal("0.04")


@dataclass(frozen=True)
class Caps:
    """Risk control rates of a package: `guarantor` <= `total` <= 5% (J4.6)."""

    guarantor: Decimal = GUARANTOR_CAP
    total: Decimal = TOTAL_CAP


@dataclass(frozen=True)
class Borne:
    """What each party bore of one claim, in 元; the three sum to the claim."""

    guarantor: Decimal
    pool: Decimal
    bank_excess: Decimal

    @property
    def total(self) -> Decimal:
        """The claim."""
        return self.guarantor + self.pool + self.bank_excess


@dataclass(frozen=True)
class Share(Borne):
    """A claim's split, with its trace."""

    trace: Trace


def check_caps(caps: Caps, limit: Decimal = TOTAL_CAP) -> None:
    """InvalidInput when the caps are not ordered; RuleRefused total_cap_above_limit above 5%."""
    problems = Problems()
    problems.ratio("guarantor_cap", caps.guarantor, zero=True)
    problems.ratio("total_cap", caps.total)
    problems.done()
    ordered = caps.guarantor <= caps.total
    problems.expect("guarantor_cap", ordered, text("担保机构比例不能高于总比例"))
    problems.done()
    if caps.total > limit:
        raise RuleRefused(
            "total_cap_above_limit",
            text("风险控制率{cap}高于{limit}", cap=plain(caps.total), limit=plain(limit)),
            text("按J4.6把风险控制率改到上限以内"),
        )


def split_claim(
    base: Decimal,
    claims_before: Decimal,
    claim: Decimal,
    caps: Caps | None = None,
    *,
    version: str | None = None,
) -> Share:
    """Split one claim over guarantor, pool and bank (D.5, J4.6). All amounts in 元.

    `base` is the package's accepted guaranteed amount when the claim is accepted, `claims_before`
    the sum of its earlier claims, gross (I.8). The claim pays the difference of the cumulative
    splits, so an earlier excess is not opened again when `base` grows (I.7).
    """
    caps = caps or Caps()
    check_caps(caps)
    problems = Problems()
    problems.amount("base", base)
    problems.amount("claims_before", claims_before)
    problems.amount("claims", claim, zero=False)
    problems.done()
    steps, shares = _split(base, claims_before, claim, caps)
    return Share(*shares, Trace("risk-split", "J4.6 / D.5", steps, version))


def _split(
    base: Decimal, before: Decimal, claim: Decimal, caps: Caps
) -> tuple[tuple[Step, ...], tuple[Decimal, Decimal, Decimal]]:
    first = down(Fraction(base) * Fraction(caps.guarantor))
    total = down(Fraction(base) * Fraction(caps.total))
    first_step, total_step = _layers(base, caps, first, total)
    after = before + claim
    earlier = cny("claims_before", text("此前累计代偿"), before)
    this = cny("claim", text("本次代偿"), claim)
    sum_of = cny("claims_after", text("累计代偿"), after)
    within_first = min(after, first) - min(before, first)
    within_total = min(after, total) - min(before, total)
    shares = (within_first, within_total - within_first, claim - within_total)
    guarantor = cny("guarantor", text("担保机构承担"), shares[0])
    capped = cny("capped", text("上限内"), within_total)
    steps = (
        first_step,
        total_step,
        Step((earlier, Op.PLUS, this), sum_of),
        _grown(sum_of, earlier, first_step.result, guarantor),
        _grown(sum_of, earlier, total_step.result, capped),
        Step((capped, Op.MINUS, guarantor), cny("pool", text("资金池承担"), shares[1])),
        Step((this, Op.MINUS, capped), cny("bank_excess", text("银行承担"), shares[2])),
    )
    return steps, shares


def _grown(after: Operand, before: Operand, layer: Operand, result: Operand) -> Step:
    now, then = listed(Op.MIN, [after, layer]), listed(Op.MIN, [before, layer])
    return Step((*now, Op.MINUS, *then), result)


def _layers(base: Decimal, caps: Caps, first: Decimal, total: Decimal) -> tuple[Step, Step]:
    accepted = cny("base", text("批次包担保额"), base)
    lower = ratio_of("guarantor_cap", text("担保机构比例"), caps.guarantor)
    whole = ratio_of("total_cap", text("风险控制率"), caps.total)
    layer = cny("first_layer", text("担保机构上限"), first)
    top = cny("total_layer", text("代偿上限"), total)
    return (
        Step((accepted, Op.TIMES, lower), layer, Rounding.DOWN),
        Step((accepted, Op.TIMES, whole), top, Rounding.DOWN),
    )


def risk_split(
    base: Decimal, claims: Sequence[Decimal], caps: Caps | None = None, version: str | None = None
) -> list[Share]:
    """`split_claim` for each of a package's claims in the order of acceptance."""
    check_caps(caps or Caps())
    shares, before = [], ZERO
    for claim in claims:
        shares.append(split_claim(base, before, claim, caps, version=version))
        before += claim
    return shares


@dataclass(frozen=True)
class Recovery:
    """What each party gets of a net recovery, in 元; `bank` includes its own part of the loan."""

    guarantor: Decimal
    pool: Decimal
    bank: Decimal
    trace: Trace


def recovery(
    net: Decimal, loan_ratio: Decimal, borne: Borne, version: str | None = None
) -> Recovery:
    """Share `net` (recovered less costs) by who bore that claim (D.6).

    DOWN(net x `loan_ratio`) is shared pro rata, DOWN to 分; the 分 left over go to the pool if it
    bore any, else the guarantor, else the bank. The rest of `net` is the bank's own.
    """
    _check_recovery(net, loan_ratio, borne)
    shared = down(Fraction(net) * Fraction(loan_ratio))
    part = Fraction(shared) / Fraction(borne.total)
    pro_rata = [down(part * Fraction(x)) for x in (borne.guarantor, borne.pool, borne.bank_excess)]
    left = shared - sum(pro_rata)
    taker = 1 if borne.pool else 0 if borne.guarantor else 2
    pro_rata[taker] += left
    own = net - shared
    steps = _recovery_steps(net, loan_ratio, shared, borne, pro_rata)
    trace = Trace("recovery", "J4.6 / D.6", steps, version)
    return Recovery(pro_rata[0], pro_rata[1], pro_rata[2] + own, trace)


def _check_recovery(net: Decimal, loan_ratio: Decimal, borne: Borne) -> None:
    problems = Problems()
    problems.amount("net_recovery", net)
    problems.ratio("loan_ratio", loan_ratio)
    for name in ("guarantor", "pool", "bank_excess"):
        problems.amount(name, getattr(borne, name))
    problems.done()
    for name in ("guarantor", "pool", "bank_excess"):
        problems.expect(name, borne.total > 0, text("没有任何一方承担过代偿，无从分配"))
    problems.done()


def _recovery_steps(
    net: Decimal, loan_ratio: Decimal, shared: Decimal, borne: Borne, got: list[Decimal]
) -> tuple[Step, ...]:
    gross = cny("net_recovery", text("净追偿"), net)
    pot = cny("shared", text("可分配"), shared)
    bore = cny("borne", text("代偿合计"), borne.total)
    parts = (
        ("guarantor", text("担保机构曾承担"), borne.guarantor, text("担保机构分得")),
        ("pool", text("资金池曾承担"), borne.pool, text("资金池分得")),
        ("bank_excess", text("银行曾承担"), borne.bank_excess, text("银行分得")),
    )
    split = [
        Step(
            (pot, Op.TIMES, cny(name, label, value), Op.OVER, bore),
            cny(f"{name}_gets", result, amount),
            Rounding.DOWN,
        )
        for (name, label, value, result), amount in zip(parts, got, strict=True)
    ]
    ratio = ratio_of("loan_ratio", text("担保比例"), loan_ratio)
    own = cny("bank_own", text("银行自担部分"), net - shared)
    return (
        Step((gross, Op.TIMES, ratio), pot, Rounding.DOWN),
        *split,
        Step((gross, Op.MINUS, pot), own),
    )
