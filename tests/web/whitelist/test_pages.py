"""Whitelists on pages: compiled, read by those whom they concern, adjusted by finance."""

import io
from collections.abc import Sequence

import openpyxl
from sqlalchemy import select

from engine.imports.model import Cell
from engine.models import Enterprise, GuaranteeCase, Whitelist, WhitelistEntry
from tests.imports.builders import code, row
from tests.operations.world import World
from tests.web.whitelist.conftest import SignIn


def passed(world: World, referrer: str, *lines: Sequence[Cell]) -> list[GuaranteeCase]:
    """Cases that wait for a release."""
    world.send(referrer, *lines)
    cases = [world.case(str(line[2])) for line in lines]
    for case in cases:
        world.pass_first(case)
        world.pass_centre(case)
    world.session.commit()
    return cases


def firm(name: str) -> Sequence[Cell]:
    return row(企业名称=name, 统一社会信用代码=code(), 联系电话="13812345678", 联系人="某联系人")


def released(world: World) -> Whitelist:
    """Two firms of two referrers, released."""
    cases = passed(world, "nanxiang", firm("上海甲示例有限公司"))
    cases += passed(world, "kewei", firm("上海乙示例有限公司"))
    release = world.session.scalars(select(Whitelist)).one()
    subject = f"whitelist:{release.id}"
    chosen = [case.id for case in cases]
    world.do(subject, "compile_release", world["finance"].maker, cases=chosen)
    world.do(subject, "confirm_release", world["finance"].checker, outcome="CONFIRM")
    world.session.commit()
    world.session.refresh(release)
    return release


def rows_of(content: bytes) -> str:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return "\n".join(str(cell) for line in sheet.iter_rows(values_only=True) for cell in line)


def test_finance_compiles_a_release_from_what_waits_and_leaves_the_rest(
    world: World, sign_in: SignIn
) -> None:
    first, second = passed(
        world, "nanxiang", firm("上海甲示例有限公司"), firm("上海乙示例有限公司")
    )
    release = world.session.scalars(select(Whitelist)).one()
    finance = sign_in(world["finance"].maker)
    index = finance.page("/whitelist/")
    assert "待发布2家" in index
    task = world.task(f"whitelist:{release.id}", "compile_release").id
    page = finance.page(f"/tasks/{task}")
    assert page.count('name="cases"') == 2
    assert finance.post(f"/tasks/{task}", f"/tasks/{task}").status_code == 422, "none chosen"
    answer = finance.post(f"/tasks/{task}", f"/tasks/{task}", cases=[str(first.id)])
    assert answer.status_code == 303, answer.text[-1500:]
    world.session.expire_all()
    assert release.case_ids == [first.id]
    check = world.task(f"whitelist:{release.id}", "confirm_release").id
    beside = sign_in(world["finance"].checker).page(f"/tasks/{check}")
    assert first.enterprise.name in beside
    assert second.enterprise.name not in beside


def test_a_case_that_does_not_wait_cannot_be_slipped_in(world: World, sign_in: SignIn) -> None:
    passed(world, "nanxiang", firm("上海甲示例有限公司"))
    other = firm("上海乙示例有限公司")
    world.send("kewei", other)
    world.session.commit()
    release = world.session.scalars(select(Whitelist)).one()
    task = world.task(f"whitelist:{release.id}", "compile_release").id
    finance, stranger = sign_in(world["finance"].maker), world.case(str(other[2]))
    answer = finance.post(f"/tasks/{task}", f"/tasks/{task}", cases=[str(stranger.id)])
    assert answer.status_code == 422
    world.session.expire_all()
    assert release.case_ids == []


def test_banks_and_the_centre_read_every_entry_but_neither_contacts_nor_reviews(
    world: World, sign_in: SignIn
) -> None:
    release = released(world)
    for reader in (world["bank"].maker, world["centre"].maker, world["finance"].maker):
        visitor = sign_in(reader)
        assert str(release.wl_no) in visitor.page("/whitelist/")
        page = visitor.page(f"/whitelist/{release.id}")
        sheet = rows_of(visitor.get(f"/whitelist/{release.id}.xlsx").data)
        for shown in (page, sheet):
            assert "上海甲示例有限公司" in shown
            assert "上海乙示例有限公司" in shown
            assert str(release.digest) in shown
            assert "13812345678" not in shown
            assert "某联系人" not in shown
        assert "与发布时一致" in page


