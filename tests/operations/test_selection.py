"""Selection of banks: notice, bids, approval, publication."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import InvalidInput, RuleRefused
from engine.models import Agreement, AuditEvent, BankSelection, WorkItem
from engine.operations import tasks
from tests.firing import fire_timers
from tests.operations.banking import refused
from tests.operations.selecting import (
    UNTIL,
    announce,
    apply_all,
    appoint,
    bid,
    bids,
    own,
    place,
    ranked,
    score,
)
from tests.operations.world import World


def test_the_best_are_chosen_published_and_get_an_agreement_begun_from_their_bid(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    for scorer in appoint(town, selection):
        score(town, selection, scorer, {"bank": "90", "bank2": "70.5", "bank3": "80"})
    assert ranked(town, selection) == {
        "bank": (Decimal("90.00"), 1),
        "bank3": (Decimal("80.00"), 2),
        "bank2": (Decimal("70.50"), 3),
    }
    town.do(
        place(selection), "approve_institution", town["centre"].head, outcome="APPROVE", note="同意"
    )
    town.do(
        place(selection), "approve_selection", town["finance"].head, outcome="APPROVE", note="同意"
    )
    assert selection.status == "PUBLISHED"
    drafts = town.session.query(Agreement).order_by(Agreement.id).all()
    assert [one.bank_id for one in drafts] == [town["bank"].org.id, town["bank3"].org.id]
    assert {(one.guarantor_id, one.approval_days, one.batch_quota) for one in drafts} == {
        (town["centre"].org.id, 7, Decimal("500000000.00"))
    }
    assert town.task(f"agreement:{drafts[0].id}", "draft")
    [told] = town.events("selection_published")
    assert told.payload["chosen"] == [town["bank"].org.id, town["bank3"].org.id]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"weight_quota": 21}, "weight_quota"),
        ({"weight_quota": 19}, "weight_quota"),
        ({"seats": 0}, "seats"),
        ({"threshold": Decimal("100.1")}, "threshold"),
        ({"apply_until": date(2025, 12, 8)}, "apply_until"),
        ({"invited": []}, "invited"),
        ({"title": " "}, "title"),
    ],
)
def test_a_notice_that_cannot_work_is_refused(
    town: World, selection: BankSelection, values: dict[str, Any], field: str
) -> None:
    with refused(town, InvalidInput) as why:
        announce(town, selection, **values)
    assert why.fields == {field}
    assert selection.apply_until is None


def test_only_banks_are_invited_and_only_invited_banks_may_apply(
    town: World, selection: BankSelection
) -> None:
    with refused(town, InvalidInput):
        announce(town, selection, "bank", "centre")
    announce(town, selection, "bank", "bank2")
    with pytest.raises(AssertionError):
        bid(town, selection, "bank3")


def test_a_bid_above_the_ratio_cap_or_incomplete_is_refused(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    with refused(town, RuleRefused) as why:
        bid(town, selection, "bank", ratio=Decimal("0.86"))
    assert why.code == "ratio_above_cap"
    with refused(town, InvalidInput) as wrong:
        bid(town, selection, "bank", quota=None, branch="")
    assert wrong.fields == {"quota", "branch"}


def test_fewer_than_two_bids_begin_another_round_for_everybody(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection, "bank", "bank2")
    bid(town, selection, "bank")
    bid(town, selection, "bank2", outcome="DECLINE", note="额度已满")
    assert selection.round == 2
    assert town.events("selection_rerun")
    announce(town, selection, apply_until=UNTIL + timedelta(days=20))
    assert selection.round == 2
    apply_all(town, selection)
    assert len(bids(town, selection)) == 3
    assert town.task(place(selection), "appoint_scorers")


def test_who_has_not_applied_by_the_last_day_is_out(town: World, selection: BankSelection) -> None:
    announce(town, selection)
    bid(town, selection, "bank")
    bid(town, selection, "bank2")
    town.session.commit()
    assert selection.instance_id is not None
    fire_timers(town.session, selection.instance_id, town.now + timedelta(days=12))
    town.now += timedelta(days=12)
    assert set(bids(town, selection)) == {"bank", "bank2"}
    assert town.task(place(selection), "appoint_scorers")


def said(town: World, selection: BankSelection) -> str:
    """Everything that the trail of the selection says, as one text."""
    query = town.session.query(AuditEvent).filter_by(chain=place(selection))
    return " ".join(f"{one.summary} {one.before} {one.after} {one.reason}" for one in query)


def test_neither_trail_nor_task_tells_a_bid_before_the_closing_and_the_trail_keeps_it_after(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    bid(town, selection, "bank", branch="嘉定支行甲", quota=Decimal("123000000"), note="最低价")
    bid(town, selection, "bank2")
    done = town.session.query(WorkItem).filter_by(
        instance_id=selection.instance_id, element_id="apply", status="DONE"
    )
    for secret in ("嘉定支行甲", "123000000", "123,000,000", "最低价"):
        assert secret not in said(town, selection)
        assert all(secret not in str(item.values) for item in done)
    bid(town, selection, "bank3")
    assert "嘉定支行甲" in said(town, selection)
    assert "123000000" in said(town, selection)


def test_a_bid_that_was_taken_back_and_not_sent_again_does_not_count(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    sent = own(town, selection, "apply", town["bank"].maker)
    bid(town, selection, "bank")
    tasks.take_back(town.session, sent, town["bank"].maker, town.now)
    bid(town, selection, "bank2")
    bid(town, selection, "bank3")
    assert set(bids(town, selection)) == {"bank", "bank2", "bank3"}
    assert selection.instance_id is not None
    after = town.now.replace(year=2025, month=12, day=20)
    fire_timers(town.session, selection.instance_id, after)
    assert set(bids(town, selection)) == {"bank2", "bank3"}
    assert town.task(place(selection), "appoint_scorers")
