"""Organisations, persons, and who holds which role where (spec B)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Key, one_of


class OrgKind(StrEnum):
    """What an organisation is; decides the areas it sees."""

    REFERRER = "REFERRER"
    BANK = "BANK"
    FINANCE = "FINANCE"
    TREASURY = "TREASURY"
    GUARANTOR = "GUARANTOR"
    PLATFORM = "PLATFORM"


class Role(StrEnum):
    """经办 maker, 复核 checker, 负责人 head, 只读 auditor, 系统管理 admin, 流程管理 owner."""

    MAKER = "maker"
    CHECKER = "checker"
    HEAD = "head"
    AUDITOR = "auditor"
    ADMIN = "admin"
    OWNER = "owner"  # of processes and tables: drafts changes, or signs another owner's


class Organisation(Base):
    """An organisation that takes part. `source_type` is the referral channel (spec C codes)."""

    __tablename__ = "organisation"
    __table_args__ = (one_of("kind", OrgKind),)
    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    short_name: Mapped[str]
    kind: Mapped[str]
    source_type: Mapped[str | None]
    guarantor_code: Mapped[str | None]  # CITY_CENTRE / DISTRICT_CO
    district_code: Mapped[str] = mapped_column(default="310114")
    synonyms: Mapped[str] = mapped_column(default="")  # other names in lists, one a line
    active: Mapped[bool] = mapped_column(default=True)


class Person(Base):
    """Somebody who signs in. `password_hash` is argon2id."""

    __tablename__ = "person"
    id: Mapped[Key]
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(default="zh")
    theme: Mapped[str] = mapped_column(default="auto")
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    session_salt: Mapped[str] = mapped_column(default="")  # changed to end all sessions
    memberships: Mapped[list["Membership"]] = relationship(back_populates="person")


class Membership(Base):
    """A role of a person in an organisation."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "org_id", "role"), one_of("role", Role))
    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    person: Mapped[Person] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()
