"""A quarter's fee subsidy: what belongs to it, what is left out, who confirms what."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import Agreement, SubsidyRow
from engine.operations.account_link import account_token
from engine.operations.subsidies import (
    file_objection,
    reinstate,
    row_of_link,
    start_batch,
    totals,
)
from engine.people import SYSTEM
from tests.operations.lent import agreement, filed
from tests.operations.subsidised import (
    BANK,
    NEXT_QUARTER,
    QUARTER,
    STARTED,
    STARTED_NEXT,
    approve,
    began,
    close_publicity,
    confirm,
    publish,
    resolve,
    rows,
    subject,
    verify,
)
from tests.operations.world import PROGRAMME, World, person

SECRET = "k" * 32


@pytest.fixture
def terms(world: World) -> Agreement:
    """An agreement, and a treasury in the district."""
    world._add("treasury", "区国库", "TREASURY")
    return agreement(world)


def test_a_quarter_takes_what_was_paid_by_its_last_day(world: World, terms: Agreement) -> None:
    inside = filed(world, terms, "8000.01", fee_paid_on=date(2025, 12, 31))
    filed(world, terms, fee_paid_on=date(2026, 1, 1))
    filed(world, terms, fee_paid=None, fee_paid_on=None)
    filed(world, terms, status="RETURNED")
    batch = began(world)
    found = rows(world, batch)
    assert [row.filing_id for row in found] == [inside.id]
    assert (found[0].base, found[0].amount) == (Decimal("8000.01"), Decimal("8000.01"))
    assert (found[0].ratio, found[0].trace["rule"]) == (Decimal(1), "fee-subsidy")
    assert (batch.batch_no, batch.status) == ("JD-BT-2025Q4", "CALCULATED")
    assert batch.parameter_version
    assert world.task(subject(batch), "verify_subsidy")


def test_a_quarter_is_started_once(world: World, terms: Agreement) -> None:
    filed(world, terms)
    first = began(world)
    assert start_batch(world.session, PROGRAMME, QUARTER, SYSTEM, STARTED).id == first.id
    assert len(rows(world, first)) == 1


@pytest.mark.parametrize("period", ["2026Q1", "2025Q5", "2025-4", "Q4", ""])
def test_a_quarter_that_is_not_over_is_not_started(
    world: World, terms: Agreement, period: str
) -> None:
    with pytest.raises(InvalidInput):
        start_batch(world.session, PROGRAMME, period, SYSTEM, STARTED)


def test_a_quarter_without_filings_ends_at_once(world: World, terms: Agreement) -> None:
    batch = began(world)
    assert batch.status == "EMPTY"
    assert world.open_tasks(subject(batch)) == []


def test_what_the_maker_leaves_out_stays_out_and_ids_stay(world: World, terms: Agreement) -> None:
    for _ in range(3):
        filed(world, terms)
    batch = began(world)
    before = [row.id for row in rows(world, batch)]
    verify(world, batch, outcome="RECALCULATE", excluded=[before[1]], note="企业已迁出")
    filed(world, terms)
    found = rows(world, batch)
    assert [row.id for row in found][:3] == before
    assert [row.status for row in found] == ["PROPOSED", "EXCLUDED", "PROPOSED"]
    assert found[1].reason == "剔除：企业已迁出"
    verify(world, batch, outcome="RECALCULATE", note="新增一笔")
    assert [row.status for row in rows(world, batch)] == [
        *("PROPOSED", "EXCLUDED", "PROPOSED", "PROPOSED")
    ]
    figures = totals(world.session, batch.id)
    assert (figures.count(), figures.count("EXCLUDED")) == (4, 1)
    assert figures.amount("PROPOSED") == Decimal("24000.00")


def test_an_exclusion_is_for_good_until_somebody_undoes_it(world: World, terms: Agreement) -> None:
    filed(world, terms)
    batch = began(world)
    row = rows(world, batch)[0]
    verify(world, batch, outcome="RECALCULATE", excluded=[row.id], note="重复享受")
    assert batch.status == "EMPTY"
    assert began(world, NEXT_QUARTER, STARTED_NEXT).status == "EMPTY"
    with pytest.raises(NotAllowed):
        reinstate(world.session, row.id, "误剔", world["bank"].maker, world.now)
    reinstate(world.session, row.id, "误剔", world["finance"].maker, world.now)
    assert row.status == "CARRY_FORWARD"
    again = began(world, "2026Q2", datetime(2026, 7, 1, 2, 0, tzinfo=UTC))
    assert [one.filing_id for one in rows(world, again)] == [row.filing_id]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"excluded": ["own"]}, "note"),
        ({"outcome": "RECALCULATE"}, "note"),
        ({"excluded": [987654], "note": "误"}, "excluded"),
    ],
)
def test_exclusions_name_rows_of_the_batch_and_say_why(
    world: World, terms: Agreement, values: dict[str, Any], field: str
) -> None:
    filed(world, terms)
    filed(world, terms)
    batch = began(world)
    given = {**values}
    if given.get("excluded") == ["own"]:
        given["excluded"] = [rows(world, batch)[0].id]
    with pytest.raises(InvalidInput) as refused:
        verify(world, batch, **given)
    assert set(refused.value.fields) == {field}
    assert [row.status for row in rows(world, batch)] == ["PROPOSED", "PROPOSED"]


def test_a_batch_without_rows_is_not_submitted(world: World, terms: Agreement) -> None:
    filed(world, terms)
    batch = began(world)
    with pytest.raises(RuleRefused) as refused:
        verify(world, batch, excluded=[rows(world, batch)[0].id], note="误")
    assert refused.value.code == "nothing_left"


def test_deductions_are_taken_off_and_nothing_left_is_left_out(
    world: World, terms: Agreement
) -> None:
    filed(world, terms, "8000.00")
    filed(world, terms, "100.00")
    batch = began(world)
    for row in rows(world, batch):
        row.deductions = Decimal("100.01")
    world.session.flush()
    verify(world, batch, outcome="RECALCULATE", note="登记扣减")
    first, second = rows(world, batch)
    assert (first.status, first.amount) == ("PROPOSED", Decimal("7899.99"))
    assert (second.status, second.amount) == ("EXCLUDED", Decimal("0.00"))


def test_maker_and_checker_and_head_are_three_people(world: World, terms: Agreement) -> None:
    filed(world, terms)
    batch = began(world)
    everything = person(world.session, world["finance"].org, "all", "maker", "checker", "head")
    world.do(subject(batch), "verify_subsidy", everything, outcome="SUBMIT")
    with pytest.raises((NotAllowed, NotFound)):
        world.do(subject(batch), "check_subsidy", everything, outcome="CONFIRM")
    assert batch.status == "VERIFIED"


def test_the_checker_gives_the_calculation_back(world: World, terms: Agreement) -> None:
    filed(world, terms)
    batch = began(world)
    verify(world, batch)
    checker = world["finance"].checker
    world.do(subject(batch), "check_subsidy", checker, outcome="RETURN", note="第1行再核")
    assert batch.status == "CALCULATED"
    assert world.task(subject(batch), "verify_subsidy")
    assert world.events("subsidy_account_link") == []


def test_publication_asks_each_enterprise_for_its_account(world: World, terms: Agreement) -> None:
    filed(world, terms)
    filed(world, terms)
    batch = began(world)
    publish(world, batch)
    assert (batch.status, batch.publicity_to) == ("PUBLICISED", date(2026, 1, 9))
    asked = [event.payload["row_id"] for event in world.events("subsidy_account_link")]
    assert asked == [row.id for row in rows(world, batch)]


def public(world: World, terms: Agreement) -> SubsidyRow:
    filed(world, terms)
    batch = began(world)
    publish(world, batch)
    return rows(world, batch)[0]


def test_an_enterprise_confirms_its_account_through_the_link(
    world: World, terms: Agreement
) -> None:
    row = public(world, terms)
    token = account_token(SECRET, row.id, world.now)
    assert row_of_link(world.session, SECRET, token, world.now).id == row.id
    name = row.enterprise.name.replace("（", " (").replace("）", ")")
    confirm(world, row, account_name=name)
    assert (row.account_no, row.account_bank) == ("6222000012345678", BANK)
    assert row.account_name == row.enterprise.name
    assert row.enterprise.payee_account == "6222000012345678"
    assert row.account_confirmed_at == world.now
    assert "subsidy.account_confirmed" in world.actions(f"subsidy:{row.batch_id}")
    assert totals(world.session, row.batch_id).confirmed == 1


@pytest.mark.parametrize("token", ["", "forged", "WzEsMV0.x"])
def test_a_forged_link_opens_nothing(world: World, terms: Agreement, token: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        row_of_link(world.session, SECRET, token, world.now)
    assert refused.value.code == "link_invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_name", "上海别家有限公司"),
        ("account_no", "1234567"),
        ("account_no", "1" * 31),
        ("account_no", "62220000A2345678"),
        ("account_no", "٦٢٢٢٠٠٠٠١٢"),
        ("account_bank", " "),
    ],
)
def test_a_wrong_account_is_refused_and_changes_nothing(
    world: World, terms: Agreement, field: str, value: str
) -> None:
    row = public(world, terms)
    with pytest.raises(InvalidInput) as refused:
        confirm(world, row, **{field: value})
    assert set(refused.value.fields) == {field}
    assert (row.account_no, row.account_confirmed_at) == (None, None)
    assert row.enterprise.payee_account is None


def test_accounts_and_objections_are_only_taken_while_the_list_is_public(
    world: World, terms: Agreement
) -> None:
    filed(world, terms)
    batch = began(world)
    row = rows(world, batch)[0]
    with pytest.raises(Conflict):
        confirm(world, row)
    publish(world, batch)
    confirm(world, row)
    close_publicity(world, batch)
    resolve(world, batch)
    with pytest.raises(Conflict):
        confirm(world, row, account_no="99999999")
    with pytest.raises(Conflict):
        file_objection(world.session, row.id, "金额不对", world.now)
    assert row.account_no == "6222000012345678"


def test_an_objection_has_to_be_answered(world: World, terms: Agreement) -> None:
    row = public(world, terms)
    batch = row.batch
    confirm(world, row)
    file_objection(world.session, row.id, " 金额少算 ", world.now)
    assert row.objection == "金额少算"
    told = world.events("subsidy_objection")[0].payload
    assert told["org_id"] == world["finance"].org.id
    close_publicity(world, batch)
    with pytest.raises(InvalidInput) as refused:
        resolve(world, batch)
    assert set(refused.value.fields) == {"note"}
    assert batch.status == "PUBLICISED"
    resolve(world, batch, note="已核对，金额无误")
    assert batch.status == "RESOLVED"


def test_a_justified_objection_is_reckoned_and_published_again(
    world: World, terms: Agreement
) -> None:
    filed(world, terms)
    row = public(world, terms)
    batch = row.batch
    confirm(world, row)
    close_publicity(world, batch)
    resolve(world, batch, outcome="RECALCULATE", note="异议成立")
    assert batch.status == "CALCULATED"
    world.session.refresh(row)
    assert row.account_confirmed_at is not None
    publish(world, batch)
    asked = [event.payload["row_id"] for event in world.events("subsidy_account_link")]
    assert asked.count(row.id) == 1  # whoever has confirmed is not asked again


def test_a_batch_in_which_nobody_confirmed_is_not_sent_to_the_head(
    world: World, terms: Agreement
) -> None:
    row = public(world, terms)
    batch = row.batch
    close_publicity(world, batch)
    with pytest.raises(RuleRefused) as refused:
        resolve(world, batch)
    assert refused.value.code == "nothing_payable"
    world.session.expire_all()
    resolve(world, batch, outcome="RECALCULATE", excluded=[row.id], note="账号待企业提供")
    assert (batch.status, row.status) == ("EMPTY", "CARRY_FORWARD")
    assert len(rows(world, began(world, NEXT_QUARTER, STARTED_NEXT))) == 1


def test_what_the_head_returns_is_public_again(world: World, terms: Agreement) -> None:
    filed(world, terms)
    row = public(world, terms)
    batch = row.batch
    late = rows(world, batch)[1]
    confirm(world, row)
    close_publicity(world, batch)
    resolve(world, batch)
    assert rows(world, batch)[1].status == "CARRY_FORWARD"
    approve(world, batch, "RETURN", "再等一家")
    assert batch.status == "PUBLICISED"
    confirm(world, late)
    resolve(world, batch)
    approve(world, batch)
    assert batch.status == "APPROVED"
    assert [one.status for one in rows(world, batch)] == ["PROPOSED", "PROPOSED"]
