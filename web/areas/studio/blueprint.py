"""The area's blueprint, its guard, and what its pages share.

Owners change processes; administrators and auditors of a bureau or the platform read them.
"""

from typing import Any

from flask import Blueprint, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.operations.drafts import is_owner
from engine.queries.drafts import require_reader
from web.i18n import render_text
from web.login import actor
from web.rendering import Entry
from web.visitor import current_user

area = Blueprint("studio", __name__, url_prefix="/studio")


@area.before_request
def _guard() -> None:
    require_reader(actor())


@area.context_processor
def _shared() -> dict[str, Any]:
    # also for the page that says that a session has expired
    return {"owner": current_user.is_authenticated and is_owner(actor())}


def sections(here: str) -> list[Entry]:
    """The sections of the area."""
    found = [(gettext("流程"), "studio.index"), (gettext("发布记录"), "studio.records")]
    return [Entry(label, url_for(name), name == f"studio.{here}") for label, name in found]


def words_of(wrong: InvalidInput) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    return {key: render_text(word) for key, word in wrong.fields.items()}


def to_process(key: str) -> Response:
    """Back to a process's page."""
    return redirect(url_for("studio.process", key=key), 303)


def to_draft(draft_id: int) -> Response:
    """Back to a draft's page."""
    return redirect(url_for("studio.draft", draft_id=draft_id), 303)
