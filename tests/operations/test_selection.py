"""Selection of banks: notice, bids, blind scoring, ranking, approval, publication."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as some

from engine.errors import Conflict, InvalidInput, NotAllowed, RuleRefused
from engine.models import Agreement, BankSelection, Bid, Instance, Score
from engine.operations import tasks
from engine.operations.scoring import average, scorer_candidates, visible_scores
from engine.operations.selection import start_selection
from engine.people import Actor
from engine.runtime.step import fire_timers
from tests.operations.banking import BANKS, district, refused
from tests.operations.world import PROGRAMME, World, person

WEIGHTS = {
    "weight_quota": 20,
    "weight_rate_offer": 25,
    "weight_approval_days": 20,
    "weight_ratio": 10,
    "weight_sme_record": 15,
    "weight_prior_score": 10,
}
UNTIL = date(2025, 12, 19)


@pytest.fixture
def town(world: World) -> World:
    return district(world)


@pytest.fixture
def selection(town: World) -> BankSelection:
    centre = town["centre"].org.id
    return start_selection(town.session, centre, PROGRAMME, town["finance"].maker, town.now)


def place(selection: BankSelection) -> str:
    return f"selection:{selection.id}"


def announce(world: World, selection: BankSelection, *banks: str, **values: Any) -> None:
    given = {
        "title": "2026年度合作银行遴选",
        "seats": 2,
        "threshold": Decimal(60),
        "apply_until": UNTIL,
        "invited": [world[bank].org.id for bank in banks or ("bank", "bank2", "bank3")],
        **WEIGHTS,
        **values,
    }
    world.do(place(selection), "announce", world["finance"].maker, **given)


def own(world: World, selection: BankSelection, element: str, actor: Actor) -> int:
    """The open task of this element that is for this actor."""
    for item in world.open_tasks(place(selection)):
        mine = item.assignee_id == actor.person_id or item.assignee_id is None
        if item.element_id == element and item.org_id == actor.org_id and mine:
            return item.id
    raise AssertionError(f"{element} is not open for {actor.name}")


def do(world: World, selection: BankSelection, element: str, actor: Actor, **values: Any) -> None:
    item = own(world, selection, element, actor)
    tasks.complete(world.session, item, actor, values, world.now)
    world.session.flush()


def bid(world: World, selection: BankSelection, bank: str, **values: Any) -> None:
    given = {
        "outcome": "APPLY",
        "branch": "嘉定支行",
        "quota": Decimal("500000000"),
        "rate_offer": Decimal("2.9"),
        "approval_days": 7,
        "ratio": Decimal("0.8"),
        "sme_record": "小微余额20亿元",
        **values,
    }
    do(world, selection, "apply", world[bank].maker, **given)


def bids(world: World, selection: BankSelection) -> dict[str, Bid]:
    found = world.session.query(Bid).filter_by(selection_id=selection.id, round=selection.round)
    names = {world[bank].org.id: bank for bank in BANKS}
    return {names[one.bank_id]: one for one in found}


def appoint(world: World, selection: BankSelection, count: int = 3) -> list[Actor]:
    """Name scorers: the makers of bureau and guarantors, and more of the bureau's if needed."""
    people = [world[key].maker for key in ("finance", "centre", "jdg")]
    bureau = world["finance"].org
    people += [person(world.session, bureau, f"scorer{n}", "maker") for n in range(count - 3)]
    ids = [one.person_id for one in people]
    world.do(place(selection), "appoint_scorers", world["finance"].maker, scorers=ids)
    return people


def score(
    world: World, selection: BankSelection, scorer: Actor, marks: Mapping[str, str], **more: Any
) -> None:
    """The same mark for every criterion of a bank."""
    codes = [str(one["code"]) for one in selection.criteria]
    found = bids(world, selection)
    given = {
        f"mark_{found[bank].id}_{code}": mark for bank, mark in marks.items() for code in codes
    }
    do(world, selection, "score", scorer, **{"conflict": "NONE", **given, **more})


def apply_all(world: World, selection: BankSelection, **rates: str) -> None:
    for bank in ("bank", "bank2", "bank3"):
        bid(world, selection, bank, rate_offer=Decimal(rates.get(bank, "2.9")))


def ranked(world: World, selection: BankSelection) -> dict[str, tuple[Decimal | None, int | None]]:
    return {bank: (one.average, one.rank) for bank, one in bids(world, selection).items()}


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


