"""Drafts of processes for people: open ones, who waits for whom, what was saved, what became."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload, undefer

from engine.errors import NotAllowed, NotFound
from engine.models import Definition, DefinitionKind, Draft, DraftRevision, DraftStatus, Person
from engine.operations.draft_settling import authors
from engine.operations.drafts import UNSETTLED, is_owner, may_read
from engine.people import Actor
from engine.text import text


@dataclass(frozen=True)
class Version:
    """A published version. `author` submitted its draft; None when it came from files."""

    id: int
    version: int
    name: str
    digest: str
    published_at: datetime
    signer: str | None
    author: str | None
    note: str
    origin: str


def require_reader(actor: Actor) -> None:
    """Raises NotAllowed unless the actor may look at drafts."""
    if not may_read(actor):
        raise NotAllowed("readers_only", text("流程由财政局或平台的流程管理员、系统管理员查看"))


def find(session: Session, draft_id: int, actor: Actor) -> Draft:
    """A draft with its diagram. Raises NotAllowed, NotFound."""
    require_reader(actor)
    draft = session.get(Draft, draft_id, options=[undefer(Draft.source)])
    if draft is None:
        raise NotFound()
    return draft


def unsettled(session: Session) -> Sequence[Draft]:
    """The drafts that are being written or wait to be signed, the oldest submission first."""
    query = select(Draft).where(Draft.status.in_(UNSETTLED))
    people = (joinedload(Draft.saver), joinedload(Draft.submitter), joinedload(Draft.editor))
    order = (Draft.submitted_at.nulls_last(), Draft.saved_at)
    return session.scalars(query.options(*people, joinedload(Draft.base)).order_by(*order)).all()


def draft_of(session: Session, key: str) -> Draft | None:
    """The unsettled draft of a process."""
    return session.scalar(select(Draft).where(Draft.key == key, Draft.status.in_(UNSETTLED)))


def may_sign(session: Session, draft: Draft, actor: Actor) -> bool:
    """Whether the actor is the second owner that a submitted draft waits for."""
    waits = draft.status == DraftStatus.SUBMITTED.value
    return waits and is_owner(actor) and actor.person_id not in authors(session, draft)


def revisions(session: Session, draft_id: int) -> Sequence[DraftRevision]:
    """What was saved of a draft, newest first."""
    query = select(DraftRevision).where(DraftRevision.draft_id == draft_id)
    found = query.options(joinedload(DraftRevision.saver)).order_by(DraftRevision.id.desc())
    return session.scalars(found).all()


def revision(session: Session, draft_id: int, revision_id: int) -> DraftRevision:
    """One saved state with its diagram. Raises NotFound."""
    found = session.get(DraftRevision, revision_id, options=[undefer(DraftRevision.source)])
    if found is None or found.draft_id != draft_id:
        raise NotFound()
    return found


def versions(session: Session, key: str) -> list[Version]:
    """Every version of a process, newest first, with who wrote and who signed it first."""
    signer, author = aliased(Person), aliased(Person)
    first = (
        select(Draft.definition_id, Draft.submitted_by)
        .where(Draft.definition_id.is_not(None))
        .distinct(Draft.definition_id)
        .order_by(Draft.definition_id, Draft.id)
        .subquery()
    )
    query = (
        select(
            Definition.id,
            Definition.version,
            Definition.name,
            Definition.digest,
            Definition.published_at,
            signer.name,
            author.name,
            Definition.note,
            Definition.origin,
        )
        .outerjoin(signer, signer.id == Definition.published_by)
        .outerjoin(first, first.c.definition_id == Definition.id)
        .outerjoin(author, author.id == first.c.submitted_by)
        .where(Definition.kind == DefinitionKind.PROCESS.value, Definition.key == key)
        .order_by(Definition.version.desc())
    )
    return [Version(*row) for row in session.execute(query).tuples()]


def settled(session: Session, limit: int = 100) -> Sequence[Draft]:
    """What became of drafts, newest first."""
    query = select(Draft).where(Draft.status.not_in(UNSETTLED))
    people = (joinedload(Draft.submitter), joinedload(Draft.settler), joinedload(Draft.definition))
    return session.scalars(query.options(*people).order_by(Draft.id.desc()).limit(limit)).all()
