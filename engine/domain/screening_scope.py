"""E1 scope, E3 referrer and category, E4 size: as the decision tables say."""

from collections.abc import Sequence
from datetime import date

from engine.dmn import Result
from engine.domain.codes import Outcome, Size, SupportClass
from engine.domain.enterprise import Qualification
from engine.domain.programme import Parameters
from engine.domain.screening_said import Ask, Said, Words, read, refused
from engine.domain.screening_types import Applicant, Check, Referral
from engine.text import Text, text

OTHER = "OTHER"

_SIZE_NAMES = {
    Size.MEDIUM: text("中型企业"),
    Size.SMALL: text("小型企业"),
    Size.MICRO: text("微型企业"),
}


def size_check(applicant: Applicant, ask: Ask) -> tuple[Check | None, Size]:
    """E4: LARGE fails, missing figures are to be filled in."""
    figures = applicant.figures
    found = ask(
        "size_class",
        {
            "industry": applicant.size_industry,
            "employees": figures.employees,
            "revenue": figures.revenue,
            "assets": figures.assets,
        },
    )
    value = found.required()
    if value not in set(Size):
        raise refused(value, "、".join(Size))
    size = Size(str(value))
    words = {
        ("size_check_2", "FAIL"): text("大型企业，不属于中小微企业"),
        ("size_check_3", "MISSING"): _unsized(found),
    }
    if size in _SIZE_NAMES:
        words["size_check_1", "PASS"] = _SIZE_NAMES[size]
    said = read(ask("size_check", {"size": size.value}), working=found)
    return said.check("E4", text("企业规模"), words), size


def _unsized(found: Result) -> Text:
    """Which figures the table missed."""
    missing = [
        one.annotation.rpartition("：缺")[2]
        for table in found.explanation
        for one in table.matched
        if one.row in table.decided and one.outputs == ('"MISSING"',)
    ]
    if not missing:
        return text("未填划型行业，不能划型")
    return text("缺少{names}，不能划型", names="、".join(missing))


_ADDRESS: Words = {
    ("address_check_1", "PASS"): text("经营地在本区"),
    ("address_check_2", "NOTICE"): text("目标落户企业，放款前完成落户登记"),
    ("address_check_3", "MISSING"): text("未填经营地址"),
    ("address_check_4", "FAIL"): text(
        "经营地不在本区，也不是目标落户企业；如需放行由负责人说明理由"
    ),
}


def address_check(applicant: Applicant, ask: Ask) -> Check | None:
    """E1: business address in the district, or a target settlement; else the head may override."""
    facts = {"in_district": applicant.in_district, "target_settle": applicant.target_settle}
    return read(ask("address_check", facts)).check("E1_ADDRESS", text("经营地"), _ADDRESS)


def support_check(
    applicant: Applicant, on: date, parameters: Parameters, ask: Ask
) -> tuple[Check | None, SupportClass]:
    """E1: a valid qualification gives KEY; else a scope industry NORMAL; else the head decides."""
    held = [q for q in applicant.qualifications if _is_listed(q, parameters)]
    found = ask("support_class", {"qualifications": list(map(_facts, held)), "on_date": on})
    value = found.required()
    if value not in set(SupportClass):
        raise refused(value, "、".join(SupportClass))
    support = SupportClass(str(value))
    scope = parameters.code_list("scopes").get(applicant.scope or "")
    words = {
        ("support_check_1", "PASS"): text(
            "持有有效资质：{names}，按重点支持类", names=_valid_names(held, on, parameters)
        ),
        ("support_check_2", "PASS"): text(
            "属于支持产业：{name}，按普通类", name=scope.name if scope else ""
        ),
        ("support_check_3", "JUDGE"): text(
            "不在支持产业，也没有有效资质；凭推荐理由由负责人认定，按普通类"
        ),
    }
    facts = {"support_class": support.value, "in_scope": scope is not None}
    said = read(ask("support_check", facts), working=found)
    return said.check("E1_SUPPORT", text("支持范围和对象"), words), support


def _is_listed(one: Qualification, parameters: Parameters) -> bool:
    return parameters.code_list("qualifications").get(one.code) is not None


def _facts(one: Qualification) -> dict[str, object]:
    return {"code": one.code, "expires_on": one.expires_on, "open_ended": one.open_ended}


def _valid_names(held: Sequence[Qualification], on: date, parameters: Parameters) -> str:
    listed = parameters.code_list("qualifications")
    return "、".join(listed.name(q.code) for q in held if q.valid_on(on))


def expiry_check(applicant: Applicant, on: date, parameters: Parameters) -> Check | None:
    """Certificates that cannot be relied on: expired, or without a date. None if there are none."""
    listed = parameters.code_list("qualifications")
    known = [q for q in applicant.qualifications if _is_listed(q, parameters)]
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


_GRAVITY = (None, *(Outcome.PASS, Outcome.NOTICE, Outcome.JUDGE, Outcome.MISSING, Outcome.FAIL))


def category_check(applicant: Applicant, parameters: Parameters, ask: Ask) -> Check | None:
    """E3: each referrer with its category; the gravest answer counts, those with it are named."""
    answers = [(one, read(ask("referrer_category", _pair(one, parameters))))
               for one in applicant.referrals]  # fmt: skip
    code, title, fine = "E3", text("推荐渠道与类别"), text("推荐类别与推荐单位相符")
    if not answers:
        return Check(code, Outcome.PASS, title, fine, "J3.1.3")
    gravest = max((said for _, said in answers), key=_gravity)
    names = parameters.code_list("referral_categories")
    listed = "、".join(
        f"{one.referrer}（{names.name(one.category)}）"
        for one, said in answers
        if said.outcome is gravest.outcome
    )
    odd = text("推荐类别与推荐单位的职责不符：{listed}", listed=listed)
    words = {(gravest.row, "PASS"): fine, (gravest.row, "NOTICE"): odd}
    return gravest.check(code, title, words)


def _pair(one: Referral, parameters: Parameters) -> dict[str, object]:
    return {
        "programme": parameters.programme,
        "source_type": one.source_type,
        "category": one.category,
    }


def _gravity(said: Said) -> int:
    return _GRAVITY.index(said.outcome)


_OTHER: Words = {
    ("other_category_check_1", "JUDGE"): text("推荐类别为其他，由负责人认定后纳入"),
    ("other_category_check_2", "MISSING"): text("推荐类别为其他，须填写推荐说明"),
}


def other_category_check(applicant: Applicant, ask: Ask) -> Check | None:
    """J2.1.4: category OTHER needs the referrer's reason and the head's approval.

    Not when another referrer reported the firm under a category of its own.
    """
    referrals = applicant.referrals
    facts = {
        "only_other": bool(referrals) and all(one.category == OTHER for one in referrals),
        "reason_given": any(one.remark.strip() for one in referrals),
    }
    return read(ask("other_category_check", facts)).check("E1_OTHER", text("其他类企业"), _OTHER)
