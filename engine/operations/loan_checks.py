"""The hard checks of a loan (P6): whitelist, agreement, type, term, LPR, package, ceiling."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain.codes import QuotaResult, RateType, SupportClass
from engine.domain.guarantee import Ceiling, ceiling, lpr_cap
from engine.domain.money import plain
from engine.domain.programme import Parameters
from engine.domain.quota import quota
from engine.domain.trace import Trace
from engine.errors import InvalidInput, RuleRefused
from engine.models import (
    Agreement,
    AgreementStatus,
    EntryStatus,
    GuaranteeCase,
    LoanCase,
    WhitelistEntry,
)
from engine.operations.agreements_in_force import in_force, takes_new, used_quota
from engine.text import Text, text

BLOCKED: Mapping[str, Text] = {
    AgreementStatus.SUSPENDED.value: text("三方协议{no}已暂停"),
    AgreementStatus.TERMINATED.value: text("三方协议{no}已终止"),
}


def require_listed(session: Session, case_id: int, day: date) -> WhitelistEntry:
    """The case's whitelist entry, ACTIVE and valid on the day. RuleRefused whitelist_not_active."""
    query = select(WhitelistEntry).where(WhitelistEntry.case_id == case_id)
    entry = session.scalar(query.execution_options(populate_existing=True))
    if entry is None or entry.status != EntryStatus.ACTIVE.value or entry.valid_to < day:
        raise RuleRefused(
            "whitelist_not_active",
            text("企业在{day}不在有效的白名单内", day=day.isoformat()),
            text("请区财政局恢复资格或重新推荐；不再办理的，选不予授信"),
        )
    return entry


def require_agreement(
    session: Session, case: GuaranteeCase, loan: LoanCase, day: date
) -> Agreement:
    """The loan's agreement as far as it takes new cases; a newer version in its place.

    RuleRefused agreement_not_effective when it is suspended, ended or over.
    """
    bound = session.get_one(Agreement, loan.agreement_id) if loan.agreement_id else None
    if bound is not None and takes_new(bound, day):
        return bound
    guarantor = bound.guarantor_id if bound else case.guarantor_id
    found = in_force(session, case.programme, day, bank_id=loan.bank_id)
    same = [one for one in found if one.guarantor_id == guarantor]
    if not same:
        raise RuleRefused(
            "agreement_not_effective",
            text("{bank}没有生效的三方协议", bank=loan.bank.short_name),
            text("等协议恢复或续签后再批；不再办理的，选不予授信"),
        )
    return same[0]


def require_type_and_term(
    parameters: Parameters, loan_type: str, term: int | None, note: str
) -> int:
    """Loan type of the programme (J4.2), 1 to 36 months; above 12 with a note (I.22, soft)."""
    if loan_type not in parameters.codes("loan_types"):
        raise RuleRefused(
            "loan_type", text("批次担保不适用这一贷款品种"), text("只能是流动资金贷款（J4.2）")
        )
    low, high = parameters.integer("term_months_min"), parameters.integer("term_months_max")
    if term is None or not low <= term <= high:
        raise InvalidInput(
            {"term_months": text("期限须在{low}到{high}个月之间", low=low, high=high)}
        )
    usual = parameters.integer("term_months_default_max")
    if term > usual and not note:
        raise InvalidInput({"note": text("期限超过{n}个月，写明理由", n=usual)})
    return term


def require_rate(
    parameters: Parameters,
    table: Mapping[date, Decimal],
    day: date,
    rate: Decimal,
    rate_type: RateType,
    spread_bp: int | None,
) -> Trace | None:
    """At most the 1-year LPR of the day (D.4, J4.3, hard). The working; None without the rule.

    RuleRefused rate_above_lpr, no_lpr_published.
    """
    if not parameters.flag("lpr_cap"):
        return None
    spread = None if spread_bp is None else Decimal(spread_bp)
    if rate_type is RateType.FLOATING and spread is None:
        raise InvalidInput({"lpr_spread_bp": text("浮动利率须填LPR加点")})
    found = lpr_cap(
        day, rate, table, rate_type=rate_type, spread_bp=spread, version=parameters.version
    )
    if found.within:
        return found.trace
    if found.excess_bp:
        message = text(
            "年利率{rate}%高于{day}适用的一年期LPR {lpr}%，超出{bp}个基点",
            rate=plain(rate),
            day=day.isoformat(),
            lpr=plain(found.lpr),
            bp=plain(found.excess_bp),
        )
    else:
        message = text("浮动利率的加点须不高于0")
    raise RuleRefused("rate_above_lpr", message, text("按J4.3下调利率或加点"))


def require_quota(
    session: Session, agreement: Agreement, amount: Decimal, loan: LoanCase, version: str
) -> Trace | None:
    """Room in the agreement's package (D.11). The working; None when the package has no quota.

    RuleRefused package_quota with the excess.
    """
    if agreement.batch_quota is None:
        return None
    used = used_quota(session, agreement, without=loan.id)
    found = quota(agreement.batch_quota, used, amount, version)
    if found.result is QuotaResult.WAITLIST:
        raise RuleRefused(
            "package_quota",
            text(
                "超出协议{no}的批次额度{excess}元",
                no=agreement.agr_no,
                excess=f"{found.excess:,.2f}",
            ),
            text("减少授信额度，或商区财政局增加批次额度"),
        )
    return found.trace


def agreed_ceiling(agreement: Agreement, support: SupportClass) -> Decimal | None:
    """The agreement's own ceiling for a support class, if it has one (J4.1)."""
    key = support is SupportClass.KEY
    return agreement.ceiling_key if key else agreement.ceiling_normal


def route_of(
    agreement: Agreement,
    support: SupportClass,
    taken: Decimal,
    amount: Decimal,
    parameters: Parameters,
) -> Ceiling:
    """BATCH within the ceiling, else CASE_BY_CASE with the excess (D.2, J4.1)."""
    return ceiling(
        support,
        taken,
        amount,
        agreement_ceiling=agreed_ceiling(agreement, support),
        ceilings=parameters.ceilings(),
        version=parameters.version,
    )


def refuse_blocked(agreement: Agreement) -> None:
    """Nothing is paid out under a suspended or terminated agreement; one that ended or was
    replaced since the approval runs off. RuleRefused agreement_blocked."""
    says = BLOCKED.get(agreement.status)
    if says is not None:
        raise RuleRefused(
            "agreement_blocked",
            text(says.template, no=agreement.agr_no),
            text("请区财政局恢复协议后再登记放款"),
        )
