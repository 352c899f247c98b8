"""The audit trail and the e-mail outbox."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.models.base import Base, Json, Key


class AuditEvent(Base):
    """One thing that happened. Rows are only ever added (a trigger refuses UPDATE and DELETE).

    `hash` covers the row and `prev_hash`, so each `chain` (a case, a batch, the system) can be
    checked from its first row (design, Audit).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_actor", "actor_id", "at"),
        Index("ix_audit_event_org", "org_id", "at"),
    )
    id: Mapped[Key]
    chain: Mapped[str]
    seq: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: the system
    org_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    acting_for: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str]
    summary: Mapped[Json]  # {template, params}: a sentence for people
    before: Mapped[Json | None]
    after: Mapped[Json | None]
    reason: Mapped[str | None]
    clause: Mapped[str | None]
    versions: Mapped[Json]  # process, form, parameters
    request_id: Mapped[str | None]
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    """A Merkle root (RFC 6962) over the events up to `last_id`, signed."""

    __tablename__ = "audit_checkpoint"
    id: Mapped[Key]
    first_id: Mapped[int]
    last_id: Mapped[int] = mapped_column(unique=True)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    algorithm: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class OutboxMail(Base):
    """A mail to one person about one event; `event_key` makes a second one impossible."""

    __tablename__ = "outbox_mail"
    __table_args__ = (
        UniqueConstraint("event_key", "recipient"),
        Index("ix_outbox_mail_due", "due_at", postgresql_where=text("sent_at IS NULL")),
    )
    id: Mapped[Key]
    event_key: Mapped[str]
    recipient: Mapped[str]  # address
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    template: Mapped[str]
    context: Mapped[Json]
    locale: Mapped[str] = mapped_column(default="zh")
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sending_at: Mapped[datetime | None]  # handed to SMTP; without sent_at the outcome is unknown
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]  # given up
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]


class DomainEvent(Base):
    """What happened, for those who tell others: written in the step's transaction,
    turned into mails by the notifications package (the engine does not import it)."""

    __tablename__ = "domain_event"
    __table_args__ = (
        Index("ix_domain_event_new", "id", postgresql_where=text("handled_at IS NULL")),
    )
    id: Mapped[Key]
    kind: Mapped[str]  # task_opened, task_overdue, whitelist_released, …
    subject: Mapped[str]
    payload: Mapped[Json]
    at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
