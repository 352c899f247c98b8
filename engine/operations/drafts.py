"""Drafts of process diagrams: who may, how one begins, who is at it (design, modeler).

A process belongs to every organisation, so its owners sit in a bureau or at the platform. One
draft a process: begun by an owner, saved by whoever edits it (draft_saving), submitted, and signed
or given back by an owner who wrote none of it (draft_settling).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from engine.audit.trail import record
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.models import Definition, DefinitionKind, Draft, DraftRevision, DraftStatus, Role
from engine.operations.access import OVERSEERS, sees_all
from engine.operations.draft_source import check_source, in_utf8, new_diagram
from engine.people import Actor
from engine.runtime.definitions import definition_in
from engine.runtime.in_force import ask_again, current_deployment
from engine.text import Text, text

CHAIN = "system:definitions"
UNSETTLED = (DraftStatus.EDITING.value, DraftStatus.SUBMITTED.value)
READERS = frozenset({Role.OWNER.value, Role.ADMIN.value, Role.AUDITOR.value})
KEY = re.compile(r"[a-z][a-z0-9_]{2,59}")
LONGEST_NAME = 60
GONE_AFTER = timedelta(seconds=45)
"""An editor who was not heard of for so long has closed the page."""


@dataclass(frozen=True)
class Presence:
    """Whether a draft is the asking tab's to edit; `editor`: who else is at it, and since when."""

    mine: bool
    editor: str | None
    since: datetime | None
    revision: int
    status: str


def may_read(actor: Actor) -> bool:
    """Whether the actor may look at drafts and at definitions that are not in force."""
    return sees_all(actor) and bool(actor.roles & READERS)


def is_owner(actor: Actor) -> bool:
    """Whether the actor may change processes."""
    return Role.OWNER.value in actor.roles and actor.org_kind in OVERSEERS


def require_owner(actor: Actor) -> int:
    """The owner's person id. Raises NotAllowed."""
    if not is_owner(actor) or actor.person_id is None:
        raise NotAllowed(
            "owners_only", text("由流程管理员办理"), text("请系统管理员设置流程管理岗位")
        )
    return actor.person_id


def begin(
    session: Session,
    key: str,
    actor: Actor,
    now: datetime,
    *,
    definition_id: int | None = None,
    source: bytes | None = None,
) -> Draft:
    """A draft of a process: of the version in force, of an earlier one, or of an uploaded file.

    Raises NotAllowed, NotFound, DiagramRefused (the file), Conflict (there is a draft already).
    """
    require_owner(actor)
    base = in_force(session, key)
    if base is None and definition_id is None:
        raise NotFound()
    if source is None:
        found = base if definition_id is None else _version(session, key, definition_id)
        source = found.source if found else b""
    return _begin(session, key, base, source, actor, now)


def _begin(
    session: Session,
    key: str,
    base: Definition | None,
    source: bytes,
    actor: Actor,
    now: datetime,
) -> Draft:
    person = require_owner(actor)
    _require_none(session, key)
    draft = _draft(key, base, in_utf8(key, source), person, now)
    session.add(draft)
    session.flush()
    if base is None or source != base.source:
        session.add(revision_of(draft))
    note_down(session, draft, "draft.begun", text("起草{name}", name=draft.name), actor, now)
    return draft


def begin_new(session: Session, key: str, name: str, actor: Actor, now: datetime) -> Draft:
    """A draft of a process that does not exist yet. Raises NotAllowed, InvalidInput, Conflict."""
    require_owner(actor)
    wrong: dict[str, Text] = {}
    name = " ".join(name.split())
    if not KEY.fullmatch(key):
        wrong["key"] = text("3到60位小写字母、数字或下划线，以字母开头")
    elif session.scalar(select(Definition.id).where(Definition.key == key).limit(1)):
        wrong["key"] = text("编号{key}已被使用", key=key)
    if not 0 < len(name) <= LONGEST_NAME:
        wrong["name"] = text("1到{n}个字", n=LONGEST_NAME)
    if wrong:
        raise InvalidInput(wrong)
    return _begin(session, key, None, new_diagram(key, name), actor, now)


def in_force(session: Session, key: str) -> Definition | None:
    """The version of a process that new cases take."""
    try:
        return definition_in(session, current_deployment(session), DefinitionKind.PROCESS, key)
    except KeyError:
        return None


def _version(session: Session, key: str, definition_id: int) -> Definition:
    found = session.get(Definition, definition_id)
    if found is None or (found.kind, found.key) != (DefinitionKind.PROCESS.value, key):
        raise NotFound()
    return found


