"""Saving a draft: what was typed is kept, a save of something older changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from engine.errors import Conflict, InvalidInput, NotFound
from engine.models import Draft, DraftRevision, DraftStatus
from engine.operations.draft_source import check_source, in_utf8
from engine.operations.drafts import (
    hold,
    is_free,
    locked,
    note_down,
    require_owner,
    revision_of,
)
from engine.people import Actor
from engine.runtime.same import is_same
from engine.text import Text, text

TOGETHER = timedelta(minutes=10)
"""Saves of one person within this time are one revision in the list."""
LONGEST_NOTE = 500
MOST_REVISIONS = 500


class DraftTaken(Conflict):
    """Somebody else was at the draft since: `by` and `at` say who and when."""

    def __init__(self, code: str, message: Text, remedy: Text, by: str, at: datetime) -> None:
        super().__init__(code, message, remedy)
        self.by, self.at = by, at


@dataclass(frozen=True)
class Saved:
    """What a save did. Not `changed`: the draft says the same already."""

    revision: int
    at: datetime
    changed: bool


def save(
    session: Session,
    draft_id: int,
    revision: int,
    tab: str,
    source: bytes,
    actor: Actor,
    now: datetime,
) -> Saved:
    """Keep what is drawn, however wrong it is yet. `revision`: the one that it was made from.

    Raises NotAllowed, NotFound, DiagramRefused, Conflict (settled), DraftTaken (somebody else is
    at it, or it was saved since).
    """
    draft = locked(session, draft_id, DraftStatus.EDITING, actor)
    name = check_source(draft.key, source)
    source = in_utf8(draft.key, source)
    if is_same(draft.source, source):  # also the second try of a save whose answer got lost
        return Saved(draft.revision, draft.saved_at, changed=False)
    _refuse_other(draft, revision, tab, now)
    hold(draft, tab, actor, now)
    _put(session, draft, source, name, actor, now)
    return Saved(draft.revision, now, changed=True)


def _refuse_other(draft: Draft, revision: int, tab: str, now: datetime) -> None:
    if not is_free(draft, tab, now):
        who = draft.editor.name if draft.editor else ""
        raise DraftTaken(
            "draft_taken",
            text("{name}接手了这份草稿，这一次没有保存", name=who),
            text("下载自己的一份，再重新打开草稿"),
            who,
            draft.editor_since or now,
        )
    if revision != draft.revision:
        raise DraftTaken(
            "draft_newer",
            text("{name}已保存了更新的内容，这一次没有保存", name=draft.saver.name),
            text("下载自己的一份，再重新打开草稿"),
            draft.saver.name,
            draft.saved_at,
        )


def _put(
    session: Session, draft: Draft, source: bytes, name: str, actor: Actor, now: datetime
) -> None:
    person = require_owner(actor)
    draft.source, draft.name = source, name
    draft.revision += 1
    draft.saved_at, draft.saved_by = now, person
    kept = _last(session, draft)
    if kept is None or not _belongs(kept, person, now):
        kept = DraftRevision(draft_id=draft.id, began_at=now, saved_by=person)
        session.add(kept)
    kept.source, kept.revision, kept.saved_at = source, draft.revision, now
    session.flush()
    session.expire(draft, ["saver"])


def _last(session: Session, draft: Draft) -> DraftRevision | None:
    query = select(DraftRevision).where(DraftRevision.draft_id == draft.id)
    return session.scalar(query.order_by(DraftRevision.id.desc()).limit(1))


def _belongs(kept: DraftRevision, person: int, now: datetime) -> bool:
    return kept.saved_by == person and not kept.note and now - kept.began_at < TOGETHER


def keep(session: Session, draft_id: int, note: str, actor: Actor, now: datetime) -> DraftRevision:
    """Name what is saved, so that it can be found again. Raises InvalidInput, as save does."""
    note = " ".join(note.split())
    if not 0 < len(note) <= LONGEST_NOTE:
        raise InvalidInput({"note": text("1到{n}个字", n=LONGEST_NOTE)})
    draft = locked(session, draft_id, DraftStatus.EDITING, actor)
    kept = _last(session, draft)
    if kept is None or kept.revision != draft.revision:
        _refuse_more(session, draft)
        kept = revision_of(draft)
        session.add(kept)
    kept.note = note
    session.flush()
    summary = text("给{name}的草稿记下“{note}”", name=draft.name, note=note)
    note_down(session, draft, "draft.kept", summary, actor, now)
    return kept


def _refuse_more(session: Session, draft: Draft) -> None:
    """Each is a copy of the file."""
    query = select(func.count()).where(DraftRevision.draft_id == draft.id)
    if (session.scalar(query) or 0) >= MOST_REVISIONS:
        raise InvalidInput({"note": text("一份草稿最多记下{n}次", n=MOST_REVISIONS)})


def restore_revision(
    session: Session, draft_id: int, kept_id: int, tab: str, actor: Actor, now: datetime
) -> Saved:
    """Make an earlier state the newest; what is there now stays in the list. As save does."""
    draft = locked(session, draft_id, DraftStatus.EDITING, actor)
    kept = session.get(DraftRevision, kept_id, options=[undefer(DraftRevision.source)])
    if kept is None or kept.draft_id != draft.id:
        raise NotFound()
    _refuse_other(draft, draft.revision, tab, now)
    if kept.source == draft.source:
        return Saved(draft.revision, draft.saved_at, changed=False)
    _keep_as_it_is(session, draft)
    hold(draft, tab, actor, now)
    _put(session, draft, kept.source, check_source(draft.key, kept.source), actor, now)
    summary = text("{name}的草稿恢复到第{n}次保存", name=draft.name, n=kept.revision)
    note_down(session, draft, "draft.restored", summary, actor, now)
    return Saved(draft.revision, now, changed=True)


def _keep_as_it_is(session: Session, draft: Draft) -> None:
    """The state that is left behind is not overwritten by the next save."""
    last = _last(session, draft)
    if last is not None and not last.note and last.revision == draft.revision:
        last.began_at -= TOGETHER
