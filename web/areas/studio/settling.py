"""A draft submitted, taken back, signed, given back, discarded; a process rolled back."""

from collections.abc import Callable

from flask import flash, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.models import Draft
from engine.operations import draft_settling as settle
from engine.runtime.lint.gate import LintRefused
from web.areas.studio.blueprint import area, to_draft, to_process, words_of
from web.areas.studio.drafting import draft_page
from web.i18n import render_text
from web.login import actor
from web.unit import changing, now

Page = Response | tuple[str, int]


def _words(field: str) -> str:
    return request.form.get(field, "").replace("\r\n", "\n")


def _with_words(draft_id: int, done: str, act: Callable[..., Draft], field: str) -> Page:
    """Do what needs words; without them the page comes back with what was typed."""
    try:
        with changing() as unit:
            act(unit, draft_id, _words(field), actor(), now())
    except InvalidInput as wrong:
        return draft_page(draft_id, {field: next(iter(words_of(wrong).values()))}), 422
    except LintRefused as refused:
        flash(f"{render_text(refused.message)}。{render_text(refused.remedy)}", "error")
        return to_draft(draft_id)
    flash(done)
    return to_draft(draft_id)


@area.post("/drafts/<int:draft_id>/submit")
def submit(draft_id: int) -> Page:
    """Ask a second owner to publish it."""
    return _with_words(
        draft_id, gettext("已提请发布，由另一位流程管理员签发"), settle.submit, "note"
    )


@area.post("/drafts/<int:draft_id>/take-back")
def take_back(draft_id: int) -> Response:
    """Go on editing what one submitted."""
    with changing() as unit:
        settle.take_back(unit, draft_id, actor(), now())
    flash(gettext("已撤回，可以继续改"))
    return to_draft(draft_id)


@area.post("/drafts/<int:draft_id>/return")
def give_back(draft_id: int) -> Page:
    """Return it with a reason."""
    return _with_words(draft_id, gettext("已退回"), settle.give_back, "reason")


@area.post("/drafts/<int:draft_id>/discard")
def discard(draft_id: int) -> Page:
    """Give it up."""
    return _with_words(draft_id, gettext("草稿已作废"), settle.discard, "discard")


@area.post("/drafts/<int:draft_id>/rebase")
def rebase(draft_id: int) -> Page:
    """Say that it has what came into force since."""
    return _with_words(draft_id, gettext("已改以现行版本为准"), settle.rebase, "merged")


@area.post("/drafts/<int:draft_id>/publish")
def publish(draft_id: int) -> Response:
    """Sign it: new cases take it from now on."""
    with changing() as unit:
        found = settle.sign(unit, draft_id, request.form.get("read", ""), actor(), now())
        key = found.key
    flash(gettext("已签发，新立的案件按新版本办理，在办的不变"))
    return to_process(key)


@area.post("/processes/<key>/roll-back/<int:definition_id>")
def roll_back(key: str, definition_id: int) -> Response:
    """Submit an earlier version to be in force again."""
    try:
        with changing() as unit:
            draft_id = settle.roll_back(unit, key, definition_id, _words("note"), actor(), now()).id
    except InvalidInput as wrong:
        flash(next(iter(words_of(wrong).values())), "error")
        return to_process(key)
    flash(gettext("已提请回退，由另一位流程管理员签发"))
    return to_draft(draft_id)
