"""The trail on pages: who reads what, what a row says, and what nobody gets."""

import io
import json
import re
from pathlib import Path

import openpyxl
from sqlalchemy import select, text

from engine.audit.checkpoint import seal
from engine.audit.keys import sealing_key
from engine.audit.queries import actions
from engine.audit.receipt import check
from engine.audit.trail import record
from engine.config import ROOT
from engine.models import AuditEvent, GuaranteeCase
from engine.people import Actor
from engine.text import text as sentence
from tests.imports.builders import row
from tests.operations.world import NOW, World, office, person
from tests.web.referrals.conftest import SignIn
from web.areas.audit.acts import ACTIONS


def reviewed(world: World) -> GuaranteeCase:
    """A case of 南翔镇 with a confirmed first review, committed."""
    world.send("nanxiang", row(企业名称="上海珩川精密机械有限公司"))
    case = world.session.scalars(select(GuaranteeCase)).one()
    world.pass_first(case)
    world.session.commit()
    return case


def sealed(world: World, var: Path) -> None:
    seal(world.session, NOW, sealing_key(var))
    world.session.commit()


def auditor(world: World, code: str = "finance") -> Actor:
    one = person(world.session, world[code].org, f"{code}-auditor", "auditor")
    world.session.commit()
    return one


def newest(world: World, action: str) -> AuditEvent:
    query = select(AuditEvent).where(AuditEvent.action == action)
    return world.session.scalars(query.order_by(AuditEvent.id.desc())).all()[0]


def test_the_bureau_reads_a_case_and_its_chain_is_verified_on_the_way(
    world: World, sign_in: SignIn, tmp_path: Path
) -> None:
    case = reviewed(world)
    sealed(world, tmp_path)
    page = sign_in(auditor(world)).page(f"/audit?case={case.case_no}")
    assert "记录完整。" in page
    assert "签名已核对" in page
    assert "初审复核确认" in page
    assert "300.00万元" in page
    assert "上海珩川精密机械有限公司" in page
    assert "已核验" in page


def test_a_row_that_was_altered_is_named(world: World, sign_in: SignIn) -> None:
    case = reviewed(world)
    visitor = sign_in(auditor(world))
    target = newest(world, "screening.first_confirmed")
    world.session.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
    change = text("UPDATE audit_event SET reason = 'x' WHERE id = :id")
    world.session.execute(change, {"id": target.id})
    world.session.execute(text("ALTER TABLE audit_event ENABLE TRIGGER ALL"))
    world.session.commit()
    page = visitor.page(f"/audit?case={case.case_no}")
    assert "记录不完整。" in page
    assert f"第{target.seq}条" in page
    assert "记录完整。" not in page


def test_who_took_no_part_in_a_case_reads_nothing_of_it(world: World, sign_in: SignIn) -> None:
    case = reviewed(world)
    stranger = sign_in(world["kewei"].maker)
    page = stranger.page(f"/audit?case={case.case_no}")
    assert "没有符合条件的记录" in page
    assert "上海珩川" not in page
    confirmed = newest(world, "screening.first_confirmed")
    assert stranger.get(f"/audit/receipts/{confirmed.id}.json").status_code == 404
    assert "上海珩川" in sign_in(world["nanxiang"].maker).page(f"/audit?case={case.case_no}")


def test_who_brought_a_case_reads_no_opinion_of_those_who_review_it(
    world: World, sign_in: SignIn, tmp_path: Path
) -> None:
    world.send("nanxiang", row(企业名称="上海珩川精密机械有限公司"))
    case = world.session.scalars(select(GuaranteeCase)).one()
    world.review(case, note="内部意见")
    sealed(world, tmp_path)
    opinion = newest(world, "screening.first_reviewed")
    for code, reads in (("nanxiang", False), ("finance", True)):
        visitor = sign_in(world[code].maker)
        page = visitor.page(f"/audit?case={case.case_no}")
        assert ("内部意见" in page) is reads
        status = 200 if reads else 404
        assert visitor.get(f"/audit/receipts/{opinion.id}.json").status_code == status


def test_an_auditor_of_a_bank_reads_no_more_than_the_bank(world: World, sign_in: SignIn) -> None:
    reviewed(world)
    assert "上海珩川" not in sign_in(auditor(world, "bank")).page("/audit")


def test_a_bureau_reads_its_own_district_only(world: World, sign_in: SignIn) -> None:
    case = reviewed(world)
    other = office(world.session, "mh", "闵行专班", "FINANCE", district_code="310112")
    world.session.commit()
    page = sign_in(other.maker).page("/audit")
    assert case.case_no not in page
    assert "南翔镇" not in page
    assert case.case_no in sign_in(world["finance"].maker).page("/audit")


