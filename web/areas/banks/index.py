"""The banks with their agreements, one bank, and what the bureau may begin."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.clock import local_date
from engine.errors import InvalidInput
from engine.models import AgreementStatus, OrgKind, Role
from engine.operations.agreement_start import start_agreement
from engine.operations.selection import start_selection
from engine.queries import banks as queries
from engine.queries.bank_record import bank_cases, bank_figures, bank_for
from engine.queries.banks import AgreementLine, BankLine
from engine.queries.inbox import open_items
from engine.queries.selections import selections
from engine.text import text
from web.areas.banks.common import SOON, area, finance_only, may, own_programmes, reader
from web.i18n import render_text
from web.login import actor
from web.unit import changing, now, reading


@dataclass(frozen=True)
class Totals:
    """The agreements in figures. Amounts 元."""

    living: int
    banks: int
    suspended: int
    quota: Decimal
    used: Decimal
    unlimited: int
    expiring: int
    preparing: int


def totals_of(found: list[BankLine]) -> Totals:
    """The figures of the agreements that matter now."""
    lines = [line for bank in found for line in bank.agreements]
    living = [line for line in lines if line.living]
    limited = [line for line in living if line.quota is not None]
    return Totals(
        living=len(living),
        banks=len({line.bank_id for line in living}),
        suspended=sum(line.status == AgreementStatus.SUSPENDED.value for line in living),
        quota=sum((line.quota or Decimal(0) for line in limited), Decimal(0)),
        used=sum((line.used for line in limited), Decimal(0)),
        unlimited=len(living) - len(limited),
        expiring=sum(_ends_soon(line) for line in living),
        preparing=sum(line.preparing for line in lines),
    )


def _ends_soon(line: AgreementLine) -> bool:
    last = local_date(now()) + timedelta(days=SOON)
    return line.effective_to is not None and line.effective_to <= last


@area.get("/")
def index() -> str:
    """The banks, their agreements, and the selections that concern the organisation."""
    acting = reader()
    found = queries.banks(reading(), acting)
    drafts = may(Role.MAKER)
    return render_template(
        "banks/index.html",
        banks=found,
        totals=totals_of(found),
        selections=selections(reading(), acting),
        own=acting.org_kind == OrgKind.BANK.value,
        may_draft=drafts,
        past=request.args.get("past") == "1",
    )


@area.get("/<int:bank_id>")
def bank(bank_id: int) -> str:
    """One bank: its agreements with all versions, its cases, its figures."""
    acting = reader()
    org = bank_for(reading(), bank_id, acting)
    on_time = queries.on_time_of(reading(), acting, [bank_id])
    return render_template(
        "banks/bank.html",
        bank=org,
        figures=bank_figures(reading(), bank_id, acting),
        on_time=on_time.get(bank_id, queries.OnTime()),
        agreements=[
            line for line in queries.agreement_lines(reading(), acting) if line.bank_id == bank_id
        ],
        cases=bank_cases(reading(), bank_id, acting),
        may_draft=may(Role.MAKER),
    )


@area.get("/agreements/new")
def new_agreement() -> str:
    """起草协议: which bank, which guarantor."""
    finance_only(Role.MAKER)
    return _beginning("banks/new_agreement.html")


def _beginning(template: str, wrong: InvalidInput | None = None) -> str:
    fields = wrong.fields if wrong else {}
    return render_template(
        template,
        banks=queries.organisations(reading(), OrgKind.BANK),
        guarantors=queries.organisations(reading(), OrgKind.GUARANTOR),
        programmes=own_programmes(),
        chosen=request.values,
        errors={key: render_text(message) for key, message in fields.items()},
        labels={
            "bank": gettext("合作银行"),
            "guarantor": gettext("担保机构"),
            "programme": gettext("方案"),
        },
    )


def _wanted(*names: str) -> dict[str, str]:
    """What was chosen, checked against what is offered. Raises InvalidInput."""
    offered = {
        "bank": {key for key, _ in queries.organisations(reading(), OrgKind.BANK)},
        "guarantor": {key for key, _ in queries.organisations(reading(), OrgKind.GUARANTOR)},
        "programme": {code for code, _ in own_programmes()},
    }
    given = {name: request.form.get(name, "") for name in names}
    wrong = {name: text("没有选择") for name in names if given[name] not in offered[name]}
    if wrong:
        raise InvalidInput(wrong)
    return given


@area.post("/agreements/new")
def begin_agreement() -> Response | tuple[str, int]:
    """Start the process of an agreement; its maker goes on with the draft."""
    acting = finance_only(Role.MAKER)
    try:
        given = _wanted("bank", "guarantor", "programme")
    except InvalidInput as wrong:
        return _beginning("banks/new_agreement.html", wrong), 422
    pair = int(given["bank"]), int(given["guarantor"])
    with changing() as session:
        made = start_agreement(session, *pair, given["programme"], acting, now())
        number, instance = made.agr_no, made.instance_id
    flash(gettext("已发起协议%(no)s，接着填写条款", no=number), "success")
    return to_own_task(instance, "banks.index")


def to_own_task(instance_id: int | None, otherwise: str) -> Response:
    """To the task that waits for the person, else to the page named."""
    if instance_id is not None:
        acting = actor()
        for item in open_items(reading(), instance_id):
            if item.org_id == acting.org_id and item.role in acting.roles:
                return redirect(url_for("inbox.task", item_id=item.id), 303)
    return redirect(url_for(otherwise), 303)


@area.get("/selections/new")
def new_selection() -> str:
    """发起遴选: for which guarantor."""
    finance_only(Role.MAKER)
    return _beginning("banks/new_selection.html")


@area.post("/selections/new")
def begin_selection() -> Response | tuple[str, int]:
    """Start a selection of banks for one guarantor; its maker goes on with the notice."""
    acting = finance_only(Role.MAKER)
    try:
        given = _wanted("guarantor", "programme")
    except InvalidInput as wrong:
        return _beginning("banks/new_selection.html", wrong), 422
    with changing() as session:
        made = start_selection(session, int(given["guarantor"]), given["programme"], acting, now())
        number, instance = made.selection_no, made.instance_id
    flash(gettext("已发起遴选%(no)s，接着发布公告", no=number), "success")
    return to_own_task(instance, "banks.index")


__all__ = ["to_own_task", "totals_of"]
