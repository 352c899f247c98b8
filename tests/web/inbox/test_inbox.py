"""The inbox and the page of a task, as the people of a district meet them."""

import io
import re
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from engine.models import Attachment, AuditEvent, CheckResult, GuaranteeCase, Person, WorkItem
from tests.imports.builders import row
from tests.operations.world import ALL_FINE, World, person
from tests.web.conftest import SignIn
from tests.web.visitor import Visitor

PDF = b"%PDF-1.4\n1 0 obj\n"


@pytest.fixture
def case(world: World) -> GuaranteeCase:
    """A case that waits for its first review."""
    world.send("nanxiang", row())
    world.session.commit()
    return world.session.scalars(select(GuaranteeCase)).one()


def item_of(world: World, case: GuaranteeCase, element: str = "first_review") -> int:
    world.session.rollback()
    return world.task(f"case:{case.id}", element).id


def passed(**more: Any) -> dict[str, Any]:
    return (
        {"outcome": "PASS", "suggested_amount": "300", "support_class": "NORMAL"} | ALL_FINE | more
    )


def send(visitor: Visitor, item: int, **values: Any) -> Any:
    return visitor.post(f"/tasks/{item}", f"/tasks/{item}", **values)


def test_a_task_is_in_the_inbox_of_its_role_and_nobody_elses(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    name = case.enterprise.name
    assert name in sign_in(world["finance"].maker).page("/inbox")
    for actor in (world["finance"].checker, world["nanxiang"].maker, world["bank"].maker):
        assert name not in sign_in(actor).page("/inbox")
    assert name in sign_in(world["nanxiang"].maker).page("/inbox?view=waiting")
    assert name not in sign_in(world["bank"].maker).page("/inbox?view=waiting")


def test_filters_narrow_the_list(world: World, case: GuaranteeCase, sign_in: SignIn) -> None:
    visitor, name = sign_in(world["finance"].maker), case.enterprise.name
    referrer, bank = world["nanxiang"].org.id, world["bank"].org.id
    for query in (
        "step=白名单初审",
        f"referrer={referrer}",
        "checks=judge",
        "amount=1",
        "due=week",
    ):
        assert name in visitor.page(f"/inbox?{query}"), query
    for query in (f"referrer={bank}", "checks=fail", "amount=99999", "due=late", "view=today"):
        assert name not in visitor.page(f"/inbox?{query}"), query


def test_nonsense_in_the_address_is_left_out(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor = sign_in(world["finance"].maker)
    query = "view=x&due=x&checks=x&amount=x&referrer=x&bank=-1&page=-7&step=%00"
    assert visitor.get("/inbox?" + query).status_code == 200
    assert visitor.get("/inbox?amount=1e400&page=99999").status_code == 200
    huge = "9" * 30
    assert visitor.get(f"/inbox?bank={huge}&referrer={huge}&page={huge}").status_code == 200
    paths = [f"/{area}/{huge}" for area in ("tasks", "files", "cases")]
    for path in (*paths, "/cases?q=%00", "/search?q=%00"):
        assert visitor.get(path).status_code in (200, 404), path


def test_the_export_holds_the_list_as_plain_text(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    case.enterprise.name = "=1+1"
    world.session.commit()
    answer = sign_in(world["finance"].maker).get("/inbox/export.xlsx")
    assert "attachment" in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    cell = sheet["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_review_is_submitted_and_the_next_person_named(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].maker), item_of(world, case)
    answer = send(visitor, item, **passed())
    assert answer.status_code == 303, answer.text[-3000:]
    page = visitor.page(answer.location)
    assert "初审复核" in page
    assert "撤回" in page
    assert case.enterprise.name in sign_in(world["finance"].checker).page("/inbox")


def test_a_refused_form_says_where_and_loses_nothing(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].maker), item_of(world, case)
    answer = send(
        visitor, item, outcome="PASS", suggested_amount="12,34x", judge_N3="OK", note="先记一笔"
    )
    assert answer.status_code == 422
    page = answer.text
    assert 'href="#f-suggested_amount"' in page
    assert "不是数字" in page
    assert "12,34x" in page
    assert "先记一笔" in page
    assert re.search(r'name="judge_N3" value="OK" checked', page)
    assert world.task(f"case:{case.id}", "first_review").id == item


def test_unanswered_judgements_are_asked_for_where_they_stand(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].maker), item_of(world, case)
    values = {k: v for k, v in passed().items() if k != "judge_N3"}
    answer = send(visitor, item, **values)
    assert answer.status_code == 422
    assert 'href="#f-judge_N3"' in answer.text
    assert 'id="f-judge_N3"' in answer.text


def test_a_second_click_changes_nothing_and_says_so(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].maker), item_of(world, case)
    mark = visitor.token(f"/tasks/{item}")
    first = visitor.client.post(f"/tasks/{item}", data={"csrf_token": mark, **passed()})
    events = world.session.scalar(select(func.count(AuditEvent.id)))
    second = visitor.client.post(f"/tasks/{item}", data={"csrf_token": mark, **passed()})
    assert (first.status_code, second.status_code) == (303, 303)
    assert "没有再改动" in visitor.page(second.location)
    world.session.rollback()
    assert world.session.scalar(select(func.count(AuditEvent.id))) == events


def test_somebody_else_was_first_and_is_named(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    late = person(world.session, world["finance"].org, "second-maker", "maker")
    world.session.commit()
    first, second = sign_in(world["finance"].maker), sign_in(late)
    item = item_of(world, case)
    mark = second.token(f"/tasks/{item}")
    send(first, item, **passed())
    answer = second.client.post(f"/tasks/{item}", data={"csrf_token": mark, **passed()})
    assert answer.status_code == 409
    assert "finance-maker" in answer.text
    assert "返回待办" in answer.text


def test_other_organisations_do_not_learn_that_a_task_exists(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    item = item_of(world, case)
    for actor in (world["bank"].maker, world["nanxiang"].maker, world["centre"].maker):
        visitor = sign_in(actor)
        assert visitor.get(f"/tasks/{item}").status_code == 404
        assert visitor.get(f"/tasks/{item}/diagram").status_code == 404
        for act in ("", "/claim", "/release", "/draft", "/urge", "/take-back", "/transfer"):
            values = {"_person": "1", "_reason": "x"}
            assert visitor.post(f"/tasks/{item}{act}", "/", **values).status_code == 404, act


def test_the_wrong_role_reads_but_does_not_decide(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].checker), item_of(world, case)
    page = visitor.page(f"/tasks/{item}")
    assert "这一步由本单位的经办办理" in page
    assert 'name="outcome"' not in page
    assert visitor.post(f"/tasks/{item}", "/inbox", **passed()).status_code == 403
    assert item_of(world, case) == item


def test_the_maker_of_a_step_may_not_check_it(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    both = person(world.session, world["finance"].org, "both", "maker", "checker")
    world.session.commit()
    visitor = sign_in(both)
    send(visitor, item_of(world, case), **passed())
    check = item_of(world, case, "first_check")
    visitor.page("/inbox")  # says what was done
    assert case.enterprise.name not in visitor.page("/inbox")
    assert visitor.post(f"/tasks/{check}", "/inbox", outcome="CONFIRM").status_code == 403


def test_nothing_is_done_without_a_token(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].maker), item_of(world, case)
    for path in (f"/tasks/{item}", f"/tasks/{item}/claim", f"/tasks/{item}/draft", "/inbox/bulk"):
        assert visitor.client.post(path, data=passed()).status_code == 400, path
    assert item_of(world, case) == item


def test_a_draft_is_kept_as_typed_and_offered_again(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    visitor, item = sign_in(world["finance"].maker), item_of(world, case)
    path = f"/tasks/{item}"
    mark = visitor.token(path)
    answer = visitor.client.post(
        f"{path}/draft",
        data={"csrf_token": mark, "outcome": "RETURN", "reasons": ["R02", "R04"], "note": "缺章"},
        headers={"X-Requested-With": "danbao"},
    )
    assert "草稿" in answer.get_json()["saved"]
    page = visitor.page(path)
    assert "缺章" in page
    assert re.search(r'value="R04" checked', page)


def test_a_step_is_taken_back_until_the_next_person_looks(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    maker, checker = sign_in(world["finance"].maker), sign_in(world["finance"].checker)
    item = item_of(world, case)
    send(maker, item, **passed(suggested_amount="250"))
    assert maker.post(f"/tasks/{item}/take-back", "/inbox").status_code == 303
    assert 'value="250.00"' in maker.page(f"/tasks/{item}")
    send(maker, item, **passed())
    checker.page(f"/tasks/{item_of(world, case, 'first_check')}")
    assert maker.post(f"/tasks/{item}/take-back", "/inbox").status_code == 409


def test_claiming_keeps_others_away_until_released(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    other = person(world.session, world["finance"].org, "other-maker", "maker")
    world.session.commit()
    first, second, item = sign_in(world["finance"].maker), sign_in(other), item_of(world, case)
    first.post(f"/tasks/{item}/claim", f"/tasks/{item}")
    assert case.enterprise.name not in second.page("/inbox")
    assert second.post(f"/tasks/{item}", "/inbox", **passed()).status_code == 403
    first.post(
        f"/tasks/{item}/transfer",
        f"/tasks/{item}",
        _person=str(other.person_id),
        _reason="出差",
    )
    assert case.enterprise.name in second.page("/inbox")
    second.post(f"/tasks/{item}/release", f"/tasks/{item}")
    assert case.enterprise.name in first.page("/inbox")


def test_files_are_checked_by_content_and_given_to_those_who_take_part(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, referrer = sign_in(world["finance"].maker), sign_in(world["nanxiang"].maker)
    send(finance, item_of(world, case), outcome="RETURN", reasons="R02", note="缺章")
    item = item_of(world, case, "correct_referral")
    wrong = (io.BytesIO(b"MZ\x90\x00 not a pdf"), "授权书.pdf")
    answer = send(referrer, item, statement="已补", files=wrong)
    assert answer.status_code == 422
    assert "不是pdf、jpg或png" in answer.text
    right = (io.BytesIO(PDF), "../../授权书.exe.pdf")
    assert send(referrer, item, statement="已补", files=right).status_code == 303
    file = world.session.scalars(select(Attachment)).one()
    assert file.file_name == "授权书.exe.pdf"
    got = finance.get(f"/files/{file.id}")
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert sign_in(world["bank"].maker).get(f"/files/{file.id}").status_code == 404


def test_another_cases_file_cannot_be_named_in_a_form(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, referrer = sign_in(world["finance"].maker), sign_in(world["nanxiang"].maker)
    world.session.add(
        Attachment(
            subject="case:999999",
            kind="files",
            file_name="x.pdf",
            media_type="application/pdf",
            size=3,
            digest="0",
            content=b"abc",
            org_id=world["bank"].org.id,
            by_id=world["bank"].maker.person_id,
            at=world.now,
        )
    )
    world.session.commit()
    foreign = world.session.scalars(select(Attachment.id)).one()
    send(finance, item_of(world, case), outcome="RETURN", reasons="R02", note="缺章")
    item = item_of(world, case, "correct_referral")
    send(referrer, item, statement="已补", files=str(foreign))
    world.session.rollback()
    assert (world.session.get_one(WorkItem, item).values or {}).get("files") == []


def test_the_referrer_reads_why_it_came_back_and_not_what_finance_thinks(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, referrer = sign_in(world["finance"].maker), sign_in(world["nanxiang"].maker)
    send(finance, item_of(world, case), outcome="RETURN", reasons="R02", note="授权书没有盖章")
    assert "授权书没有盖章" in referrer.page(f"/cases/{case.id}")
    send(referrer, item_of(world, case, "correct_referral"), statement="已补")
    send(finance, item_of(world, case), **passed(note="内部意见，不外传"))
    assert "内部意见，不外传" in finance.page(f"/cases/{case.id}")
    assert "内部意见，不外传" not in referrer.page(f"/cases/{case.id}")


def test_several_are_approved_together_each_by_itself(world: World, sign_in: SignIn) -> None:
    world.send("nanxiang", row(), row())
    cases = list(world.session.scalars(select(GuaranteeCase)))
    for one in cases:
        world.review(one)
    for check in world.session.scalars(select(CheckResult)):
        check.outcome = "PASS"
    world.session.commit()
    visitor = sign_in(world["finance"].checker)
    ids = [str(item_of(world, one, "first_check")) for one in cases]
    asked = visitor.post("/inbox/bulk", "/inbox", ids=ids, action="approve")
    for one in cases:
        assert one.enterprise.name in asked.text
    unconfirmed = visitor.post("/inbox/bulk/approve", "/inbox", ids=ids)
    assert unconfirmed.status_code == 422
    done = visitor.post("/inbox/bulk/approve", "/inbox", ids=ids, confirmed="on")
    assert f"批量通过：{len(cases)}件已办" in done.text
    for one in cases:
        assert item_of(world, one, "centre_review")


def test_a_failed_check_keeps_an_item_out_of_the_batch(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    world.review(case)
    world.session.commit()
    check = item_of(world, case, "first_check")
    world.session.scalars(select(CheckResult).limit(1)).one().outcome = "FAIL"
    world.session.commit()
    visitor = sign_in(world["finance"].checker)
    asked = visitor.post("/inbox/bulk", "/inbox", ids=str(check), action="approve")
    assert "须逐件办理" in asked.text
    forced = visitor.post("/inbox/bulk/approve", "/inbox", ids=str(check), confirmed="on")
    assert "件已办" not in forced.text
    assert item_of(world, case, "first_check") == check


def test_only_overseers_and_heads_urge(world: World, case: GuaranteeCase, sign_in: SignIn) -> None:
    finance = sign_in(world["finance"].maker)
    send(finance, item_of(world, case), outcome="RETURN", reasons="R02", note="缺章")
    item = item_of(world, case, "correct_referral")
    assert finance.post(f"/tasks/{item}/urge", "/inbox").status_code == 303
    assert [event.payload["work_item_id"] for event in world.events("task_urged")] == [item]
    maker = sign_in(world["nanxiang"].maker)
    assert maker.post(f"/tasks/{item}/urge", "/inbox").status_code == 403


def test_the_inbox_costs_the_same_for_many_rows(world: World, sign_in: SignIn) -> None:
    assert world.session.get(Person, world["finance"].maker.person_id)
    visitor = sign_in(world["finance"].maker)
    assert visitor.get("/inbox").status_code == 200
    assert "手上没有待办了" in visitor.page("/inbox")


def test_what_was_found_of_a_firm_is_not_shown_to_its_referrer(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, referrer = sign_in(world["finance"].maker), sign_in(world["nanxiang"].maker)
    assert "未决诉讼" in finance.page(f"/tasks/{item_of(world, case)}")
    send(finance, item_of(world, case), outcome="RETURN", reasons="R02", note="缺章")
    page = referrer.page(f"/tasks/{item_of(world, case, 'correct_referral')}")
    assert "未决诉讼" not in page
    assert "授信额度与上限" not in page
    assert "征信授权书缺失或未签章" in page
