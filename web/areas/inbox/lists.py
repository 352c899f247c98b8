"""The lists of the inbox, and their export."""

from dataclasses import dataclass, replace
from itertools import groupby

from flask import render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.models import Role
from engine.operations.access import sees_all
from engine.queries import inbox as queries
from engine.queries.history import CLOSED_TO
from engine.queries.inbox import Row
from engine.queries.inbox_views import DueIn, View
from web.areas.inbox.blueprint import area
from web.areas.inbox.menus import menus
from web.areas.inbox.wanted import Wanted, wanted
from web.due import Due, due_badge, group_of
from web.exports import sheet, xlsx_response
from web.login import actor
from web.params import keys
from web.rendering import day, day_week, moment
from web.unit import now, reading

CHECK_STEPS = {"review_check"}  # forms of a second pair of eyes, whose approval needs only a yes


@dataclass(frozen=True)
class Shown:
    """A row with what only the page knows."""

    row: Row
    due: Due | None
    line: str
    bulk: bool


@dataclass(frozen=True)
class Group:
    """Rows that fall due together."""

    name: str
    day: str
    count: int | None
    rows: list[Shown]


def view_names() -> dict[View, tuple[str, str]]:
    """Each view's name and icon, in their order."""
    return {
        View.MINE: (gettext("待我办理"), "inbox"),
        View.LATE: (gettext("已逾期"), "alert-triangle"),
        View.TODAY: (gettext("今天到期"), "clock-exclamation"),
        View.UNCLAIMED: (gettext("待认领"), "hand-stop"),
        View.WAITING: (gettext("等待他方"), "player-pause"),
        View.DONE: (gettext("我已办理"), "check"),
    }


@area.get("/inbox")
def index() -> str:
    """One view of the inbox."""
    asked, acting, moment_ = wanted(), actor(), now()
    page = queries.page(reading(), acting, asked.view, asked.filters, moment_, asked.page)
    totals = queries.group_counts(reading(), acting, asked.view, asked.filters, moment_)
    return render_template(
        "inbox/index.html",
        asked=asked,
        page=page,
        groups=_groups(page.rows, totals, asked.view),
        counts=queries.counts(reading(), acting, moment_),
        menus=menus(asked, queries.options(reading(), acting, asked.view, moment_)),
        url_page=lambda number: url_for("inbox.index", **asked.args(), page=number),
        views=view_names(),
        View=View,
        totals={when.value: n for when, n in totals.items()},
        may_urge=asked.view is View.WAITING and may_urge(),
        may_open=asked.view is not View.WAITING or sees_all(acting),
        as_of=moment_,
    )


def may_urge() -> bool:
    """催办 is for the finance bureau and heads."""
    return sees_all(actor()) or Role.HEAD.value in actor().roles


def _groups(rows: list[Row], totals: dict[DueIn, int], view: View) -> list[Group]:
    if view is View.DONE:
        return _done_groups(rows)
    found = []
    by_order = dict(enumerate((*DueIn,)[:-1])) | {9: DueIn.NONE}
    for (order, name, its_day), some in groupby(rows, lambda row: group_of(row.due_at, now())):
        shown_day = day_week(its_day) if its_day else ""
        count = totals.get(by_order[order])
        found.append(Group(name, shown_day, count, [_shown(row, view) for row in some]))
    return found


def _done_groups(rows: list[Row]) -> list[Group]:
    by_day = groupby(rows, lambda row: day(row.completed_at))
    return [Group(name, "", None, [_shown(r, View.DONE) for r in some]) for name, some in by_day]


def for_reader(row: Row) -> Row:
    """The row without what was found of a firm, for those who do not review it."""
    if actor().org_kind not in CLOSED_TO:
        return row
    kept = {code: n for code, n in row.checks.items() if code in ("MISSING", "NOTICE")}
    return replace(row, checks=kept)


def _shown(row: Row, view: View) -> Shown:
    if view is View.DONE:
        words = gettext("%(at)s办结", at=moment(row.completed_at))
        return Shown(for_reader(row), Due("done", "check", words), "", bulk=False)
    line = "" if view is View.WAITING else None
    due = due_badge(row.due_at, now(), provisional=row.provisional, line=line)
    if row.suspended:
        due = Due("paused", "player-pause", gettext("已暂停办理"), "")
    return Shown(for_reader(row), due, _line(row, view), bulk=approvable(row))


def _line(row: Row, view: View) -> str:
    if view is View.WAITING:
        since = gettext("%(day)s起", day=day(row.opened_at))
        stopped = gettext("计时暂停") if row.own_clock_paused else ""
        last = gettext("至%(day)s", day=day(row.due_at)) if row.due_at else ""
        return " · ".join(part for part in (since + last, stopped) if part)
    return gettext("曾暂停%(n)s日", n=row.paused_days) if row.paused_days else ""


def approvable(row: Row) -> bool:
    """Whether a row may be approved together with others: a check step, all checks passed."""
    passed = not row.suspended and bool(row.checks) and set(row.checks) == {"PASS"}
    return row.form_key in CHECK_STEPS and row.case_id is not None and passed


@area.get("/inbox/export.xlsx")
def export() -> Response:
    """The view as a workbook; with `ids` only those of it."""
    asked = wanted()
    ids = keys(request.args.getlist("ids"))
    rows = queries.everything(reading(), actor(), asked.view, asked.filters, now(), ids)
    name = view_names()[asked.view][0]
    return xlsx_response(sheet(name, HEADINGS, (_cells(row) for row in rows)), name)


HEADINGS = (
    *("事项", "编号", "环节", "推荐单位", "金额（元）", "银行", "承办单位", "认领人"),
    *("收件时间", "办理期限", "办结时间"),
)


def _cells(row: Row) -> list[object]:
    return [
        row.title,
        row.number,
        row.name,
        "、".join(row.referrers),
        row.amount,
        row.bank or "",
        row.who,
        row.assignee or "",
        row.opened_at,
        row.due_at,
        row.completed_at,
    ]


__all__ = ["Wanted", "approvable", "may_urge", "view_names"]
