"""The pages of referral lists, as the people of a district meet them."""

import io
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.errors import DanbaoError
from engine.models import AuditEvent, DomainEvent, ListUpload, ReferralBatch, ReferralItem
from engine.operations.lists import Progress, check_list
from engine.people import Actor
from tests.imports.builders import code, listed, row, xlsx
from tests.operations.world import World
from tests.web.referrals.conftest import SignIn
from tests.web.visitor import Visitor

LISTS = ROOT / "web/demo/lists"
SAMPLES = {
    "nanxiang": "2025-12_南翔镇_需求名单.xlsx",
    "kewei": "2025-12_区科委_需求名单.xlsx",
    "bank": "2025-12_申城银行_需求名单.csv",
}


def begun(world: World, code: str = "nanxiang") -> int:
    """An open batch, committed, so that the pages see it."""
    number = world.batch(code).id
    world.session.commit()
    return number


def count(world: World, table: type[ListUpload] | type[ReferralItem]) -> int:
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(table)) or 0


def uploaded(visitor: Visitor, batch: int, content: bytes, name: str = "名单.xlsx") -> str:
    """Upload a list; returns the address of its check page, once the check has run."""
    answer = visitor.upload(f"/referrals/{batch}/upload", f"/referrals/{batch}", name, content)
    assert answer.status_code == 303, answer.text[-1500:]
    until = monotonic() + 20
    while "HX-Redirect" not in visitor.get(f"{answer.location}/progress").headers:
        assert monotonic() < until, "the check never ended"
        sleep(0.05)
    return str(answer.location)


def rows_of(content: bytes) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("referrer", SAMPLES)
def test_a_real_list_is_checked_and_confirmed(world: World, sign_in: SignIn, referrer: str) -> None:
    batch, visitor = begun(world, referrer), sign_in(world[referrer].maker)
    path = LISTS / SAMPLES[referrer]
    check = uploaded(visitor, batch, path.read_bytes(), path.name)
    upload = world.session.scalars(select(ListUpload)).one()
    good, bad = len(upload.report["accepted"]), upload.report["refused"]
    page = visitor.page(check)
    assert f"{good}<small>行" in page
    assert f"确认{good}行" in page
    for cell in bad:
        assert cell["reason"]["template"].split("{")[0] in page, "every problem is said"
        assert cell["remedy"]["template"].split("{")[0] in page, "with what to do"
    assert count(world, ReferralItem) == 0, "nothing is taken over before it is confirmed"
    assert visitor.post(f"{check}/confirm", check).status_code == 303
    assert count(world, ReferralItem) == good
    assert f"{good}家" in visitor.page(f"/referrals/{batch}")