def test_three_different_makers_of_bureau_and_guarantors_score(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    finance = town["finance"].maker
    allowed = {one.id for one in scorer_candidates(town.session, selection)}
    assert town["bank"].maker.person_id not in allowed
    assert town["finance"].checker.person_id not in allowed
    insiders = [town[key].maker.person_id for key in ("finance", "centre")]
    for scorers in (insiders, [*insiders, insiders[0]], [*insiders, town["bank"].maker.person_id]):
        with refused(town, InvalidInput) as why:
            town.do(place(selection), "appoint_scorers", finance, scorers=scorers)
        assert why.fields == {"scorers"}


def test_marks_are_blind_until_the_last_scorer_has_submitted(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    first, second, third = appoint(town, selection)
    marks = {"bank": "90", "bank2": "80", "bank3": "70"}
    score(town, selection, first, marks)
    score(town, selection, second, marks)
    assert visible_scores(town.session, selection, third.person_id) == []
    assert visible_scores(town.session, selection, None) == []
    seen = visible_scores(town.session, selection, first.person_id)
    assert {one.scorer_id for one in seen} == {first.person_id}
    score(town, selection, third, marks)
    assert len(visible_scores(town.session, selection, None)) == 9


def test_every_bid_is_marked_or_a_conflict_declared(town: World, selection: BankSelection) -> None:
    announce(town, selection)
    apply_all(town, selection)
    first, *_ = appoint(town, selection)
    with refused(town, InvalidInput) as why:
        score(town, selection, first, {"bank": "90", "bank2": "80"})
    missing = bids(town, selection)["bank3"].id
    assert all(field.startswith(f"mark_{missing}_") for field in why.fields)
    for mark in ("100.01", "-1", "NaN", "很好", "1e999999"):
        with refused(town, InvalidInput):
            score(town, selection, first, {"bank": mark, "bank2": "80", "bank3": "70"})
    assert town.session.query(Score).count() == 0


def test_only_the_named_scorer_may_score(town: World, selection: BankSelection) -> None:
    announce(town, selection)
    apply_all(town, selection)
    appoint(town, selection)
    stranger = person(town.session, town["centre"].org, "stranger", "maker")
    item = own(town, selection, "score", town["centre"].maker)
    with refused(town, NotAllowed):
        tasks.complete(town.session, item, stranger, {"conflict": "NONE"}, town.now)


def test_weights_count_and_equal_averages_give_the_lower_rate_the_place(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection, seats=1)
    apply_all(town, selection, bank="2.95", bank2="2.85", bank3="2.90")
    found = bids(town, selection)
    for scorer in appoint(town, selection):
        marks = {"bank": "80", "bank2": "80", "bank3": "79"}
        extra = {f"mark_{found['bank3'].id}_quota": "100"}  # 79 + 21 x 20 %
        score(town, selection, scorer, marks, **extra)
    assert ranked(town, selection) == {
        "bank3": (Decimal("83.20"), 1),
        "bank2": (Decimal("80.00"), 2),
        "bank": (Decimal("80.00"), 3),
    }
    assert [bank for bank, one in bids(town, selection).items() if one.chosen] == ["bank3"]


def test_of_five_marks_the_highest_and_the_lowest_do_not_count(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    given = ["0", "80", "81", "83", "100"]
    for scorer, mark in zip(appoint(town, selection, 5), given, strict=True):
        score(town, selection, scorer, {"bank": mark, "bank2": "60", "bank3": "59.99"})
    assert ranked(town, selection) == {
        "bank": (Decimal("81.33"), 1),
        "bank2": (Decimal("60.00"), 2),
        "bank3": (Decimal("59.99"), None),
    }


def test_nobody_above_the_threshold_ends_it_and_another_may_begin(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    for scorer in appoint(town, selection):
        score(town, selection, scorer, {"bank": "50", "bank2": "40", "bank3": "59.99"})
    instance = town.session.get_one(Instance, selection.instance_id)
    assert (instance.outcome, selection.status) == ("end_none", "NO_BANK")
    centre, finance = town["centre"].org.id, town["finance"].maker
    again = start_selection(town.session, centre, PROGRAMME, finance, town.now)
    assert again.selection_no == "JD-LX-2025-02"
    with refused(town, Conflict):
        start_selection(town.session, centre, PROGRAMME, finance, town.now)


def test_a_bid_left_with_two_marks_by_a_conflict_is_scored_again_by_others(
    town: World, selection: BankSelection
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    first, *others = appoint(town, selection)
    marks = {"bank": "90", "bank2": "80", "bank3": "70"}
    conflict = {f"conflict_{bids(town, selection)['bank'].id}": "on"}
    score(town, selection, first, {"bank2": "80", "bank3": "70"}, **conflict)
    for scorer in others:
        score(town, selection, scorer, marks)
    head = town["centre"].head
    with refused(town, RuleRefused) as why:
        town.do(place(selection), "approve_institution", head, outcome="APPROVE", note="同意")
    assert why.code == "too_few_scores"
    town.do(place(selection), "approve_institution", head, outcome="RETURN", note="更换评分人")
    assert town.session.query(Score).count() == 9
    for scorer in appoint(town, selection, 4):
        score(town, selection, scorer, marks)
    town.do(place(selection), "approve_institution", head, outcome="APPROVE", note="同意")


def test_a_scorer_who_steps_back_says_why(town: World, selection: BankSelection) -> None:
    announce(town, selection)
    apply_all(town, selection)
    first, *_ = appoint(town, selection)
    with refused(town, InvalidInput) as why:
        do(town, selection, "score", first, conflict="CONFLICT", note="")
    assert why.fields == {"note"}
    do(town, selection, "score", first, conflict="CONFLICT", note="配偶在申城银行任职")


@for_all(some.lists(some.decimals(0, 100, places=2), min_size=1, max_size=12))
def test_an_average_lies_between_the_marks_whatever_their_order(totals: list[Decimal]) -> None:
    found = average(totals)
    assert min(totals) <= found <= max(totals)
    assert found == average(list(reversed(totals)))
