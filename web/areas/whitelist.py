"""白名单: releases and their entries, what waits for one, and what helps to compile it (P3)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.documents.whitelist_sheet import whitelist_sheet
from engine.errors import InvalidInput, NotFound
from engine.forms import Option
from engine.models import EntryStatus, OrgKind, Role, Whitelist, WorkItem, WorkStatus
from engine.operations.entries import FINAL, set_status
from engine.queries import whitelist as queries
from engine.queries import whitelist_waiting
from engine.queries.forms import form_of
from engine.queries.whitelist import Entry
from engine.queries.whitelist_waiting import Candidate
from engine.runtime.in_force import programmes
from web.choices import choices, session_of
from web.exports import XLSX, download, sheet
from web.forms import draft_of
from web.i18n import render_text
from web.login import actor
from web.task_panels import Panel, panel
from web.unit import changing, now, reading

area = Blueprint("whitelist", __name__, url_prefix="/whitelist")

WAN = Decimal(10_000)
ADJUSTS = frozenset({Role.MAKER.value, Role.CHECKER.value, Role.HEAD.value})


@area.app_template_filter("entry_status")
def entry_status(status: str) -> tuple[str, str]:
    """(words, tone of the tag) of an entry's status."""
    known = {
        EntryStatus.ACTIVE.value: (gettext("有效"), "green"),
        EntryStatus.SUSPENDED.value: (gettext("暂停"), "pause"),
        EntryStatus.REMOVED.value: (gettext("移出"), "red"),
        EntryStatus.EXPIRED.value: (gettext("到期"), ""),
    }
    return known[status]


@area.app_template_filter("support_class")
def support_class(code: str) -> str:
    """重点类 or 普通类."""
    return str({"KEY": gettext("重点类"), "NORMAL": gettext("普通类")}.get(code, code))


@area.app_template_filter("size_class")
def size_class(code: str) -> str:
    """大型 to 微型."""
    sizes = {
        "LARGE": gettext("大型"),
        "MEDIUM": gettext("中型"),
        "SMALL": gettext("小型"),
        "MICRO": gettext("微型"),
    }
    return str(sizes.get(code, ""))


def _names() -> dict[str, str]:
    return {code: one.name for code, one in programmes(reading()).items()}


def _adjusts() -> bool:
    acting = actor()
    return acting.org_kind == OrgKind.FINANCE.value and bool(acting.roles & ADJUSTS)


@area.get("/")
def index() -> str:
    """The releases, and for finance what is being compiled."""
    return render_template(
        "whitelist/index.html",
        releases=queries.releases(reading(), actor()),
        waiting=whitelist_waiting.waiting(reading(), actor()),
        programmes=_names(),
        referrer=actor().org_kind == OrgKind.REFERRER.value,
    )


@area.get("/<int:release_id>")
def release(release_id: int) -> str:
    """A release with its entries."""
    found = queries.release_for(reading(), release_id, actor())
    entries = queries.entries_of(reading(), found, actor(), now())
    return render_template(
        "whitelist/release.html",
        release=found,
        entries=entries,
        programme=_names().get(found.programme, found.programme),
        intact=queries.intact(reading(), found),
        adjusts=_adjusts(),
        final=FINAL,
        referrer=actor().org_kind == OrgKind.REFERRER.value,
    )


@area.get("/<int:release_id>.xlsx")
def workbook(release_id: int) -> Response:
    """The release for Excel (G1); a referrer's has only the firms it named."""
    found = queries.release_for(reading(), release_id, actor())
    if actor().org_kind == OrgKind.REFERRER.value:
        data = _own_rows(queries.entries_of(reading(), found, actor(), now()))
    else:
        data = whitelist_sheet(reading(), reading().get_one(Whitelist, found.id), now())
    return download(data, f"{found.wl_no}.xlsx", XLSX)


