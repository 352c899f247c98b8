"""What becomes of a draft: submitted, signed by a second owner, given back, discarded.

Nobody signs what they wrote. Signing publishes: new cases take the version, running ones keep
theirs. Rolling back goes the same way, with an earlier version for a draft.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Conflict, InvalidInput, NotAllowed
from engine.events import emit
from engine.models import (
    DefinitionKind,
    DefinitionOrigin,
    Draft,
    DraftRevision,
    DraftStatus,
)
from engine.operations.drafts import begin, in_force, locked, note_down, require_owner
from engine.people import Actor
from engine.runtime.definitions import (
    SourceFile,
    check_executable,
    definition_in,
    files_in,
    hold_publication,
    publish,
)
from engine.runtime.in_force import current_deployment
from engine.text import Text, text

LONGEST = 1_000


def submit(session: Session, draft_id: int, note: str, actor: Actor, now: datetime) -> Draft:
    """Ask a second owner to publish it. Raises InvalidInput, Conflict, LintRefused (all errors)."""
    note = said(note, "note", text("写明改了什么、为什么改"))
    draft = locked(session, draft_id, DraftStatus.EDITING, actor)
    _require_base(session, draft)
    if draft.base is not None and draft.source == draft.base.source:
        raise Conflict(
            "nothing_changed", text("与现行版本没有不同"), text("改过再提请发布，或作废草稿")
        )
    check_executable(_with(session, draft))
    _submitted(draft, note, actor, now)
    summary = text("提请发布{name}", name=draft.name)
    digest = {"digest": hashlib.sha256(draft.source).hexdigest()}
    note_down(session, draft, "draft.submitted", summary, actor, now, note, digest)
    _tell(session, "draft_submitted", draft, actor, now, note=note)
    return draft


def _submitted(draft: Draft, note: str, actor: Actor, now: datetime) -> None:
    draft.status, draft.note = DraftStatus.SUBMITTED.value, note
    draft.submitted_at, draft.submitted_by = now, actor.person_id
    draft.editor_id = draft.editor_tab = draft.editor_since = draft.editor_seen_at = None


def take_back(session: Session, draft_id: int, actor: Actor, now: datetime) -> Draft:
    """Go on editing what one submitted oneself (撤回). Raises NotAllowed, Conflict."""
    draft = locked(session, draft_id, DraftStatus.SUBMITTED, actor)
    if draft.submitted_by != actor.person_id:
        raise NotAllowed("submitter_only", text("由提请的人撤回"), text("不同意的，退回并说明原因"))
    draft.status = DraftStatus.EDITING.value
    summary = text("撤回{name}的提请", name=draft.name)
    note_down(session, draft, "draft.taken_back", summary, actor, now)
    return draft


def give_back(session: Session, draft_id: int, reason: str, actor: Actor, now: datetime) -> Draft:
    """Return it to be changed (退回). Raises InvalidInput, NotAllowed (an author), Conflict."""
    reason = said(reason, "reason", text("写明退回的原因"))
    draft = locked(session, draft_id, DraftStatus.SUBMITTED, actor)
    require_signer(session, draft, actor)
    draft.status, draft.reason = DraftStatus.EDITING.value, reason
    summary = text("退回{name}的草稿", name=draft.name)
    note_down(session, draft, "draft.returned", summary, actor, now, reason)
    _tell(session, "draft_returned", draft, actor, now, reason=reason)
    return draft


def as_read(draft: Draft) -> str:
    """What a signer has before him: the diagram, what it is compared with, and the note."""
    submitted = draft.submitted_at.isoformat() if draft.submitted_at else ""
    return f"{draft.revision}/{draft.base_id}/{submitted}"


def sign(session: Session, draft_id: int, read: str, actor: Actor, now: datetime) -> Draft:
    """Publish it (签发). `read`: what was read of it (`as_read`).

    Raises NotAllowed (an author), Conflict (other than read, or another version is in force now),
    LintRefused (something it needs is gone).
    """
    draft = locked(session, draft_id, DraftStatus.SUBMITTED, actor)
    require_signer(session, draft, actor)
    if as_read(draft) != read:
        raise Conflict(
            "draft_newer",
            text("草稿在打开之后又改过或重新提请过"),
            text("重新打开，看过改动再签发"),
        )
    hold_publication(session)
    before = in_force(session, draft.key)
    _require_base(session, draft)
    files = _with(session, draft)
    found = publish(session, files, actor, now, draft.note, DefinitionOrigin.STUDIO)
    definition = definition_in(session, found.deployment_id, DefinitionKind.PROCESS, draft.key)
    draft.status, draft.definition_id = DraftStatus.PUBLISHED.value, definition.id
    draft.settled_at, draft.settled_by = now, require_owner(actor)
    summary = text("签发{name}v{n}", name=draft.name, n=definition.version)
    versions: dict[str, object] = {
        "version": definition.version,
        "digest": definition.digest,
        "replaces": before.version if before else None,
    }
    note_down(session, draft, "draft.published", summary, actor, now, draft.note, versions)
    _tell(session, "draft_published", draft, actor, now, version=definition.version)
    return draft


def discard(session: Session, draft_id: int, reason: str, actor: Actor, now: datetime) -> Draft:
    """Give it up (作废); it can still be read. Raises InvalidInput, Conflict."""
    reason = said(reason, "reason", text("写明作废的原因"))
    draft = locked(session, draft_id, DraftStatus.EDITING, actor)
    draft.status, draft.reason = DraftStatus.DISCARDED.value, reason
    draft.settled_at, draft.settled_by = now, actor.person_id
    summary = text("作废{name}的草稿", name=draft.name)
    note_down(session, draft, "draft.discarded", summary, actor, now, reason)
    return draft


def roll_back(
    session: Session, key: str, definition_id: int, note: str, actor: Actor, now: datetime
) -> Draft:
    """Submit an earlier version to be in force again (回退). Raises as begin and submit do."""
    note = said(note, "note", text("写明回退的原因"))
    draft = begin(session, key, actor, now, definition_id=definition_id)
    return submit(session, draft.id, note, actor, now)


def rebase(session: Session, draft_id: int, how: str, actor: Actor, now: datetime) -> Draft:
    """Say that the draft has what came into force since it was begun, and how it was merged.

    Raises InvalidInput, Conflict.
    """
    how = said(how, "merged", text("写明现行版本的改动怎么并入的"))
    draft = locked(session, draft_id, DraftStatus.EDITING, actor)
    base = in_force(session, draft.key)
    draft.base_id = base.id if base else None
    session.flush()
    session.expire(draft, ["base"])
    summary = text("{name}的草稿改以现行版本为准", name=draft.name)
    after: dict[str, object] = {"base": base.version if base else None}
    note_down(session, draft, "draft.rebased", summary, actor, now, how, after)
    return draft


def authors(session: Session, draft: Draft) -> Collection[int]:
    """Who wrote some of a draft, or submitted it."""
    query = select(DraftRevision.saved_by).where(DraftRevision.draft_id == draft.id).distinct()
    submitter = {draft.submitted_by} if draft.submitted_by is not None else set()
    return {*session.scalars(query), *submitter}


def require_signer(session: Session, draft: Draft, actor: Actor) -> None:
    """Raises NotAllowed unless the actor is an owner who wrote none of it."""
    if require_owner(actor) in authors(session, draft):
        raise NotAllowed(
            "second_person",
            text("改过或提请过这份草稿的人不能签发或退回"),
            text("请另一位流程管理员办理"),
        )


def _require_base(session: Session, draft: Draft) -> None:
    base = in_force(session, draft.key)
    if (base.id if base else None) != draft.base_id:
        raise Conflict(
            "base_moved",
            text("起草之后，{name}又发布了新版本", name=draft.name),
            text("与现行版本比较，把那些改动并入草稿，再改以现行版本为准"),
        )


def _with(session: Session, draft: Draft) -> list[SourceFile]:
    """The files in force with the draft in its place."""
    kind = DefinitionKind.PROCESS
    files = files_in(session, current_deployment(session))
    own = SourceFile(kind, draft.key, draft.name, draft.source)
    others = [one for one in files if (one.kind, one.key) != (kind, draft.key)]
    return [*others, own]


def said(words: str, field: str, missing: Text) -> str:
    """What somebody wrote, trimmed. Raises InvalidInput for nothing, or for too much."""
    words = words.strip()
    if not words:
        raise InvalidInput({field: missing})
    if len(words) > LONGEST:
        raise InvalidInput({field: text("不超过{n}个字", n=LONGEST)})
    return words


def _tell(
    session: Session, kind: str, draft: Draft, actor: Actor, now: datetime, **more: object
) -> None:
    payload = {"draft_id": draft.id, "by": actor.name, **more}
    emit(session, kind, f"draft:{draft.id}", payload, now)
