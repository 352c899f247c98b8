"""A draft: begun, uploaded, drawn; its page with what was saved."""

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.models import Draft, DraftStatus
from engine.operations import draft_saving, drafts
from engine.operations.draft_settling import as_read, authors
from engine.queries import drafts as lists
from engine.runtime.in_force import current_deployment
from engine.runtime.normalise import MAX_BYTES, DiagramRefused
from engine.text import text
from web.areas.studio.api import ACTS, arrive, differences_of, findings_of, page_data, person
from web.areas.studio.blueprint import area, to_draft, to_process, words_of
from web.areas.studio.pages import edits
from web.areas.studio.vocabulary import vocabulary
from web.areas.studio.words import words
from web.csp import DRAWING, policy
from web.extensions import limiter
from web.i18n import render_text
from web.login import actor
from web.params import key_arg
from web.rendering import language
from web.unit import changing, now, reading

Page = Response | str | tuple[str, int]
TAB = "pages"  # what a form on a page changes is no tab's


@area.post("/processes/<key>/draft")
@limiter.limit(ACTS, key_func=person)
def begin(key: str) -> Response:
    """Begin a draft, of the version in force or of the one in `version`, and draw."""
    with changing() as unit:
        draft_id = drafts.begin(unit, key, actor(), now(), definition_id=key_arg("version")).id
    return redirect(url_for("studio.edit", draft_id=draft_id), 303)


@area.get("/new")
def new() -> str:
    """An empty form for a new process."""
    drafts.require_owner(actor())
    return render_template("studio/new.html", errors={}, given={})


@area.post("/new")
@limiter.limit(ACTS, key_func=person)
def new_post() -> Page:
    """Begin a process that does not exist yet."""
    key, name = request.form.get("key", "").strip(), request.form.get("name", "")
    try:
        with changing() as unit:
            draft_id = drafts.begin_new(unit, key, name, actor(), now()).id
    except InvalidInput as wrong:
        page = render_template("studio/new.html", errors=words_of(wrong), given=request.form)
        return page, 422
    return redirect(url_for("studio.edit", draft_id=draft_id), 303)


@area.post("/processes/<key>/upload")
@limiter.limit(ACTS, key_func=person)
def upload(key: str) -> Response:
    """A file from a modeler: into the draft, or a draft of it."""
    source = _file()
    if source is None:
        flash(gettext("没有选文件，或文件超过2 MB"), "error")
        return to_process(key)
    try:
        draft_id, changed = _put(key, source)
    except DiagramRefused as refused:
        words_ = (render_text(refused.message), render_text(refused.remedy))
        flash(gettext("没有上传：%(why)s，%(what)s", why=words_[0], what=words_[1]), "error")
        return to_process(key)
    flash(gettext("已存入草稿") if changed else gettext("与草稿相同，没有改动"))
    return to_draft(draft_id)


def _file() -> bytes | None:
    sent = request.files.get("file")
    source = sent.read(MAX_BYTES + 1) if sent is not None else b""
    return source if 0 < len(source) <= MAX_BYTES else None


def _put(key: str, source: bytes) -> tuple[int, bool]:
    with changing() as unit:
        draft = lists.draft_of(unit, key)
        if draft is None:
            return drafts.begin(unit, key, actor(), now(), source=source).id, True
        revision = request.form.get("revision", draft.revision, type=int)
        tab = draft.editor_tab if draft.editor_id == actor().person_id else TAB
        saved = draft_saving.save(unit, draft.id, revision, tab or TAB, source, actor(), now())
        if saved.changed:
            summary = text("上传文件到{name}的草稿", name=draft.name)
            drafts.note_down(unit, draft, "draft.uploaded", summary, actor(), now())
        return draft.id, saved.changed


@area.get("/drafts/<int:draft_id>")
def draft(draft_id: int) -> str:
    """A draft: what it changes, what is wrong with it, what was saved, what is next."""
    return draft_page(draft_id, {})


def draft_page(draft_id: int, errors: dict[str, str]) -> str:
    """The page of a draft; `errors` by field of the form that was sent."""
    found = lists.find(reading(), draft_id, actor())
    wrong = findings_of(found) if found.status in drafts.UNSETTLED else ()
    return render_template(
        "studio/draft.html",
        draft=found,
        status=drafts.STATUS[DraftStatus(found.status)],
        differences=differences_of(found),
        findings=wrong,
        blocked=sum(one.level.value == "error" for one in wrong),
        revisions=lists.revisions(reading(), draft_id),
        current=drafts.in_force(reading(), found.key),
        signs=lists.may_sign(reading(), found, actor()),
        wrote=actor().person_id in authors(reading(), found),
        read=as_read(found),
        edits=edits,
        errors=errors,
        given=request.form,
    )


@area.get("/drafts/<int:draft_id>/edit")
@policy(DRAWING)
def edit(draft_id: int) -> FlaskResponse | str:
    """The drawing page."""
    here = arrive(draft_id)
    found = lists.find(reading(), draft_id, actor())
    data = {
        **page_data(found),
        **here,
        "csrf": generate_csrf(),
        "locale": language(),
        "texts": words(),
        "vocabulary": vocabulary(reading(), current_deployment(reading())),
    }
    return render_template("studio/edit.html", draft=found, data=data, **_published(found))


def _published(found: Draft) -> dict[str, object]:
    current = drafts.in_force(reading(), found.key)
    return {"current": current, "next": (current.version if current else 0) + 1}


@area.post("/drafts/<int:draft_id>/keep")
@limiter.limit(ACTS, key_func=person)
def keep(draft_id: int) -> Page:
    """Give what is saved a name."""
    try:
        with changing() as unit:
            draft_saving.keep(unit, draft_id, request.form.get("kept", ""), actor(), now())
    except InvalidInput as wrong:
        return draft_page(draft_id, {"kept": words_of(wrong)["note"]}), 422
    return to_draft(draft_id)


@area.post("/drafts/<int:draft_id>/restore/<int:kept_id>")
@limiter.limit(ACTS, key_func=person)
def restore(draft_id: int, kept_id: int) -> Response:
    """Make an earlier state the newest."""
    with changing() as unit:
        saved = draft_saving.restore_revision(unit, draft_id, kept_id, TAB, actor(), now())
    flash(gettext("已恢复") if saved.changed else render_text(text("与现在的草稿相同")))
    return to_draft(draft_id)
