"""The pages of failures: who sees what, what the buttons do, what must not happen."""

import pytest

from engine.models import GuaranteeCase
from engine.people import Actor
from engine.runtime import live
from tests.operations.breaking import QUEUE, Broken, incident_of, stuck_case
from tests.operations.subsidised import began
from tests.operations.world import World, office, person
from tests.web.conftest import SignIn

ACTS = ("retry", "edit", "skip", "end")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    return Broken(monkeypatch, QUEUE, ValueError("秘密91310114"))


@pytest.fixture
def case(world: World, broken: Broken) -> GuaranteeCase:
    return stuck_case(world)


def admin(world: World) -> Actor:
    found = person(world.session, world["finance"].org, "fin-admin", "admin")
    world.session.commit()
    return found


def test_ordinary_staff_read_that_it_is_handled_and_no_more(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    found = incident_of(world)
    for code in ("finance", "nanxiang", "centre"):
        visitor = sign_in(world[code].maker)
        page = visitor.page(f"/cases/{case.id}")
        assert "遇到异常" in page
        assert found.reference in page
        assert "不需要操作" in page
        for never in ("秘密", "Traceback", f"/incidents/{found.id}", "已办结，没有后续"):
            assert never not in page
        assert visitor.get("/incidents").status_code == 403
        assert visitor.get(f"/incidents/{found.id}").status_code == 403
        assert "系统处理中" in visitor.page("/cases")
        assert ">异常" not in visitor.page("/")
    assert "系统内部错误" in sign_in(world["finance"].maker).page(f"/cases/{case.id}")
    assert "系统内部错误" not in sign_in(world["nanxiang"].maker).page(f"/cases/{case.id}")


def test_the_traceback_is_for_administrators(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    path = f"/incidents/{incident_of(world).id}"
    head = sign_in(world["finance"].head).page(path)
    assert "Traceback" not in head
    assert "秘密" not in head
    assert "Traceback" in sign_in(admin(world)).page(path)


def test_others_are_told_that_it_does_not_exist(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    other = office(world.session, "minhang", "闵行区财政局", "FINANCE", district_code="310112")
    world.session.commit()
    path = f"/incidents/{incident_of(world).id}"
    for actor in (other.head, world["bank"].head):
        visitor = sign_in(actor)
        assert visitor.get(path).status_code == 404
        for act in ACTS:
            assert visitor.post(f"{path}/{act}", "/", reason="x").status_code == 404
    assert "没有异常" in sign_in(other.head).page("/incidents")
    maker = sign_in(world["finance"].maker)
    for act in ACTS:
        assert maker.post(f"{path}/{act}", "/", reason="x").status_code == 403
        assert maker.client.post(f"{path}/{act}").status_code == 400, "没有令牌"
    assert maker.get("/incidents/99999999999999999999").status_code == 404
    assert incident_of(world).attempts == 1


def test_the_head_retries_from_the_case(
    world: World, case: GuaranteeCase, broken: Broken, sign_in: SignIn
) -> None:
    head, page = sign_in(world["finance"].head), f"/cases/{case.id}"
    path = f"/incidents/{incident_of(world).id}"
    assert '异常 <span class="n">1</span>' in head.page(page)
    answer = head.post(f"{path}/retry", page)
    assert (answer.status_code, answer.location) == (303, page)
    assert "又没有办成" in head.page(page)
    assert incident_of(world).attempts == 2
    broken.mend()
    live.clear()
    assert head.post(f"{path}/retry", page).status_code == 303
    after = head.page(page)
    assert "已办成，流程继续" in after
    assert "改参数重试" not in after
    assert head.post(f"{path}/retry", page).status_code == 409
    assert "重试办成" in head.page("/incidents")


def test_a_reason_is_asked_for_and_what_was_typed_stays(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    platform = office(world.session, "ops", "平台", "PLATFORM")
    root = sign_in(person(world.session, platform.org, "root", "admin"))
    world.session.commit()
    path = f"/incidents/{incident_of(world).id}"
    empty = root.post(f"{path}/edit", path, in_case_id="77", reason=" ")
    assert empty.status_code == 422
    assert "写明原因" in empty.text
    bad = root.post(f"{path}/edit", path, in_case_id="x77", reason="改")
    assert bad.status_code == 422
    assert "填整数" in bad.text
    assert 'value="x77"' in bad.text
    assert root.post(f"{path}/edit", path, in_case_id="77", reason="改").status_code == 303
    assert incident_of(world).inputs == {"case_id": 77}


def test_skipping_and_ending_go_back_to_the_case(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    head, page = sign_in(world["finance"].head), f"/cases/{case.id}"
    path = f"/incidents/{incident_of(world).id}"
    for act in ("skip", "end"):
        assert head.post(f"{path}/{act}", page, reason="").status_code == 422
    assert head.post(f"{path}/end", page, reason="企业注销").status_code == 303
    world.session.rollback()
    assert case.status == "WITHDRAWN"
    assert "案件已终止" in head.page(page)
    assert "企业注销" in head.page(path)


def test_what_money_rests_on_offers_no_skipping(
    world: World, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    Broken(monkeypatch, "subsidies.calculate", ValueError("boom"))
    office(world.session, "treasury", "区国库", "TREASURY")
    began(world)
    world.session.commit()
    path, head = f"/incidents/{incident_of(world).id}", sign_in(world["finance"].head)
    page = head.page(path)
    assert f"{path}/retry" in page
    assert f"{path}/skip" not in page
    answer = head.post(f"{path}/skip", path, reason="已在系统外核算", set_subsidy_rows="0")
    assert answer.status_code == 422
    assert "不能跳过" in answer.text
    assert incident_of(world).status == "RETRYING"


def test_whoever_completed_the_step_before_is_told_that_the_system_is_busy(
    world: World, broken: Broken, sign_in: SignIn
) -> None:
    case = stuck_before_check(world)
    checker = sign_in(world["centre"].checker)
    item = world.task(f"case:{case.id}", "centre_check")
    answer = checker.post(f"/tasks/{item.id}", f"/tasks/{item.id}", outcome="CONFIRM")
    assert answer.status_code == 303
    assert "系统正在办理下一步" in checker.page(answer.location or "/")


def stuck_before_check(world: World) -> GuaranteeCase:
    """A case that is one confirmation before the failing step."""
    from decimal import Decimal

    from sqlalchemy import select

    from tests.imports.builders import row

    world.send("nanxiang", row())
    case = world.session.scalars(select(GuaranteeCase)).one()
    world.pass_first(case)
    given = {"outcome": "PASS", "approved_amount": Decimal(3000000)}
    world.do(f"case:{case.id}", "centre_review", world["centre"].maker, **given)
    world.session.commit()
    return case
