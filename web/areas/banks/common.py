"""What the pages of banks, agreements and selections share: the blueprint, words, badges."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort
from flask_babel import gettext

from engine.clock import local_date
from engine.models import AgreementStatus, LoanStatus, Organisation, OrgKind, Role
from engine.people import Actor
from engine.queries import selections as phases
from engine.queries.banks import AgreementLine
from engine.runtime.in_force import programmes
from web.due import Due
from web.login import actor, organisation
from web.rendering import day, wan
from web.unit import now, reading

area = Blueprint("banks", __name__, url_prefix="/banks")

CONCERNED = (
    *(OrgKind.FINANCE.value, OrgKind.BANK.value, OrgKind.GUARANTOR.value),
    OrgKind.PLATFORM.value,
)
SOON, NEAR = 90, 30  # days before the end of an agreement (P5)
TIGHT = 90  # percent of a quota


def reader() -> Actor:
    """The person, if agreements concern the organisation at all. 403 for others."""
    acting = actor()
    if acting.org_kind not in CONCERNED:
        abort(403)
    return acting


def may(role: Role) -> bool:
    """Whether the person holds this role in a finance bureau."""
    acting = actor()
    return acting.org_kind == OrgKind.FINANCE.value and role.value in acting.roles


def finance_only(role: Role) -> Actor:
    """The person in this role of a finance bureau. 403 for others."""
    if not may(role):
        abort(403)
    return actor()


def own_programmes() -> list[tuple[str, str]]:
    """Code and name of the programmes of the bureau's district that run now."""
    org: Organisation = organisation()
    today = local_date(now())
    found = programmes(reading()).values()
    return [
        (one.code, one.name)
        for one in found
        if one.district_code == org.district_code and one.accepts_new_on(today)
    ]


@area.app_template_filter("ratio")
def ratio(value: Decimal | None) -> str:
    """0.8 as 80%."""
    return "—" if value is None else f"{(Decimal(value) * 100).normalize():f}%"


@area.app_template_filter("agreement_status")
def agreement_status(status: str) -> tuple[str, str]:
    """(words, tone of the tag)."""
    return {
        AgreementStatus.DRAFT.value: (gettext("起草中"), "pri"),
        AgreementStatus.REVIEW.value: (gettext("三方审阅"), "pri"),
        AgreementStatus.SIGNING.value: (gettext("签署中"), "pri"),
        AgreementStatus.EFFECTIVE.value: (gettext("已生效"), "green"),
        AgreementStatus.SUSPENDED.value: (gettext("已暂停"), "pause"),
        AgreementStatus.TERMINATED.value: (gettext("已终止"), ""),
        AgreementStatus.EXPIRED.value: (gettext("已到期"), ""),
        AgreementStatus.REPLACED.value: (gettext("已由新版替代"), ""),
    }[status]


@area.app_template_filter("loan_status")
def loan_status(status: str) -> str:
    """Where a loan case stands, in words."""
    return {
        LoanStatus.ASSIGNED.value: gettext("待受理"),
        LoanStatus.ACCEPTED.value: gettext("审批中"),
        LoanStatus.REFUSED.value: gettext("不受理"),
        LoanStatus.SILENT.value: gettext("逾期未受理"),
        LoanStatus.APPROVED.value: gettext("已批准，待放款"),
        LoanStatus.PARTIAL.value: gettext("部分批准，待放款"),
        LoanStatus.DECLINED.value: gettext("不予批准"),
        LoanStatus.CASE_BY_CASE.value: gettext("转个案担保"),
        LoanStatus.EXPIRED.value: gettext("额度失效"),
        LoanStatus.WITHDRAWN.value: gettext("企业放弃"),
        LoanStatus.DISBURSED.value: gettext("已放款，待备案"),
        LoanStatus.FILED.value: gettext("已报送备案"),
        LoanStatus.IN_FORCE.value: gettext("保证已生效"),
        LoanStatus.FILING_REJECTED.value: gettext("不予备案"),
    }.get(status, status)


@area.app_template_filter("phase")
def phase(value: str) -> tuple[str, str]:
    """(words, tone of the tag) of where a selection stands."""
    return {
        phases.NOTICE: (gettext("拟公告"), "pri"),
        phases.BIDS: (gettext("接受申请"), "pri"),
        phases.SCORERS: (gettext("待指定评分人"), "pri"),
        phases.SCORES: (gettext("评分中"), "pri"),
        phases.APPROVAL: (gettext("审定中"), "pri"),
        phases.PUBLISHED: (gettext("已公布"), "green"),
        phases.NO_BANK: (gettext("无合格银行"), ""),
    }.get(value, (value, ""))


@area.app_template_filter("party")
def party(value: str) -> str:
    """A party of an agreement."""
    return {
        "bank": gettext("合作银行"),
        "guarantor": gettext("担保机构"),
        "finance": gettext("区财政局"),
    }.get(value, value)


@area.app_template_filter("validity")
def validity(line: AgreementLine) -> Due | None:
    """Days left until the end; amber from 90 days before, stronger from 30 (P5)."""
    if line.effective_to is None or not line.living:
        return None
    today, last = local_date(now()), line.effective_to
    if line.effective_from is not None and line.effective_from > today:
        return Due("ok", "clock", gettext("%(d)s生效", d=day(line.effective_from)))
    return _left((last - today).days, last)


def _left(days: int, last: date) -> Due:
    until = gettext("至%(d)s", d=day(last))
    if days < 0:
        return Due("late", "alert-triangle", gettext("已过期%(n)s天", n=-days), until)
    if days == 0:
        return Due("today", "clock-exclamation", gettext("今天到期"), until)
    words = gettext("还剩%(n)s天", n=days)
    if days <= NEAR:
        return Due("today", "clock-exclamation", words, until)
    return Due("soon" if days <= SOON else "ok", "clock", words, until)


@area.app_template_filter("quota_bar")
def quota_bar(line: AgreementLine) -> dict[str, Any] | None:
    """How full the package is: width in percent, fill, words. None without a quota."""
    if line.quota is None:
        return None
    share = min(line.used * 100 / line.quota, Decimal(100))
    fill = "fr" if share >= 100 else ("fa" if share >= TIGHT else "f1")
    words = gettext("已用%(u)s / %(q)s", u=wan(line.used), q=wan(line.quota))
    left = gettext("还可用%(f)s", f=wan(line.free)) if line.free else gettext("已用满")
    return {"width": f"{share:.1f}%", "fill": fill, "words": words, "left": left}
