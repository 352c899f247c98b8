"""Enterprises, referral batches and the cases they open (P1, P2)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Json, Key, Money, one_of
from engine.models.people import Organisation


class Enterprise(Base):
    """A firm, one row a unified social credit code. Figures: 人, 万元, 万元."""

    __tablename__ = "enterprise"
    id: Mapped[Key]
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    legal_rep_name: Mapped[str | None]
    controller_name: Mapped[str | None]
    reg_address: Mapped[str | None]
    biz_address: Mapped[str | None]
    sub_district: Mapped[str | None]
    industry: Mapped[str | None]  # as written in the list
    size_industry: Mapped[str | None]  # E4 code
    employees: Mapped[int | None]
    revenue: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    assets: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    size_class: Mapped[str | None]
    is_agri: Mapped[bool] = mapped_column(default=False)
    qualifications: Mapped[list[Any]] = mapped_column(server_default="[]")  # {code, expires_on}
    contact_name: Mapped[str | None]
    contact_phone: Mapped[str | None]
    email: Mapped[str | None]
    payee_bank: Mapped[str | None]
    payee_account: Mapped[str | None]
    adverse: Mapped[list[Any]] = mapped_column(server_default="[]")  # {kind, on, text}
    updated_at: Mapped[datetime]


class Authorisation(Base):
    """征信授权: without a valid one no credit query, no screening (P2)."""

    __tablename__ = "authorisation"
    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    signed_on: Mapped[date]
    valid_to: Mapped[date]
    attested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class BatchStatus(StrEnum):
    """Where a referral batch stands."""

    DRAFT = "DRAFT"
    CHECKING = "CHECKING"
    SUBMITTED = "SUBMITTED"
    WITHDRAWN = "WITHDRAWN"


class ReferralBatch(Base):
    """A referrer's list of one month (P1). batch_no {district}-RF-{yyyymm}-{org}-{seq}."""

    __tablename__ = "referral_batch"
    __table_args__ = (one_of("status", BatchStatus),)
    id: Mapped[Key]
    batch_no: Mapped[str] = mapped_column(unique=True)
    programme: Mapped[str]
    period: Mapped[str]  # yyyy-mm
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    source_type: Mapped[str]
    status: Mapped[str] = mapped_column(default=BatchStatus.DRAFT.value)
    nil_return: Mapped[bool] = mapped_column(default=False)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    closing_on: Mapped[date]
    submitted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    items: Mapped[list["ReferralItem"]] = relationship(order_by="ReferralItem.id")


class ListUpload(Base):
    """An uploaded list with what the check found, kept until confirmed or replaced."""

    __tablename__ = "list_upload"
    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ForeignKey("referral_batch.id"), index=True)
    file_name: Mapped[str]
    file_digest: Mapped[str]
    content: Mapped[bytes]
    report: Mapped[Json]  # ListReport as JSON
    progress: Mapped[int] = mapped_column(default=0)  # rows checked so far
    total: Mapped[int] = mapped_column(default=0)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class ReferralItem(Base):
    """One firm on one referrer's list, as accepted. Amount 元, term months."""

    __tablename__ = "referral_item"
    __table_args__ = (UniqueConstraint("batch_id", "enterprise_id"),)
    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ForeignKey("referral_batch.id"))
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("list_upload.id"))
    row_no: Mapped[int | None]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    category: Mapped[str]
    need_amount: Mapped[Money]
    need_term: Mapped[int]
    need_purpose: Mapped[str]
    pref_bank_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    pref_bank_text: Mapped[str | None]
    target_settle: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str] = mapped_column(default="")
    row: Mapped[Json]  # the row as read, for the record
    case_id: Mapped[int | None] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    submitted_at: Mapped[datetime | None]
    batch: Mapped[ReferralBatch] = relationship(back_populates="items")
    enterprise: Mapped[Enterprise] = relationship()


class CaseStatus(StrEnum):
    """Where a case stands as a whole; the loan's own states are LoanStatus."""

    OPEN = "OPEN"
    DONE = "DONE"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    NO_BANK = "NO_BANK"
    CASE_BY_CASE = "CASE_BY_CASE"
    LINE_EXPIRED = "LINE_EXPIRED"
    FILING_REJECTED = "FILING_REJECTED"


class GuaranteeCase(Base):
    """One firm's way through a programme: from referral to subsidy."""

    __tablename__ = "guarantee_case"
    __table_args__ = (
        one_of("status", CaseStatus),
        Index(
            "uq_guarantee_case_open",
            "enterprise_id",
            "programme",
            unique=True,
            postgresql_where=text("status = 'OPEN'"),
        ),
    )
    id: Mapped[Key]
    case_no: Mapped[str] = mapped_column(unique=True)
    programme: Mapped[str]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"), unique=True)
    status: Mapped[str] = mapped_column(default=CaseStatus.OPEN.value)
    stage: Mapped[int] = mapped_column(default=1)
    referred_at: Mapped[datetime]  # the first referrer's submission wins
    category: Mapped[str]
    need_amount: Mapped[Money]
    need_term: Mapped[int]
    need_purpose: Mapped[str]
    pref_bank_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    target_settle: Mapped[bool] = mapped_column(default=False)
    size_class: Mapped[str | None]
    support_class: Mapped[str | None]
    suggested_amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    approved_amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    bank_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    guarantor_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    closed_at: Mapped[datetime | None]
    enterprise: Mapped[Enterprise] = relationship()
    items: Mapped[list[ReferralItem]] = relationship(order_by="ReferralItem.submitted_at")
    bank: Mapped[Organisation | None] = relationship(foreign_keys=[bank_id])


class CheckResult(Base):
    """One automatic check of a case with its working; the newest run is shown."""

    __tablename__ = "check_result"
    __table_args__ = (UniqueConstraint("case_id", "code"),)
    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    code: Mapped[str]
    outcome: Mapped[str]  # PASS NOTICE JUDGE FAIL MISSING
    title: Mapped[Json]  # {template, params}
    detail: Mapped[Json]
    clause: Mapped[str]
    trace: Mapped[Json | None]
    answer: Mapped[str | None]  # the judgement given
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime]


class Decision(Base):
    """A decision taken on a case: who said what, with reasons (first review, centre review …)."""

    __tablename__ = "decision"
    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    kind: Mapped[str]  # FIRST_REVIEW, HEAD_OPINION, CENTRE_REVIEW, OBJECTION …
    outcome: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    support_class: Mapped[str | None]
    reasons: Mapped[list[Any]] = mapped_column(server_default="[]")
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]


class Attachment(Base):
    """A file of a case. Types pdf, jpg, png up to 10 MB, checked by content."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_subject", "subject"),)
    id: Mapped[Key]
    subject: Mapped[str]  # "case:17", "agreement:3"
    kind: Mapped[str]
    file_name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    content: Mapped[bytes] = mapped_column(deferred=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