def _require_none(session: Session, key: str) -> None:
    # two who begin at once: the second waits here, and then sees the first one's draft
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"draft:{key}", 0))))
    ask_again(session)  # its process may have been published while this waited
    query = select(Draft).where(Draft.key == key, Draft.status.in_(UNSETTLED))
    found = session.scalar(query)
    if found is not None:
        raise Conflict(
            "draft_exists",
            text("{name}已有草稿，{by}保存", name=found.name, by=found.saver.name),
            text("打开那份草稿继续改，或先作废"),
        )


def _draft(key: str, base: Definition | None, source: bytes, person: int, now: datetime) -> Draft:
    return Draft(
        kind=DefinitionKind.PROCESS.value,
        key=key,
        name=check_source(key, source),
        base_id=base.id if base else None,
        source=source,
        revision=1,
        status=DraftStatus.EDITING.value,
        created_at=now,
        created_by=person,
        saved_at=now,
        saved_by=person,
    )


def revision_of(draft: Draft) -> DraftRevision:
    """The draft as it is saved, for the list of what was saved."""
    return DraftRevision(
        draft_id=draft.id,
        revision=draft.revision,
        source=draft.source,
        began_at=draft.saved_at,
        saved_at=draft.saved_at,
        saved_by=draft.saved_by,
    )


def locked(session: Session, draft_id: int, status: DraftStatus, actor: Actor) -> Draft:
    """A draft of that status, locked for its owner. Raises NotAllowed, NotFound, Conflict."""
    require_owner(actor)
    draft = session.get(
        Draft,
        draft_id,
        options=[undefer(Draft.source)],
        with_for_update={"of": Draft},
        populate_existing=True,
    )
    if draft is None:
        raise NotFound()
    if draft.status != status.value:
        raise Conflict(
            "draft_elsewhere",
            text("这份草稿{status}", status=STATUS[DraftStatus(draft.status)]),
            text("重新打开这一页"),
        )
    return draft


STATUS = {
    DraftStatus.EDITING: text("正在编辑，没有提请发布"),
    DraftStatus.SUBMITTED: text("已提请发布，等待签发"),
    DraftStatus.PUBLISHED: text("已经发布"),
    DraftStatus.DISCARDED: text("已经作废"),
}


def beat(
    session: Session, draft_id: int, tab: str, actor: Actor, now: datetime, *, take: bool = False
) -> Presence:
    """Somebody's page is open: keeps the draft for that tab when it is free, or is taken over.

    Raises NotAllowed, NotFound.
    """
    if not may_read(actor):
        raise NotAllowed("owners_only", text("由流程管理员办理"))
    draft = session.get(Draft, draft_id, with_for_update={"of": Draft}, populate_existing=True)
    if draft is None:
        raise NotFound()
    editing = is_owner(actor) and draft.status == DraftStatus.EDITING.value
    if editing and (take or is_free(draft, tab, now)):
        if not is_free(draft, tab, now):
            was = {"was": draft.editor.name if draft.editor else None}
            summary = text("接手{name}的草稿", name=draft.name)
            note_down(session, draft, "draft.taken_over", summary, actor, now, after=was)
        hold(draft, tab, actor, now)
    mine = editing and draft.editor_tab == tab
    alive = not is_free(draft, tab, now)
    return Presence(
        mine,
        draft.editor.name if alive and draft.editor else None,
        draft.editor_since if alive else None,
        draft.revision,
        draft.status,
    )


def is_free(draft: Draft, tab: str, now: datetime) -> bool:
    """Whether nobody else is at a draft."""
    seen = draft.editor_seen_at
    return draft.editor_tab in (None, tab) or seen is None or now - seen > GONE_AFTER


def hold(draft: Draft, tab: str, actor: Actor, now: datetime) -> None:
    """The draft is that tab's."""
    if draft.editor_tab != tab or draft.editor_since is None:
        draft.editor_tab, draft.editor_since = tab, now
    draft.editor_id, draft.editor_seen_at = actor.person_id, now


def note_down(
    session: Session,
    draft: Draft,
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    reason: str = "",
    after: Mapping[str, object] | None = None,
) -> None:
    """What happened to a draft, on record."""
    record(
        session,
        chain=CHAIN,
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        after={"draft": draft.id, "key": draft.key, "revision": draft.revision, **(after or {})},
        reason=reason or None,
    )
