"""The pages of an intervention: who sees them, what they tell before, what they do."""

import re

import pytest

from engine.models import GuaranteeCase, Instance
from engine.runtime import live
from tests.imports.builders import code, row
from tests.operations.world import World, office, person
from tests.web.conftest import SignIn

WHY = "主办领导要求重新核实"


@pytest.fixture
def case(world: World) -> GuaranteeCase:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    found = world.case(firm)
    world.pass_first(found)
    world.session.commit()
    live.clear()
    return found


def base(case: GuaranteeCase) -> str:
    return f"/interventions/{case.instance_id}"


def status(world: World, case: GuaranteeCase) -> str:
    world.session.rollback()
    found = world.session.get_one(Instance, case.instance_id, populate_existing=True)
    return found.status


def test_the_case_offers_it_to_the_head_and_to_nobody_without_the_post(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    assert "流程干预" in sign_in(world["finance"].head).page(f"/cases/{case.id}")
    for actor in (world["finance"].maker, world["nanxiang"].head):
        assert "流程干预" not in sign_in(actor).page(f"/cases/{case.id}")


@pytest.mark.parametrize("place", ["", "/suspend", "/resume", "/cancel", "/parties/centre"])
def test_makers_are_refused_and_other_districts_find_nothing(
    world: World, case: GuaranteeCase, sign_in: SignIn, place: str
) -> None:
    other = office(world.session, "mh", "闵行区财政局", "FINANCE", district_code="310112")
    admin = person(world.session, other.org, "mh-admin", "admin")
    world.session.commit()
    assert sign_in(world["finance"].maker).get(base(case) + place).status_code == 403
    assert sign_in(world["bank"].head).get(base(case) + place).status_code == 404
    for actor in (other.head, admin):
        visitor = sign_in(actor)
        assert visitor.get(base(case) + place).status_code == 404
        if place in ("/suspend", "/cancel"):
            answer = visitor.post(base(case) + place, "/inbox", reason=WHY)
            assert answer.status_code == 404
    assert status(world, case) == "RUNNING"


def test_suspending_asks_for_a_reason_shows_it_everywhere_and_ends(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    head = sign_in(world["finance"].head)
    asked = head.page(f"{base(case)}/suspend")
    assert "担保中心审核" in asked
    answer = head.post(f"{base(case)}/suspend", f"{base(case)}/suspend", reason="急")
    assert answer.status_code == 422
    assert "至少4个字" in answer.text
    assert status(world, case) == "RUNNING"
    answer = head.post(f"{base(case)}/suspend", f"{base(case)}/suspend", reason=WHY)
    assert answer.status_code == 303
    shown = head.page(answer.location)
    assert shown.count(WHY) == 1
    assert "已暂停办理" in shown
    assert "已暂停" in head.page("/cases")
    centre = sign_in(world["centre"].maker)
    assert "已暂停办理" in centre.page("/inbox")
    item = world.task(f"case:{case.id}", "centre_review")
    page = centre.page(f"/tasks/{item.id}")
    assert WHY in page
    assert "提交复核" not in page
    refused = centre.post(f"/tasks/{item.id}/claim", "/inbox")
    assert refused.status_code == 409
    assert head.post(f"{base(case)}/resume", f"{base(case)}/resume", reason=WHY).status_code == 303
    assert status(world, case) == "RUNNING"
    assert "已暂停办理" not in centre.page("/inbox")


def test_whoever_brought_a_case_reads_that_it_stands_but_not_why(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    head = sign_in(world["finance"].head)
    path = f"{base(case)}/suspend"
    assert head.post(path, path, reason="担保中心意见有误").status_code == 303
    shown = sign_in(world["nanxiang"].maker).page(f"/cases/{case.id}")
    assert "已暂停办理" in shown
    assert "担保中心意见有误" not in shown
    for office_ in ("finance", "centre"):
        assert "担保中心意见有误" in sign_in(world[office_].maker).page(f"/cases/{case.id}")


def test_a_referrer_reads_why_its_own_task_stands(world: World, sign_in: SignIn) -> None:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    case = world.case(firm)
    world.review(case, outcome="RETURN", reasons=["R01"])
    world.session.commit()
    live.clear()
    head, path = sign_in(world["finance"].head), f"{base(case)}/suspend"
    assert head.post(path, path, reason=WHY).status_code == 303
    assert WHY in sign_in(world["nanxiang"].maker).page(f"/cases/{case.id}")


def test_a_move_shows_what_goes_and_what_opens_before_it_is_made(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    head = sign_in(world["finance"].head)
    page = head.page(base(case))
    [choose] = re.findall(r'href="([^"]+/move/[^"]+)"', page)
    chosen = head.page(choose)
    assert "各有原因" in chosen
    assert "复核不能单独重办" in chosen
    confirm = f"{choose}/whitelist_review/first_review"
    assert f'href="{confirm}"' in chosen
    shown = head.page(confirm)
    for words in ("担保中心审核", "白名单初审", "要重新办", "计时重新起算"):
        assert words in shown
    assert head.post(confirm, confirm, reason="").status_code == 422
    item = world.task(f"case:{case.id}", "centre_review")
    answer = head.post(confirm, confirm, reason=WHY)
    assert answer.status_code == 303
    assert "已转到“白名单初审”" in head.page(answer.location)
    world.session.rollback()
    world.session.refresh(item)
    assert item.status == "CANCELLED"
    world.session.expire_all()
    assert world.task(f"case:{case.id}", "first_review")
    again = head.post(confirm, base(case), reason=WHY)
    assert again.status_code == 409, "这一步已经不在了"


def test_a_move_that_is_not_possible_says_why_and_changes_nothing(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    head = sign_in(world["finance"].head)
    [choose] = re.findall(r'href="([^"]+/move/[^"]+)"', head.page(base(case)))
    target = f"{choose}/guarantee_case/stage_filing"
    assert "不能转到这一步" in head.page(target)
    assert head.post(target, base(case), reason=WHY).status_code == 422
    assert head.get(f"{choose}/guarantee_case/nowhere").status_code == 404
    assert world.task(f"case:{case.id}", "centre_review")


def test_a_task_is_given_to_a_colleague_and_a_part_to_another_guarantor(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    colleague = person(world.session, world["centre"].org, "centre-2", "maker")
    other = office(world.session, "jdg", "嘉定担保", "GUARANTOR", guarantor_code="DISTRICT_CO")
    world.session.commit()
    head = sign_in(world["finance"].head)
    item = world.task(f"case:{case.id}", "centre_review")
    place = f"{base(case)}/tasks/{item.id}"
    assert "centre-2" in head.page(place)
    assert head.post(place, place, person="", reason=WHY).status_code == 422
    answer = head.post(place, place, person=str(colleague.person_id), reason=WHY)
    assert answer.status_code == 303
    world.session.rollback()
    world.session.refresh(item)
    assert item.assignee_id == colleague.person_id
    place = f"{base(case)}/parties/centre"
    assert "嘉定担保" in head.page(place)
    assert head.post(place, place, org=str(other.org.id), reason=WHY).status_code == 303
    world.session.rollback()
    world.session.expire_all()
    assert world.task(f"case:{case.id}", "centre_review").org_id == other.org.id


def test_cancelling_ends_the_case(world: World, case: GuaranteeCase, sign_in: SignIn) -> None:
    head = sign_in(world["finance"].head)
    place = f"{base(case)}/cancel"
    assert "不能恢复" in head.page(place)
    answer = head.post(place, place, reason="企业已经注销")
    assert answer.status_code == 303
    assert "案件已撤销" in head.page(answer.location)
    assert status(world, case) == "CANCELLED"
    assert "没有可干预的" in head.page(base(case))
    assert head.get(f"{base(case)}/suspend").status_code == 409


def test_nothing_is_changed_without_the_forms_token(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    head = sign_in(world["finance"].head)
    answer = head.client.post(f"{base(case)}/suspend", data={"reason": WHY})
    assert answer.status_code == 400
    assert status(world, case) == "RUNNING"
