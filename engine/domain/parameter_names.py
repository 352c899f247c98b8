"""The parameters a programme may have, what kind each is, and whether it must be there.

A name that is not here needs a `kind` of its own in the file, so that a misspelt one is noticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.domain import parameter_kinds as kinds


@dataclass(frozen=True)
class Known:
    """How a parameter is read; a required one must be there in the programme's first version."""

    read: kinds.Reader
    required: bool = True


def _optional(read: kinds.Reader) -> Known:
    return Known(read, required=False)


_PERIODS = (
    "approval_period",
    "acceptance_period",
    "first_review_period",
    "centre_review_period",
    "filing_period",
    "filing_review_period",
    "resubmission_period",
    "hold_period",
    "disbursement_period",
    "publicity_period",
    "objection_period",
    "treasury_period",
)
_OPTIONAL_PERIODS = (
    "account_confirmation_period",
    "subsidy_period",
    "claim_review_period",
    "reconciliation_query_period",
    "selection_period",
    "scoring_period",
    "release_period",
    "agreement_draft_period",
    "agreement_review_period",
    "signing_period",
    "visit_period",
    "fee_period",
    "claim_period",
)

KNOWN: Mapping[str, Known] = {
    "guarantee_ratio_cap": Known(kinds.ratio("0.85")),
    "fee_rate": Known(kinds.ratio("0.1")),
    "fee_basis": Known(kinds.one_of("FLAT", "ANNUAL")),
    "ceiling_normal": Known(kinds.money),
    "ceiling_key": Known(kinds.money),
    "risk_cap_guarantor": Known(kinds.ratio("0.05")),
    "risk_cap_total": Known(kinds.ratio("0.05")),
    "lpr_cap": Known(kinds.flag),
    "lpr_1y": Known(kinds.lpr_table),
    "loan_types": Known(kinds.codes),
    "term_months_min": Known(kinds.integer(1, 36)),
    "term_months_max": Known(kinds.integer(1, 36)),
    "term_months_default_max": Known(kinds.integer(1, 36)),
    "fee_subsidy_ratio": Known(kinds.ratio()),
    "interest_subsidy": _optional(kinds.flag),
    "interest_subsidy_ratio": _optional(kinds.ratio_table),
    "interest_subsidy_ratio_cap": _optional(kinds.ratio()),
    "interest_subsidy_max_months": _optional(kinds.integer(1, 36)),
    "institution_subsidy_ratio": _optional(kinds.ratio()),
    "institution_grades": _optional(kinds.number_table),
    "whitelist_valid_months": Known(kinds.integer(1, 60)),
    "lookback_months": Known(kinds.integer(1, 120)),
    "lookback_months_agricultural": Known(kinds.integer(1, 120)),
    "referral_closing_day": Known(kinds.integer(1, 28)),
    "bank_data_day": Known(kinds.integer(1, 28)),
    "underwriting_data_day": _optional(kinds.integer(1, 28)),
    "reconciliation_day": Known(kinds.integer(1, 28)),
    "reminders": Known(kinds.reminders),
    "escalate_head_period": Known(kinds.period),
    "escalate_finance_period": Known(kinds.period),
    "max_bank_attempts": Known(kinds.integer(1, 10)),
    "overdue_claim_days": Known(kinds.integer(1, 365)),
    "package_warning_ratios": Known(kinds.ratio_table),
    "bank_score_weights": Known(kinds.number_table),
    "scheme_years": _optional(kinds.integer(1, 100)),
    "renewal_medium_until": _optional(kinds.day),
    "target_balance": _optional(kinds.money),
    "quota_working_capital": _optional(kinds.money),
    "quota_fixed_asset": _optional(kinds.money),
    "qualifications": Known(kinds.code_list),
    "scopes": Known(kinds.code_list),
    "industries": Known(kinds.code_list),
    "sub_districts": Known(kinds.code_list),
    "source_types": Known(kinds.code_list),
    "referral_categories": Known(kinds.code_list),
    "referrer_categories": Known(kinds.code_matrix),
    "negative_industries": Known(kinds.code_list),
    "purposes": Known(kinds.code_list),
    "decline_reasons": Known(kinds.code_list),
    "review_reasons": Known(kinds.code_list),
    "judgement_items": Known(kinds.code_list),
    **{name: Known(kinds.period) for name in _PERIODS},
    **{name: _optional(kinds.period) for name in _OPTIONAL_PERIODS},
}

# each pair: the first may not be greater than the second (J4.6, C.P5, C core field rules)
ORDERED = (
    ("risk_cap_guarantor", "risk_cap_total"),
    ("ceiling_normal", "ceiling_key"),
    ("term_months_min", "term_months_default_max"),
    ("term_months_default_max", "term_months_max"),
)
