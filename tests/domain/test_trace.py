"""A figure can be explained: the formula, its operands, the clause, the version."""

import json
from datetime import date
from decimal import Decimal

from engine.domain.calc import calculate_with_trace
from engine.domain.dates import Span
from engine.domain.guarantee import FeeTerms, guarantee
from engine.domain.interest import Balance, InterestTerms, interest_subsidy
from tests.domain.shared import shared_file


def test_the_guaranteed_amount_is_explained_in_one_line() -> None:
    found = guarantee(
        Decimal(5_000_000), Decimal("0.80"), FeeTerms(Decimal("0.005")), version="2025-12"
    )
    assert found.trace.sentences()[1:] == [
        "放款5,000,000.00 × 担保比例80% 舍到分 = 担保额4,000,000.00",
        "担保额4,000,000.00 × 担保费率0.5% 四舍五入到0.01 = 担保费20,000.00",
    ]
    assert found.trace.version == "2025-12"
    assert "J3.5" in found.trace.clause
    names = [operand.name for operand in found.trace.inputs]
    assert names == ["fee_basis", "agreement_ratio", "ratio_cap", "principal", "fee_rate"]


def test_a_subsidy_shows_the_interest_it_was_really_taken_from() -> None:
    days = Span(date(2025, 3, 10), date(2025, 3, 11))
    terms = InterestTerms(Decimal("3.00"), Decimal("0.5"), date(2025, 3, 10), 6)
    found = interest_subsidy([Balance(days, Decimal("100.00"))], terms)
    assert found.interest == Decimal("0.01")
    assert found.subsidy == Decimal("0.00")
    assert "0.008333" in found.trace.sentences()[-1]


def test_every_example_comes_with_a_trace_that_can_be_stored() -> None:
    for line in shared_file("examples.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        out, traces = calculate_with_trace(case["rule"], case["in"])
        assert traces or "error" in out or case["rule"] == "uscc"
        for trace in traces:
            stored = json.loads(json.dumps(trace.to_dict()))
            assert stored["formula"] == trace.sentences()
            assert stored["rule"] == case["rule"]
            assert all(operand["label"] for operand in stored["inputs"])
