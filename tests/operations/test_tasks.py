"""What people may do with tasks besides doing them, and what they may not."""

from datetime import UTC, datetime

import pytest

from engine.errors import Conflict, NotAllowed, NotFound
from engine.models import BankSelection, GuaranteeCase, Role
from engine.operations import tasks
from engine.operations.selection import start_selection
from engine.people import Actor
from tests.imports.builders import code, row
from tests.operations.banking import district
from tests.operations.selecting import announce, apply_all, appoint, own
from tests.operations.world import PROGRAMME, World, person

LATER = datetime(2025, 12, 9, 2, 0, tzinfo=UTC)


@pytest.fixture
def case(world: World) -> GuaranteeCase:
    """A case in the first review."""
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    return world.case(firm)


def at(world: World, case: GuaranteeCase, element: str) -> int:
    return world.task(f"case:{case.id}", element).id


def test_the_bureaus_head_does_not_release_what_another_organisation_has_claimed(
    world: World, case: GuaranteeCase
) -> None:
    finance, centre = world["finance"], world["centre"]
    world.pass_first(case)
    item = at(world, case, "centre_review")
    tasks.claim(world.session, item, centre.maker, LATER)
    with pytest.raises(NotFound):
        tasks.release(world.session, item, finance.head, LATER)
    assert tasks.release(world.session, item, centre.head, LATER).assignee_id is None


def test_only_who_could_do_a_task_or_the_head_hands_it_over(
    world: World, case: GuaranteeCase
) -> None:
    finance = world["finance"]
    other = person(world.session, finance.org, "other-checker", "checker")
    world.review(case)
    item = at(world, case, "first_check")
    assert other.person_id is not None
    for actor in (finance.maker, person(world.session, finance.org, "reader", "auditor")):
        with pytest.raises(NotAllowed):
            tasks.transfer(world.session, item, actor, other.person_id, "帮忙", LATER)
    done = tasks.transfer(world.session, item, finance.head, other.person_id, "出差", LATER)
    assert done.assignee_id == other.person_id


def test_who_made_an_opinion_does_not_choose_who_checks_it(
    world: World, case: GuaranteeCase
) -> None:
    finance = world["finance"]
    maker = finance.maker
    roles = frozenset({Role.MAKER.value, Role.CHECKER.value, Role.HEAD.value})
    everything = Actor(maker.person_id, maker.org_id, maker.name, roles, maker.org_kind)
    world.review(case)
    item = at(world, case, "first_check")
    assert finance.checker.person_id is not None
    with pytest.raises(NotAllowed):
        tasks.transfer(world.session, item, everything, finance.checker.person_id, "请核", LATER)


def test_what_a_checker_confirmed_is_not_taken_back(world: World, case: GuaranteeCase) -> None:
    world.review(case)
    item = at(world, case, "first_check")
    checker = world["finance"].checker
    tasks.complete(world.session, item, checker, {"outcome": "CONFIRM"}, world.now)
    assert at(world, case, "centre_review")
    with pytest.raises(Conflict):
        tasks.take_back(world.session, item, checker, LATER)
    assert at(world, case, "centre_review"), "案件继续，没有停在复核"


def test_a_list_that_was_handed_on_goes_back_through_its_checker_only(world: World) -> None:
    world.fill("nanxiang", row())
    batch, office = world.batch("nanxiang"), world["nanxiang"]
    subject = f"batch:{batch.id}"
    item = world.task(subject, "prepare_list").id
    tasks.complete(world.session, item, office.maker, {"outcome": "SUBMIT"}, world.now)
    with pytest.raises(Conflict):
        tasks.take_back(world.session, item, office.maker, LATER)
    check = world.task(subject, "check_list").id
    values = {"outcome": "RETURN", "note": "漏一家"}
    tasks.complete(world.session, check, office.checker, values, LATER)
    with pytest.raises(Conflict):
        tasks.take_back(world.session, check, office.checker, LATER)
    assert world.task(subject, "prepare_list")


@pytest.fixture
def selection(world: World) -> BankSelection:
    """A selection that is being scored."""
    town = district(world)
    found = start_selection(
        town.session, town["centre"].org.id, PROGRAMME, town["finance"].maker, town.now
    )
    announce(town, found)
    apply_all(town, found)
    return found


def test_a_released_scoring_task_shows_nobody_what_was_typed(
    world: World, selection: BankSelection
) -> None:
    first = appoint(world, selection)[0]
    item = own(world, selection, "score", first)
    for releases in (first, world["finance"].head):
        tasks.claim(world.session, item, first, LATER)
        tasks.save_draft(world.session, item, first, {"raw": {"mark_1_quota": ["91"]}}, LATER)
        assert tasks.release(world.session, item, releases, LATER).draft is None