def _own_rows(entries: list[Entry]) -> bytes:
    headings = [
        *(gettext("企业"), gettext("统一社会信用代码"), gettext("序号"), gettext("类别")),
        *(
            gettext("需求（万元）"),
            gettext("建议金额（万元）"),
            gettext("有效期至"),
            gettext("状态"),
        ),
    ]
    rows = [
        [
            *(one.name, one.uscc, one.seq, support_class(one.support_class)),
            *(one.need / WAN, one.amount / WAN, one.valid_to, entry_status(one.status)[0]),
        ]
        for one in entries
    ]
    return sheet(gettext("白名单"), headings, rows)


@dataclass(frozen=True)
class Change:
    """A status that an entry may be given."""

    value: str
    label: str


def _changes(status: str) -> list[Change]:
    offered = {
        EntryStatus.ACTIVE.value: (EntryStatus.SUSPENDED, EntryStatus.REMOVED),
        EntryStatus.SUSPENDED.value: (EntryStatus.ACTIVE, EntryStatus.REMOVED),
    }.get(status, ())
    names = {
        EntryStatus.ACTIVE: gettext("恢复"),
        EntryStatus.SUSPENDED: gettext("暂停"),
        EntryStatus.REMOVED: gettext("移出"),
    }
    return [Change(one.value, names[one]) for one in offered]


@area.route("/entries/<int:entry_id>", methods=["GET", "POST"])
def entry(entry_id: int) -> str | Response | tuple[str, int]:
    """Suspend, restore or remove a firm, with a reason; by the finance bureau."""
    found, row = queries.entry_for(reading(), entry_id, actor(), now())
    changes = _changes(row.status)
    if not _adjusts() or not changes:
        raise NotFound()
    given = {"status": request.form.get("status", ""), "reason": request.form.get("reason", "")}
    page = {"release": found, "entry": row, "changes": changes, "given": given}
    if request.method == "GET":
        return render_template("whitelist/entry.html", errors={}, **page)
    if given["status"] not in {one.value for one in changes}:
        errors = {"status": gettext("没有选择")}
        return render_template("whitelist/entry.html", errors=errors, **page), 422
    try:
        with changing() as session:
            status = EntryStatus(given["status"])
            set_status(session, entry_id, status, given["reason"].strip()[:1000], actor(), now())
    except InvalidInput as wrong:
        errors = {key: render_text(said) for key, said in wrong.fields.items()}
        return render_template("whitelist/entry.html", errors=errors, **page), wrong.status
    flash(gettext("已调整%(name)s的白名单资格", name=row.name), "success")
    return redirect(url_for("whitelist.release", release_id=found.id), 303)


@choices("release_candidates")
def _candidates(item: WorkItem) -> list[Option]:
    return [
        Option(str(one.case_id), f"{one.case_no} {one.name}")
        for one in whitelist_waiting.waiting_for(session_of(item), item.instance.programme)
    ]


@panel("whitelist_release")
def _panel(item: WorkItem) -> Panel:
    """The cases to choose from while compiling; the chosen ones while checking."""
    session = reading()
    release_id = int(item.instance.subject.partition(":")[2])
    whitelist, chosen = whitelist_waiting.compiled(session, release_id)
    context: dict[str, Any] = {"released": whitelist.wl_no, "release_id": release_id}
    if item.element_id != "compile_release" or item.status != WorkStatus.OPEN.value:
        rows = whitelist_waiting.candidates_of(session, chosen)
        return Panel("whitelist/_panel.html", {**context, "rows": rows, "total": _total(rows)})
    rows = whitelist_waiting.waiting_for(session, item.instance.programme)
    picked = _picked(item, whitelist.case_ids, rows)
    context = {**context, "rows": rows, "picked": picked, "total": _total(rows)}
    return Panel("whitelist/_compile.html", context, frozenset({"cases"}))


def _picked(item: WorkItem, compiled: list[int], rows: tuple[Candidate, ...]) -> set[str]:
    """What is ticked: as just sent, as in the draft, as compiled before, else all."""
    if request.method == "POST":
        return set(request.form.getlist("cases"))
    if item.draft:
        return set(draft_of(form_of(reading(), item), item.draft).get("cases", ()))
    waiting = {str(one.case_id) for one in rows}
    return {str(each) for each in compiled} & waiting or waiting


def _total(rows: tuple[Candidate, ...]) -> Decimal:
    return sum((one.amount for one in rows), Decimal(0))
