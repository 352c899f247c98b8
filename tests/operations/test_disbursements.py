"""Contract and disbursement: the contract date's LPR, dates, line, agreement, loan numbers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.errors import InvalidInput, NotAllowed, RuleRefused
from engine.models import Disbursement, GuaranteeCase, LprRate
from tests.operations.banking import (
    approve,
    at,
    check_payment,
    loan,
    pay_out,
    refused,
    sign,
    subject,
    take_on,
)
from tests.operations.world import World

LATER = datetime(2025, 12, 19, 2, 0, tzinfo=UTC)


@pytest.fixture
def case(town: World) -> GuaranteeCase:
    """An approved line of three million; today is the nineteenth."""
    one = take_on(town, "bank", sign(town, "bank"))
    approve(town, one)
    town.now = LATER
    return one


def paid(world: World, case: GuaranteeCase) -> list[Disbursement]:
    found = world.session.query(Disbursement).filter_by(loan_case_id=loan(world, case).id)
    return found.order_by(Disbursement.id).all()


def test_a_confirmed_disbursement_carries_contract_number_and_version(
    town: World, case: GuaranteeCase
) -> None:
    pay_out(town, case)
    assert [one.confirmed for one in paid(town, case)] == [False]
    check_payment(town, case)
    one = loan(town, case)
    assert (one.status, one.contract_date, one.parameter_version) == (
        "DISBURSED",
        date(2025, 12, 8),
        "2025-12",
    )
    [note] = paid(town, case)
    assert (note.amount, note.balance, note.confirmed) == (Decimal("3000000"), note.amount, True)
    assert town.open_tasks(subject(case)) == []
    assert [event.payload["amount"] for event in town.events("loan_disbursed")] == ["3000000.00"]


def test_the_lpr_of_the_contract_date_binds_not_todays(town: World, case: GuaranteeCase) -> None:
    town.session.add(LprRate(published_on=date(2025, 12, 10), rate=Decimal("2.90")))
    with refused(town, RuleRefused) as why:
        pay_out(town, case, contract_date=date(2025, 12, 10), disbursed_on=date(2025, 12, 10))
    assert why.code == "rate_above_lpr"
    assert loan(town, case).contract_no is None
    pay_out(town, case, contract_date=date(2025, 12, 9), disbursed_on=date(2025, 12, 10))
    trace = loan(town, case).traces["lpr-cap"]
    given = {one["name"]: one["value"] for one in trace["inputs"]}
    assert (given["contract_date"], given["lpr"]) == ("2025-12-09", "3.00")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("contract_date", {"contract_date": date(2025, 12, 7)}),
        (
            "contract_date",
            {"contract_date": date(2025, 12, 20), "disbursed_on": date(2025, 12, 20)},
        ),
        ("disbursed_on", {"contract_date": date(2025, 12, 10)}),
        ("disbursed_on", {"disbursed_on": date(2025, 12, 20)}),
        ("maturity_on", {"maturity_on": date(2025, 12, 8)}),
        ("maturity_on", {"maturity_on": date(2026, 12, 9)}),
        ("maturity_on", {"maturity_on": date(2025, 12, 30)}),
    ],
)
def test_dates_are_in_order_and_within_the_term(
    town: World, case: GuaranteeCase, field: str, values: dict[str, date]
) -> None:
    with refused(town, InvalidInput) as why:
        pay_out(town, case, **values)
    assert field in why.fields
    assert paid(town, case) == []


def test_no_cent_above_the_line(town: World, case: GuaranteeCase) -> None:
    with refused(town, RuleRefused) as why:
        pay_out(town, case, amount=Decimal("3000000.01"))
    assert why.code == "above_line"
    pay_out(town, case, amount=Decimal("3000000.00"))


def test_paid_out_on_the_agreements_last_day_but_not_after_it(town: World) -> None:
    terms = sign(town, "bank", effective_to=date(2025, 12, 18))
    first, second = (take_on(town, "bank", terms) for _ in range(2))
    approve(town, first)
    approve(town, second)
    town.now = LATER
    days = {"disbursed_on": date(2025, 12, 18), "maturity_on": date(2026, 12, 18)}
    terms.status = "EXPIRED"
    pay_out(town, first, **days)
    check_payment(town, first)
    with refused(town, RuleRefused) as why:
        pay_out(town, second, **{**days, "disbursed_on": date(2025, 12, 19)})
    assert why.code == "outside_agreement"


@pytest.mark.parametrize("status", ["SUSPENDED", "TERMINATED"])
def test_nothing_is_paid_out_under_a_suspended_agreement(town: World, status: str) -> None:
    terms = sign(town, "bank")
    case = take_on(town, "bank", terms)
    approve(town, case)
    terms.status = status
    with refused(town, RuleRefused) as why:
        pay_out(town, case)
    assert why.code == "agreement_blocked"


def test_another_loan_type_is_refused(town: World, case: GuaranteeCase) -> None:
    with refused(town, RuleRefused) as why:
        pay_out(town, case, loan_type="FIXED_ASSET")
    assert why.code == "loan_type"


def test_a_bank_uses_a_loan_number_once_another_bank_may_use_the_same(
    town: World, case: GuaranteeCase
) -> None:
    pay_out(town, case, loan_no="JJ-1")
    check_payment(town, case)
    again = take_on(town, "bank", sign(town, "bank"))
    approve(town, again)
    with refused(town, InvalidInput) as why:
        pay_out(town, again, loan_no="JJ-1", contract_date=date(2025, 12, 8))
    assert why.fields == {"loan_no"}
    other = take_on(town, "bank2", sign(town, "bank2"))
    approve(town, other)
    pay_out(town, other, loan_no="JJ-1")
    check_payment(town, other)


def test_what_the_checker_returns_is_replaced_not_added(town: World, case: GuaranteeCase) -> None:
    pay_out(town, case, loan_no="JJ-9")
    with refused(town, InvalidInput):
        check_payment(town, case, outcome="RETURN")
    check_payment(town, case, outcome="RETURN", note="金额有误")
    pay_out(town, case, loan_no="JJ-9", amount=Decimal("2500000"))
    check_payment(town, case)
    assert [one.amount for one in paid(town, case)] == [Decimal("2500000.00")]


def test_whoever_recorded_it_cannot_confirm_it(town: World, case: GuaranteeCase) -> None:
    pay_out(town, case)
    item = town.task(subject(case), "disburse_check")
    assert at(town, case).maker.person_id in item.excluded
    with refused(town, NotAllowed):
        town.do(subject(case), "disburse_check", at(town, case).maker, outcome="CONFIRM")
