"""What happens to instances beside their steps: incidents, decisions, other versions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Json, Key, one_of
from engine.models.people import Person
from engine.models.runtime import Instance


class IncidentStatus(StrEnum):
    """Where a failure stands: tried again by the system, waiting for a person, or settled."""

    RETRYING = "RETRYING"
    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


class Resolution(StrEnum):
    """How a failure was settled."""

    RETRIED = "RETRIED"
    EDITED = "EDITED"  # with other inputs
    SKIPPED = "SKIPPED"
    ENDED = "ENDED"  # its instance was ended or left the step


class Incident(Base):
    """A service task that failed, or a step that nobody saw fail; one row a task until settled."""

    __tablename__ = "incident"
    __table_args__ = (
        one_of("status", IncidentStatus),
        one_of("resolution", Resolution, optional=True),
        Index(
            "uq_incident_unsettled",
            "instance_id",
            "task_id",
            unique=True,
            postgresql_where=text("status <> 'RESOLVED'"),
        ),
        Index("ix_incident_retry", "retry_at", postgresql_where=text("status = 'RETRYING'")),
    )
    id: Mapped[Key]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    task_id: Mapped[str]  # the engine's task; empty when the step as a whole failed
    process_key: Mapped[str]
    element_id: Mapped[str]
    name: Mapped[str]
    operation: Mapped[str]  # empty when no operation was called
    inputs: Mapped[Json | None]  # as the operation was called; edited ones replace them
    edited: Mapped[list[Any]] = mapped_column(server_default="[]")  # names of inputs
    attempts: Mapped[int] = mapped_column(default=1)
    code: Mapped[str]
    message: Mapped[Json]  # {template, params}
    traceback: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)  # what people quote, also in the log
    status: Mapped[str] = mapped_column(default=IncidentStatus.RETRYING.value)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None]
    instance: Mapped[Instance] = relationship()
    resolver: Mapped[Person | None] = relationship(foreign_keys=[resolved_by])


class MigrationBatch(Base):
    """Instances that were asked to be moved to another version together, or to be moved back."""

    __tablename__ = "migration_batch"
    id: Mapped[Key]
    process_key: Mapped[str]
    to_deployment_id: Mapped[int | None] = mapped_column(ForeignKey("deployment.id"))
    undoes: Mapped[int | None] = mapped_column(ForeignKey("migration_batch.id"))
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_for: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    total: Mapped[int]
    stopped_at: Mapped[datetime | None]  # nobody goes on with it
    ended_at: Mapped[datetime | None]  # every instance is settled, or it was stopped
    asker: Mapped[Person | None] = relationship(foreign_keys=[asked_by])


class MigrationItemStatus(StrEnum):
    """What became of an instance of a batch."""

    PENDING = "PENDING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class MigrationItem(Base):
    """One instance of a batch; settled in the transaction that moves the instance."""

    __tablename__ = "migration_item"
    __table_args__ = (
        one_of("status", MigrationItemStatus),
        Index(
            "ix_migration_item_pending",
            "batch_id",
            "instance_id",
            postgresql_where=text("status = 'PENDING'"),
        ),
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("migration_batch.id"), primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    status: Mapped[str] = mapped_column(default=MigrationItemStatus.PENDING.value)
    why: Mapped[list[Any]] = mapped_column(server_default="[]")  # [{template, params}, …]
    instance: Mapped[Instance] = relationship()


class InstanceMigration(Base):
    """A running instance moved to another deployment, with what it was before, for the undo."""

    __tablename__ = "instance_migration"
    __table_args__ = (Index("ix_instance_migration_instance", "instance_id"),)
    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ForeignKey("migration_batch.id"), index=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    from_deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    to_deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    state_before: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    rows_before: Mapped[list[Any]] = mapped_column(server_default="[]")  # open work items changed
    version_after: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    instance: Mapped[Instance] = relationship()


class Evaluation(Base):
    """A decision that a diagram asked for: with what, what came out, and why."""

    __tablename__ = "evaluation"
    __table_args__ = (
        Index("ix_evaluation_subject", "subject"),
        Index("ix_evaluation_decision", "definition_key", "at"),
    )
    id: Mapped[Key]
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    subject: Mapped[str]
    element_id: Mapped[str]
    definition_key: Mapped[str]  # the file
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))  # its version
    decision: Mapped[str]  # the decision within the file
    inputs: Mapped[Json]
    result: Mapped[Any] = mapped_column(JSONB)
    explanation: Mapped[Json]
    at: Mapped[datetime]
