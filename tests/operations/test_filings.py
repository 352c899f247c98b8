"""Filing of loans: lateness, the formal check, the guarantee's figures, the fee."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text as sql

from engine.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import Agreement, Disbursement, Filing
from engine.operations.filings import filing_of
from tests.operations.lent import agreement, disbursed, start_filing
from tests.operations.world import World, person

ON_TIME = datetime(2025, 12, 17, 15, 0, tzinfo=UTC)  # 23:00 of the tenth working day, Shanghai
LATE = datetime(2025, 12, 17, 16, 30, tzinfo=UTC)  # half past midnight after it


def waiting(world: World, amount: str = "2000000.00", **terms: Any) -> tuple[str, Disbursement]:
    paid = disbursed(world, agreement(world, **terms), amount)
    return start_filing(world, paid), paid


def filing(world: World, paid: Disbursement) -> Filing:
    found = filing_of(world.session, paid.loan_case.case_id)
    assert found is not None
    return found


def submit(world: World, subject: str, **values: Any) -> None:
    given = {"attestation": True, "late_reason": "", **values}
    world.do(subject, "file_loan", world["bank"].maker, **given)


def review(world: World, subject: str, outcome: str = "ACCEPTED", **values: Any) -> None:
    world.do(subject, "review_filing", world["centre"].maker, outcome=outcome, **values)


def check(world: World, subject: str, outcome: str = "CONFIRM", **values: Any) -> None:
    world.do(subject, "check_filing", world["centre"].checker, outcome=outcome, **values)


def accept(world: World, subject: str) -> None:
    submit(world, subject)
    review(world, subject)
    check(world, subject)


def pay(world: World, subject: str, **values: Any) -> None:
    given = {"fee_paid": Decimal("8000.00"), "fee_paid_on": date(2025, 12, 8), "invoice_no": "F1"}
    world.do(subject, "register_fee", world["centre"].maker, **{**given, **values})


def test_an_accepted_filing_is_numbered_and_reckoned_to_the_cent(world: World) -> None:
    subject, paid = waiting(world, "1234567.89")
    accept(world, subject)
    found = filing(world, paid)
    assert (found.status, found.filing_no) == ("ACCEPTED", "JD-BA-2025-0001")
    # 1234567.89 x 0.8 = 987654.312 cut, x 0.005 = 4938.27155 rounded
    assert found.guaranteed_amount == Decimal("987654.31")
    assert found.fee_due == Decimal("4938.27")
    assert found.guarantee_ratio == Decimal("0.8")
    assert found.trace["rule"] == "guarantee"
    assert found.parameter_version
    assert paid.loan_case.status == "IN_FORCE"
    notice = world.events("fee_notice")[0].payload
    assert (notice["filing_id"], notice["fee_due"]) == (found.id, "4938.27")
    assert notice["pay_by"] == "2025-12-22"


def test_the_bank_s_ratio_of_the_year_is_used_when_it_is_lower(world: World) -> None:
    subject, paid = waiting(world, bank_year_ratio=Decimal("0.7"))
    accept(world, subject)
    assert filing(world, paid).guaranteed_amount == Decimal("1400000.00")


def test_a_fee_by_the_year_counts_the_days_of_the_loan(world: World) -> None:
    subject, paid = waiting(world, fee_basis="ANNUAL")
    paid.maturity_on = date(2026, 6, 3)  # 182 days
    world.session.flush()
    accept(world, subject)
    assert filing(world, paid).fee_due == Decimal("3989.04")


def test_numbers_go_on_without_gaps(world: World) -> None:
    for number in (1, 2):
        subject, paid = waiting(world)
        accept(world, subject)
        assert filing(world, paid).filing_no == f"JD-BA-2025-{number:04}"


def test_a_filing_on_the_last_day_is_in_time(world: World) -> None:
    subject, paid = waiting(world)
    world.now = ON_TIME
    submit(world, subject)
    assert not filing(world, paid).late
    assert world.task(subject, "review_filing")


def test_a_late_filing_needs_a_reason_and_goes_to_the_head(world: World) -> None:
    subject, paid = waiting(world)
    world.now = LATE
    with pytest.raises(InvalidInput) as refused:
        submit(world, subject)
    assert set(refused.value.fields) == {"late_reason"}
    world.session.rollback()
    subject, paid = waiting(world)
    submit(world, subject, late_reason="经办人员交接")
    found = filing(world, paid)
    assert (found.late, found.late_reason) == (True, "经办人员交接")
    world.do(subject, "late_filing", world["centre"].head, outcome="APPROVE", note="情况属实")
    assert world.task(subject, "review_filing")


def test_the_agreement_s_own_days_decide_what_is_late(world: World) -> None:
    subject, paid = waiting(world, filing_days=2)
    submit(world, subject, late_reason="迟报")
    assert filing(world, paid).late


def test_a_late_filing_that_the_head_refuses_is_the_bank_s_own_risk(world: World) -> None:
    subject, paid = waiting(world, filing_days=1)
    submit(world, subject, late_reason="迟报")
    world.do(subject, "late_filing", world["centre"].head, outcome="REJECT", note="无正当理由")
    found = filing(world, paid)
    assert (found.status, found.filing_no, found.fee_due) == ("REJECTED", None, None)
    assert paid.loan_case.status == "FILING_REJECTED"
    assert world.events("fee_notice") == []
    assert len(world.events("filing_rejected")) == 1


def test_without_the_attestation_nothing_is_filed(world: World) -> None:
    subject, paid = waiting(world)
    with pytest.raises(InvalidInput) as refused:
        submit(world, subject, attestation=False)
    assert set(refused.value.fields) == {"attestation"}
    assert filing_of(world.session, paid.loan_case.case_id) is None


def test_a_returned_filing_is_filed_again_on_the_same_row(world: World) -> None:
    subject, paid = waiting(world)
    submit(world, subject)
    first = filing(world, paid)
    review(world, subject, "RETURNED", reasons=["F01"], note="合同号不符")
    check(world, subject)
    assert (first.status, paid.loan_case.status) == ("RETURNED", "DISBURSED")
    assert world.events("filing_returned")[0].payload["reasons"] == ["F01"]
    accept(world, subject)
    assert filing(world, paid).id == first.id
    assert first.status == "ACCEPTED"


def test_time_spent_in_review_does_not_make_a_filing_late(world: World) -> None:
    subject, paid = waiting(world)
    world.now = ON_TIME
    submit(world, subject)
    world.now = LATE
    review(world, subject, "RETURNED", reasons=["F01"], note="")
    check(world, subject)
    submit(world, subject)
    assert not filing(world, paid).late
    assert world.task(subject, "review_filing")


@pytest.mark.parametrize("outcome", ["RETURNED", "REJECTED"])
def test_whoever_refuses_says_why(world: World, outcome: str) -> None:
    subject, paid = waiting(world)
    submit(world, subject)
    with pytest.raises(InvalidInput) as refused:
        review(world, subject, outcome, reasons=[])
    assert set(refused.value.fields) == {"reasons"}
    assert filing(world, paid).status == "SUBMITTED"


def test_a_checker_gives_the_opinion_back_and_nothing_is_in_force(world: World) -> None:
    subject, paid = waiting(world)
    submit(world, subject)
    review(world, subject)
    check(world, subject, "RETURN", note="利率再核")
    assert filing(world, paid).status == "SUBMITTED"
    review(world, subject, "REJECTED", reasons=["F03"], note="利率超过上限")
    check(world, subject)
    assert filing(world, paid).status == "REJECTED"
    assert filing(world, paid).guaranteed_amount is None


def test_one_person_does_not_check_their_own_opinion(world: World) -> None:
    subject, paid = waiting(world)
    submit(world, subject)
    both = person(world.session, world["centre"].org, "centre-both", "maker", "checker")
    world.do(subject, "review_filing", both, outcome="ACCEPTED")
    with pytest.raises((NotAllowed, NotFound)):
        world.do(subject, "check_filing", both, outcome="CONFIRM")
    assert filing(world, paid).status == "SUBMITTED"


def test_a_ratio_above_the_cap_of_the_contract_date_is_refused(world: World) -> None:
    subject, paid = waiting(world)
    terms = world.session.get_one(Agreement, paid.loan_case.agreement_id)
    submit(world, subject)
    review(world, subject)
    # the table itself refuses it too; without that, the rule is all there is
    world.session.execute(sql("ALTER TABLE agreement DROP CONSTRAINT ck_agreement_ratio"))
    terms.guarantee_ratio = Decimal("0.9")
    with pytest.raises(RuleRefused) as refused:
        check(world, subject)
    assert refused.value.code == "ratio_above_cap"


def test_the_fee_completes_the_filing(world: World) -> None:
    subject, paid = waiting(world)
    accept(world, subject)
    pay(world, subject, fee_paid=Decimal("7999.99"))
    found = filing(world, paid)
    assert (found.fee_paid, found.fee_paid_on) == (Decimal("7999.99"), date(2025, 12, 8))
    assert world.open_tasks(subject) == []
    assert {"filing.submitted", "filing.accepted", "filing.fee_paid"} <= set(world.actions(subject))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fee_paid", Decimal("8000.01")),
        ("fee_paid", Decimal(0)),
        ("fee_paid_on", date(2025, 12, 9)),
        ("fee_paid_on", date(2025, 12, 2)),
        ("invoice_no", " "),
    ],
)
def test_a_fee_that_cannot_be_is_refused(world: World, field: str, value: object) -> None:
    subject, paid = waiting(world)
    accept(world, subject)
    with pytest.raises(InvalidInput) as refused:
        pay(world, subject, **{field: value})
    assert set(refused.value.fields) == {field}
    assert filing(world, paid).fee_paid is None
    assert world.task(subject, "register_fee")
