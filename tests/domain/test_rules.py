"""Part D through its JSON face: one row a case, what a person would expect."""

from typing import Any

import pytest

from engine.domain.calc import calculate

GUARANTEE = {"principal": "5000000", "agreement_ratio": "0.80", "fee_rate": "0.005"}
LPR = {"2024-10-21": "3.10", "2025-05-20": "3.00"}
SPLIT = {"base": "100000000", "guarantor_cap": "0.04", "total_cap": "0.05"}
INTEREST: dict[str, Any] = {
    "balances": [{"from": "2025-03-10", "to": "2025-09-10", "balance": "5000000"}],
    "annual_rate": "3.00",
    "ratio": "0.5",
    "disbursed_on": "2025-03-10",
    "max_months": 6,
}
SCORE = dict.fromkeys(
    ("completion", "approval", "timeliness", "pricing", "data_quality", "cooperation"), "1"
)
Values = dict[str, Any]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        # the bank's lower ratio does not excuse an agreement above the cap
        (
            "guarantee",
            {**GUARANTEE, "agreement_ratio": "0.90", "bank_year_ratio": "0.70"},
            {"error": "ratio_above_cap"},
        ),
        # a generous bank year is held by the cap of 85%
        (
            "guarantee",
            {**GUARANTEE, "principal": 100, "agreement_ratio": "0.85", "bank_year_ratio": "0.95"},
            {"ratio": "0.85", "guaranteed": "85.00", "fee": "0.43"},
        ),
        # 2024-02-01 to 2025-02-01 has 366 days, still over 365
        (
            "guarantee",
            {**GUARANTEE, "fee_basis": "ANNUAL", "from": "2024-02-01", "to": "2025-02-01"},
            {"ratio": "0.80", "guaranteed": "4000000.00", "fee": "20054.79"},
        ),
        (
            "ceiling",
            {"support_class": "KEY", "exposure": "25000000", "new": "0.01"},
            {"route": "CASE_BY_CASE", "excess": "5000000.01"},
        ),
        (
            "ceiling",
            {
                "support_class": "NORMAL",
                "exposure": 0,
                "new": 12000000,
                "agreement_ceiling": 15000000,
            },
            {"route": "BATCH", "excess": "0.00"},
        ),
        (
            "lpr-cap",
            {"contract_date": "2025-06-01", "rate": "3.00", "lpr": LPR},
            {"lpr": "3.00", "within": True, "excess_bp": "0.0"},
        ),
        (
            "lpr-cap",
            {"contract_date": "2025-06-01", "rate": "3.0025", "lpr": LPR},
            {"lpr": "3.00", "within": False, "excess_bp": "0.3"},
        ),
        (
            "lpr-cap",
            {
                "contract_date": "2025-06-01",
                "rate": "2.90",
                "lpr": LPR,
                "rate_type": "FLOATING",
                "spread_bp": 5,
            },
            {"lpr": "3.00", "within": False, "excess_bp": "0.0"},
        ),
        (
            "lpr-cap",
            {
                "contract_date": "2025-06-01",
                "rate": "2.90",
                "lpr": LPR,
                "rate_type": "FLOATING",
                "spread_bp": 0,
            },
            {"lpr": "3.00", "within": True, "excess_bp": "0.0"},
        ),
        (
            "lpr-cap",
            {"contract_date": "2025-06-01", "rate": "3", "lpr": {}},
            {"error": "no_lpr_published"},
        ),
        ("risk-split", {**SPLIT, "claims": []}, {"shares": []}),
        # one claim beyond both layers
        (
            "risk-split",
            {**SPLIT, "claims": ["6000000"]},
            {
                "shares": [
                    {"guarantor": "4000000.00", "pool": "1000000.00", "bank_excess": "1000000.00"}
                ]
            },
        ),
        # layers are cut to 分: 4% of 0.99 is 0.03, 5% is 0.04
        (
            "risk-split",
            {**SPLIT, "base": "0.99", "claims": ["0.05"]},
            {"shares": [{"guarantor": "0.03", "pool": "0.01", "bank_excess": "0.01"}]},
        ),
        (
            "risk-split",
            {**SPLIT, "total_cap": "0.06", "claims": ["1"]},
            {"error": "total_cap_above_limit"},
        ),
        # 100.00 x 0.85 = 85.00 over three equal parts: 28.33 each, the 分 left over to the pool
        (
            "recovery",
            {
                "loan_ratio": "0.85",
                "guarantor": "1",
                "pool": "1",
                "bank_excess": "1",
                "net_recovery": "100",
            },
            {"guarantor": "28.33", "pool": "28.34", "bank": "43.33"},
        ),
        # without the pool the guarantor takes it
        (
            "recovery",
            {
                "loan_ratio": "0.85",
                "guarantor": "1",
                "pool": "0",
                "bank_excess": "2",
                "net_recovery": "0.12",
            },
            {"guarantor": "0.04", "pool": "0.00", "bank": "0.08"},
        ),
        (
            "recovery",
            {
                "loan_ratio": "0.5",
                "guarantor": "0",
                "pool": "0",
                "bank_excess": "3",
                "net_recovery": "0.03",
            },
            {"guarantor": "0.00", "pool": "0.00", "bank": "0.03"},
        ),
        # deductions above what was paid leave nothing, and never a debt
        (
            "fee-subsidy",
            {"fee_paid": "100", "refunded": "80", "other_subsidy": "50"},
            {"subsidy": "0.00", "status": "PAYABLE"},
        ),
        (
            "fee-subsidy",
            {"fee_paid": "100.01", "ratio": "0.333"},
            {"subsidy": "33.30", "status": "PAYABLE"},
        ),
        (
            "fee-refund",
            {"fee_paid": "0.01", "unused_days": 1, "term_days": 2},
            {"refund": "0.01", "clawback": "0.01", "net_subsidy": "0.00"},
        ),
        # disbursed on the 31st: six months end with February
        (
            "interest-subsidy",
            {
                **INTEREST,
                "disbursed_on": "2025-08-31",
                "balances": [{"from": "2025-08-31", "to": "2026-08-31", "balance": "3600"}],
            },
            {"window_to": "2026-02-28", "days": 181, "interest": "54.30", "subsidy": "27.15"},
        ),
        # exclusions that overlap are counted once
        (
            "interest-subsidy",
            {
                **INTEREST,
                "excluded": [
                    {"from": "2025-04-01", "to": "2025-05-01"},
                    {"from": "2025-04-15", "to": "2025-05-15"},
                    {"from": "2024-01-01", "to": "2025-03-11"},
                ],
            },
            {"window_to": "2025-09-10", "days": 139, "interest": "57916.67", "subsidy": "28958.33"},
        ),
        # repaid in two steps, with a balance before disbursement that does not count
        (
            "interest-subsidy",
            {
                **INTEREST,
                "balances": [
                    {"from": "2025-06-08", "to": "2025-12-08", "balance": "1000000"},
                    {"from": "2025-03-01", "to": "2025-06-08", "balance": "3000000"},
                ],
            },
            {"window_to": "2025-09-10", "days": 184, "interest": "30333.33", "subsidy": "15166.66"},
        ),
        ("interest-subsidy", {**INTEREST, "ratio": "0.51"}, {"error": "ratio_above_cap"}),
        (
            "interest-subsidy",
            {**INTEREST, "interest_paid": "0"},
            {"window_to": "2025-09-10", "days": 184, "interest": "76666.67", "subsidy": "0.00"},
        ),
        (
            "institution-subsidy",
            {"guaranteed_amount": "150.50", "score": "90"},
            {"grade": "EXCELLENT", "subsidy": "1.50"},
        ),
        (
            "institution-subsidy",
            {"guaranteed_amount": "100", "score": "89.99"},
            {"grade": "GOOD", "subsidy": "1.00"},
        ),
        (
            "deadline",
            {"start": "2027-09-30", "amount": 3, "unit": "WORKING_DAY"},
            {"due": "2027-10-05", "provisional": True},
        ),
        (
            "renewal",
            {"size": "MEDIUM", "loan_type": "FIXED_ASSET", "maturity": "2026-01-01"},
            {"eligible": False},
        ),
        (
            "renewal",
            {"size": "LARGE", "loan_type": "WORKING_CAPITAL", "maturity": "2026-01-01"},
            {"eligible": False},
        ),
        (
            "renewal",
            {"size": "MICRO", "loan_type": "FIXED_ASSET", "maturity": "2030-01-01"},
            {"eligible": True},
        ),
        (
            "renewal",
            {
                "size": "MICRO",
                "loan_type": "FIXED_ASSET",
                "maturity": "2030-01-01",
                "applied_on": "2030-01-01",
            },
            {"eligible": False},
        ),
        (
            "renewal",
            {
                "size": "MICRO",
                "loan_type": "FIXED_ASSET",
                "maturity": "2030-01-01",
                "lawful": False,
            },
            {"eligible": False},
        ),
        (
            "lookback",
            {"screened_on": "2024-02-29", "event_on": "2022-02-28", "agricultural": False},
            {"hit": True},
        ),
        (
            "lookback",
            {"screened_on": "2024-02-29", "event_on": "2022-02-27", "agricultural": False},
            {"hit": False},
        ),
        (
            "lookback",
            {"screened_on": "2025-12-15", "event_on": "2022-12-15", "agricultural": True},
            {"hit": True},
        ),
        (
            "lookback",
            {"screened_on": "2025-12-15", "event_on": "2022-12-14", "agricultural": True},
            {"hit": False},
        ),
        (
            "quota",
            {"limit": "100", "used": "120", "requested": "1"},
            {"result": "WAITLIST", "excess": "21.00"},
        ),
        ("weighted-rate", {"loans": [["1", "2.005"], ["1", "2.005"]]}, {"rate": "2.01"}),
        ("uscc", {"code": "91350100m000100y43"}, {"valid": True}),
        ("uscc", {"code": " ９１３５０１００Ｍ０００１００Ｙ４３\u00a0"}, {"valid": True}),
        ("uscc", {"code": "91350100M000100Y4I"}, {"valid": False}),
        ("uscc", {"code": "91350100M00O100Y43"}, {"valid": False}),
        ("uscc", {"code": "9135010AM000100Y43"}, {"valid": False}),
        ("uscc", {"code": "91350100M000100Y4"}, {"valid": False}),
        ("uscc", {"code": ""}, {"valid": False}),
        (
            "sme-size",
            {"industry": "INDUSTRY", "employees": 300, "revenue": 2000},
            {"size": "MEDIUM"},
        ),
        (
            "sme-size",
            {"industry": "WHOLESALE", "employees": 4, "revenue": 60000},
            {"size": "MICRO"},
        ),
        (
            "sme-size",
            {"industry": "SOFTWARE", "employees": 120, "revenue": "999"},
            {"size": "SMALL"},
        ),
        (
            "sme-size",
            {"industry": "INDUSTRY", "employees": None, "revenue": 1},
            {"size": "INSUFFICIENT_DATA"},
        ),
        ("bank-score", {**SCORE, "completion": "1.7"}, {"score": "100.00"}),
        ("scheme-expiry", {"effective_from": "2024-02-29", "years": 5}, {"last_day": "2029-02-28"}),
        ("support-class", {"qualifications": [], "on": "2026-01-01"}, {"support_class": "NORMAL"}),
        (
            "support-class",
            {"qualifications": [{"code": "TECH_SME", "expires_on": "长期"}], "on": "2026-01-01"},
            {"support_class": "KEY"},
        ),
        ("no-such-rule", {}, {"error": "unknown_rule"}),
    ],
)
def test_a_rule_answers(rule: str, values: Values, expected: Values) -> None:
    assert calculate(rule, values) == expected


