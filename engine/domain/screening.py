"""The automatic checks of P2 (E1-E4) in one place, and the decision they propose."""

from dataclasses import dataclass
from datetime import date

from engine.domain import screening_negative, screening_referral, screening_scope
from engine.domain.codes import Outcome, ReviewDecision, Size, SupportClass
from engine.domain.programme import Parameters
from engine.domain.screening_said import Ask, refused
from engine.domain.screening_types import AdverseEvent, Applicant, Check, Referral

__all__ = [
    "AdverseEvent",
    "Applicant",
    "Ask",
    "Check",
    "Referral",
    "Screening",
    "propose",
    "rows",
    "screen",
]


DECISIONS = (
    *("size_class", "size_check", "support_class", "support_check", "address_check"),
    *("other_category_check", "referrer_category", "lawful_check", "credit_check"),
    *("lookback_since", "litigation_check", "fund_rule_check", "breach_check"),
    "screening_proposal",
)
"""What `screen` asks."""


@dataclass(frozen=True)
class Screening:
    """All checks, and what follows from them. The decision is a proposal to the maker."""

    checks: tuple[Check, ...]
    size: Size
    support_class: SupportClass
    proposed: ReviewDecision

    def of(self, outcome: Outcome) -> tuple[Check, ...]:
        """The checks with an outcome, e.g. the questions still open (JUDGE)."""
        return tuple(check for check in self.checks if check.outcome is outcome)


def screen(applicant: Applicant, on: date, parameters: Parameters, ask: Ask) -> Screening:
    """Run E1 to E4 and the checks on referrals for an applicant on the day `on`.

    Raises DecisionRefused where a decision table gives no usable answer.
    """
    size_check, size = screening_scope.size_check(applicant, ask)
    support, support_class = screening_scope.support_check(applicant, on, parameters, ask)
    found: list[Check | None] = [
        screening_negative.authorisation_check(applicant, on),
        size_check,
        screening_scope.address_check(applicant, ask),
        support,
        screening_scope.expiry_check(applicant, on, parameters),
        screening_scope.other_category_check(applicant, ask),
        *screening_negative.negative_checks(applicant, on, parameters, ask),
        screening_scope.checklist(applicant, parameters),
        screening_scope.category_check(applicant, parameters, ask),
        screening_referral.referrer_check(applicant),
        screening_referral.conflict_check(applicant),
        screening_referral.amount_check(applicant, support_class, parameters),
        screening_referral.term_check(applicant, parameters),
        screening_referral.whitelist_check(applicant, on),
        screening_referral.loan_check(applicant),
    ]
    checks = tuple(check for check in found if check)
    return Screening(checks, size, support_class, propose(checks, ask))


def propose(checks: tuple[Check, ...], ask: Ask) -> ReviewDecision:
    """What the table of approvals proposes to the maker, who decides."""
    value = ask("screening_proposal", {"checks": rows(checks)}).required()
    if value not in set(ReviewDecision):
        raise refused(value, "、".join(ReviewDecision))
    return ReviewDecision(str(value))


def rows(checks: tuple[Check, ...]) -> list[dict[str, object]]:
    """The checks as the tables of approvals ask for them."""
    return [
        {
            "code": one.code,
            "outcome": one.outcome.value,
            "negative": one.negative,
            "needs_head": one.needs_head,
        }
        for one in checks
    ]
