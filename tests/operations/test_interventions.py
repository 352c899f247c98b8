"""流程干预 on the diagrams as they are published: what it does, who may, what must not happen."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.audit.verify import verify, verify_chain
from engine.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    RuleRefused,
)
from engine.models import (
    Agreement,
    Clock,
    GuaranteeCase,
    Instance,
    ReferralBatch,
    WorkItem,
)
from engine.operations import interventions, tasks
from engine.operations.move_rules import RULES
from engine.operations.selection import start_selection
from engine.people import Actor
from engine.runtime import live, moves
from engine.runtime.context import operations
from tests.imports.builders import code, row
from tests.operations.banking import (
    approve,
    at,
    check_payment,
    decide,
    district,
    pay_out,
    sign,
    subject,
)
from tests.operations.selecting import announce, appoint, bid, own, score
from tests.operations.selecting import place as selection_place
from tests.operations.test_agreements import draft, place, start
from tests.operations.test_whole_way import accept, file, whitelisted
from tests.operations.world import ALL_FINE, NOW, World, office, person

WHY = "主办领导要求重新核实"


@pytest.fixture
def town(world: World) -> World:
    """Banks with agreements, a second district, administrators."""
    district(world)
    for bank in ("bank", "bank2", "bank3"):
        sign(world, bank, agr_no=f"JD-XY-T-{bank}")
    world.offices["mh"] = office(
        world.session, "mh", "闵行区财政局", "FINANCE", district_code="310112"
    )
    world.session.commit()
    return world


def reviewing(world: World) -> GuaranteeCase:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    return world.case(firm)


def running(world: World, found: str) -> Instance:
    query = select(Instance).where(Instance.subject == found)
    return world.session.scalars(query.execution_options(populate_existing=True)).one()


def where(world: World, found: str) -> list[str]:
    return sorted(item.element_id for item in world.open_tasks(found))


def choices(world: World, found: str, element: str) -> dict[str, moves.Target]:
    instance, head = running(world, found), world["finance"].head
    here = interventions.standing(world.session, instance, head, world.now)
    token = next(one for one in here if one.element_id == element)
    listed = interventions.destinations(world.session, instance, token.task_id, head, world.now)
    return {one.element_id: one for one in listed}


def go(world: World, found: str, source: str, target: str, **more: object) -> moves.Target:
    instance, head = running(world, found), world["finance"].head
    here = interventions.standing(world.session, instance, head, world.now)
    token = next(one for one in here if one.element_id == source)
    process = choices(world, found, source)[target].process_key
    given = {"reason": WHY, **more}
    reason = str(given.pop("reason"))
    done = interventions.move(
        world.session,
        instance.id,
        token.task_id,
        process,
        target,
        reason,
        head,
        world.now,
        **given,  # type: ignore[arg-type]
    )
    world.session.flush()
    live.clear()
    return done


def test_a_case_goes_back_to_its_first_review_and_on_again(town: World) -> None:
    case = reviewing(town)
    town.pass_first(case)
    review_item = town.task(subject(case), "centre_review")
    town.now += timedelta(days=1)
    go(town, subject(case), "centre_review", "first_review")
    assert where(town, subject(case)) == ["first_review"]
    assert review_item.status == "CANCELLED"
    clock = town.session.query(Clock).filter_by(instance_id=case.instance_id, name="first_review")
    assert clock.one().started_at == town.now
    assert "instance.moved" in town.actions(subject(case))
    [gone] = town.events("task_gone")
    assert (gone.payload["work_item_id"], gone.payload["reason"]) == (review_item.id, WHY)
    town.pass_first(case)
    town.pass_centre(case)
    town.session.commit()
    assert verify_chain(town.session, subject(case)).ok


def test_the_head_can_be_asked_though_the_flow_did_not_and_the_check_still_follows(
    town: World,
) -> None:
    case = reviewing(town)
    town.review(case)
    go(town, subject(case), "first_check", "head_opinion")
    assert where(town, subject(case)) == ["head_opinion"]
    town.do(subject(case), "head_opinion", town["finance"].head, outcome="APPROVE", note="可以")
    assert where(town, subject(case)) == ["first_check"]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("first_review", "first_check", "后面的步骤要用"),
        ("first_review", "centre_review", "后面的步骤要用"),
        ("first_review", "stage_selection", "不能"),
        ("first_review", "stage_filing", "不能"),
    ],
)
def test_nothing_is_skipped_that_later_steps_rely_on(
    town: World, source: str, target: str, words: str
) -> None:
    case = reviewing(town)
    assert words in str(choices(town, subject(case), source)[target].refusal)
    with pytest.raises(RuleRefused, match=words):
        go(town, subject(case), source, target)
    assert where(town, subject(case)) == ["first_review"]


def test_a_check_is_not_passed_over_nor_done_again_by_itself(town: World) -> None:
    case = reviewing(town)
    town.review(case)
    assert "经办和复核" in str(choices(town, subject(case), "first_check")["centre_review"].refusal)
    town.do(subject(case), "first_check", town["finance"].checker, outcome="CONFIRM")
    found = choices(town, subject(case), "centre_review")
    assert "退回到经办" in str(found["first_check"].refusal)
    assert found["first_review"].refusal is None


@pytest.mark.parametrize("target", ["first_check", "head_opinion", "hold_material"])
def test_an_opinion_to_return_is_not_taken_for_one_to_pass(town: World, target: str) -> None:
    case = reviewing(town)
    town.review(case, outcome="RETURN", reasons=["R01"])
    found = choices(town, subject(case), "correct_referral")
    assert found["first_review"].refusal is None
    assert found[target].refusal is not None
    with pytest.raises(RuleRefused):
        go(town, subject(case), "correct_referral", target)
    assert where(town, subject(case)) == ["correct_referral"]


@pytest.mark.parametrize("target", ["approve_check", "stage_filing"])
def test_a_bank_that_waits_for_papers_is_not_passed_over(town: World, target: str) -> None:
    case = whitelisted(town)
    accept(town, case)
    decide(town, case, outcome="RETURN", note="缺合同", reasons=["R01"])
    found = choices(town, subject(case), "await_material")
    assert found["approve_loan"].refusal is None
    assert found[target].refusal is not None
    with pytest.raises(RuleRefused):
        go(town, subject(case), "await_material", target)
    assert where(town, subject(case)) == ["await_material"]


def test_from_the_bank_on_a_case_never_returns_before_its_release(town: World) -> None:
    case = whitelisted(town)
    found = choices(town, subject(case), "accept_case")
    assert found["accept_case"].refusal is None, "本步可以重办"
    for element in ("stage_referral", "stage_review"):
        assert found[element].refusal is not None, element
    accept(town, case)
    found = choices(town, subject(case), "approve_loan")
    assert "由银行答复" in str(found["stage_selection"].refusal)
    assert found["stage_agreement"].refusal is None


def test_what_is_in_force_or_paid_is_not_undone(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    decide(town, case)
    assert choices(town, subject(case), "approve_check")["approve_loan"].refusal is None
    town.do(subject(case), "approve_check", at(town, case).checker, outcome="CONFIRM")
    assert "占用批次额度" in str(choices(town, subject(case), "disburse")["approve_loan"].refusal)
    pay_out(town, case, amount=Decimal("2000000"))
    assert choices(town, subject(case), "disburse_check")["disburse"].refusal is None
    check_payment(town, case)
    found = choices(town, subject(case), "file_loan")
    assert "占用批次额度" in str(found["stage_approval"].refusal)
    assert found["stage_subsidy"].refusal is not None
    file(town, case)
    found = choices(town, subject(case), "await_subsidy")
    assert {one.refusal is None for one in found.values()} == {True, False}
    assert found["await_subsidy"].refusal is None
    assert found["stage_filing"].refusal is not None


def test_a_bank_decides_again_and_the_case_is_settled_once(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    decide(town, case)
    go(town, subject(case), "approve_check", "approve_loan")
    approve(town, case)
    assert where(town, subject(case)) == ["disburse"]
    town.session.commit()
    assert verify(town.session).ok


def test_while_a_case_is_suspended_nobody_works_on_it_and_its_days_are_given_back(
    town: World,
) -> None:
    case = reviewing(town)
    head, item = town["finance"].head, town.task(subject(case), "first_review")
    before = item.due_at
    assert before is not None
    interventions.suspend(town.session, item.instance_id, WHY, head, NOW)
    with pytest.raises(Conflict, match=WHY):
        town.review(case)
    with pytest.raises(Conflict):
        go(town, subject(case), "first_review", "first_review")
    town.now = NOW + timedelta(days=7)
    interventions.resume(town.session, case.instance_id or 0, "核实完毕", head, town.now)
    assert town.task(subject(case), "first_review").due_at == before + timedelta(days=7)
    town.review(case)
    actions = town.actions(subject(case))
    assert actions.index("instance.suspended") < actions.index("instance.resumed")
    assert len(town.events("instance_suspended")) == len(town.events("instance_resumed")) == 1


def test_a_release_reaches_a_suspended_case_when_it_goes_on(town: World) -> None:
    from engine.models import Whitelist

    case = reviewing(town)
    town.pass_first(case)
    town.pass_centre(case)
    head = town["finance"].head
    interventions.suspend(town.session, case.instance_id or 0, WHY, head, NOW)
    release = town.session.query(Whitelist).filter_by(status="OPEN").one()
    listed = f"whitelist:{release.id}"
    town.do(listed, "compile_release", town["finance"].maker, cases=[case.id])
    town.do(listed, "confirm_release", town["finance"].checker, outcome="CONFIRM")
    assert running(town, subject(case)).status == "SUSPENDED"
    interventions.resume(town.session, case.instance_id or 0, "核实完毕", head, NOW)
    town.session.flush()
    assert where(town, subject(case)) == ["accept_case"]


def test_only_the_head_or_an_administrator_of_the_district_intervenes_and_with_a_reason(
    town: World,
) -> None:
    case = reviewing(town)
    key = case.instance_id or 0
    for actor in (town["finance"].maker, town["finance"].checker, town["nanxiang"].head):
        with pytest.raises(NotAllowed):
            interventions.suspend(town.session, key, WHY, actor, NOW)
    for actor in (town["mh"].head, town["bank"].head, town["kewei"].head):
        with pytest.raises(NotFound):
            interventions.suspend(town.session, key, WHY, actor, NOW)
    with pytest.raises(InvalidInput):
        interventions.suspend(town.session, key, "急 ", town["finance"].head, NOW)
    admin = person(town.session, town["finance"].org, "fin-admin", "admin")
    interventions.suspend(town.session, key, WHY, admin, NOW)
    platform = office(town.session, "plat", "平台", "PLATFORM")
    auditor = person(town.session, platform.org, "plat-audit", "auditor")
    with pytest.raises(NotAllowed):
        interventions.resume(town.session, key, WHY, auditor, NOW)
    root = person(town.session, platform.org, "plat-admin", "admin")
    interventions.resume(town.session, key, WHY, root, NOW)
    assert running(town, subject(case)).status == "RUNNING"


def test_a_task_of_somebody_who_left_is_given_to_a_colleague_but_never_to_its_maker(
    town: World,
) -> None:
    case = reviewing(town)
    finance = town["finance"]
    other = person(town.session, finance.org, "maker2", "maker", "checker")
    item = town.task(subject(case), "first_review")
    tasks.claim(town.session, item.id, finance.maker, NOW)
    interventions.reassign_person(
        town.session, item.id, other.person_id, "经办离岗", finance.head, NOW
    )
    assert item.assignee_id == other.person_id
    assert len(town.events("task_transferred")) == 1
    assert town.events("task_gone")[-1].payload["person_id"] == finance.maker.person_id
    _review_as(town, case, other)
    check = town.task(subject(case), "first_check")
    with pytest.raises(NotAllowed, match="回避"):
        interventions.reassign_person(
            town.session, check.id, other.person_id, "复核离岗", finance.head, NOW
        )
    with pytest.raises(NotAllowed):
        interventions.reassign_person(
            town.session, check.id, town["bank"].checker.person_id, "复核离岗", finance.head, NOW
        )


def _review_as(world: World, case: GuaranteeCase, actor: Actor) -> None:
    from tests.operations.world import ALL_FINE

    given = {"outcome": "PASS", "suggested_amount": Decimal("3000000"), **ALL_FINE}
    world.do(subject(case), "first_review", actor, **given)


def test_a_head_who_was_the_maker_does_not_choose_the_checker(town: World) -> None:
    case = reviewing(town)
    finance = town["finance"]
    both = person(town.session, finance.org, "maker-head", "maker", "head")
    given = {"outcome": "PASS", "suggested_amount": Decimal(3000000), **ALL_FINE}
    town.do(subject(case), "first_review", both, **given)
    item = town.task(subject(case), "first_check")
    for to in (finance.checker.person_id, None):
        with pytest.raises(NotAllowed, match="不能是同一人"):
            interventions.reassign_person(town.session, item.id, to, WHY, both, NOW)
    assert item.assignee_id is None
    interventions.reassign_person(
        town.session, item.id, finance.checker.person_id, WHY, finance.head, NOW
    )
    assert item.assignee_id == finance.checker.person_id


def test_another_guarantor_takes_over_the_review_with_its_whole_time(town: World) -> None:
    case = reviewing(town)
    town.pass_first(case)
    head, other = town["finance"].head, town["jdg"]
    old = town.task(subject(case), "centre_review")
    town.now += timedelta(days=2)
    interventions.reassign_party(
        town.session, old.instance_id, "centre", other.org.id, "中心系统停用", head, town.now
    )
    town.session.flush()
    item = town.task(subject(case), "centre_review")
    assert (old.status, item.org_id) == ("CANCELLED", other.org.id)
    assert old.due_at is not None
    assert item.due_at is not None
    assert item.due_at > old.due_at
    town.do(subject(case), "centre_review", other.maker, outcome="PASS", approved_amount=10**6)
    assert town.task(subject(case), "centre_check").org_id == other.org.id


@pytest.mark.parametrize(
    ("party", "to"),
    [("bank", "bank2"), ("referrer", "kewei"), ("centre", "bank"), ("finance", "mh")],
)
def test_a_part_goes_to_nobody_of_another_kind_or_district(
    town: World, party: str, to: str
) -> None:
    case = whitelisted(town)
    with pytest.raises(RuleRefused):
        interventions.reassign_party(
            town.session,
            case.instance_id or 0,
            party,
            town[to].org.id,
            WHY,
            town["finance"].head,
            NOW,
        )


def test_a_case_is_cancelled_whole_and_frees_what_it_held(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    approve(town, case)
    key, head = case.instance_id or 0, town["finance"].head
    interventions.suspend(town.session, key, WHY, head, NOW)
    interventions.cancel(town.session, key, "企业注销", head, NOW)
    assert (case.status, running(town, subject(case)).status) == ("WITHDRAWN", "CANCELLED")
    assert where(town, subject(case)) == []
    assert len(town.events("task_gone")) == 1
    agreements = town.session.scalars(select(Agreement.status)).all()
    assert set(agreements) == {"EFFECTIVE"}, "协议不受影响"
    with pytest.raises(Conflict):
        interventions.resume(town.session, key, WHY, head, NOW)


def test_a_case_with_a_signed_contract_is_not_cancelled(town: World) -> None:
    case = whitelisted(town)
    accept(town, case)
    approve(town, case)
    pay_out(town, case, amount=Decimal("2000000"))
    with pytest.raises(Conflict, match="合同已签订"):
        interventions.cancel(
            town.session, case.instance_id or 0, "企业注销", town["finance"].head, NOW
        )


def test_the_review_of_an_agreement_begins_anew_when_it_goes_back_to_the_draft(
    town: World,
) -> None:
    agreement = start(town, "bank", "jdg")
    draft(town, agreement)
    town.do(place(agreement), "review_bank", town["bank"].checker, outcome="AGREE")
    found = choices(town, place(agreement), "review_finance")
    assert found["draft"].beside
    assert "分支" in str(found["review_guarantor"].refusal)
    assert found["sign_bank"].refusal is not None
    with pytest.raises(RuleRefused, match="一并撤销"):
        go(town, place(agreement), "review_finance", "draft")
    go(town, place(agreement), "review_finance", "draft", beside=True)
    assert where(town, place(agreement)) == ["draft"]
    draft(town, agreement)
    assert where(town, place(agreement)) == ["review_bank", "review_finance", "review_guarantor"]
    for party, key in (("bank", "bank"), ("guarantor", "jdg"), ("finance", "finance")):
        assert agreement.status == "REVIEW"
        town.do(place(agreement), f"review_{party}", town[key].checker, outcome="AGREE")
    assert where(town, place(agreement)) == ["sign_bank"]
    assert "一致" in str(choices(town, place(agreement), "sign_bank")["draft"].refusal)


def test_scorers_are_named_anew_when_one_cannot_score(town: World) -> None:
    centre = town["centre"].org.id
    selection = start_selection(town.session, centre, "JD_KCD", town["finance"].maker, town.now)
    announce(town, selection)
    bid(town, selection, "bank")
    found = choices(town, selection_place(selection), "apply")
    assert "已有银行申请" in str(found["announce"].refusal)
    assert "不能" in str(found["appoint_scorers"].refusal)
    bid(town, selection, "bank2")
    bid(town, selection, "bank3")
    scorers = appoint(town, selection)
    score(town, selection, scorers[0], {"bank": "90", "bank2": "70", "bank3": "80"})
    item = own(town, selection, "score", scorers[1])
    with pytest.raises(RuleRefused, match="指定评分人"):
        interventions.reassign_person(
            town.session, item, scorers[2].person_id, "生病住院", town["finance"].head, NOW
        )
    go(town, selection_place(selection), "score", "appoint_scorers", beside=True)
    assert where(town, selection_place(selection)) == ["appoint_scorers"]
    for scorer in appoint(town, selection, 4):
        score(town, selection, scorer, {"bank": "90", "bank2": "70", "bank3": "80"})
    assert where(town, selection_place(selection)) == ["approve_institution"]


def test_a_list_that_goes_back_to_its_maker_can_be_changed_again(town: World) -> None:
    town.fill("nanxiang", row(统一社会信用代码=code()))
    batch = town.batch("nanxiang")
    found = f"batch:{batch.id}"
    town.do(found, "prepare_list", town["nanxiang"].maker, outcome="SUBMIT")
    go(town, found, "check_list", "prepare_list")
    assert town.session.get_one(ReferralBatch, batch.id).status == "DRAFT"
    town.do(found, "prepare_list", town["nanxiang"].maker, outcome="SUBMIT")


def test_every_operation_has_its_rule() -> None:
    ours = {  # not those that other tests have registered
        name for name, one in operations().items() if one.function.__module__.startswith("engine.")
    }
    assert ours == RULES.keys()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_random_moves_of_a_case_end_in_a_wait_or_an_end_and_the_trail_stays_whole(
    data: st.DataObject, town: World
) -> None:
    case = reviewing(town)
    for _ in range(data.draw(st.integers(1, 8))):
        _wander(data, town, case)
    town.session.commit()
    instance = running(town, subject(case))
    assert instance.status in ("RUNNING", "ENDED")
    open_ = town.session.query(WorkItem).filter_by(instance_id=instance.id, status="OPEN").all()
    assert open_ or instance.status == "ENDED" or where(town, subject(case)) == []
    assert verify_chain(town.session, subject(case)).ok


def _wander(data: st.DataObject, town: World, case: GuaranteeCase) -> None:
    """One possible move, or the step's own way on."""
    head = town["finance"].head
    instance = running(town, subject(case))
    if instance.status != "RUNNING":
        return
    here = interventions.standing(town.session, instance, head, town.now)
    token = sorted(here, key=lambda one: one.element_id)[0]
    if data.draw(st.booleans()):
        _do(town, case, token.element_id)
        return
    able = [
        one
        for one in interventions.destinations(town.session, instance, token.task_id, head, town.now)
        if one.refusal is None and not one.missing
    ]
    chosen = data.draw(st.sampled_from(able))
    go(town, subject(case), token.element_id, chosen.element_id, beside=True)


def _do(town: World, case: GuaranteeCase, element: str) -> None:
    finance, centre = town["finance"], town["centre"]
    ways: dict[str, Callable[[], object]] = {
        "first_review": lambda: town.review(case),
        "first_check": lambda: town.do(
            subject(case), "first_check", finance.checker, outcome="CONFIRM"
        ),
        "head_opinion": lambda: town.do(
            subject(case), "head_opinion", finance.head, outcome="APPROVE", note="可以"
        ),
        "centre_review": lambda: town.do(
            subject(case), "centre_review", centre.maker, outcome="PASS", approved_amount=10**6
        ),
        "centre_check": lambda: town.do(
            subject(case), "centre_check", centre.checker, outcome="CONFIRM"
        ),
    }
    if element in ways:
        ways[element]()