def test_the_correction_sheet_is_corrected_and_nothing_comes_in_twice(
    world: World, sign_in: SignIn
) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    kept, wrong = row(), row(融资需求="面议")
    check = uploaded(visitor, batch, xlsx(listed(kept, wrong)))
    visitor.post(f"{check}/confirm", check)
    sheet = visitor.get(f"{check}/corrections.xlsx")
    assert str(sheet.mimetype).endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(sheet.data))
    page = book.worksheets[0]
    (heading, only) = list(page.iter_rows())
    assert "不是一个数" in str(only[0].value)
    column = [cell.value for cell in heading].index("融资需求（万元）")
    assert only[column].comment is not None, "the bad cell says why"
    only[column].value = 300
    mended = io.BytesIO()
    book.save(mended)
    again = uploaded(visitor, batch, mended.getvalue(), "名单_改正表.xlsx")
    visitor.post(f"{again}/confirm", again)
    assert count(world, ReferralItem) == 2
    whole = uploaded(visitor, batch, xlsx(listed(kept, wrong)))
    visitor.post(f"{whole}/confirm", whole)
    assert count(world, ReferralItem) == 2, "the first file once more adds nothing"
    assert "1家已在名单里，没有重复" in visitor.page(f"/referrals/{batch}")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("坏.xlsx", b"PK\x03\x04broken", "文件已损坏"),
        ("锁.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "没有上传"),
        ("空.csv", b"", "文件是空的"),
        ("书.pdf", b"%PDF-1.7\n1 0 obj", "不是名单表格"),
        ("大.xlsx", bytes(21 * 1024 * 1024), "文件超过20MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_where_it_was_chosen_and_not_kept(
    world: World, sign_in: SignIn, name: str, content: bytes, said: str
) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    answer = visitor.upload(f"/referrals/{batch}/upload", f"/referrals/{batch}", name, content)
    assert answer.status_code == 422
    assert said in answer.text
    assert "名单文件" in answer.text, "the form to choose another is on the page"
    assert count(world, ListUpload) == 0


def test_a_body_of_a_hundred_megabytes_is_answered_with_words(
    world: World, sign_in: SignIn
) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    content = bytes(100 * 1024 * 1024)
    path = f"/referrals/{batch}"
    answer = visitor.upload(f"{path}/upload", path, "大.xlsx", content)
    assert answer.status_code == 413
    assert "文件超过20MB" in answer.text
    assert count(world, ListUpload) == 0


def test_no_file_is_said_too(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    answer = visitor.post(f"/referrals/{batch}/upload", f"/referrals/{batch}")
    assert answer.status_code == 422
    assert "没有选择文件" in answer.text


def test_two_thousand_rows_are_checked_and_confirmed_in_time(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    wrong = [row(期限=48) for _ in range(20)]
    content = xlsx(listed(*(row() for _ in range(1980)), *wrong))
    start = monotonic()
    answer = visitor.upload(f"/referrals/{batch}/upload", f"/referrals/{batch}", "长.xlsx", content)
    waiting, check = 0, str(answer.location)
    while "HX-Redirect" not in (page := visitor.get(f"{check}/progress")).headers:
        waiting += "hx-get" in page.text
        sleep(0.05)
    assert "可以报送1980行" in visitor.page(check)
    visitor.post(f"{check}/confirm", check)
    took = monotonic() - start
    print(f"2000 rows: {took:.1f} s, {waiting} looks at the progress")
    assert count(world, ReferralItem) == 1980
    assert took < 15


def test_a_check_that_was_cut_off_can_be_run_again(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    check = uploaded(visitor, batch, xlsx(listed(row())))
    upload = world.session.scalars(select(ListUpload)).one()
    upload.report = {}
    world.session.commit()
    assert "核对没有完成" in visitor.page(check)
    visitor.post(f"{check}/check", check)
    until = monotonic() + 10
    while "可以报送1行" not in visitor.page(check):
        assert monotonic() < until
        sleep(0.05)


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


def test_that_another_referrer_named_a_firm_is_shown_but_not_what_it_said(
    world: World, sign_in: SignIn
) -> None:
    same = code()
    world.send("kewei", row(统一社会信用代码=same, 融资需求=777))
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    check = uploaded(visitor, batch, xlsx(listed(row(统一社会信用代码=same, 融资需求=500))))
    page = visitor.page(check)
    assert "区科委也已推荐" in page
    assert "777" not in page


def test_the_template_can_be_filled_in_and_uploaded(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    answer = visitor.get(f"/referrals/{batch}/template.xlsx")
    heading = next(each for each in rows_of(answer.data) if "企业名称" in each)
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    values = dict(zip(["企业名称", "统一社会信用代码"], ["上海示例有限公司", code()], strict=True))
    values |= {"推荐类别": "街镇推荐", "所属街镇": "南翔镇", "经营地址": "南翔镇示例路1号"}
    values |= {"融资需求（万元）": "500", "期限（月）": "12", "资金用途": "采购原材料"}
    values |= {"联系人": "联系人", "联系电话": "13800000000"}
    book.worksheets[0].append([values.get(str(name)) for name in heading])
    out = io.BytesIO()
    book.save(out)
    assert "可以报送1行" in visitor.page(uploaded(visitor, batch, out.getvalue()))


def test_every_upload_and_confirmation_is_on_the_audit_trail(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    check = uploaded(visitor, batch, xlsx(listed(row())))
    visitor.post(f"{check}/confirm", check)
    visitor.post(f"{check}/confirm", check)
    world.session.rollback()
    actions = world.actions(f"batch:{batch}")
    assert actions.count("referral.list_uploaded") == 1
    assert actions.count("referral.list_confirmed") == 1, "a second click changes nothing"
    events = world.session.scalars(select(AuditEvent.actor_id)).all()
    assert world["nanxiang"].maker.person_id in events
    assert isinstance(world.events("referral_opened")[0], DomainEvent)


def test_a_file_name_from_anywhere_stays_a_plain_name(world: World, sign_in: SignIn) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    name = "..\\..\\<b>名单\u202e.xlsx"
    check = uploaded(visitor, batch, xlsx(listed(row())), name)
    page = visitor.get(check).text
    assert "<b>名单" not in page
    assert ".." not in str(Path(world.session.scalars(select(ListUpload.file_name)).one()))


def test_a_long_check_shows_how_far_it_is_and_then_the_result(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, seen = Event(), Event()

    def slowly(
        session: Session, upload_id: int, actor: Actor, now: datetime, progress: Progress
    ) -> ListUpload:
        progress(40, 100)
        seen.set()
        held.wait(10)
        return check_list(session, upload_id, actor, now)

    monkeypatch.setattr("web.list_checks.check_list", slowly)
    monkeypatch.setattr("web.areas.referrals.batch.SHORT_WAIT", 0)
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    path = f"/referrals/{batch}"
    answer = visitor.upload(f"{path}/upload", path, "名单.xlsx", xlsx(listed(row())))
    check = str(answer.location)
    assert seen.wait(10)
    page = visitor.page(check)
    assert "已核对40行，共100行" in page
    assert 'http-equiv="refresh"' in page, "the page waits without a script too"
    assert "hx-get" in visitor.page(f"{check}/progress")
    assert "确认" not in page.partition("<main")[2].partition("</main>")[0].replace("确认后", "")
    held.set()
    until = monotonic() + 10
    while "HX-Redirect" not in visitor.get(f"{check}/progress").headers:
        assert monotonic() < until
        sleep(0.02)
    assert "可以报送1行" in visitor.page(check)


def test_a_check_that_fails_says_so_and_changes_nothing(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DanbaoError("broken", "broken")

    monkeypatch.setattr("web.list_checks.check_list", broken)
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    path = f"/referrals/{batch}"
    answer = visitor.upload(f"{path}/upload", path, "名单.xlsx", xlsx(listed(row())))
    page = visitor.page(str(answer.location))
    assert "核对没有完成" in page
    assert "重新核对" in page
    assert visitor.post(f"{answer.location}/confirm", path).status_code == 422
    assert count(world, ReferralItem) == 0


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
