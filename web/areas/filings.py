"""贷款备案: the list with its figures, and 备案表 of one filing (P7, G3)."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.domain.trace import Operand
from engine.models import OrgKind
from engine.people import Actor
from engine.queries import filings as queries
from engine.queries.filings import STATES, UNPAID, FilingRow, FilingSheet, Filters
from web.exports import sheet, xlsx_response
from web.login import actor
from web.params import key_arg, page_arg
from web.unit import now, reading
from web.working import Line, lines, operand_of, working_of

area = Blueprint("filings", __name__, url_prefix="/filings")

CONCERNED = (
    *(OrgKind.FINANCE.value, OrgKind.BANK.value, OrgKind.GUARANTOR.value),
    OrgKind.PLATFORM.value,
)
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
HEADINGS = (
    *(
        "企业",
        "统一社会信用代码",
        "备案编号",
        "状态",
        "逾期备案",
        "合作银行",
        "担保机构",
        "三方协议",
    ),
    *("借款合同号", "借据号", "放款金额（元）", "放款日", "到期日", "年利率（%）", "担保比例"),
    *("担保额（元）", "应收担保费（元）", "实收担保费（元）", "报送时间", "审定时间"),
)


def reader() -> Actor:
    """The person, if filings concern the organisation at all. 403 for others."""
    acting = actor()
    if acting.org_kind not in CONCERNED:
        abort(403)
    return acting


def asked() -> Filters:
    """The filters in the address; what is not a filter is left out."""
    args = request.args
    status, month = args.get("status"), args.get("month", "")
    return Filters(
        status=status if status in STATES else None,
        bank_id=key_arg("bank"),
        guarantor_id=key_arg("guarantor"),
        month=month if MONTH.fullmatch(month) else None,
        late=args.get("late") == "1",
    )


def args_of(filters: Filters) -> dict[str, Any]:
    """The filters as arguments of an address."""
    found = {
        "status": filters.status,
        "bank": filters.bank_id,
        "guarantor": filters.guarantor_id,
        "month": filters.month,
        "late": "1" if filters.late else None,
    }
    return {key: value for key, value in found.items() if value}


@area.app_template_filter("filing_status")
def filing_status(row: FilingRow) -> tuple[str, str]:
    """(words, tone of the tag) of a filing."""
    if row.status == "ACCEPTED" and row.fee_paid is None:
        return gettext("已备案，待缴费"), "green"
    return {
        "SUBMITTED": (gettext("待审核"), "pri"),
        "RETURNED": (gettext("已退回"), "amber"),
        "ACCEPTED": (gettext("已备案"), "green"),
        "REJECTED": (gettext("不予备案"), "red"),
    }[row.status]


def status_names() -> dict[str, str]:
    """The states to filter by."""
    return {
        "SUBMITTED": gettext("待审核"),
        "RETURNED": gettext("已退回"),
        "ACCEPTED": gettext("已备案"),
        UNPAID: gettext("已备案，待缴费"),
        "REJECTED": gettext("不予备案"),
    }


def month_name(month: str) -> str:
    """2026-09 in words."""
    return gettext("%(y)s年%(m)s月", y=month[:4], m=int(month[5:]))


@area.get("/")
def index() -> str:
    """The filings that concern the organisation, with the figures of what is shown."""
    acting, filters = reader(), asked()
    number = page_arg()
    offered = queries.options(reading(), acting)
    return render_template(
        "filings/index.html",
        page=queries.filings(reading(), acting, filters, number),
        totals=queries.totals(reading(), acting, filters),
        options=offered,
        months=[(one, month_name(one)) for one in offered.months],
        filters=filters,
        args=args_of(filters),
        statuses=status_names(),
        page_url=lambda n: url_for("filings.index", **args_of(filters), page=n),
    )


@area.get("/export.xlsx")
def export() -> Response:
    """What the filters leave, as a workbook."""
    rows = queries.everything(reading(), reader(), asked())
    name = gettext("贷款备案")
    return xlsx_response(sheet(name, HEADINGS, (_cells(row) for row in rows)), name)


def _cells(row: FilingRow) -> list[object]:
    return [
        row.enterprise,
        row.uscc,
        row.filing_no or "",
        filing_status(row)[0],
        gettext("是") if row.late else "",
        row.bank,
        row.guarantor,
        row.agr_no,
        row.contract_no or "",
        row.loan_no,
        row.amount,
        row.disbursed_on,
        row.maturity_on,
        row.rate,
        row.ratio,
        row.guaranteed,
        row.fee_due,
        row.fee_paid,
        row.submitted_at,
        row.decided_at,
    ]


@area.get("/<int:filing_id>")
def filing(filing_id: int) -> str:
    """备案表 of one filing."""
    found = queries.filing(reading(), filing_id, reader())
    return render_template(
        "filings/filing.html",
        f=found,
        row=found.row,
        lpr=lpr_of(found),
        working=working_of(found.trace) + lpr_working(found),
        moment_printed=now(),
    )


def lpr_of(found: FilingSheet) -> tuple[Operand | None, Operand | None]:
    """The LPR that the contract was held against, and by how many basis points it is over."""
    trace: Mapping[str, Any] = found.traces.get("lpr-cap") or {}
    steps = trace.get("steps") or []
    terms = [term for step in steps for term in (*step["terms"], step["result"])]
    named = {term["name"]: operand_of(term) for term in terms if "name" in term}
    return named.get("lpr"), named.get("excess_bp")


def lpr_working(found: FilingSheet) -> list[Line]:
    """The test against the LPR; the excess only if there is one."""
    _, over = lpr_of(found)
    tested = lines(found.traces.get("lpr-cap"))
    return tested if over is None or over.value else tested[1:]
