"""Cases, the search, and the home page."""

import pytest
from sqlalchemy import select

from engine.models import AuditEvent, GuaranteeCase
from tests.imports.builders import row
from tests.operations.world import World
from tests.web.conftest import SignIn


@pytest.fixture
def case(world: World) -> GuaranteeCase:
    world.send("nanxiang", row())
    world.session.commit()
    return world.session.scalars(select(GuaranteeCase)).one()


def test_a_case_is_seen_by_those_who_take_part(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    for code in ("finance", "nanxiang", "centre"):
        visitor = sign_in(world[code].maker)
        assert case.case_no in visitor.page("/cases")
        assert case.enterprise.name in visitor.page(f"/cases/{case.id}")
    for code in ("bank", "kewei"):
        visitor = sign_in(world[code].maker)
        assert case.case_no not in visitor.page("/cases")
        assert visitor.get(f"/cases/{case.id}").status_code == 404


def test_the_search_finds_within_the_scope_only(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, other = sign_in(world["finance"].maker), sign_in(world["kewei"].maker)
    for words in (case.case_no, case.enterprise.uscc):
        assert finance.get(f"/search?q={words}").location == f"/cases/{case.id}"
        assert other.get(f"/search?q={words}").status_code == 200
        assert case.enterprise.name not in other.page(f"/search?q={words}")
    assert case.case_no in finance.page(f"/search?q={case.enterprise.name[2:5]}")
    assert case.case_no not in finance.page("/search?q=%25")
    assert "没有找到" in finance.page("/search?q=_")


def test_the_receipt_says_that_the_chain_holds_and_where_it_does_not(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor = sign_in(world["finance"].maker)
    assert "核验通过" in visitor.page(f"/cases/{case.id}")
    chain = f"case:{case.id}"
    connection = world.session.connection()
    connection.exec_driver_sql("ALTER TABLE audit_event DISABLE TRIGGER USER")
    connection.exec_driver_sql(
        "UPDATE audit_event SET reason = 'x' WHERE chain = %s AND seq = 2", (chain,)
    )
    world.session.commit()
    assert world.session.scalar(select(AuditEvent.seq).where(AuditEvent.chain == chain).limit(1))
    page = visitor.page(f"/cases/{case.id}")
    assert "第2条起不符" in page
    assert "核验通过" not in page


def test_the_first_referrer_gives_a_case_up_with_a_reason(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    path = f"/cases/{case.id}"
    other = sign_in(world["centre"].maker)
    assert "撤回案件" not in other.page(path)
    assert other.post(f"{path}/withdraw", path, reason="x").status_code == 403
    foreign = sign_in(world["bank"].maker)
    assert foreign.post(f"{path}/withdraw", "/", reason="x").status_code == 404
    visitor = sign_in(world["nanxiang"].maker)
    empty = visitor.post(f"{path}/withdraw", path, reason="")
    assert empty.status_code == 422
    assert "写明撤回原因" in empty.text
    assert visitor.post(f"{path}/withdraw", path, reason="企业不要了").status_code == 303
    world.session.rollback()
    assert case.status == "WITHDRAWN"
    assert "已撤回" in visitor.page(path)


def test_every_organisation_has_its_home_page(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    for code in ("finance", "nanxiang", "centre", "kewei", "bank"):
        for actor in (world[code].maker, world[code].checker, world[code].head):
            assert sign_in(actor).get("/").status_code == 200
    assert case.enterprise.name in sign_in(world["finance"].maker).page("/")
    assert case.enterprise.name not in sign_in(world["kewei"].maker).page("/")


def test_the_diagrams_of_a_case_show_where_it_stands_to_those_who_take_part(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    path = f"/cases/{case.id}/path"
    page = sign_in(world["finance"].maker).page(path)
    assert 'class="bp-node bp-task is-current" data-element="first_review"' in page
    assert "现在这一步" in page
    assert "<script" not in page.split('<div id="path">')[1].split("</svg>")[0]
    whole = sign_in(world["finance"].maker).page(f"{path}?process=guarantee_case")
    assert 'is-done" data-element="gw_referral"' in whole
    assert "is-done" not in sign_in(world["nanxiang"].maker).page(path)
    assert sign_in(world["bank"].maker).get(path).status_code == 404
    assert sign_in(world["finance"].maker).get(f"{path}?process=bank_approval").status_code == 404
