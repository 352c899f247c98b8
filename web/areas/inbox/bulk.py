"""Work on several tasks at once: each in its own unit of work, each answered for by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine.errors import DanbaoError, InvalidInput
from engine.forms import bind
from engine.models import WorkItem
from engine.operations import tasks
from engine.operations.access import check_may_do, open_item
from engine.queries import inbox as queries
from engine.queries.forms import form_of
from engine.queries.inbox import Row
from engine.queries.inbox_views import Filters, View
from web.areas.inbox.blueprint import area
from web.areas.inbox.lists import approvable
from web.areas.inbox.wanted import Wanted, wanted
from web.i18n import render_text
from web.login import actor
from web.params import keys
from web.unit import changing, now, reading

MOST = 50  # as many as a page shows
Work = Callable[[Session, int], object]


@dataclass(frozen=True)
class Outcome:
    """What became of one of several."""

    row: Row
    done: bool
    words: str


@area.post("/inbox/bulk")
def bulk() -> str | Response | tuple[str, int]:
    """Claim or urge what was picked; ask first before handing over or approving."""
    asked, action = wanted(), request.form.get("action", "")
    rows = _picked(asked)
    if not rows:
        return redirect(url_for("inbox.index", **asked.args()), 303)
    if action == "approve":
        return _ask_approve(rows, asked)
    if action == "transfer":
        return _ask_transfer(rows, asked)
    if action == "urge":
        return _result(gettext("催办"), rows, _urge, asked)
    return _result(gettext("认领"), rows, _claim, asked)


def _picked(asked: Wanted) -> list[Row]:
    ids = keys(request.form.getlist("ids")[:MOST])
    if not ids:
        return []
    view = View.WAITING if asked.view is View.WAITING else View.MINE
    return queries.everything(reading(), actor(), view, Filters(), now(), ids)


def _claim(session: Session, item_id: int) -> object:
    return tasks.claim(session, item_id, actor(), now())


def _urge(session: Session, item_id: int) -> object:
    return tasks.urge(session, item_id, actor(), now())


def _ask_approve(rows: Sequence[Row], asked: Wanted, error: str = "") -> tuple[str, int]:
    steps = {(row.process_key, row.element_id) for row in rows}
    sorted_ = [(row, _why_not(row, mixed=len(steps) > 1)) for row in rows]
    page = render_template(
        "inbox/bulk_approve.html",
        asked=asked,
        ready=[row for row, why in sorted_ if not why],
        left=[(row, why) for row, why in sorted_ if why],
        error=error,
    )
    return page, 422 if error else 200


def _why_not(row: Row, *, mixed: bool) -> str:
    if mixed:
        return gettext("所选不是同一步骤")
    if not approvable(row):
        return gettext("不是复核步骤，或核查没有全部通过")
    try:
        item = open_item(reading(), row.item_id, actor())
        check_may_do(actor(), item)
        approval(reading(), item)
    except DanbaoError as refused:
        return render_text(refused.message)
    return ""


def approval(session: Session, item: WorkItem) -> dict[str, object]:
    """The values that approve a check step. Raises InvalidInput when the form wants more."""
    form = form_of(session, item)
    outcome = form.outcome
    good = [
        one.value
        for one in (outcome.options if outcome else ())
        if outcome and outcome.properties.get(f"tone_{one.value}") == "ok"
    ]
    if len(good) != 1:
        raise InvalidInput({})
    return bind(form, {"outcome": good})


@area.post("/inbox/bulk/approve")
def approve() -> str | Response | tuple[str, int]:
    """Approve what was listed and confirmed."""
    asked, rows = wanted(), _picked(wanted())
    if not rows:
        return redirect(url_for("inbox.index", **asked.args()), 303)
    if request.form.get("confirmed") != "on":
        return _ask_approve(rows, asked, gettext("逐件看过后勾选确认"))
    if any(not approvable(row) for row in rows):
        return _ask_approve(rows, asked)
    return _result(gettext("批量通过"), rows, _approve, asked)


def _approve(session: Session, item_id: int) -> object:
    item = open_item(session, item_id, actor())
    return tasks.complete(session, item_id, actor(), approval(session, item), now())


def _ask_transfer(rows: Sequence[Row], asked: Wanted, error: str = "") -> tuple[str, int]:
    able = [
        {person.id: person.name for person in tasks.colleagues(reading(), item)}
        for item in (open_item(reading(), row.item_id, actor()) for row in rows)
    ]
    common = set.intersection(*(set(one) for one in able)) - {actor().person_id}
    people = [(key, able[0][key]) for key in sorted(common)]
    page = render_template(
        "inbox/bulk_transfer.html", asked=asked, rows=rows, people=people, error=error
    )
    return page, 422 if error else 200


@area.post("/inbox/bulk/transfer")
def transfer() -> str | Response | tuple[str, int]:
    """Hand over what was listed to one colleague."""
    asked, rows = wanted(), _picked(wanted())
    person, reason = request.form.get("person", type=int), request.form.get("reason", "").strip()
    if not rows:
        return redirect(url_for("inbox.index", **asked.args()), 303)
    if not person or not reason:
        return _ask_transfer(rows, asked, gettext("选择接办人，并写明原因"))

    def hand_over(session: Session, item_id: int) -> object:
        return tasks.transfer(session, item_id, actor(), person, reason[:500], now())

    return _result(gettext("转办"), rows, hand_over, asked)


def _result(name: str, rows: Sequence[Row], work: Work, asked: Wanted) -> str:
    found = [_one(row, work) for row in rows]
    done = sum(one.done for one in found)
    return render_template("inbox/bulk_result.html", name=name, found=found, done=done, asked=asked)


def _one(row: Row, work: Work) -> Outcome:
    try:
        with changing() as session:
            work(session, row.item_id)
    except InvalidInput as refused:
        words = [render_text(word) for word in refused.fields.values()]
        return Outcome(row, done=False, words="；".join([render_text(refused.message), *words]))
    except DanbaoError as refused:
        remedy = render_text(refused.remedy)
        words_ = render_text(refused.message) + (f"；{remedy}" if remedy else "")
        return Outcome(row, done=False, words=words_)
    return Outcome(row, done=True, words="")