def test_filters_narrow_and_nonsense_is_left_out(world: World, sign_in: SignIn) -> None:
    reviewed(world)
    visitor = sign_in(auditor(world))
    assert "初审复核确认" in visitor.page("/audit?person=finance-checker")
    assert "初审意见：通过" not in visitor.page("/audit?person=finance-checker")
    assert "没有符合条件的记录" in visitor.page("/audit?first=2031-01-01")
    assert "没有符合条件的记录" in visitor.page("/audit?case=%25")
    strange = "/audit?organisation=-1&first=yesterday&before=abc&after=99999999999999999999&open=x"
    assert "初审复核确认" in visitor.page(strange)


def test_pages_go_both_ways_without_losing_a_row(world: World, sign_in: SignIn) -> None:
    for number in range(120):
        record(
            world.session,
            chain="system",
            action="test.row",
            summary=sentence("第{n}件", n=number),
            actor=world["finance"].maker,
            now=NOW,
        )
    world.session.commit()
    visitor = sign_in(world["finance"].maker)
    first = visitor.page("/audit?action=test")
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = visitor.page(older[1])
    newer = re.search(r'rel="prev" href="([^"]+)"', second)
    assert newer
    shown = [re.findall(r"<b>第(\d+)件</b>", page) for page in (first, second)]
    assert [len(one) for one in shown] == [50, 50]
    assert not set(shown[0]) & set(shown[1])
    assert re.findall(r"<b>第(\d+)件</b>", visitor.page(newer[1])) == shown[0]
    assert 'rel="prev"' not in first


def test_a_receipt_is_proof_without_the_system(
    world: World, sign_in: SignIn, tmp_path: Path
) -> None:
    reviewed(world)
    visitor = sign_in(auditor(world))
    event = newest(world, "screening.first_confirmed")
    assert visitor.get(f"/audit/receipts/{event.id}.json").status_code == 409, "not sealed yet"
    sealed(world, tmp_path)
    answer = visitor.get(f"/audit/receipts/{event.id}.json")
    plain = json.loads(answer.data)
    assert check(plain).event["action"] == "screening.first_confirmed"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert plain["public_key"] in visitor.page("/audit/how")
    assert visitor.get(f"/audit/receipts/{10**30}.json").status_code == 404


def test_an_export_holds_what_was_filtered_and_is_on_record(world: World, sign_in: SignIn) -> None:
    case = reviewed(world)
    visitor = sign_in(auditor(world))
    assert visitor.client.post("/audit/export").status_code == 400
    answer = visitor.post("/audit/export", "/audit", case=case.case_no)
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    chains = {value for (value,) in sheet.iter_rows(2, min_col=2, max_col=2, values_only=True)}
    assert chains == {f"case:{case.id}"}
    world.session.rollback()
    told = newest(world, "audit.exported")
    assert told.after == {"filters": {"case": case.case_no}, "rows": sheet.max_row - 1}


def test_only_who_sees_everything_verifies_everything(world: World, sign_in: SignIn) -> None:
    reviewed(world)
    answer = sign_in(auditor(world)).post("/audit/verify", "/audit")
    assert "全部核验通过" in answer.text
    assert sign_in(world["nanxiang"].maker).post("/audit/verify", "/audit").status_code == 403


def test_an_opened_row_shows_hashes_and_everything_recorded(world: World, sign_in: SignIn) -> None:
    case = reviewed(world)
    event = newest(world, "screening.first_confirmed")
    page = sign_in(auditor(world)).page(f"/audit?case={case.case_no}&open={event.id}")
    assert event.hash.hex() in page
    assert event.prev_hash.hex() in page
    assert "封存后可以下载" in page


def test_english_pages_have_no_chinese_labels_of_ours(world: World, sign_in: SignIn) -> None:
    reviewed(world)
    visitor = sign_in(auditor(world))
    with visitor.client.session_transaction() as kept:
        kept["lang"] = "en"
    page = visitor.page("/audit")
    assert "Audit" in page
    assert "CNY 3.00m" in page


def test_every_area_of_acts_has_a_name(world: World) -> None:
    reviewed(world)
    heads = {action.split(".")[0] for action in actions(world.session)}
    source = "".join(path.read_text("utf-8") for path in (ROOT / "engine").rglob("*.py"))
    heads |= {one.split(".")[0] for one in re.findall(r'action="([a-z_]+\.[a-z_]+)"', source)}
    heads |= {one.split(".")[0] for one in re.findall(r'audit\(\s*"([a-z_]+\.[a-z_]+)"', source)}
    assert not heads - ACTIONS.keys()


def test_reading_the_trail_needs_somebody(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(world["finance"].maker)
    visitor.client.delete_cookie("danbao")
    assert visitor.get("/audit").status_code == 302
