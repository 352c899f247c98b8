"""Drafts of definitions: what process owners change before it is published."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Key, one_of
from engine.models.people import Person
from engine.models.runtime import Definition, DefinitionKind


class DraftStatus(StrEnum):
    """Where a draft stands."""

    EDITING = "EDITING"
    SUBMITTED = "SUBMITTED"  # waits for a second person; nobody edits it
    PUBLISHED = "PUBLISHED"
    DISCARDED = "DISCARDED"


class Draft(Base):
    """The next version of a definition while it is being written. One unsettled draft per key.

    `revision` is raised by every save; a save names the revision that it was made from.
    The `editor_*` columns say in which browser tab somebody is at it, since when, and when it was
    last heard of. `base_id` is None for something entirely new.
    """

    __tablename__ = "draft"
    __table_args__ = (
        one_of("kind", DefinitionKind),
        one_of("status", DraftStatus),
        Index(
            "uq_draft_unsettled",
            "kind",
            "key",
            unique=True,
            postgresql_where=text("status IN ('EDITING', 'SUBMITTED')"),
        ),
        Index("ix_draft_definition", "definition_id"),
    )
    id: Mapped[Key]
    kind: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("definition.id"))
    source: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    revision: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default=DraftStatus.EDITING.value)
    created_at: Mapped[datetime]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime]
    saved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    editor_tab: Mapped[str | None]
    editor_since: Mapped[datetime | None]
    editor_seen_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")  # what it changes, as it was submitted
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="")  # why it was last returned, or discarded
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("definition.id"))  # published as
    base: Mapped[Definition | None] = relationship(foreign_keys=[base_id])
    saver: Mapped[Person] = relationship(foreign_keys=[saved_by])
    editor: Mapped[Person | None] = relationship(foreign_keys=[editor_id])
    submitter: Mapped[Person | None] = relationship(foreign_keys=[submitted_by])
    settler: Mapped[Person | None] = relationship(foreign_keys=[settled_by])
    definition: Mapped[Definition | None] = relationship(foreign_keys=[definition_id])


class DraftRevision(Base):
    """A state of a draft that can be seen again and restored.

    Saves of one person within some minutes share a row; one that was given a note is kept as it is.
    """

    __tablename__ = "draft_revision"
    __table_args__ = (Index("ix_draft_revision_draft", "draft_id", "id"),)
    id: Mapped[Key]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    revision: Mapped[int]
    source: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    began_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    saved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(default="")
    saver: Mapped[Person] = relationship()
