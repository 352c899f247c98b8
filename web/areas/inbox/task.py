"""The page of a task, and completing it."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, RuleRefused
from engine.forms import bind
from engine.models import WorkItem
from engine.operations import tasks
from engine.operations.access import check_may_do, is_open, open_item
from engine.queries.history import is_rivals
from engine.queries.incidents import troubled
from web.areas.inbox.blueprint import area
from web.areas.inbox.files import keep_uploads
from web.areas.inbox.page import Task, Trouble, load, next_id, shown, takes_back
from web.areas.inbox.wanted import wanted
from web.forms import Raw, faces_of, raw_of
from web.i18n import render_text
from web.login import actor
from web.path import Back, path_page
from web.unit import changing, now, reading


@area.get("/tasks/<int:item_id>")
def task(item_id: int) -> str:
    """The task. Opening it ends 撤回 of the step before."""
    _mark_read(open_item(reading(), item_id, actor()))
    return shown(load(item_id))


def _mark_read(item: WorkItem) -> None:
    if item.first_read_at or not is_open(item) or item.org_id != actor().org_id:
        return
    with changing() as session:
        tasks.mark_read(open_item(session, item.id, actor(), lock=True), actor(), now())


@area.post("/tasks/<int:item_id>")
def complete(item_id: int) -> Response | tuple[str, int]:
    """办结: check what was typed, do it, tell what happened and what is next."""
    found, asked = load(item_id), wanted()
    raw = raw_of(request.form)
    if not is_open(found.item):
        return _already(item_id)
    check_may_do(actor(), found.item)
    after = next_id(item_id, asked)
    trouble = keep_uploads(found, raw)
    if trouble.fields:
        return shown(load(item_id), raw, trouble), 422
    try:
        values = bind(found.form, raw, found.choices, found.data)
        with changing() as session:
            done = tasks.complete(session, item_id, actor(), values, now())
    except InvalidInput as wrong:
        return _again(item_id, raw, _fields(wrong))
    except RuleRefused as refused:
        told = Trouble({}, render_text(refused.message), render_text(refused.remedy))
        return _again(item_id, raw, told)
    if done.already:
        return _already(item_id)
    _tell(found, done)
    if after is not None:
        return redirect(url_for("inbox.task", item_id=after, **asked.args()), 303)
    return redirect(url_for("inbox.index", **asked.args()), 303)


def _fields(wrong: InvalidInput) -> Trouble:
    words = {key: render_text(word) for key, word in wrong.fields.items()}
    return Trouble(words, "" if words else render_text(wrong.message))


def _again(item_id: int, raw: Raw, trouble: Trouble) -> tuple[str, int]:
    return shown(load(item_id), raw, trouble), 422


def _already(item_id: int) -> Response:
    """A second click: the same answer; for somebody else the conflict with who did it."""
    with changing() as session:
        tasks.complete(session, item_id, actor(), {}, now())  # closed: raises, or changes nothing
    flash(gettext("这一步已经办结，没有再改动"), "info")
    return redirect(url_for("inbox.task", item_id=item_id), 303)


def _tell(found: Task, done: tasks.Completed) -> None:
    item = open_item(reading(), found.item.id, actor())
    faces = faces_of(found.form.outcome) if found.form.outcome else ()
    act = next((face.act for face in faces if face.value == item.outcome), gettext("办结"))
    following = [
        (one.organisation.short_name, one.name)
        for one in _open(done)
        if not is_rivals(one, actor())
    ]
    page = render_template(
        "inbox/_done.html",
        item=item,
        act=act,
        following=following,
        busy=bool(troubled(reading(), [item.instance_id])),
        undo=takes_back(item),
    )
    flash(Markup(page), "success")  # noqa: S704 (our own template; values escaped in it)


def _open(done: tasks.Completed) -> list[WorkItem]:
    from engine.queries.inbox import open_items

    return open_items(reading(), done.item.instance_id)


@area.get("/tasks/<int:item_id>/diagram")
def diagram(item_id: int) -> str:
    """The process with the way taken and the current place."""
    item = open_item(reading(), item_id, actor())
    back = Back(url_for("inbox.task", item_id=item.id), item.name)
    key = request.args.get("process", item.process_key)
    return path_page(
        item.instance, key, back, lambda key: url_for("inbox.diagram", item_id=item_id, process=key)
    )
