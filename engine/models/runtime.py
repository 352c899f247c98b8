"""Definitions, deployments, instances, work items, deadlines, timers, subscriptions, history."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Json, Key, one_of
from engine.models.people import Organisation, Person


class DefinitionKind(StrEnum):
    """What a published file is."""

    PROCESS = "PROCESS"
    FORM = "FORM"
    PROGRAMME = "PROGRAMME"
    DECISION = "DECISION"


class DefinitionOrigin(StrEnum):
    """Where a definition was first published from."""

    FILES = "FILES"  # `danbao publish`: it is in bpmn/
    STUDIO = "STUDIO"  # a draft: bpmn/ has it after `danbao export`


class Definition(Base):
    """A published file: never changed, numbered per (kind, key)."""

    __tablename__ = "definition"
    __table_args__ = (
        UniqueConstraint("kind", "key", "version"),
        UniqueConstraint("kind", "key", "digest"),
        one_of("kind", DefinitionKind),
        one_of("origin", DefinitionOrigin),
    )
    id: Mapped[Key]
    kind: Mapped[str]
    key: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    digest: Mapped[str]  # SHA-256 of the file, hexadecimal
    source: Mapped[bytes] = mapped_column(LargeBinary)
    svg: Mapped[str | None]
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(server_default=DefinitionOrigin.FILES.value)


class Deployment(Base):
    """A consistent set of definitions; an instance stays on the one it started with."""

    __tablename__ = "deployment"
    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime]  # publishing an earlier set again makes it current again
    members: Mapped[list["DeploymentMember"]] = relationship()


class DeploymentMember(Base):
    """One definition in a deployment."""

    __tablename__ = "deployment_member"
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), primary_key=True)
    definition: Mapped[Definition] = relationship()


class InstanceStatus(StrEnum):
    """Where an instance stands."""

    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"  # nobody and nothing moves it until it is resumed
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


class Instance(Base):
    """A running process. `state` is the codec's bytes, empty once it has ended; `version` is raised
    by every step. `undo_state` is the state before the last step, while 撤回 could restore it."""

    __tablename__ = "instance"
    __table_args__ = (one_of("status", InstanceStatus), Index("ix_instance_subject", "subject"))
    id: Mapped[Key]
    process_key: Mapped[str]
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    programme: Mapped[str]
    subject: Mapped[str]  # what it is about and its audit chain: "case:17", "batch:3" …
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default=InstanceStatus.RUNNING.value)
    outcome: Mapped[str | None]  # id of the end event reached
    version: Mapped[int] = mapped_column(default=0)
    state: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    undo_state: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    undo_item_id: Mapped[int | None]  # the work item whose completion was the last step
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str | None]


class PartyBinding(Base):
    """Which organisation plays a party in an instance."""

    __tablename__ = "party_binding"
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)


class WorkStatus(StrEnum):
    """Where a work item stands."""

    OPEN = "OPEN"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class WorkItem(Base):
    """A user task that somebody has to do, has done, or no longer needs to do."""

    __tablename__ = "work_item"
    __table_args__ = (
        one_of("status", WorkStatus),
        Index(
            "uq_work_item_open_task",
            "instance_id",
            "task_id",
            unique=True,
            postgresql_where=text("status = 'OPEN'"),
        ),
        Index("ix_work_item_open", "org_id", "role", postgresql_where=text("status = 'OPEN'")),
        Index("ix_work_item_done", "performer_id", "completed_at"),
        Index("ix_work_item_instance", "instance_id"),
    )
    id: Mapped[Key]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    task_id: Mapped[str]  # the engine's own task id; comes again after 撤回
    process_key: Mapped[str]  # the process (possibly called) that holds the element
    element_id: Mapped[str]
    excludes: Mapped[list[Any]] = mapped_column(server_default="[]")  # element ids
    name: Mapped[str]
    stage: Mapped[int | None]  # 1–7 within guarantee_case
    party: Mapped[str]
    role: Mapped[str]
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # 认领 / 转办
    excluded: Mapped[list[Any]] = mapped_column(server_default="[]")  # persons who may not do it
    form_key: Mapped[str]
    operation: Mapped[str]
    clause: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=WorkStatus.OPEN.value)
    draft: Mapped[Json | None]
    draft_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    first_read_at: Mapped[datetime | None]  # 撤回 is possible only before it
    due_at: Mapped[datetime | None]
    provisional: Mapped[bool] = mapped_column(default=False)  # a year without its notice (D.10)
    overdue_since: Mapped[datetime | None]
    clock: Mapped[str | None]
    completed_at: Mapped[datetime | None]
    performer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str | None]
    values: Mapped[Json | None]  # the form as submitted
    used_days: Mapped[int | None]  # of `allowed_days`, for R6
    allowed_days: Mapped[int | None]
    instance: Mapped[Instance] = relationship()
    organisation: Mapped[Organisation] = relationship()
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])
    performer: Mapped[Person | None] = relationship(foreign_keys=[performer_id])


class Clock(Base):
    """A running time that several tasks share and that stops while the case waits."""

    __tablename__ = "clock"
    __table_args__ = (UniqueConstraint("instance_id", "name"),)
    id: Mapped[Key]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    name: Mapped[str]
    amount: Mapped[int]
    unit: Mapped[str]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None]
    pauses: Mapped[list[Any]] = mapped_column(server_default="[]")  # [[from, to], …] ISO


class DeadlineKind(StrEnum):
    """What happens when a deadline row falls due."""

    REMIND = "REMIND"
    OVERDUE = "OVERDUE"
    ESCALATE_HEAD = "ESCALATE_HEAD"
    ESCALATE_FINANCE = "ESCALATE_FINANCE"


class Deadline(Base):
    """A due moment of a work item, fired at most once (spec C, Common to all)."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("work_item_id", "kind", "due_at"),
        one_of("kind", DeadlineKind),
        Index("ix_deadline_due", "due_at", postgresql_where=text("fired_at IS NULL")),
    )
    id: Mapped[Key]
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id", ondelete="CASCADE"))
    kind: Mapped[str]
    label: Mapped[str] = mapped_column(default="")  # "-P3D", "+P1D" …
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]


class Timer(Base):
    """A BPMN timer event that waits: the index by which due instances are found."""

    __tablename__ = "timer"
    __table_args__ = (Index("ix_timer_due", "due_at"),)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    element_id: Mapped[str]
    due_at: Mapped[datetime]


class SubscriptionKind(StrEnum):
    """A message goes to those of its correlation, a signal to all."""

    MESSAGE = "MESSAGE"
    SIGNAL = "SIGNAL"


class Subscription(Base):
    """A message or signal that an instance waits for. A signal's correlation is empty."""

    __tablename__ = "subscription"
    __table_args__ = (
        Index("ix_subscription_message", "message", "correlation"),
        one_of("kind", SubscriptionKind),
    )
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    element_id: Mapped[str]
    kind: Mapped[str] = mapped_column(
        default=SubscriptionKind.MESSAGE.value, server_default=SubscriptionKind.MESSAGE.value
    )
    message: Mapped[str]
    correlation: Mapped[str]


class StepHistory(Base):
    """An element that an instance has passed; what the diagram marks as done."""

    __tablename__ = "step_history"
    __table_args__ = (Index("ix_step_history_instance", "instance_id"),)
    id: Mapped[Key]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    task_id: Mapped[str]
    process_key: Mapped[str]
    element_id: Mapped[str]
    name: Mapped[str]
    at: Mapped[datetime]
