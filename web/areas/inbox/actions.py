"""What else is done with a task: draft, claim, release, hand over, urge, take back."""

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.operations import tasks
from web.areas.auth import safe_target
from web.areas.inbox.blueprint import area
from web.areas.inbox.files import keep_uploads
from web.areas.inbox.page import load
from web.areas.inbox.wanted import wanted
from web.forms import Raw, raw_of
from web.login import actor
from web.rendering import clock_time
from web.unit import changing, now


def _back(item_id: int) -> Response:
    return redirect(url_for("inbox.task", item_id=item_id, **wanted().args()), 303)


@area.post("/tasks/<int:item_id>/draft")
def draft(item_id: int) -> Response:
    """存草稿: kept unchecked. Asked by script it answers with the time."""
    by_script = request.headers.get("X-Requested-With") == "danbao"
    raw = raw_of(request.form)
    if not by_script:
        _save(item_id, raw)  # refuses before any file is kept
        trouble = keep_uploads(load(item_id), raw)
        for words in trouble.fields.values():
            flash(words, "error")
    _save(item_id, raw)
    saved = gettext("草稿%(at)s已存", at=clock_time(now()))
    if by_script:
        return jsonify(saved=saved)
    flash(saved)
    return _back(item_id)


def _save(item_id: int, raw: Raw) -> None:
    kept = {key: [one[:5000] for one in many[:200]] for key, many in list(raw.items())[:300]}
    with changing() as session:
        tasks.save_draft(session, item_id, actor(), {"raw": kept}, now())


@area.post("/tasks/<int:item_id>/claim")
def claim(item_id: int) -> Response:
    """认领."""
    with changing() as session:
        item = tasks.claim(session, item_id, actor(), now())
    flash(gettext("已认领：%(name)s", name=item.name))
    return _back(item_id)


@area.post("/tasks/<int:item_id>/release")
def release(item_id: int) -> Response:
    """Give it back to the organisation."""
    with changing() as session:
        tasks.release(session, item_id, actor(), now())
    flash(gettext("已释放，本单位其他人可以认领"))
    return _back(item_id)


@area.post("/tasks/<int:item_id>/transfer")
def hand_over(item_id: int) -> Response:
    """转办 to a colleague; what was typed goes along as the draft."""
    person = request.form.get("_person", type=int)
    reason = request.form.get("_reason", "").strip()[:500]
    if not person or not reason:
        flash(gettext("转办要选择接办人，并写明原因"), "error")
        return _back(item_id)
    with changing() as session:
        item = tasks.transfer(session, item_id, actor(), person, reason, now())
        name = item.assignee.name if item.assignee else ""
    flash(gettext("已转给%(name)s", name=name))
    return redirect(url_for("inbox.index", **wanted().args()), 303)


@area.post("/tasks/<int:item_id>/urge")
def urge(item_id: int) -> Response:
    """催办."""
    with changing() as session:
        item = tasks.urge(session, item_id, actor(), now())
        name = item.organisation.short_name
    flash(gettext("已催办：%(org)s会收到邮件，同一天只发一次", org=name))
    return redirect(safe_target(request.form.get("_back")), 303)


@area.post("/tasks/<int:item_id>/take-back")
def take_back(item_id: int) -> Response:
    """撤回 one's own step; what was submitted becomes the draft of the task opened again."""
    with changing() as session:
        tasks.take_back(session, item_id, actor(), now())
    flash(gettext("已撤回，所填内容在草稿里"))
    return redirect(url_for("inbox.task", item_id=item_id), 303)
