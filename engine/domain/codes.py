"""Codes shared by several rules. Enums store their values; the names for people are texts."""

from enum import StrEnum


class SupportClass(StrEnum):
    """J4.1: which ceiling applies. KEY is 科创等重点支持类."""

    NORMAL = "NORMAL"
    KEY = "KEY"


class Size(StrEnum):
    """Enterprise size by E4; INSUFFICIENT_DATA when an indicator of the industry is missing."""

    LARGE = "LARGE"
    MEDIUM = "MEDIUM"
    SMALL = "SMALL"
    MICRO = "MICRO"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class LoanType(StrEnum):
    """Loan types; both are business loans in the sense of E5."""

    WORKING_CAPITAL = "WORKING_CAPITAL"
    FIXED_ASSET = "FIXED_ASSET"


class FeeBasis(StrEnum):
    """FLAT: once per filing (default, I.3). ANNUAL: by days / 365."""

    FLAT = "FLAT"
    ANNUAL = "ANNUAL"


class RateType(StrEnum):
    """FLOATING loans also need a spread of at most 0 over the LPR (D.4)."""

    FIXED = "FIXED"
    FLOATING = "FLOATING"


class Route(StrEnum):
    """Where a loan goes after the ceiling test (D.2): the batch, or P16."""

    BATCH = "BATCH"
    CASE_BY_CASE = "CASE_BY_CASE"


class QuotaResult(StrEnum):
    """D.11 quota: admitted, or waiting in line (FIFO)."""

    ADMIT = "ADMIT"
    WAITLIST = "WAITLIST"


class SubsidyStatus(StrEnum):
    """D.7: nothing paid yet carries forward to the next quarter."""

    PAYABLE = "PAYABLE"
    CARRY_FORWARD = "CARRY_FORWARD"


class Grade(StrEnum):
    """Performance grade of a guarantee institution (D.9)."""

    EXCELLENT = "EXCELLENT"
    GOOD = "GOOD"
    MEDIUM = "MEDIUM"
    POOR = "POOR"


class Outcome(StrEnum):
    """What a screening check found: 通过 提示 需判断 不通过 待补."""

    PASS = "PASS"  # noqa: S105 (an outcome, not a password)
    NOTICE = "NOTICE"
    JUDGE = "JUDGE"
    FAIL = "FAIL"
    MISSING = "MISSING"


class ReviewDecision(StrEnum):
    """Decisions of the first review (P2)."""

    PASS = "PASS"  # noqa: S105 (an outcome, not a password)
    RETURN = "RETURN"
    REJECT = "REJECT"
    HOLD = "HOLD"
