"""案件: the list, the page of a case, giving it up."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, NotFound
from engine.models import CaseStatus, Instance
from engine.operations.access import case_for
from engine.operations.cases import withdraw_case
from engine.queries import cases as queries
from engine.queries.cases import CaseFilters, CaseRow
from web.areas.cases.page import case_page, check_may_withdraw
from web.areas.cases.words import status_words
from web.due import due_badge
from web.exports import sheet, xlsx_response
from web.i18n import render_text
from web.login import actor
from web.params import key_arg, page_arg, text_arg
from web.path import Back, path_page
from web.unit import changing, now, reading

area = Blueprint("cases", __name__, url_prefix="/cases")


def _filters() -> CaseFilters:
    args = request.args
    status, stage = args.get("status", ""), args.get("stage", type=int)
    return CaseFilters(
        q=text_arg("q"),
        stage=stage if stage in range(1, 8) else None,
        status=status if status in {one.value for one in CaseStatus} else None,
        bank=key_arg("bank"),
        support_class=args.get("class") if args.get("class") in ("NORMAL", "KEY") else None,
    )


def _args(filters: CaseFilters) -> dict[str, Any]:
    found = {
        "q": filters.q,
        "stage": filters.stage,
        "status": filters.status,
        "bank": filters.bank,
        "class": filters.support_class,
    }
    return {key: value for key, value in found.items() if value}


@area.get("")
def index() -> str:
    """The cases the organisation takes part in."""
    filters = _filters()
    page = queries.page(reading(), actor(), filters, page_arg())
    return render_template(
        "cases/index.html",
        filters=filters,
        args=_args(filters),
        page=page,
        status=status_words(),
        banks=queries.banks_of(reading(), actor()),
        due=lambda at, suspended: due_badge(at, now(), paused=suspended),
        url_page=lambda number: url_for("cases.index", **_args(filters), page=number),
    )


HEADINGS = (
    *("案件编号", "企业", "统一社会信用代码", "环节", "状态", "类别", "金额（元）", "银行"),
    *("推荐单位", "当前步骤", "承办单位", "推荐时间", "办结时间"),
)


@area.get("/export.xlsx")
def export() -> Response:
    """The list as a workbook."""
    rows = queries.everything(reading(), actor(), _filters())
    name = gettext("案件")
    return xlsx_response(sheet(name, HEADINGS, (_cells(row) for row in rows)), name)


def _cells(row: CaseRow) -> list[object]:
    classes = {"KEY": gettext("重点类"), "NORMAL": gettext("普通类")}
    return [
        row.case_no,
        row.name,
        row.uscc,
        row.stage,
        status_words().get(row.status, row.status),
        classes.get(row.support_class or "", ""),
        row.amount,
        row.bank or "",
        "、".join(row.referrers),
        "、".join(step for step, _, _ in row.waits),
        "、".join(org for _, org, _ in row.waits),
        row.referred_at,
        row.closed_at,
    ]


@area.get("/<int:case_id>")
def case(case_id: int) -> str:
    """The case as a whole."""
    return case_page(case_id)


@area.get("/<int:case_id>/path")
def path(case_id: int) -> str:
    """The diagrams that the case has come through. Raises NotFound as its page."""
    found = case_for(reading(), case_id, actor())
    if found.instance_id is None:
        raise NotFound()
    instance = reading().get_one(Instance, found.instance_id)
    back = Back(url_for("cases.case", case_id=case_id), found.enterprise.name)
    key = request.args.get("process")
    return path_page(
        instance, key, back, lambda key: url_for("cases.path", case_id=case_id, process=key)
    )


@area.post("/<int:case_id>/withdraw")
def withdraw(case_id: int) -> Response | tuple[str, int]:
    """Give the case up, with the reason."""
    reason = request.form.get("reason", "").strip()[:500]
    check_may_withdraw(case_id)
    try:
        with changing() as session:
            withdraw_case(session, case_id, reason, actor(), now())
    except InvalidInput as wrong:
        words = {key: render_text(word) for key, word in wrong.fields.items()}
        return case_page(case_id, words), 422
    flash(gettext("案件已撤回，未办的任务已撤销"))
    return redirect(url_for("cases.case", case_id=case_id), 303)


__all__ = ["area", "status_words"]
