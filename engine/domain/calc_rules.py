"""From JSON to each rule of part D and back. Keys and number formats as in examples.jsonl."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.domain import calendar, enterprise, guarantee, interest, quota, risk, size, subsidy
from engine.domain.codes import FeeBasis, LoanType, RateType, Size, SupportClass
from engine.domain.money import ZERO, fixed, plain
from engine.domain.reader import Reader, parse_decimal
from engine.domain.trace import Trace
from engine.text import text

Out = dict[str, object]


@dataclass(frozen=True)
class Answer:
    """A rule's output and the traces behind it."""

    out: Out
    traces: tuple[Trace, ...] = ()


def _guarantee(r: Reader) -> Answer:
    basis = r.choice("fee_basis", FeeBasis, FeeBasis.FLAT)
    term = r.span() if basis is FeeBasis.ANNUAL else None
    terms = guarantee.FeeTerms(r.decimal("fee_rate"), basis, term)
    principal, ratio = r.decimal("principal"), r.decimal("agreement_ratio")
    bank_year = r.decimal_or_none("bank_year_ratio")
    r.done()
    g = guarantee.guarantee(principal, ratio, terms, bank_year_ratio=bank_year)
    out = {"ratio": plain(g.ratio), "guaranteed": fixed(g.guaranteed), "fee": fixed(g.fee)}
    return Answer({**out}, (g.trace,))


def _ceiling(r: Reader) -> Answer:
    chosen = r.choice("support_class", SupportClass)
    exposure, new = r.decimal("exposure"), r.decimal("new")
    agreed = r.decimal_or_none("agreement_ceiling")
    r.done()
    c = guarantee.ceiling(chosen, exposure, new, agreement_ceiling=agreed)
    return Answer({"route": c.route.value, "excess": fixed(c.excess)}, (c.trace,))


def _lpr_cap(r: Reader) -> Answer:
    rate_type = r.choice("rate_type", RateType, RateType.FIXED)
    spread = r.decimal_or_none("spread_bp") or r.decimal_or_none("lpr_spread_bp")
    if r.has("spread_bp") or r.has("lpr_spread_bp"):
        spread = spread or Decimal(0)
    day, rate, table = r.day("contract_date"), r.decimal("rate"), r.table("lpr")
    r.done()
    c = guarantee.lpr_cap(day, rate, table, rate_type=rate_type, spread_bp=spread)
    out = {"lpr": plain(c.lpr), "within": c.within, "excess_bp": plain(c.excess_bp)}
    return Answer(out, (c.trace,))


def _decimals(r: Reader, name: str) -> list[Decimal]:
    found = [parse_decimal(raw) for raw in r.items(name)]
    for n, value in enumerate(found):
        if value is None:
            r.problem(f"{name}[{n}]", text("应为十进制数（字符串或整数），不能为浮点数"))
    return [value for value in found if value is not None]


def _risk_split(r: Reader) -> Answer:
    base, claims = r.decimal("base"), _decimals(r, "claims")
    caps = risk.Caps(
        r.decimal("guarantor_cap", risk.GUARANTOR_CAP), r.decimal("total_cap", risk.TOTAL_CAP)
    )
    r.done()
    shares = risk.risk_split(base, claims, caps)
    out = [
        {name: fixed(getattr(share, name)) for name in ("guarantor", "pool", "bank_excess")}
        for share in shares
    ]
    return Answer({"shares": out}, tuple(share.trace for share in shares))


def _recovery(r: Reader) -> Answer:
    borne = [r.decimal(name, ZERO) for name in ("guarantor", "pool", "bank_excess")]
    net, ratio = r.decimal("net_recovery"), r.decimal("loan_ratio")
    r.done()
    got = risk.recovery(net, ratio, risk.Borne(*borne))
    out = {name: fixed(getattr(got, name)) for name in ("guarantor", "pool", "bank")}
    return Answer({**out}, (got.trace,))


def _fee_subsidy(r: Reader) -> Answer:
    paid = r.decimal("fee_paid")
    refunded = r.decimal("refunded", r.decimal("fee_refunded", ZERO))
    other, ratio = r.decimal("other_subsidy", ZERO), r.decimal("ratio", subsidy.ONE)
    r.done()
    s = subsidy.fee_subsidy(paid, refunded=refunded, other_subsidy=other, ratio=ratio)
    return Answer({"subsidy": fixed(s.subsidy), "status": s.status.value}, (s.trace,))


def _fee_refund(r: Reader) -> Answer:
    paid, unused, term = r.decimal("fee_paid"), r.whole("unused_days"), r.whole("term_days")
    r.done()
    f = subsidy.fee_refund(paid, unused, term)
    out = {name: fixed(getattr(f, name)) for name in ("refund", "clawback", "net_subsidy")}
    return Answer({**out}, (f.trace,))


def _interest_subsidy(r: Reader) -> Answer:
    balances = [
        interest.Balance(one.span(), one.decimal("balance")) for one in r.readers("balances")
    ]
    terms = interest.InterestTerms(
        annual_rate=r.decimal("annual_rate"),
        ratio=r.decimal("ratio"),
        disbursed_on=r.day("disbursed_on"),
        max_months=r.whole("max_months"),
        excluded=tuple(one.span() for one in r.readers("excluded", required=False)),
        interest_paid=r.decimal_or_none("interest_paid"),
    )
    r.done()
    s = interest.interest_subsidy(balances, terms)
    out: Out = {"window_to": s.window_to.isoformat(), "days": s.days}
    return Answer({**out, "interest": fixed(s.interest), "subsidy": fixed(s.subsidy)}, (s.trace,))


