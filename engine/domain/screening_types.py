"""What screening looks at, and what a check says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from engine.domain.codes import Outcome
from engine.domain.enterprise import Qualification
from engine.domain.size import Figures
from engine.domain.trace import Trace
from engine.text import Text


@dataclass(frozen=True)
class AdverseEvent:
    """A serious adverse credit event (I.14) of the firm or somebody behind it.

    `subject` says whose, in words; `event_on` None is an event whose date nobody has filled in.
    """

    kind: str
    event_on: date | None
    subject: str = ""


@dataclass(frozen=True)
class Referral:
    """One referrer's entry: 元, months. `referrer` is the organisation's name, for the reader."""

    referrer: str
    source_type: str
    category: str
    need_amount: Decimal
    need_term: int
    remark: str = ""
    submitted_at: datetime | None = None


@dataclass(frozen=True)
class Applicant:
    """An enterprise as it is known on the day of screening. None means nobody knows yet.

    `lawful` (N1), `adverse` (N2; () is queried and clean), `litigation` material and pending (N3),
    `excluded_by` a code of negative_industries or "" for none (N4), `major_breach` (N5).
    `answers` are a reviewer's judgements by check code or judgement item: True for in order.
    """

    size_industry: str | None
    figures: Figures
    in_district: bool | None
    target_settle: bool = False
    agricultural: bool = False
    scope: str | None = None
    qualifications: tuple[Qualification, ...] = ()
    referrals: tuple[Referral, ...] = ()
    lawful: bool | None = None
    adverse: tuple[AdverseEvent, ...] | None = None
    litigation: bool | None = None
    excluded_by: str | None = None
    major_breach: bool | None = None
    authorised_until: date | None = None
    whitelisted_until: date | None = None
    outstanding: Decimal = Decimal(0)
    answers: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One finding. `overridable`: a FAIL that the head may override with a reason (I.10).

    `negative`: one of E2; open questions there hold the case (Unknown -> HOLD).
    """

    code: str
    outcome: Outcome
    title: Text
    detail: Text
    clause: str
    trace: Trace | None = None
    overridable: bool = False
    negative: bool = False
    needs_head: bool = False
