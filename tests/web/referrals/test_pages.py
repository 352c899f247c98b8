"""The pages of referral lists, as the people of a district meet them."""

from sqlalchemy import select

from engine.models import ListUpload, ReferralBatch, ReferralItem
from tests.imports.builders import code, listed, row, xlsx
from tests.operations.world import World
from tests.web.referrals.conftest import SignIn
from tests.web.referrals.lists import begun, count, uploaded


def test_nobody_else_sees_or_touches_a_list(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    check = uploaded(visitor, batch, xlsx(listed(row(), row(期限=48))))
    visitor.post(f"{check}/confirm", check)
    item = world.session.scalars(select(ReferralItem)).one().id
    other = sign_in(world["kewei"].maker)
    reading = (
        f"/referrals/{batch}",
        f"/referrals/{batch}/template.xlsx",
        f"/referrals/{batch}/row",
        f"/referrals/{batch}/withdraw",
        f"/referrals/rows/{item}",
        check,
        f"{check}/progress",
        f"{check}/corrections.xlsx",
    )
    for path in reading:
        assert other.get(path).status_code == 404, path
    changing = (
        f"/referrals/{batch}/upload",
        f"/referrals/{batch}/hand-on",
        f"/referrals/{batch}/withdraw",
        f"/referrals/{batch}/row",
        f"/referrals/{batch}/urge",
        f"/referrals/rows/{item}",
        f"/referrals/rows/{item}/remove",
        f"{check}/confirm",
        f"{check}/check",
    )
    for path in changing:
        assert other.post(path, "/referrals/", reason="x").status_code == 404, path
    assert count(world, ReferralItem) == 1
    world.session.expire_all()
    assert world.session.get_one(ReferralBatch, batch).status == "DRAFT"


def test_what_a_page_sends_needs_the_pages_token(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    for path in ("upload", "hand-on", "withdraw", "row"):
        answer = visitor.client.post(f"/referrals/{batch}/{path}", data={"outcome": "NIL"})
        assert answer.status_code == 400, path
    world.session.expire_all()
    assert world.session.get_one(ReferralBatch, batch).status == "DRAFT"


def test_a_checker_reads_but_does_not_prepare(world: World, sign_in: SignIn) -> None:
    batch, checker = begun(world), sign_in(world["nanxiang"].checker)
    page = f"/referrals/{batch}"
    assert "上传并核对" not in checker.page(page)
    content = xlsx(listed(row()))
    assert checker.upload(f"{page}/upload", page, "名单.xlsx", content).status_code == 403
    assert checker.post(f"{page}/hand-on", page, outcome="NIL").status_code == 403
    assert count(world, ListUpload) == 0


KEYED = {
    "name": "上海示例智能装备有限公司",
    "category": "街镇推荐",
    "sub_district": "南翔镇",
    "biz_address": "南翔镇示例路1号",
    "need_amount": "500",
    "need_term": "12",
    "purpose": "采购原材料",
    "contact": "联系人",
    "phone": "13800000000",
}


def test_a_firm_is_keyed_in_corrected_and_taken_out(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    keyed = {**KEYED, "uscc": code()}
    path = f"/referrals/{batch}/row"
    wrong = visitor.post(path, path, **{**keyed, "need_term": "48"})
    assert wrong.status_code == 422
    assert "超出1至36个月" in wrong.text
    assert keyed["name"] in wrong.text, "nothing typed is lost"
    assert count(world, ReferralItem) == 0
    assert visitor.post(path, path, **keyed).status_code == 303
    item = world.session.scalars(select(ReferralItem)).one()
    assert item.need_amount == 5_000_000
    edit = f"/referrals/rows/{item.id}"
    assert 'value="500.00"' in visitor.page(edit)
    assert visitor.post(edit, edit, **{**keyed, "need_amount": "600"}).status_code == 303
    world.session.refresh(item)
    assert item.need_amount == 6_000_000
    visitor.post(f"{edit}/remove", f"/referrals/{batch}")
    assert count(world, ReferralItem) == 0


def test_a_list_is_handed_on_and_then_closed_to_changes(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    check = uploaded(visitor, batch, xlsx(listed(row())))
    visitor.post(f"{check}/confirm", check, then="check")
    world.session.expire_all()
    assert world.session.get_one(ReferralBatch, batch).status == "CHECKING"
    page = f"/referrals/{batch}"
    assert "上传并核对" not in visitor.page(page)
    content = xlsx(listed(row()))
    assert visitor.upload(f"{page}/upload", page, "名单.xlsx", content).status_code == 409
    assert visitor.post(f"{page}/hand-on", page).status_code == 409
    assert count(world, ReferralItem) == 1


def test_nothing_new_is_reported_only_by_an_empty_list(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    page = f"/referrals/{batch}"
    assert "报本月无新增" in visitor.page(page)
    assert visitor.post(f"{page}/hand-on", page, outcome="NIL").status_code == 303
    world.session.expire_all()
    found = world.session.get_one(ReferralBatch, batch)
    assert (found.status, found.nil_return) == ("CHECKING", True)


def test_a_list_is_withdrawn_with_a_reason_and_begun_again(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    path = f"/referrals/{batch}/withdraw"
    assert visitor.post(path, path, reason=" ").status_code == 422
    assert visitor.post(path, path, reason="选错了月份").status_code == 303
    world.session.expire_all()
    assert world.session.get_one(ReferralBatch, batch).status == "WITHDRAWN"
    index = visitor.page("/referrals/")
    assert "已撤回" in index
    assert "新建12月名单" in index
    answer = visitor.post("/referrals/", "/referrals/", programme="JD_KCD", period="2025-12")
    assert answer.status_code == 303
    assert answer.location != f"/referrals/{batch}"


def test_only_an_offered_month_is_begun(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(world["nanxiang"].maker)
    for period in ("2024-01", "2026-06", "x"):
        answer = visitor.post("/referrals/", "/referrals/", programme="JD_KCD", period=period)
        assert answer.status_code == 404, period
    assert world.session.scalar(select(ReferralBatch)) is None


def test_finance_sees_who_has_not_sent_and_urges_once_a_click(
    world: World, sign_in: SignIn
) -> None:
    open_one = begun(world, "kewei")
    world.send("nanxiang", row(), row())
    world.session.commit()
    finance = sign_in(world["finance"].maker)
    page = finance.page("/referrals/")
    missing, _, sent = page.partition("已报送的名单")
    assert "区科委" in missing
    assert "南翔镇" in sent
    assert finance.post(f"/referrals/{open_one}/urge", "/referrals/").status_code == 303
    world.session.rollback()
    assert len(world.events("task_urged")) == 1
    assert "新建" not in page, "finance does not prepare lists"


def test_finance_reads_a_list_only_once_it_is_sent(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    keyed = {**KEYED, "uscc": code()}
    path = f"/referrals/{batch}/row"
    visitor.post(path, path, **keyed)
    finance = sign_in(world["finance"].maker)
    assert keyed["name"] not in finance.page(f"/referrals/{batch}")
    subject = f"batch:{batch}"
    world.do(subject, "prepare_list", world["nanxiang"].maker, outcome="SUBMIT")
    checker = world["nanxiang"].checker
    world.do(subject, "check_list", checker, outcome="PASS", authorisations_signed=True)
    world.session.commit()
    assert keyed["name"] in finance.page(f"/referrals/{batch}")


def test_maker_and_checker_find_the_list_beside_their_forms(world: World, sign_in: SignIn) -> None:
    same = code()
    world.send("kewei", row(统一社会信用代码=same, 融资需求=777))
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    own = row(统一社会信用代码=same, 融资需求=500)
    check = uploaded(visitor, batch, xlsx(listed(own, row(期限=48))))
    visitor.post(f"{check}/confirm", check, then="check")
    world.session.rollback()
    task = world.task(f"batch:{batch}", "check_list")
    page = sign_in(world["nanxiang"].checker).page(f"/tasks/{task.id}")
    assert str(own[1]) in page
    assert "区科委也已推荐" in page
    assert "与区科委所报不同：融资需求" in page.replace("企业名称、", "")
    assert "777" not in page, "what another referrer said stays with it"
    assert "超出1至36个月" in page, "what was refused and has not come again is named"
