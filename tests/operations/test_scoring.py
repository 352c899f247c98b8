"""Scoring: three scorers, blind, weighted, averaged, ranked, conflicts."""

from decimal import Decimal

from hypothesis import given as for_all
from hypothesis import strategies as some

from engine.errors import Conflict, InvalidInput, NotAllowed, RuleRefused
from engine.models import AuditEvent, BankSelection, Instance, Score, WorkItem
from engine.operations import tasks
from engine.operations.scoring import average, scorer_candidates, visible_scores
from engine.operations.selection import start_selection
from tests.operations.banking import refused
from tests.operations.selecting import (
    announce,
    apply_all,
    appoint,
    bids,
    do,
    own,
    place,
    ranked,
    score,
)
from tests.operations.world import PROGRAMME, World, person


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
    done = town.session.query(WorkItem).filter_by(element_id="score", status="DONE").all()
    assert [item.values for item in done] == [{}, {}]
    trail = town.session.query(AuditEvent).filter_by(chain=place(selection)).all()
    assert not any("mark_" in str(event.after) for event in trail), "审计里也看不到分数"
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
