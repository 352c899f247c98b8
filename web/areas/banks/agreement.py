"""One tripartite agreement: its terms, rounds, signatures; suspended, resumed, ended, renewed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.models import Agreement, AgreementStatus, Role
from engine.operations import agreement_life
from engine.operations.agreement_start import start_agreement
from engine.people import Actor
from engine.queries.agreements import agreement_for, agreement_sheet
from engine.queries.banks import AgreementLine
from engine.queries.files import files_of_subject
from engine.text import text
from web.areas.banks.common import area, finance_only, may, ratio, reader
from web.areas.banks.index import to_own_task
from web.i18n import render_text
from web.rendering import day, wan
from web.unit import changing, now, reading

MONEY = ("ceiling_normal", "ceiling_key", "batch_quota")
RATIOS = ("guarantee_ratio", "fee_rate", "risk_cap_guarantor", "risk_cap_total")
CLAUSES = {
    "ceiling_normal": "四（一）",
    "ceiling_key": "四（一）",
    "guarantee_ratio": "三（五）",
    "fee_rate": "四（五）",
    "risk_cap_guarantor": "四（六）",
    "risk_cap_total": "四（六）",
    "approval_days": "三（四）",
    "filing_days": "三（六）",
}
DECISIONS: Mapping[str, Callable[[Session, int, str, Actor, datetime], Agreement]] = {
    "suspend": agreement_life.suspend,
    "resume": agreement_life.resume,
    "terminate": agreement_life.terminate,
}


def term_names() -> dict[str, str]:
    """The terms in their order on pages."""
    return {
        "effective_from": gettext("生效日"),
        "effective_to": gettext("到期日"),
        "ceiling_normal": gettext("普通类单户上限"),
        "ceiling_key": gettext("重点类单户上限"),
        "override_reason": gettext("提高上限的理由"),
        "guarantee_ratio": gettext("担保比例"),
        "fee_rate": gettext("担保费率"),
        "fee_basis": gettext("计费方式"),
        "risk_cap_guarantor": gettext("担保机构代偿上限"),
        "risk_cap_total": gettext("代偿总上限"),
        "approval_days": gettext("银行审批时限"),
        "day_type": gettext("审批时限按"),
        "filing_days": gettext("备案时限"),
        "batch_quota": gettext("批次额度"),
        "claim_overdue_days": gettext("可申请代偿"),
    }


def term_words(name: str, value: Any) -> str:
    """A term in words: as the column holds it, or as the trail stored it."""
    if value in (None, ""):
        return gettext("不限") if name == "batch_quota" else gettext("未填")
    if name in MONEY:
        return gettext("%(n)s万元", n=wan(_decimal(value)))
    if name in RATIOS:
        return ratio(_decimal(value))
    if name in ("effective_from", "effective_to"):
        return day(value if isinstance(value, date) else date.fromisoformat(str(value)))
    return _plain(name, value)


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _plain(name: str, value: Any) -> str:
    words = {
        "fee_basis": {"FLAT": gettext("按笔一次计收"), "ANNUAL": gettext("按年计收")},
        "day_type": {"CALENDAR": gettext("自然日"), "WORKING": gettext("工作日")},
    }
    if name == "approval_days":
        return str(gettext("%(n)s天", n=value))
    if name == "filing_days":
        return str(gettext("放款后%(n)s个工作日", n=value))
    if name == "claim_overdue_days":
        return str(gettext("逾期%(n)s天起", n=value))
    return words.get(name, {}).get(str(value), str(value))


def terms_shown(terms: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, value, clause) of every term that says something."""
    return [
        (label, term_words(name, terms.get(name)), CLAUSES.get(name, ""))
        for name, label in term_names().items()
        if name != "override_reason" or terms.get(name)
    ]


@area.get("/agreements/<int:agreement_id>")
def agreement(agreement_id: int) -> str:
    """One agreement."""
    return _page(agreement_id, reader())


def _page(agreement_id: int, acting: Actor, wrong: InvalidInput | None = None) -> str:
    found = agreement_sheet(reading(), agreement_id, acting)
    head = may(Role.HEAD)
    return render_template(
        "banks/agreement.html",
        a=found,
        line=found.line,
        terms=terms_shown(found.terms),
        names=term_names(),
        words=term_words,
        files=files_of_subject(reading(), f"agreement:{agreement_id}"),
        own_tasks=[
            one for one in found.tasks if one.org_id == acting.org_id and one.role in acting.roles
        ],
        may_amend=may(Role.MAKER) and found.line.living and _newest(found.line, found.versions),
        may_suspend=head and found.line.status == AgreementStatus.EFFECTIVE.value,
        may_resume=head and found.line.status == AgreementStatus.SUSPENDED.value,
        may_terminate=head and found.line.living,
        errors={key: render_text(one) for key, one in (wrong.fields if wrong else {}).items()},
        chosen=request.form.get("decision", ""),
    )


def _newest(line: AgreementLine, versions: Sequence[AgreementLine]) -> bool:
    return line.version == max(one.version for one in versions)


@area.post("/agreements/<int:agreement_id>/decide")
def decide(agreement_id: int) -> Response | tuple[str, int]:
    """暂停, 恢复 or 终止, with a reason, by the bureau's head."""
    acting = finance_only(Role.HEAD)
    agreement_for(reading(), agreement_id, acting)
    operation = DECISIONS.get(request.form.get("decision", ""))
    if operation is None:
        return _page(agreement_id, acting, _undecided()), 422
    try:
        with changing() as session:
            done = operation(session, agreement_id, request.form.get("reason", ""), acting, now())
            number = done.agr_no
    except InvalidInput as wrong:
        return _page(agreement_id, acting, wrong), 422
    flash(gettext("协议%(no)s已更改状态，理由已记入审计", no=number), "success")
    return redirect(url_for("banks.agreement", agreement_id=agreement_id), 303)


def _undecided() -> InvalidInput:
    return InvalidInput({"decision": text("没有选择")})


@area.post("/agreements/<int:agreement_id>/amend")
def amend(agreement_id: int) -> Response:
    """修订或续签: a new draft version of the agreement, with its terms to begin with."""
    acting = finance_only(Role.MAKER)
    found = agreement_for(reading(), agreement_id, acting)
    pair, programme = (found.bank_id, found.guarantor_id), found.programme
    with changing() as session:
        made = start_agreement(session, *pair, programme, acting, now())
        number, version, instance = made.agr_no, made.version, made.instance_id
    flash(gettext("已发起%(no)s第%(v)s版，接着填写条款", no=number, v=version), "success")
    return to_own_task(instance, "banks.index")
