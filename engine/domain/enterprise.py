"""Facts about an enterprise: its code, its support class, old offences, renewal (D.3, D.11, E5)."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.domain.codes import LoanType, Size, SupportClass
from engine.domain.dates import add_months
from engine.domain.trace import Measure, Op, Operand, Step, Trace, code_of, on_day, yes_no
from engine.text import text

USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def normalise_uscc(code: str) -> str:
    """Full-width to half-width, upper case, without blanks anywhere (including no-break ones)."""
    kept = unicodedata.normalize("NFKC", code)
    # format characters (zero-width spaces, byte order marks) come with pasted codes
    return "".join(c for c in kept if not c.isspace() and unicodedata.category(c) != "Cf").upper()


def uscc_valid(code: object) -> bool:
    """Whether a code, once normalised, is a 统一社会信用代码 by GB 32100-2015.

    18 characters of its set, six digits for the registration district, the check character.
    Anything but a string is not one.
    """
    if not isinstance(code, str):
        return False
    clean = normalise_uscc(code)
    if len(clean) != 18 or any(c not in USCC_CHARACTERS for c in clean):
        return False
    return clean[2:8].isdigit() and clean[17] == uscc_check_character(clean[:17])


def uscc_check_character(first17: str) -> str:
    """The 18th character for the first 17."""
    weighed = zip(first17, USCC_WEIGHTS, strict=True)
    total = sum(USCC_CHARACTERS.index(character) * weight for character, weight in weighed)
    return USCC_CHARACTERS[-total % 31]


@dataclass(frozen=True)
class Qualification:
    """A certificate. Valid through `expires_on`; without an end when `open_ended` (长期).

    Neither means that the expiry is not known: it cannot be relied on until somebody fills it in.
    """

    code: str
    expires_on: date | None = None
    open_ended: bool = False

    def valid_on(self, day: date) -> bool:
        """Whether it is known to be valid on `day`, the expiry day included."""
        return self.open_ended or (self.expires_on is not None and self.expires_on >= day)


@dataclass(frozen=True)
class SupportClassResult:
    """The class, and the certificates that are valid on the day."""

    support_class: SupportClass
    valid: tuple[Qualification, ...]
    trace: Trace


def support_class(
    qualifications: Sequence[Qualification], on: date, version: str | None = None
) -> SupportClassResult:
    """KEY if any qualification is valid on the day, the expiry day included (D.3, I.26)."""
    valid = tuple(q for q in qualifications if q.valid_on(on))
    result = SupportClass.KEY if valid else SupportClass.NORMAL
    steps = tuple(_validity(n, q, on) for n, q in enumerate(qualifications, 1))
    outcome = code_of("support_class", text("企业类别"), result.value)
    steps += (Step((on_day("on", text("核定日"), on), Op.TO), outcome),)
    trace = Trace("support-class", "J4.1 / D.3", steps, version)
    return SupportClassResult(result, valid, trace)


def _validity(n: int, one: Qualification, on: date) -> Step:
    until = on_day(f"expires_{n}", text("有效期至"), one.expires_on)
    terms = (code_of(f"code_{n}", text("资质"), one.code), Op.COMMA, until, Op.AT_LEAST)
    held = yes_no(f"valid_{n}", text("有效"), one.valid_on(on))
    return Step((*terms, on_day("on", text("核定日"), on)), held)


LOOKBACK_MONTHS = 24
AGRICULTURAL_MONTHS = 36


@dataclass(frozen=True)
class Lookback:
    """Whether an adverse event still counts, and since which day events count."""

    hit: bool
    since: date
    trace: Trace


def lookback(
    screened_on: date,
    event_on: date,
    *,
    agricultural: bool,
    months: int | None = None,
    version: str | None = None,
) -> Lookback:
    """event_on >= screened_on less 24 months, 36 for agriculture, that day included.

    D.11, J2.2.1, E2, I.15. `months` is the programme's own value, if it has one.
    """
    months = months or (AGRICULTURAL_MONTHS if agricultural else LOOKBACK_MONTHS)
    since = add_months(screened_on, -months)
    hit = event_on >= since
    length = Operand("months", text("回溯期"), months, Measure.MONTHS)
    event = on_day("event_on", text("事件日期"), event_on)
    bound = on_day("since", text("回溯起日"), since)
    steps = (
        Step((on_day("screened_on", text("核查日"), screened_on), Op.MINUS, length), bound),
        Step((event, Op.AT_LEAST, bound), yes_no("hit", text("在回溯期内"), hit)),
    )
    given = (yes_no("agricultural", text("涉农"), agricultural),)
    return Lookback(hit, since, Trace("lookback", "J2.2.1 / D.11", steps, version, given))


RENEWAL_UNTIL = date(2027, 9, 30)  # M1, inclusive (I.16)


@dataclass(frozen=True)
class RenewalFacts:
    """What E5 asks of every renewal; None where it has not been asked yet."""

    applied_on: date | None = None
    real_need: bool | None = None
    lawful: bool | None = None
    no_arrears: bool | None = None


@dataclass(frozen=True)
class Renewal:
    """Whether a loan may be renewed without repaying the principal."""

    eligible: bool
    trace: Trace


def renewal(
    size: Size,
    loan_type: LoanType,
    maturity: date,
    facts: RenewalFacts | None = None,
    *,
    until: date = RENEWAL_UNTIL,
    version: str | None = None,
) -> Renewal:
    """E5, M1: business loans of MICRO and SMALL; of MEDIUM, working capital due by `until`.

    Whatever `facts` denies makes it ineligible; an application must come before maturity.
    """
    facts = facts or RenewalFacts()
    small = size in (Size.MICRO, Size.SMALL)
    medium = size is Size.MEDIUM and loan_type is LoanType.WORKING_CAPITAL and maturity <= until
    in_time = facts.applied_on is None or facts.applied_on < maturity
    denied = False in (facts.real_need, facts.lawful, facts.no_arrears)
    eligible = (small or medium) and in_time and not denied
    terms = (on_day("maturity", text("到期日"), maturity), Op.AT_MOST)
    step = Step(
        (*terms, on_day("until", text("中型企业截止日"), until)),
        yes_no("eligible", text("可无还本续贷"), eligible),
    )
    given = (
        code_of("size", text("企业规模"), size.value),
        code_of("loan_type", text("贷款品种"), loan_type.value),
    )
    return Renewal(eligible, Trace("renewal", "M1 / E5", (step,), version, given))
