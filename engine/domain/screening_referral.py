"""What the referrals say, whether they agree, and what the firm already has (P1, P2)."""

from datetime import date

from engine.domain.codes import Outcome, SupportClass
from engine.domain.guarantee import ceiling
from engine.domain.programme import Parameters
from engine.domain.screening_types import Applicant, Check, Referral
from engine.text import text


def first_referral(referrals: tuple[Referral, ...]) -> Referral | None:
    """The one submitted first, which wins; those without a time come last (P1)."""
    return min(referrals, key=_submitted, default=None)


def _submitted(one: Referral) -> tuple[bool, float]:
    return one.submitted_at is None, one.submitted_at.timestamp() if one.submitted_at else 0.0


def referrer_check(applicant: Applicant) -> Check | None:
    """Several referrers of one firm are all credited; None when there is only one."""
    names = list(dict.fromkeys(one.referrer for one in applicant.referrals))
    if len(names) < 2:
        return None
    detail = text("{n}家单位推荐：{names}，均计入推荐", n=len(names), names="、".join(names))
    return Check("REFERRERS", Outcome.NOTICE, text("多家推荐"), detail, "J3.2")


def conflict_check(applicant: Applicant) -> Check | None:
    """Referrers who give different needs: the reviewer has to choose (P1)."""
    needs = {(one.need_amount, one.need_term) for one in applicant.referrals}
    if len(needs) < 2:
        return None
    told = "；".join(
        f"{one.referrer}{one.need_amount:,.2f}元{one.need_term}个月" for one in applicant.referrals
    )
    detail = text("各单位填报的需求不一致：{told}", told=told)
    return Check("NEED_CONFLICT", Outcome.JUDGE, text("需求不一致"), detail, "C.P1")


def amount_check(
    applicant: Applicant, support_class: SupportClass, parameters: Parameters
) -> Check | None:
    """The need within the ceiling of the class; what is over can only go case by case (P16)."""
    first = first_referral(applicant.referrals)
    if first is None:
        return None
    result = ceiling(
        support_class,
        applicant.outstanding,
        first.need_amount,
        ceilings=parameters.ceilings(),
        version=parameters.version,
    )
    code, title, clause = "AMOUNT", text("需求金额"), "J4.1"
    if not result.excess:
        detail = text("在单户上限以内")
        return Check(code, Outcome.PASS, title, detail, clause, result.trace)
    detail = text("超出单户上限{excess}元，建议金额以上限为界", excess=f"{result.excess:,.2f}")
    return Check(code, Outcome.NOTICE, title, detail, clause, result.trace)


def term_check(applicant: Applicant, parameters: Parameters) -> Check | None:
    """The term against the usual bound of the batch (I.22)."""
    first = first_referral(applicant.referrals)
    if first is None:
        return None
    usual = parameters.integer("term_months_default_max")
    code, title = "TERM", text("需求期限")
    clause = parameters.clause("term_months_default_max")
    if first.need_term <= usual:
        return Check(code, Outcome.PASS, title, text("{n}个月", n=first.need_term), clause)
    detail = text("{n}个月，长于批次担保通常的{usual}个月", n=first.need_term, usual=usual)
    return Check(code, Outcome.NOTICE, title, detail, clause)


def whitelist_check(applicant: Applicant, on: date) -> Check | None:
    """An entry on the whitelist that is still valid; None otherwise."""
    until = applicant.whitelisted_until
    if until is None or until < on:
        return None
    detail = text("已在白名单，有效至{day}", day=until.isoformat())
    return Check("WHITELIST", Outcome.NOTICE, text("已有白名单"), detail, "C.P2")


def loan_check(applicant: Applicant) -> Check | None:
    """Loans of the programme that count towards the ceiling; None if there are none."""
    if not applicant.outstanding:
        return None
    detail = text("已有本方案贷款敞口{amount}元", amount=f"{applicant.outstanding:,.2f}")
    return Check("LOAN", Outcome.NOTICE, text("存量贷款"), detail, "C.P2")
