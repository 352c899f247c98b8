"""Whitelist, loan cases, disbursements, filings, subsidies (P3, P6, P7, P9)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.models.base import Base, Json, Key, Money, Rate, one_of
from engine.models.people import Organisation
from engine.models.referral import Enterprise, GuaranteeCase


class Whitelist(Base):
    """A numbered, frozen release (G1). wl_no {district}-WL-{yyyymm}-{nn}; digest over its rows."""

    __tablename__ = "whitelist"
    id: Mapped[Key]
    wl_no: Mapped[str | None] = mapped_column(unique=True)  # given at release
    programme: Mapped[str]
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    status: Mapped[str] = mapped_column(default="OPEN")  # OPEN, RELEASED
    case_ids: Mapped[list[Any]] = mapped_column(server_default="[]")  # compiled, not yet released
    released_on: Mapped[date | None]
    released_at: Mapped[datetime | None]
    digest: Mapped[str | None]
    created_at: Mapped[datetime]
    entries: Mapped[list["WhitelistEntry"]] = relationship(order_by="WhitelistEntry.seq")


class EntryStatus(StrEnum):
    """Where a whitelist entry stands."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REMOVED = "REMOVED"
    EXPIRED = "EXPIRED"


class WhitelistEntry(Base):
    """A firm on a release; valid twelve months by default (P3)."""

    __tablename__ = "whitelist_entry"
    __table_args__ = (one_of("status", EntryStatus), UniqueConstraint("whitelist_id", "seq"))
    id: Mapped[Key]
    whitelist_id: Mapped[int] = mapped_column(ForeignKey("whitelist.id"))
    seq: Mapped[int]
    case_id: Mapped[int] = mapped_column(ForeignKey("guarantee_case.id"), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    support_class: Mapped[str]
    suggested_amount: Mapped[Money]
    status: Mapped[str] = mapped_column(default=EntryStatus.ACTIVE.value)
    valid_to: Mapped[date]
    case: Mapped[GuaranteeCase] = relationship()
    enterprise: Mapped[Enterprise] = relationship()


class LoanStatus(StrEnum):
    """Loan-case states of spec C."""

    ASSIGNED = "ASSIGNED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"  # the bank did not take the case (P6: refusal or silence)
    SILENT = "SILENT"
    APPROVED = "APPROVED"
    PARTIAL = "PARTIAL"
    DECLINED = "DECLINED"
    CASE_BY_CASE = "CASE_BY_CASE"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    DISBURSED = "DISBURSED"
    FILED = "FILED"
    IN_FORCE = "IN_FORCE"
    FILING_REJECTED = "FILING_REJECTED"


class LoanCase(Base):
    """One bank's handling of a case (P6). Amounts 元, rate % a year."""

    __tablename__ = "loan_case"
    __table_args__ = (one_of("status", LoanStatus), UniqueConstraint("case_id", "attempt"))
    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    attempt: Mapped[int]
    bank_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"), index=True)
    assigned_by: Mapped[str]  # PREFERENCE, RELATIONSHIP, SCORE, COORDINATION
    status: Mapped[str] = mapped_column(default=LoanStatus.ASSIGNED.value)
    assigned_at: Mapped[datetime]
    accepted_on: Mapped[date | None]
    refuse_reason: Mapped[str | None]
    decision: Mapped[str | None]
    decline_reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    credit_line: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    rate: Mapped[Decimal | None] = mapped_column(Numeric(8, 4))
    rate_type: Mapped[str | None]
    lpr_spread_bp: Mapped[int | None]
    loan_type: Mapped[str] = mapped_column(default="WORKING_CAPITAL")
    term_months: Mapped[int | None]
    is_first_loan: Mapped[bool | None]
    contract_no: Mapped[str | None]
    contract_date: Mapped[date | None]
    parameter_version: Mapped[str | None]  # in force on the contract date (D, Rules)
    traces: Mapped[Json] = mapped_column(server_default="{}")  # rule -> working
    note: Mapped[str] = mapped_column(default="")
    bank: Mapped[Organisation] = relationship()
    case: Mapped[GuaranteeCase] = relationship()


class Disbursement(Base):
    """借据: money paid out. loan_no is unique per bank."""

    __tablename__ = "disbursement"
    __table_args__ = (
        UniqueConstraint("bank_id", "loan_no"),
        CheckConstraint("amount > 0 AND disbursed_on < maturity_on", name="sane"),
    )
    id: Mapped[Key]
    loan_case_id: Mapped[int] = mapped_column(ForeignKey("loan_case.id"), index=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    loan_no: Mapped[str]
    amount: Mapped[Money]
    balance: Mapped[Money]  # outstanding; equals amount until P8 reports
    disbursed_on: Mapped[date]
    maturity_on: Mapped[date]
    confirmed: Mapped[bool] = mapped_column(default=False)
    loan_case: Mapped[LoanCase] = relationship()


class Filing(Base):
    """备案 (P7, G3). guaranteed_amount and fee_due are computed (D.1) and carry their working."""

    __tablename__ = "filing"
    __table_args__ = (
        Index(
            "uq_filing_live",
            "disbursement_id",
            unique=True,
            postgresql_where=text("status <> 'REJECTED'"),
        ),
    )
    id: Mapped[Key]
    filing_no: Mapped[str | None] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    disbursement_id: Mapped[int] = mapped_column(ForeignKey("disbursement.id"))
    guarantor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    status: Mapped[str] = mapped_column(default="SUBMITTED")  # SUBMITTED ACCEPTED RETURNED REJECTED
    submitted_at: Mapped[datetime]
    late: Mapped[bool] = mapped_column(default=False)
    late_reason: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    guarantee_ratio: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    guaranteed_amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    fee_due: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    fee_paid: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    fee_paid_on: Mapped[date | None]
    invoice_no: Mapped[str | None]
    parameter_version: Mapped[str | None]
    trace: Mapped[Json] = mapped_column(server_default="{}")
    disbursement: Mapped[Disbursement] = relationship()
    case: Mapped[GuaranteeCase] = relationship()


class SubsidyBatch(Base):
    """A quarter's fee subsidy (P9, 免申即享, J4.7.1). period yyyyQn."""

    __tablename__ = "subsidy_batch"
    id: Mapped[Key]
    batch_no: Mapped[str] = mapped_column(unique=True)
    programme: Mapped[str]
    period: Mapped[str]
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    status: Mapped[str] = mapped_column(default="CALCULATED")
    # CALCULATED VERIFIED PUBLICISED RESOLVED APPROVED PAID EMPTY
    publicity_to: Mapped[date | None]
    paid_on: Mapped[date | None]
    voucher_no: Mapped[str | None]
    parameter_version: Mapped[str | None]
    created_at: Mapped[datetime]
    rows: Mapped[list["SubsidyRow"]] = relationship(
        back_populates="batch", order_by="SubsidyRow.id"
    )


class SubsidyRow(Base):
    """One filing in a batch. status PROPOSED EXCLUDED CARRY_FORWARD PAID FAILED."""

    __tablename__ = "subsidy_row"
    __table_args__ = (
        UniqueConstraint("batch_id", "filing_id"),
        Index(
            "uq_subsidy_row_paid",
            "filing_id",
            unique=True,
            postgresql_where=text("status = 'PAID'"),
        ),
    )
    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ForeignKey("subsidy_batch.id"))
    filing_id: Mapped[int] = mapped_column(ForeignKey("filing.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    base: Mapped[Money]
    deductions: Mapped[Money] = mapped_column(default=Decimal(0))
    ratio: Mapped[Rate]
    amount: Mapped[Money]
    status: Mapped[str] = mapped_column(default="PROPOSED")
    reason: Mapped[str] = mapped_column(default="")
    account_name: Mapped[str | None]
    account_no: Mapped[str | None]
    account_bank: Mapped[str | None]
    account_confirmed_at: Mapped[datetime | None]
    objection: Mapped[str | None]
    objection_at: Mapped[datetime | None]
    trace: Mapped[Json] = mapped_column(server_default="{}")
    batch: Mapped[SubsidyBatch] = relationship(back_populates="rows")
    filing: Mapped[Filing] = relationship()
    enterprise: Mapped[Enterprise] = relationship()


class LprRate(Base):
    """1-year LPR as published (P18); rate in % a year."""

    __tablename__ = "lpr_rate"
    published_on: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(6, 4))
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class NumberSeries(Base):
    """The last number given in a series such as JD-WL-202512; taken under a row lock."""

    __tablename__ = "number_series"
    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
