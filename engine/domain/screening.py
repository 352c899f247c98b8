"""The automatic checks of P2 (E1-E4) in one place, and the decision they propose."""

from dataclasses import dataclass
from datetime import date

from engine.domain import screening_negative, screening_referral, screening_scope
from engine.domain.codes import Outcome, ReviewDecision, Size, SupportClass
from engine.domain.programme import Parameters
from engine.domain.screening_types import AdverseEvent, Applicant, Check, Referral

__all__ = ["AdverseEvent", "Applicant", "Check", "Referral", "Screening", "propose", "screen"]


@dataclass(frozen=True)
class Screening:
    """All checks, and what follows from them. The decision is a proposal to the maker."""

    checks: tuple[Check, ...]
    size: Size
    support_class: SupportClass
    proposed: ReviewDecision
    needs_head: bool

    def of(self, outcome: Outcome) -> tuple[Check, ...]:
        """The checks with an outcome, e.g. the questions still open (JUDGE)."""
        return tuple(check for check in self.checks if check.outcome is outcome)


def screen(applicant: Applicant, on: date, parameters: Parameters) -> Screening:
    """Run E1 to E4 and the checks on referrals for an applicant on the day `on`."""
    size_check, size = screening_scope.size_check(applicant, parameters.version)
    support, support_class = screening_scope.support_check(applicant, on, parameters)
    found: list[Check | None] = [
        screening_negative.authorisation_check(applicant, on),
        size_check,
        screening_scope.address_check(applicant),
        support,
        screening_scope.expiry_check(applicant, on, parameters),
        screening_scope.other_category_check(applicant),
        *screening_negative.negative_checks(applicant, on, parameters),
        screening_scope.checklist(applicant, parameters),
        screening_scope.category_check(applicant, parameters),
        screening_referral.referrer_check(applicant),
        screening_referral.conflict_check(applicant),
        screening_referral.amount_check(applicant, support_class, parameters),
        screening_referral.term_check(applicant, parameters),
        screening_referral.whitelist_check(applicant, on),
        screening_referral.loan_check(applicant),
    ]
    checks = tuple(check for check in found if check)
    needs_head = any(check.needs_head for check in checks)
    return Screening(checks, size, support_class, propose(checks), needs_head)


def propose(checks: tuple[Check, ...]) -> ReviewDecision:
    """REJECT for any FAIL; RETURN for missing size data; HOLD for what else is missing or unknown.

    A FAIL that the head may override is proposed as REJECT too (E1): passing it takes a reason.
    """
    if any(check.outcome is Outcome.FAIL for check in checks):
        return ReviewDecision.REJECT
    missing = {check.code for check in checks if check.outcome is Outcome.MISSING}
    if missing & {"E4", "E1_ADDRESS", "E1_OTHER"}:
        return ReviewDecision.RETURN
    unknown = any(check.negative and check.outcome is Outcome.JUDGE for check in checks)
    return ReviewDecision.HOLD if missing or unknown else ReviewDecision.PASS