def test_a_referrer_reads_only_the_firms_it_named(world: World, sign_in: SignIn) -> None:
    release = released(world)
    visitor = sign_in(world["nanxiang"].maker)
    page = visitor.page(f"/whitelist/{release.id}")
    sheet = rows_of(visitor.get(f"/whitelist/{release.id}.xlsx").data)
    for shown in (page, sheet):
        assert "上海甲示例有限公司" in shown
        assert "上海乙示例有限公司" not in shown


def test_a_referrer_without_a_firm_on_it_does_not_know_the_release(
    world: World, sign_in: SignIn
) -> None:
    (case,) = passed(world, "kewei", firm("上海乙示例有限公司"))
    release = world.session.scalars(select(Whitelist)).one()
    subject = f"whitelist:{release.id}"
    world.do(subject, "compile_release", world["finance"].maker, cases=[case.id])
    world.do(subject, "confirm_release", world["finance"].checker, outcome="CONFIRM")
    world.session.commit()
    visitor = sign_in(world["nanxiang"].maker)
    assert "还没有发布过白名单" in visitor.page("/whitelist/")
    for path in (f"/whitelist/{release.id}", f"/whitelist/{release.id}.xlsx"):
        assert visitor.get(path).status_code == 404, path


def test_what_is_not_released_is_nobodys_but_the_bureaus(world: World, sign_in: SignIn) -> None:
    passed(world, "nanxiang", firm("上海甲示例有限公司"))
    release = world.session.scalars(select(Whitelist)).one()
    for reader in (world["bank"].maker, world["nanxiang"].maker, world["centre"].maker):
        visitor = sign_in(reader)
        assert "上海甲示例有限公司" not in visitor.page("/whitelist/")
        assert visitor.get(f"/whitelist/{release.id}").status_code == 404


def test_finance_suspends_and_restores_with_a_reason(world: World, sign_in: SignIn) -> None:
    released(world)
    entry = world.session.scalars(select(WhitelistEntry).order_by(WhitelistEntry.seq)).first()
    assert entry is not None
    path, finance = f"/whitelist/entries/{entry.id}", sign_in(world["finance"].maker)
    assert finance.post(path, path, status="SUSPENDED", reason=" ").status_code == 422
    assert finance.post(path, path, status="EXPIRED", reason="x").status_code == 422
    assert finance.post(path, path, status="SUSPENDED", reason="新增未决诉讼").status_code == 303
    world.session.refresh(entry)
    assert entry.status == "SUSPENDED"
    assert "与发布时一致" in finance.page(f"/whitelist/{entry.whitelist_id}")
    assert finance.post(path, path, status="REMOVED", reason="查实").status_code == 303
    assert finance.get(path).status_code == 404, "what is removed stays removed"


def test_nobody_else_adjusts_an_entry(world: World, sign_in: SignIn) -> None:
    released(world)
    entry = world.session.scalars(select(WhitelistEntry).order_by(WhitelistEntry.seq)).first()
    assert entry is not None
    path = f"/whitelist/entries/{entry.id}"
    for actor in (world["bank"].maker, world["nanxiang"].maker, world["centre"].head):
        visitor = sign_in(actor)
        assert visitor.get(path).status_code == 404
        answer = visitor.post(path, "/whitelist/", status="REMOVED", reason="x")
        assert answer.status_code == 404
    finance = sign_in(world["finance"].maker)
    answer = finance.client.post(path, data={"status": "REMOVED", "reason": "x"})
    assert answer.status_code == 400, "no token"
    world.session.refresh(entry)
    assert entry.status == "ACTIVE"


def test_a_change_of_what_was_published_shows(world: World, sign_in: SignIn) -> None:
    release = released(world)
    changed = world.session.scalars(select(Enterprise)).first()
    assert changed is not None
    changed.name = "上海改名有限公司"
    world.session.commit()
    assert "与发布时不一致" in sign_in(world["bank"].maker).page(f"/whitelist/{release.id}")