@pytest.mark.parametrize(
    ("rule", "values", "fields"),
    [
        ("guarantee", {**GUARANTEE, "principal": "-1"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "0"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": 5000000.0}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "1.005"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "NaN"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "1e6"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "5,000,000"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "５００"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": True}, {"principal"}),
        ("guarantee", {**GUARANTEE, "principal": "99999999999999999999"}, {"principal"}),
        ("guarantee", {**GUARANTEE, "agreement_ratio": "0"}, {"agreement_ratio"}),
        ("guarantee", {**GUARANTEE, "fee_basis": "MONTHLY"}, {"fee_basis"}),
        ("guarantee", {**GUARANTEE, "fee_basis": "ANNUAL"}, {"from", "to"}),
        (
            "guarantee",
            {**GUARANTEE, "fee_basis": "ANNUAL", "from": "2025-03-10", "to": "2025-03-10"},
            {"to"},
        ),
        ("guarantee", {}, {"principal", "agreement_ratio", "fee_rate"}),
        ("ceiling", {"support_class": "BIG", "exposure": "-1", "new": "0"}, {"support_class"}),
        ("ceiling", {"support_class": "KEY", "exposure": "-1", "new": "0"}, {"exposure", "new"}),
        ("lpr-cap", {"contract_date": "2025-02-30", "rate": "3", "lpr": LPR}, {"contract_date"}),
        ("lpr-cap", {"contract_date": "20250601", "rate": "3", "lpr": LPR}, {"contract_date"}),
        ("lpr-cap", {"contract_date": "2025-06-01", "rate": "3", "lpr": {"x": "3"}}, {"lpr.x"}),
        (
            "lpr-cap",
            {"contract_date": "2025-06-01", "rate": "3", "lpr": LPR, "rate_type": "FLOATING"},
            {"spread_bp"},
        ),
        ("risk-split", {**SPLIT, "claims": ["1", "0"]}, {"claims"}),
        ("risk-split", {**SPLIT, "claims": ["1", None]}, {"claims[1]"}),
        ("risk-split", {**SPLIT, "claims": "1"}, {"claims"}),
        (
            "risk-split",
            {**SPLIT, "guarantor_cap": "0.05", "total_cap": "0.04", "claims": []},
            {"guarantor_cap"},
        ),
        (
            "recovery",
            {
                "loan_ratio": "0.85",
                "guarantor": "0",
                "pool": "0",
                "bank_excess": "0",
                "net_recovery": "1",
            },
            {"guarantor", "pool", "bank_excess"},
        ),
        (
            "recovery",
            {"loan_ratio": "0.85", "guarantor": "1", "net_recovery": "-1"},
            {"net_recovery"},
        ),
        ("fee-subsidy", {"fee_paid": "1", "ratio": "1.01"}, {"ratio"}),
        ("fee-refund", {"fee_paid": "1", "unused_days": 3, "term_days": 2}, {"unused_days"}),
        ("fee-refund", {"fee_paid": "1", "unused_days": 0, "term_days": 0}, {"term_days"}),
        ("interest-subsidy", {**INTEREST, "balances": []}, {"balances"}),
        (
            "interest-subsidy",
            {**INTEREST, "balances": [*INTEREST["balances"], *INTEREST["balances"]]},
            {"balances"},
        ),
        (
            "interest-subsidy",
            {**INTEREST, "balances": [{"from": "2025-03-10", "to": "2025-03-01", "balance": "1"}]},
            {"balances[0].to"},
        ),
        (
            "interest-subsidy",
            {**INTEREST, "excluded": [{"from": "2025-03-10"}]},
            {"excluded[0].to"},
        ),
        ("interest-subsidy", {**INTEREST, "max_months": 0}, {"max_months"}),
        ("institution-subsidy", {"guaranteed_amount": "1", "score": "100.01"}, {"score"}),
        ("deadline", {"start": "2025-01-24", "amount": 0, "unit": "DAY"}, {"amount"}),
        ("deadline", {"start": "2025-01-24", "amount": 1, "unit": "YEAR"}, {"unit"}),
        (
            "lookback",
            {"screened_on": "2025-01-01", "event_on": "2025-01-01", "agricultural": "no"},
            {"agricultural"},
        ),
        ("quota", {"limit": "1", "used": "0", "requested": "0"}, {"requested"}),
        ("weighted-rate", {"loans": []}, {"loans"}),
        ("weighted-rate", {"loans": [["0", "3"]]}, {"loans[0].amount"}),
        ("weighted-rate", {"loans": [["1", 3.0]]}, {"loans[0]"}),
        ("uscc", {"code": 913501}, {"code"}),
        ("uscc", {}, {"code"}),
        ("sme-size", {"industry": "MINING", "employees": 1}, {"industry"}),
        ("sme-size", {"industry": "OTHER", "employees": "1.5"}, {"employees"}),
        ("sme-size", {"industry": "OTHER", "employees": "-1"}, {"employees"}),
        ("bank-score", {**SCORE, "pricing": "-0.1"}, {"pricing"}),
        ("scheme-expiry", {"effective_from": "2025-12-01", "years": 0}, {"years"}),
        (
            "support-class",
            {"qualifications": [{"code": "TECH_SME"}], "on": "2026-01-01"},
            {"qualifications[0].expires_on"},
        ),
        (
            "support-class",
            {"qualifications": ["TECH_SME"], "on": "2026-01-01"},
            {"qualifications[0]"},
        ),
        ("guarantee", None, {"in"}),
        ("guarantee", [1], {"in"}),
    ],
)
def test_what_cannot_be_used_is_named(rule: str, values: Values, fields: set[str]) -> None:
    answer = calculate(rule, values)
    assert answer["error"] == "invalid_input"
    named = answer["fields"]
    assert isinstance(named, dict)
    assert set(named) == fields
    assert all(named.values())
