"""The way of a case on its diagrams, and how much of it each reader may know."""

import pytest
from sqlalchemy import select

from engine.models import GuaranteeCase, Instance
from engine.people import Actor
from engine.queries.evaluations import answers_of
from engine.queries.path import Leg, path_of
from tests.imports.builders import row
from tests.operations.banking import (
    approve,
    at,
    begin,
    confirm,
    decide,
    listed,
    sign,
    subject,
    take_on,
)
from tests.operations.world import World


def way(world: World, case: GuaranteeCase, reader: Actor) -> list[Leg]:
    world.session.expire_all()
    instance = world.session.get_one(Instance, case.instance_id)
    return path_of(world.session, instance, reader)


@pytest.fixture
def case(town: World) -> GuaranteeCase:
    return take_on(town, "bank", sign(town, "bank"))


def test_what_was_passed_and_where_it_stands_is_marked_with_the_flows_between(
    town: World, case: GuaranteeCase
) -> None:
    decide(town, case)
    confirm(town, case, outcome="RETURN", note="利率偏高")
    decide(town, case)
    (leg,) = way(town, case, town["finance"].maker)

    assert leg.definition.key == "bank_approval"
    assert set(leg.passed) == {
        *("start", "approve_loan", "gw_material", "approve_check", "gw_approve_check")
    }
    assert leg.passed["approve_loan"].times == 2
    assert list(leg.waiting) == ["approve_check"]
    assert leg.done["approve_loan"].performer is not None
    assert leg.flows == {
        "flow_start_to_approve_loan",
        "flow_approve_loan_to_gw_material",
        "flow_gw_material_to_approve_check",
        "flow_approve_check_to_gw_approve_check",
        "flow_gw_approve_check_to_approve_loan",
    }


def test_a_bank_sees_the_tasks_and_not_what_was_decided_between_them(
    town: World, case: GuaranteeCase
) -> None:
    approve(town, case)
    (leg,) = way(town, case, town["bank"].maker)
    assert set(leg.passed) == {"approve_loan", "approve_check"}
    assert list(leg.waiting) == ["disburse"]
    assert leg.flows == set()
    instance = case.instance_id or 0
    assert answers_of(town.session, instance, town["bank"].maker) == []
    assert [
        one.element_id for one in answers_of(town.session, instance, town["finance"].maker)
    ] == ["decide_route"]


def test_a_bank_does_not_learn_from_the_picture_that_another_was_asked(town: World) -> None:
    sign(town, "bank")
    sign(town, "bank2")
    case = listed(town, prefers="bank")
    begin(town, case)
    first = at(town, case)
    town.do(subject(case), "accept_case", first.maker, outcome="REFUSE", refuse_reason="AREA")
    second = at(town, case)
    assert second.org.id != first.org.id

    (leg,) = way(town, case, second.maker)
    assert (leg.passed, leg.done, leg.flows) == ({}, {}, set())
    assert list(leg.waiting) == ["accept_case"]
    (leg,) = way(town, case, first.maker)
    assert (list(leg.passed), list(leg.waiting)) == (["accept_case"], [])
    (leg,) = way(town, case, town["finance"].maker)
    assert leg.passed["accept_case"].times == 1
    assert "gw_accept" in leg.passed


def test_a_bank_that_declined_does_not_learn_what_became_of_the_case(town: World) -> None:
    sign(town, "bank")
    sign(town, "bank2")
    case = listed(town, prefers="bank")
    begin(town, case)
    first = at(town, case)
    for _ in range(2):
        maker = at(town, case).maker
        town.do(subject(case), "accept_case", maker, outcome="REFUSE", refuse_reason="AREA")
    (leg,) = way(town, case, town["finance"].maker)
    assert list(leg.waiting) == ["coordinate"]
    (leg,) = way(town, case, first.maker)
    assert (list(leg.passed), list(leg.waiting)) == (["accept_case"], [])


def test_what_calls_the_process_that_waits_waits_too(town: World) -> None:
    town.send("nanxiang", row())
    case = town.session.scalars(select(GuaranteeCase)).one()
    legs = way(town, case, town["finance"].maker)
    waiting = {leg.definition.key: list(leg.waiting) for leg in legs}
    assert waiting == {
        "guarantee_case": ["stage_review"],
        "referral_intake": [],
        "whitelist_review": ["first_review"],
    }
