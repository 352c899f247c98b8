"""Lists that are uploaded, checked and confirmed on the pages of a referrer."""

import io
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.errors import DanbaoError
from engine.models import AuditEvent, DomainEvent, ListUpload, ReferralItem
from engine.operations.lists import Progress, check_list
from engine.people import Actor
from tests.imports.builders import code, listed, row, xlsx
from tests.operations.world import World
from tests.web.referrals.conftest import SignIn
from tests.web.referrals.lists import begun, count, rows_of, uploaded

LISTS = ROOT / "web/demo/lists"
SAMPLES = {
    "nanxiang": "2025-12_南翔镇_需求名单.xlsx",
    "kewei": "2025-12_区科委_需求名单.xlsx",
    "bank": "2025-12_申城银行_需求名单.csv",
}


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


def test_two_thousand_rows_are_checked_with_progress_and_confirmed(
    world: World, sign_in: SignIn
) -> None:
    batch, visitor = begun(world), sign_in(world["nanxiang"].maker)
    wrong = [row(期限=48) for _ in range(20)]
    content = xlsx(listed(*(row() for _ in range(1980)), *wrong))
    answer = visitor.upload(f"/referrals/{batch}/upload", f"/referrals/{batch}", "长.xlsx", content)
    waiting, check = 0, str(answer.location)
    while "HX-Redirect" not in (page := visitor.get(f"{check}/progress")).headers:
        waiting += "hx-get" in page.text
        sleep(0.05)
    assert "可以报送1980行" in visitor.page(check)
    visitor.post(f"{check}/confirm", check)
    assert waiting
    assert count(world, ReferralItem) == 1980


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
