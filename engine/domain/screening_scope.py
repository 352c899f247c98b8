"""E1 scope, E3 referrer and category, E4 size."""

from datetime import date

from engine.domain.codes import Outcome, Size, SupportClass
from engine.domain.enterprise import support_class
from engine.domain.programme import Parameters
from engine.domain.screening_types import Applicant, Check, Referral
from engine.domain.size import BOUNDS, SmeSize, sme_size
from engine.text import Text, text

ANY = "*"
OTHER = "OTHER"

_SIZE_NAMES = {
    Size.LARGE: text("大型企业，不属于中小微企业"),
    Size.MEDIUM: text("中型企业"),
    Size.SMALL: text("小型企业"),
    Size.MICRO: text("微型企业"),
}
_FIGURE_NAMES = {"employees": "从业人员", "revenue": "营业收入", "assets": "资产总额"}


def size_check(applicant: Applicant, version: str) -> tuple[Check, Size]:
    """E4: LARGE fails, missing figures are to be filled in."""
    title = text("企业规模")
    industry = applicant.size_industry
    if industry is None or industry not in BOUNDS:
        detail = text("未填划型行业，不能划型")
        return Check("E4", Outcome.MISSING, title, detail, "J2.1.3"), Size.INSUFFICIENT_DATA
    result = sme_size(industry, applicant.figures, version)
    outcome, detail = _size_outcome(result)
    return Check("E4", outcome, title, detail, "J2.1.3", result.trace), result.size


def _size_outcome(result: SmeSize) -> tuple[Outcome, Text]:
    if result.missing:
        names = "、".join(_FIGURE_NAMES[name] for name in result.missing)
        return Outcome.MISSING, text("缺少{names}，不能划型", names=names)
    outcome = Outcome.FAIL if result.size is Size.LARGE else Outcome.PASS
    return outcome, _SIZE_NAMES[result.size]


def address_check(applicant: Applicant) -> Check:
    """E1: business address in the district, or a target settlement; else the head may override."""
    code, title, clause = "E1_ADDRESS", text("经营地"), "J2.1.3"
    if applicant.in_district:
        return Check(code, Outcome.PASS, title, text("经营地在本区"), clause)
    if applicant.target_settle:
        return Check(code, Outcome.NOTICE, title, text("目标落户企业，放款前完成落户登记"), clause)
    if applicant.in_district is None:
        return Check(code, Outcome.MISSING, title, text("未填经营地址"), clause)
    detail = text("经营地不在本区，也不是目标落户企业；如需放行由负责人说明理由")
    return Check(code, Outcome.FAIL, title, detail, clause, overridable=True)


def support_check(
    applicant: Applicant, on: date, parameters: Parameters
) -> tuple[Check, SupportClass]:
    """E1: a valid qualification gives KEY; else a scope industry NORMAL; else the head decides."""
    listed = parameters.code_list("qualifications")
    held = [q for q in applicant.qualifications if listed.get(q.code)]
    result = support_class(held, on, parameters.version)
    title = text("支持范围和对象")
    if result.valid:
        names = "、".join(listed.name(q.code) for q in result.valid)
        detail = text("持有有效资质：{names}，按重点支持类", names=names)
        outcome, clause, needs_head = Outcome.PASS, "J2.1.2", False
    else:
        outcome, detail, clause = _by_scope(applicant, parameters)
        needs_head = outcome is Outcome.JUDGE
    check = Check("E1_SUPPORT", outcome, title, detail, clause, result.trace, needs_head=needs_head)
    return check, result.support_class


def _by_scope(applicant: Applicant, parameters: Parameters) -> tuple[Outcome, Text, str]:
    scope = parameters.code_list("scopes").get(applicant.scope or "")
    if scope:
        detail = text("属于支持产业：{name}，按普通类", name=scope.name)
        return Outcome.PASS, detail, "J2.1.1"
    detail = text("不在支持产业，也没有有效资质；凭推荐理由由负责人认定，按普通类")
    return Outcome.JUDGE, detail, "J2.1.4"


def expiry_check(applicant: Applicant, on: date, parameters: Parameters) -> Check | None:
    """Certificates that cannot be relied on: expired, or without a date. None if there are none."""
    listed = parameters.code_list("qualifications")
    known = [q for q in applicant.qualifications if listed.get(q.code)]
    undated = [q for q in known if q.expires_on is None and not q.open_ended]
    expired = [q for q in known if q.expires_on is not None and not q.valid_on(on)]
    title, clause = text("资质有效期"), "J2.1.2"
    if undated:
        names = "、".join(listed.name(q.code) for q in undated)
        detail = text("{names}未填有效期，补充后才能按重点支持类", names=names)
        return Check("QUALIFICATION_EXPIRY", Outcome.NOTICE, title, detail, clause)
    if expired:
        names = "、".join(f"{listed.name(q.code)}（{q.expires_on}）" for q in expired)
        detail = text("资质已过期：{names}", names=names)
        return Check("QUALIFICATION_EXPIRY", Outcome.NOTICE, title, detail, clause)
    return None


def checklist(applicant: Applicant, parameters: Parameters) -> Check:
    """E1: the points a reviewer judges (J2.1.3)."""
    items = parameters.code_list("judgement_items").items
    denied = [item.name for item in items if applicant.answers.get(item.code) is False]
    still_open = [item.name for item in items if item.code not in applicant.answers]
    code, title, clause = "E1_CHECKLIST", text("初审判断"), "J2.1.3"
    if denied:
        detail = text("判断为不符合：{names}", names="、".join(denied))
        return Check(code, Outcome.FAIL, title, detail, clause, overridable=True)
    if still_open:
        detail = text("由经办判断：{names}", names="、".join(still_open))
        return Check(code, Outcome.JUDGE, title, detail, clause)
    return Check(code, Outcome.PASS, title, text("各项判断均符合"), clause)


def category_check(applicant: Applicant, parameters: Parameters) -> Check:
    """E3: a category its referrer does not usually report is a notice, never a refusal."""
    odd = [one for one in applicant.referrals if not _may_report(one, parameters)]
    code, title, clause = "E3", text("推荐渠道与类别"), "J3.1.3"
    if not odd:
        return Check(code, Outcome.PASS, title, text("推荐类别与推荐单位相符"), clause)
    names = parameters.code_list("referral_categories")
    listed = "、".join(f"{one.referrer}（{names.name(one.category)}）" for one in odd)
    detail = text("推荐类别与推荐单位的职责不符：{listed}", listed=listed)
    return Check(code, Outcome.NOTICE, title, detail, clause)


def _may_report(one: Referral, parameters: Parameters) -> bool:
    allowed = parameters.matrix("referrer_categories").get(one.source_type, ())
    return ANY in allowed or one.category in allowed


def other_category_check(applicant: Applicant) -> Check | None:
    """J2.1.4: category OTHER needs the referrer's reason and the head's approval.

    Not when another referrer reported the firm under a category of its own.
    """
    referrals = applicant.referrals
    if not referrals or any(one.category != OTHER for one in referrals):
        return None
    code, title, clause = "E1_OTHER", text("其他类企业"), "J2.1.4"
    if not any(one.remark.strip() for one in referrals):
        detail = text("推荐类别为其他，须填写推荐说明")
        return Check(code, Outcome.MISSING, title, detail, clause)
    detail = text("推荐类别为其他，由负责人认定后纳入")
    return Check(code, Outcome.JUDGE, title, detail, clause, needs_head=True)
