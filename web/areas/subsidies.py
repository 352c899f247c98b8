"""补贴: the quarters' fee subsidy, one batch with its sheet, and its tasks (P9, G4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.clock import local_date
from engine.documents.capital import capital
from engine.documents.subsidy_sheet import subsidy_sheet
from engine.errors import InvalidInput, NotFound
from engine.forms import Option
from engine.jobs.routine import quarter_before
from engine.models import Organisation, OrgKind, Role, SubsidyBatch, WorkItem
from engine.operations.subsidies import reinstate, start_batch
from engine.operations.subsidy_rows import FINISHED, period_end
from engine.people import Actor
from engine.queries import subsidies as queries
from engine.queries.subsidies import BatchLine, RowLine
from engine.runtime.in_force import programmes
from web.choices import choices, session_of
from web.exports import XLSX, download
from web.i18n import render_text
from web.login import actor, organisation
from web.task_panels import Panel, panel
from web.unit import changing, now, reading
from web.working import Line, working_of

area = Blueprint("subsidies", __name__, url_prefix="/subsidies")

WHOLE = (OrgKind.FINANCE.value, OrgKind.TREASURY.value, OrgKind.PLATFORM.value)
CONCERNED = (*WHOLE, OrgKind.GUARANTOR.value)
TICKED = {"verify_subsidy": "excluded", "resolve_objections": "excluded", "pay_subsidy": "failed"}


@dataclass(frozen=True)
class Offer:
    """A quarter that can be begun, with what waits for it."""

    programme: str
    name: str
    period: str


def reader() -> Actor:
    """The person, if subsidies concern the organisation at all. 403 for others."""
    acting = actor()
    if acting.org_kind not in CONCERNED:
        abort(403)
    return acting


def maker() -> Actor:
    """The finance bureau's maker. 403 for others."""
    acting = actor()
    if acting.org_kind != OrgKind.FINANCE.value or Role.MAKER.value not in acting.roles:
        abort(403)
    return acting


@area.app_template_filter("quarter")
def quarter(period: str) -> str:
    """2026Q3 in words."""
    return gettext("%(y)s年第%(q)s季度", y=period[:4], q=period[5:])


@area.app_template_filter("subsidy_status")
def subsidy_status(line: BatchLine) -> tuple[str, str]:
    """(words, tone of the tag) of a batch."""
    return {
        "CALCULATED": (gettext("核对测算"), "pri"),
        "VERIFIED": (gettext("待复核"), "pri"),
        "PUBLICISED": (gettext("公示中"), "pri"),
        "RESOLVED": (gettext("待审批"), "pri"),
        "APPROVED": (gettext("待支付"), "pri"),
        "PAID": (gettext("已支付"), "green"),
        "EMPTY": (gettext("本季无补贴"), ""),
    }.get(line.status, (line.status, ""))


@area.app_template_filter("row_status")
def row_status(row: RowLine) -> tuple[str, str]:
    """(words, tone of the tag) of a row."""
    return {
        "PROPOSED": (gettext("拟补贴"), "pri"),
        "EXCLUDED": (gettext("剔除"), ""),
        "CARRY_FORWARD": (gettext("转下季"), "amber"),
        "PAID": (gettext("已支付"), "green"),
        "FAILED": (gettext("退票"), "red"),
    }.get(row.status, (row.status, ""))


@area.app_template_filter("capital")
def in_words(amount: Decimal) -> str:
    """人民币大写."""
    return capital(amount)


@area.app_template_filter("row_working")
def row_working(row: RowLine) -> list[Line]:
    """How the row's amount came about."""
    return working_of(row.trace)


@area.app_template_filter("masked")
def masked(number: str) -> str:
    """An account but for its last four digits."""
    return f"**** {number[-4:]}"


@area.get("/")
def index() -> str:
    """The batches by quarter, and the quarter that can be begun."""
    acting = reader()
    found = queries.batches(reading(), acting)
    offers = _offers(found) if _is_maker(acting) else []
    last = period_end(offers[0].period) if offers else None
    return render_template(
        "subsidies/index.html",
        batches=found,
        offers=offers,
        waiting=queries.waiting_fees(reading(), acting, last) if last else None,
        programmes=_names(),
        paid=sum((one.amount for one in found if one.status == "PAID"), Decimal(0)),
    )


def _is_maker(acting: Actor) -> bool:
    return acting.org_kind == OrgKind.FINANCE.value and Role.MAKER.value in acting.roles


