"""The bank's decision: hard checks, the ceiling's route, packages, maker and checker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.errors import DanbaoError, InvalidInput, NotAllowed, RuleRefused
from engine.models import GuaranteeCase, Instance, LprRate, WhitelistEntry
from engine.operations import tasks
from engine.operations.exposure import exposure
from engine.operations.loans import record_decision_check
from engine.runtime.context import StepContext
from engine.runtime.in_force import programme_of
from tests.firing import fire_timers
from tests.operations.banking import (
    approve,
    at,
    check_payment,
    confirm,
    decide,
    firm,
    loan,
    pay_out,
    refused,
    sign,
    subject,
    take_on,
)
from tests.operations.world import PROGRAMME, World


def outcome(world: World, case: GuaranteeCase) -> str | None:
    """The end event that the instance reached."""
    return world.session.get_one(Instance, case.instance_id).outcome


def test_a_confirmed_approval_is_in_force_with_its_workings(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank", batch_quota=Decimal("50000000")))
    decide(town, case)
    assert loan(town, case).status == "ACCEPTED", "复核前不生效"
    assert exposure(town.session, case.enterprise_id, PROGRAMME).total == 0
    confirm(town, case)
    one = loan(town, case)
    assert (one.status, one.credit_line, one.rate) == (
        "APPROVED",
        Decimal("3000000.00"),
        Decimal("2.9500"),
    )
    assert set(one.traces) == {"lpr-cap", "quota", "ceiling"}
    assert one.traces["lpr-cap"]["version"] == "2025-12"
    assert exposure(town.session, case.enterprise_id, PROGRAMME).total == Decimal("3000000.00")
    assert town.task(subject(case), "disburse")


def test_whoever_decided_cannot_confirm_even_where_a_diagram_forgets_it(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    decide(town, case)
    item = town.task(subject(case), "approve_check")
    parameters = programme_of(town.session, PROGRAMME).at(date(2025, 12, 8))
    ctx = StepContext(
        town.session,
        town.now,
        at(town, case).maker,
        item.instance,
        parameters,
        {"case_id": case.id},
    )
    with refused(town, NotAllowed) as why:
        record_decision_check(ctx, {"outcome": "CONFIRM"})
    assert why.code == "maker_is_checker"


def test_a_checker_who_returns_says_why_and_the_maker_decides_again(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    decide(town, case)
    with refused(town, InvalidInput):
        confirm(town, case, outcome="RETURN", note="")
    confirm(town, case, outcome="RETURN", note="期限有误")
    approve(town, case, term_months=6)
    assert loan(town, case).term_months == 6


@pytest.mark.parametrize(
    ("rate", "code"),
    [("3.00", None), ("3.0001", "rate_above_lpr"), ("3.10", "rate_above_lpr")],
)
def test_the_rate_is_at_most_the_lpr_of_the_day(town: World, rate: str, code: str | None) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    if code is None:
        approve(town, case, rate=Decimal(rate))
        return
    with refused(town, RuleRefused) as why:
        decide(town, case, rate=Decimal(rate))
    assert why.code == code
    assert loan(town, case).rate is None


def test_a_floating_rate_needs_a_spread_and_none_above_the_lpr(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    with refused(town, InvalidInput) as bad:
        decide(town, case, rate_type="FLOATING")
    assert bad.fields == {"lpr_spread_bp"}
    with refused(town, RuleRefused) as why:
        decide(town, case, rate_type="FLOATING", lpr_spread_bp=5)
    assert why.code == "rate_above_lpr"
    approve(town, case, rate_type="FLOATING", lpr_spread_bp=-5)
    assert loan(town, case).lpr_spread_bp == -5


def test_an_lpr_entered_since_the_publication_counts(town: World) -> None:
    town.session.add(LprRate(published_on=date(2025, 12, 1), rate=Decimal("2.90")))
    case = take_on(town, "bank", sign(town, "bank"))
    with refused(town, RuleRefused) as why:
        decide(town, case, rate=Decimal("2.95"))
    assert why.code == "rate_above_lpr"


@pytest.mark.parametrize("status", ["SUSPENDED", "REMOVED", "EXPIRED"])
def test_a_firm_that_is_off_the_whitelist_gets_no_line(town: World, status: str) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    entry = town.session.query(WhitelistEntry).filter_by(case_id=case.id).one()
    entry.status = status
    with refused(town, RuleRefused) as why:
        decide(town, case)
    assert why.code == "whitelist_not_active"


def test_the_last_day_on_the_whitelist_counts(town: World) -> None:
    terms = sign(town, "bank")
    approve(town, take_on(town, "bank", terms, valid_to=date(2025, 12, 8)))
    with refused(town, RuleRefused) as why:
        decide(town, take_on(town, "bank", terms, valid_to=date(2025, 12, 7)))
    assert why.code == "whitelist_not_active"


def test_an_agreement_suspended_between_decision_and_confirmation_stops_it(town: World) -> None:
    terms = sign(town, "bank")
    case = take_on(town, "bank", terms)
    decide(town, case)
    terms.status = "SUSPENDED"
    with refused(town, RuleRefused) as why:
        confirm(town, case)
    assert why.code == "agreement_not_effective"
    assert loan(town, case).status == "ACCEPTED"
    assert town.task(subject(case), "approve_check")


def test_a_newer_version_of_the_agreement_takes_the_older_ones_place(town: World) -> None:
    terms = sign(town, "bank", agr_no="JD-XY-2025-77")
    case = take_on(town, "bank", terms)
    newer = sign(town, "bank", agr_no="JD-XY-2025-77", version=2)
    terms.status = "REPLACED"
    approve(town, case)
    assert loan(town, case).agreement_id == case.agreement_id == newer.id


def test_terms_above_twelve_months_need_a_note_above_thirty_six_there_are_none(
    town: World,
) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    with refused(town, InvalidInput) as why:
        decide(town, case, term_months=13)
    assert why.fields == {"note"}
    with refused(town, InvalidInput) as why:
        decide(town, case, term_months=37, note="设备更新")
    assert why.fields == {"term_months"}
    approve(town, case, term_months=36, note="订单周期长")


def test_approved_partial_and_the_amount_agree(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    for outcome_, amount in (("APPROVED", "2999999.99"), ("PARTIAL", "3000000")):
        with refused(town, InvalidInput) as why:
            decide(town, case, outcome=outcome_, credit_line=Decimal(amount))
        assert why.fields == {"credit_line"}
    with refused(town, InvalidInput) as why:
        decide(town, case, credit_line=Decimal("3000000.01"))
    assert why.fields == {"note"}
    approve(town, case, outcome="PARTIAL", credit_line=Decimal("2999999.99"))
    assert loan(town, case).status == "PARTIAL"


def test_a_cent_above_the_ceiling_leaves_the_batch(town: World) -> None:
    terms, company = sign(town, "bank"), firm(town)
    first = take_on(town, "bank", terms, "7000000", of=company, status="DONE")
    approve(town, first)
    case = take_on(town, "bank", terms, "3000000", of=company)
    decide(town, case, credit_line=Decimal("3000000.01"), note="企业增加订单")
    confirm(town, case)
    one = loan(town, case)
    assert one.status == "CASE_BY_CASE"
    assert one.traces["ceiling"]["steps"][-1]["result"]["value"] == "0.01"
    assert outcome(town, case) == "end_case_by_case"
    assert exposure(town.session, case.enterprise_id, PROGRAMME).total == Decimal("7000000.00")


def test_key_firms_have_the_higher_ceiling_and_the_agreement_may_have_its_own(
    town: World,
) -> None:
    terms = sign(town, "bank", ceiling_key=Decimal("15000000"))
    approve(town, take_on(town, "bank", terms, "15000000", support_class="KEY"))
    case = take_on(town, "bank", terms, "15000000.01", support_class="KEY")
    approve(town, case)
    assert loan(town, case).status == "CASE_BY_CASE"


def test_a_package_takes_no_cent_more_than_its_quota(town: World) -> None:
    terms = sign(town, "bank", batch_quota=Decimal("5000000"))
    approve(town, take_on(town, "bank", terms, "3000000"))
    case = take_on(town, "bank", terms, "2000000.01")
    with refused(town, RuleRefused) as why:
        decide(town, case)
    assert why.code == "package_quota"
    approve(town, take_on(town, "bank", terms, "2000000"))


def test_of_two_lines_for_the_last_quota_one_is_refused(
    town: World, factory: sessionmaker[Session]
) -> None:
    terms = sign(town, "bank", batch_quota=Decimal("5000000"))
    cases = [take_on(town, "bank", terms, "3000000") for _ in range(2)]
    for case in cases:
        decide(town, case)
    town.session.commit()
    results = _at_once(factory, [_confirming(town, case) for case in cases])
    assert sorted(results) == ["None", "package_quota"]
    town.session.expire_all()
    assert sorted(loan(town, case).status for case in cases) == ["ACCEPTED", "APPROVED"]


def test_of_two_banks_for_the_last_of_a_firms_ceiling_one_goes_case_by_case(
    town: World, factory: sessionmaker[Session]
) -> None:
    company = firm(town)
    cases = [
        take_on(town, "bank", sign(town, "bank"), "6000000", of=company, status="DONE"),
        take_on(town, "bank2", sign(town, "bank2"), "6000000", of=company),
    ]
    for case in cases:
        decide(town, case)
    town.session.commit()
    assert _at_once(factory, [_confirming(town, case) for case in cases]) == ["None", "None"]
    town.session.expire_all()
    assert sorted(loan(town, case).status for case in cases) == ["APPROVED", "CASE_BY_CASE"]


Work = Callable[[Session], object]


def _confirming(world: World, case: GuaranteeCase) -> Work:
    """Confirm the decision on a case, in whatever session it is given."""
    item, actor = world.task(subject(case), "approve_check").id, at(world, case).checker
    return lambda session: tasks.complete(session, item, actor, {"outcome": "CONFIRM"}, world.now)


def _at_once(factory: sessionmaker[Session], works: list[Work]) -> list[str]:
    """Run works in transactions of their own at the same moment; the codes of what was refused."""

    def one(work: Work) -> str:
        try:
            with unit_of_work(factory) as session:
                work(session)
        except DanbaoError as error:
            return error.code
        return "None"

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_a_declined_case_looks_for_another_bank_and_takes_no_ceiling(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    with refused(town, InvalidInput) as why:
        decide(town, case, outcome="DECLINED")
    assert why.fields == {"decline_reason"}
    decide(town, case, outcome="DECLINED", decline_reason="CASHFLOW")
    confirm(town, case)
    one = loan(town, case)
    assert (one.status, one.decline_reason, one.credit_line) == ("DECLINED", "CASHFLOW", None)
    assert outcome(town, case) == "end_declined"
    assert [event.payload["reason"] for event in town.events("loan_declined")] == ["CASHFLOW"]


def test_missing_papers_pause_the_approval_and_giving_up_ends_it(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    maker = at(town, case).maker
    with refused(town, InvalidInput):
        decide(town, case, outcome="RETURN", note="")
    decide(town, case, outcome="RETURN", note="缺纳税证明")
    with refused(town, InvalidInput) as why:
        tomorrow = date(2025, 12, 9)
        town.do(subject(case), "await_material", maker, outcome="RECEIVED", received_on=tomorrow)
    assert why.fields == {"received_on"}
    town.do(subject(case), "await_material", maker, outcome="RECEIVED", received_on=town.now.date())
    decide(town, case, outcome="RETURN", note="缺审计报告")
    town.do(subject(case), "await_material", maker, outcome="WITHDRAWN", note="企业不再办理")
    assert loan(town, case).status == "WITHDRAWN"
    assert outcome(town, case) == "end_declined"


def test_an_unused_line_expires_and_is_free_again(town: World) -> None:
    terms = sign(town, "bank", batch_quota=Decimal("3000000"))
    case = take_on(town, "bank", terms)
    approve(town, case)
    pay_out(town, case)
    check_payment(town, case, outcome="RETURN", note="借据号有误")
    town.session.commit()
    assert case.instance_id is not None
    fire_timers(town.session, case.instance_id, town.now + timedelta(days=100))
    one = loan(town, case)
    assert (one.status, one.contract_no) == ("EXPIRED", None)
    assert exposure(town.session, case.enterprise_id, PROGRAMME).total == 0
    approve(town, take_on(town, "bank", terms))
    assert outcome(town, case) == "end_line_expired"
