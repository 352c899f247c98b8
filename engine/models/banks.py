"""Selection of partner banks and tripartite agreements (P4, P5)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Json, Key, Money, Rate, one_of
from engine.models.people import Organisation


class BankSelection(Base):
    """One selection of partner banks for one guarantor (J3.3.1)."""

    __tablename__ = "bank_selection"
    id: Mapped[Key]
    selection_no: Mapped[str] = mapped_column(unique=True)
    programme: Mapped[str]
    guarantor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    title: Mapped[str]
    criteria: Mapped[list[Any]] = mapped_column(server_default="[]")  # {code, name, weight}
    seats: Mapped[int] = mapped_column(default=3)
    threshold: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(60))
    apply_until: Mapped[date | None]
    invited: Mapped[list[Any]] = mapped_column(server_default="[]")
    scorers: Mapped[list[Any]] = mapped_column(server_default="[]")
    round: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="OPEN")
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Bid(Base):
    """A bank's application."""

    __tablename__ = "bid"
    __table_args__ = (UniqueConstraint("selection_id", "bank_id", "round"),)
    id: Mapped[Key]
    selection_id: Mapped[int] = mapped_column(ForeignKey("bank_selection.id"))
    round: Mapped[int] = mapped_column(default=1)
    bank_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    declined: Mapped[bool] = mapped_column(default=False)
    branch: Mapped[str] = mapped_column(default="")
    quota: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    rate_offer: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    approval_days: Mapped[int | None]
    ratio: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    sme_record: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    average: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    rank: Mapped[int | None]
    chosen: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    bank: Mapped[Organisation] = relationship()


class Score(Base):
    """One scorer's marks for one bid; blind until all have submitted."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("bid_id", "scorer_id"),
        CheckConstraint("total >= 0 AND total <= 100", name="total"),
    )
    id: Mapped[Key]
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    scorer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    conflict: Mapped[bool] = mapped_column(default=False)
    marks: Mapped[Json]
    total: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class AgreementStatus(StrEnum):
    """Where a tripartite agreement stands."""

    DRAFT = "DRAFT"
    REVIEW = "REVIEW"
    SIGNING = "SIGNING"
    EFFECTIVE = "EFFECTIVE"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"


class Agreement(Base):
    """三方协议 with its parameters (P5; J3.3.2, J4.1, J4.4, J4.6)."""

    __tablename__ = "agreement"
    __table_args__ = (
        one_of("status", AgreementStatus),
        UniqueConstraint("agr_no", "version"),
        CheckConstraint("guarantee_ratio > 0 AND guarantee_ratio <= 0.85", name="ratio"),
        CheckConstraint(
            "risk_cap_guarantor <= risk_cap_total AND risk_cap_total <= 0.05", name="caps"
        ),
    )
    id: Mapped[Key]
    agr_no: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    programme: Mapped[str]
    guarantor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    bank_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    finance_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    status: Mapped[str] = mapped_column(default=AgreementStatus.DRAFT.value)
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    ceiling_normal: Mapped[Money] = mapped_column(default=Decimal("10000000"))
    ceiling_key: Mapped[Money] = mapped_column(default=Decimal("20000000"))
    override_reason: Mapped[str] = mapped_column(default="")
    guarantee_ratio: Mapped[Rate] = mapped_column(default=Decimal("0.8"))
    bank_year_ratio: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    fee_rate: Mapped[Rate] = mapped_column(default=Decimal("0.005"))
    fee_basis: Mapped[str] = mapped_column(default="FLAT")
    risk_cap_guarantor: Mapped[Rate] = mapped_column(default=Decimal("0.04"))
    risk_cap_total: Mapped[Rate] = mapped_column(default=Decimal("0.05"))
    approval_days: Mapped[int] = mapped_column(default=10)
    day_type: Mapped[str] = mapped_column(default="CALENDAR")
    filing_days: Mapped[int] = mapped_column(default=10)
    batch_quota: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    claim_rules: Mapped[Json] = mapped_column(server_default="{}")
    redlines: Mapped[list[Any]] = mapped_column(server_default="[]")
    signatures: Mapped[list[Any]] = mapped_column(server_default="[]")
    created_at: Mapped[datetime]
    bank: Mapped[Organisation] = relationship(foreign_keys=[bank_id])
    guarantor: Mapped[Organisation] = relationship(foreign_keys=[guarantor_id])


class AgreementReview(Base):
    """A party's word on a draft (round by round)."""

    __tablename__ = "agreement_review"
    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    round: Mapped[int]
    party: Mapped[str]
    agree: Mapped[bool]
    redline: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