def _names() -> dict[str, str]:
    return {code: one.name for code, one in programmes(reading()).items()}


def _offers(found: Sequence[BatchLine]) -> list[Offer]:
    """The quarter before this one, of each programme of the district that has no batch of it."""
    org: Organisation = organisation()
    today = local_date(now())
    period = quarter_before(today)
    begun = {(one.programme, one.period) for one in found}
    return [
        Offer(one.code, one.name, period)
        for one in programmes(reading()).values()
        if one.district_code == org.district_code
        and one.accepts_new_on(today)
        and (one.code, period) not in begun
    ]


@area.post("/")
def begin() -> Response:
    """开始本季测算."""
    acting = maker()
    wanted = (request.form.get("programme", ""), request.form.get("period", ""))
    if wanted not in {
        (one.programme, one.period) for one in _offers(queries.batches(reading(), acting))
    }:
        raise NotFound()
    with changing() as session:
        made = start_batch(session, *wanted, acting, now())
        key, number = made.id, made.batch_no
    flash(gettext("已测算%(no)s", no=number), "success")
    return redirect(url_for("subsidies.batch", batch_id=key), 303)


@area.get("/<int:batch_id>")
def batch(batch_id: int) -> str:
    """One batch with its rows (G4)."""
    return _page(batch_id, reader())


def _page(
    batch_id: int, acting: Actor, row_id: int | None = None, wrong: InvalidInput | None = None
) -> str:
    found = queries.batch_sheet(reading(), batch_id, acting)
    whole = acting.org_kind in WHOLE
    return render_template(
        "subsidies/batch.html",
        s=found,
        line=found.line,
        whole=whole,
        programme=_names().get(found.line.programme, found.line.programme),
        own_tasks=[
            one for one in found.tasks if one.org_id == acting.org_id and one.role in acting.roles
        ],
        may_reinstate=_is_maker(acting) and found.line.status in FINISHED,
        wrong_row=row_id,
        errors={key: render_text(one) for key, one in (wrong.fields if wrong else {}).items()},
    )


@area.get("/<int:batch_id>/sheet.xlsx")
def sheet(batch_id: int) -> Response:
    """补贴计算表. Not for a guarantor, who sees only rows of its own."""
    acting = reader()
    line = queries.batch_for(reading(), batch_id, acting)
    if acting.org_kind not in WHOLE:
        abort(403)
    found = reading().get_one(SubsidyBatch, line.id)
    name = _names().get(line.programme, line.programme)
    data = subsidy_sheet(reading(), found, name, now())
    return download(data, f"{gettext('补贴计算表')}_{line.batch_no}.xlsx", XLSX)


@area.post("/<int:batch_id>/rows/<int:row_id>/reinstate")
def restore(batch_id: int, row_id: int) -> Response | tuple[str, int]:
    """恢复: an exclusion of a finished batch is undone, with a reason."""
    acting = maker()
    rows = queries.batch_sheet(reading(), batch_id, acting).left_out
    if row_id not in {row.id for row in rows}:
        raise NotFound()
    try:
        with changing() as session:
            reinstate(session, row_id, request.form.get("reason", ""), acting, now())
    except InvalidInput as wrong:
        return _page(batch_id, acting, row_id, wrong), 422
    flash(gettext("已恢复，下季重新测算"), "success")
    return redirect(url_for("subsidies.batch", batch_id=batch_id), 303)


def batch_of(item: WorkItem) -> int:
    """The batch that a task is about (subsidy:3)."""
    return int(item.instance.subject.partition(":")[2])


@choices("subsidy_rows")
def _rows(item: WorkItem) -> list[Option]:
    statuses = ("PROPOSED", "FAILED") if item.element_id == "pay_subsidy" else ("PROPOSED",)
    found = queries.row_choices(session_of(item), batch_of(item), statuses)
    return [Option(str(key), f"{name} {amount:,.2f}") for key, name, amount in found]


@panel("fee_subsidy")
def _panel(item: WorkItem) -> Panel:
    found = queries.batch_sheet(reading(), batch_of(item), actor())
    field = TICKED.get(item.element_id, "")
    context = {
        "s": found,
        "line": found.line,
        "field": field if item.status == "OPEN" else "",
        "step": item.element_id,
        "whole": True,
    }
    return Panel("subsidies/_panel.html", context, frozenset({field} if field else ()))
