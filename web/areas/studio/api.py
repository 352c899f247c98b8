"""What the drawing page asks for while one draws: the diagram, saving, findings, who edits."""

import re
import secrets
from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, request, url_for
from flask_babel import gettext
from flask_limiter.util import get_remote_address

from engine.errors import InvalidInput
from engine.findings import Finding
from engine.models import Draft
from engine.operations.draft_saving import DraftTaken, save
from engine.operations.drafts import Presence, beat
from engine.queries import drafts as lists
from engine.runtime.compare import Difference
from engine.runtime.draft_check import findings
from engine.runtime.normalise import MAX_BYTES, DiagramRefused
from engine.text import text
from web.areas.studio.blueprint import area
from web.areas.studio.values import differences
from web.csp import NOTHING, policy
from web.extensions import limiter
from web.i18n import render_text
from web.login import actor
from web.rendering import clock_time
from web.unit import changing, now, reading

XML = "application/xml; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
"""A draft is anybody's words: as XML a browser would run what a style sheet in it says."""
SAVES = "120 per minute"  # one who draws saves some twenty times
ACTS = "30 per minute"  # what makes a copy of the file or compares two
NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
TAB = re.compile(r"[A-Za-z0-9-]{1,40}")
Answer = tuple[Response, int]


def person() -> str:
    """Limits count for a person, not for the office's one address."""
    return str(actor().person_id or get_remote_address())


@area.get("/drafts/<int:draft_id>/source")
@policy(NOTHING)
def source(draft_id: int) -> Response:
    """The diagram, with the revision that a save has to name."""
    found = lists.find(reading(), draft_id, actor())
    return Response(found.source, content_type=PLAIN, headers={"X-Revision": str(found.revision)})


@area.get("/drafts/<int:draft_id>/file")
def download(draft_id: int) -> Response:
    """The diagram as a file, for a modeler on the desktop."""
    found = lists.find(reading(), draft_id, actor())
    return as_file(found.source, f"{found.key}.bpmn", f"{found.name}.bpmn")


def as_file(content: bytes, plain: str, name: str, kind: str = XML) -> Response:
    """A file to be kept, under a name in any language (RFC 6266)."""
    safe = NOT_PLAIN.sub("_", plain)
    disposition = f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, content_type=kind, headers={"Content-Disposition": disposition})


@area.put("/drafts/<int:draft_id>/source")
@limiter.limit(SAVES, key_func=person)
def put_source(draft_id: int) -> Response | Answer:
    """Save. Refusals say why and what to do, and change nothing."""
    if (request.content_length or 0) > MAX_BYTES:
        return _refused(
            413, render_text(text("文件超过2 MB")), gettext("拆成几个流程，用调用活动连接")
        )
    revision = request.headers.get("X-Revision", type=int)
    tab = request.headers.get("X-Tab", "")
    if revision is None or not TAB.fullmatch(tab):
        raise InvalidInput({"X-Revision": text("没有写明从哪一次保存改起")})
    body = request.get_data(cache=False)
    try:
        with changing() as unit:
            saved = save(unit, draft_id, revision, tab, body, actor(), now())
    except DraftTaken as taken:
        more = {"by": taken.by, "at": clock_time(taken.at)}
        return _refused(409, render_text(taken.message), render_text(taken.remedy), **more)
    except DiagramRefused as refused:
        return _refused(422, render_text(refused.message), render_text(refused.remedy))
    found = lists.find(reading(), draft_id, actor())
    return jsonify(
        revision=saved.revision,
        saved_at=clock_time(saved.at),
        changed=saved.changed,
        findings=_findings(found),
        differences=len(differences_of(found)),
    )


def _refused(status: int, message: str, remedy: str, **more: str) -> Answer:
    return jsonify(message=message, remedy=remedy, **more), status


@area.get("/drafts/<int:draft_id>/findings")
@limiter.limit(SAVES, key_func=person)
def draft_findings(draft_id: int) -> Response:
    """What is wrong with the draft."""
    return jsonify(findings=_findings(lists.find(reading(), draft_id, actor())))


def _findings(draft: Draft) -> list[dict[str, object]]:
    return [one.to_dict(render_text) for one in findings_of(draft)]


def findings_of(draft: Draft) -> tuple[Finding, ...]:
    """What the gate would say of a draft."""
    return findings(reading(), draft.key, draft.source)


@area.get("/drafts/<int:draft_id>/differences")
@limiter.limit(SAVES, key_func=person)
def draft_differences(draft_id: int) -> Response:
    """How the draft differs from the version it was begun from."""
    found = lists.find(reading(), draft_id, actor())
    return jsonify(
        against={"version": found.base.version} if found.base else None,
        differences=[
            {"kind": one.kind.value, "element": one.near, "words": render_text(one.words)}
            for one in differences_of(found)
        ],
    )


def differences_of(draft: Draft) -> list[Difference]:
    """The draft against its base; nothing for a process that is new."""
    return differences(reading(), draft.base.source, draft.source) if draft.base else []


@area.post("/drafts/<int:draft_id>/presence")
@limiter.limit(SAVES, key_func=person)
def presence(draft_id: int) -> Response:
    """The page is open; `take` takes the draft over."""
    sent: Any = request.get_json(silent=True)
    asked = sent if isinstance(sent, dict) else {}
    tab, take = str(asked.get("tab", "")), asked.get("take") is True
    if not TAB.fullmatch(tab):
        raise InvalidInput({"tab": text("没有写明是哪个页面")})
    with changing() as unit:
        return jsonify(presence_json(beat(unit, draft_id, tab, actor(), now(), take=take)))


def presence_json(found: Presence) -> dict[str, object]:
    """Who edits, for the script."""
    editor = None
    if found.editor is not None and found.since is not None:
        editor = {"name": found.editor, "since": clock_time(found.since)}
    return {
        "mine": found.mine,
        "editor": editor,
        "revision": found.revision,
        "status": found.status,
    }


def arrive(draft_id: int) -> dict[str, object]:
    """A page of its own opens on the draft, which is its to edit when nobody else is at it."""
    tab = secrets.token_hex(8)
    with changing() as unit:
        found = presence_json(beat(unit, draft_id, tab, actor(), now()))
    return {"tab": tab, "mine": found["mine"], "editor": found["editor"]}


def page_data(draft: Draft) -> dict[str, object]:
    """The draft's part of what the drawing page is given."""
    named = {
        name: url_for(f"studio.{view}", draft_id=draft.id)
        for name, view in (
            ("source", "source"),
            ("presence", "presence"),
            ("differences", "draft_differences"),
            ("findings", "draft_findings"),
            ("compare", "compare_draft"),
            ("download", "download"),
            ("submit", "draft"),
            ("versions", "draft"),
        )
    }
    return {
        "draft": {
            "id": draft.id,
            "key": draft.key,
            "name": draft.name,
            "revision": draft.revision,
            "status": draft.status,
            "saved_at": clock_time(draft.saved_at),
            "base": {"version": draft.base.version} if draft.base else None,
        },
        "urls": named,
    }