def _institution_subsidy(r: Reader) -> Answer:
    base, score = r.decimal("guaranteed_amount"), r.decimal("score")
    r.done()
    s = subsidy.institution_subsidy(base, score)
    return Answer({"grade": s.grade.value, "subsidy": fixed(s.subsidy)}, (s.trace,))


def _deadline(r: Reader) -> Answer:
    start, amount = r.day("start"), r.whole("amount")
    unit = r.choice("unit", calendar.Unit)
    r.done()
    d = calendar.due(start, amount, unit)
    out: Out = {"due": d.date.isoformat()}
    # the mark appears only where there is something to mark
    return Answer({**out, "provisional": True} if d.provisional else out, (d.trace,))


def _renewal(r: Reader) -> Answer:
    kind, loan_type = r.choice("size", Size), r.choice("loan_type", LoanType)
    maturity = r.day("maturity")
    facts = enterprise.RenewalFacts(
        r.day_or_none("applied_on"),
        r.flag_or_none("real_need"),
        r.flag_or_none("lawful"),
        r.flag_or_none("no_arrears"),
    )
    r.done()
    result = enterprise.renewal(kind, loan_type, maturity, facts)
    return Answer({"eligible": result.eligible}, (result.trace,))


def _lookback(r: Reader) -> Answer:
    screened, event = r.day("screened_on"), r.day("event_on")
    agricultural = r.flag("agricultural")
    r.done()
    result = enterprise.lookback(screened, event, agricultural=agricultural)
    return Answer({"hit": result.hit}, (result.trace,))


def _quota(r: Reader) -> Answer:
    limit, used, requested = r.decimal("limit"), r.decimal("used"), r.decimal("requested")
    r.done()
    q = quota.quota(limit, used, requested)
    return Answer({"result": q.result.value, "excess": fixed(q.excess)}, (q.trace,))


def _loan(r: Reader, name: str, raw: object) -> tuple[Decimal, Decimal]:
    pair = raw if isinstance(raw, list) and len(raw) == 2 else [None, None]
    amount, rate = parse_decimal(pair[0]), parse_decimal(pair[1])
    if amount is None or rate is None:
        r.problem(name, text("应为[金额, 利率]，各为字符串或整数"))
        return Decimal(0), Decimal(0)
    return amount, rate


def _weighted_rate(r: Reader) -> Answer:
    loans = [_loan(r, f"loans[{n}]", raw) for n, raw in enumerate(r.items("loans"))]
    r.done()
    result = interest.weighted_rate(loans)
    return Answer({"rate": fixed(result.rate)}, (result.trace,))


def _uscc(r: Reader) -> Answer:
    code = r.values.get("code")
    if not isinstance(code, str):
        r.problem("code", text("应为字符串") if r.has("code") else text("必填"))
    r.done()
    return Answer({"valid": enterprise.uscc_valid(code)})


def _sme_size(r: Reader) -> Answer:
    industry = r.string("industry")
    names = ("employees", "revenue", "assets")
    figures = size.Figures(*(r.decimal_or_none(name) for name in names))
    r.done()
    result = size.sme_size(industry, figures)
    return Answer({"size": result.size.value}, (result.trace,))


def _bank_score(r: Reader) -> Answer:
    marks = {name: r.decimal(name) for name in quota.BANK_WEIGHTS}
    r.done()
    result = quota.bank_score(quota.BankMarks(**marks))
    return Answer({"score": fixed(result.score)}, (result.trace,))


def _scheme_expiry(r: Reader) -> Answer:
    start, years = r.day("effective_from"), r.whole("years")
    r.done()
    result = quota.scheme_expiry(start, years)
    return Answer({"last_day": result.last_day.isoformat()}, (result.trace,))


def _qualification(one: Reader) -> enterprise.Qualification:
    code, raw = one.string("code"), one.values.get("expires_on", "")
    if raw in (None, "长期"):
        return enterprise.Qualification(code, open_ended=True)
    return enterprise.Qualification(code, one.day("expires_on"))


def _support_class(r: Reader) -> Answer:
    held = [_qualification(one) for one in r.readers("qualifications")]
    on = r.day("on")
    r.done()
    result = enterprise.support_class(held, on)
    return Answer({"support_class": result.support_class.value}, (result.trace,))


RULES: Mapping[str, Callable[[Reader], Answer]] = {
    "guarantee": _guarantee,
    "ceiling": _ceiling,
    "lpr-cap": _lpr_cap,
    "risk-split": _risk_split,
    "recovery": _recovery,
    "fee-subsidy": _fee_subsidy,
    "fee-refund": _fee_refund,
    "interest-subsidy": _interest_subsidy,
    "institution-subsidy": _institution_subsidy,
    "deadline": _deadline,
    "renewal": _renewal,
    "lookback": _lookback,
    "quota": _quota,
    "weighted-rate": _weighted_rate,
    "uscc": _uscc,
    "sme-size": _sme_size,
    "bank-score": _bank_score,
    "scheme-expiry": _scheme_expiry,
    "support-class": _support_class,
}
