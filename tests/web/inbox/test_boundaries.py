"""What the page of a task does not give away, and what cannot be done through it."""

import io

from sqlalchemy import select

from engine.models import Attachment, GuaranteeCase, LoanCase
from engine.operations import tasks
from tests.imports.builders import row
from tests.operations.banking import district
from tests.operations.test_screening import check
from tests.operations.world import NOW, World, person
from tests.web.conftest import SignIn
from tests.web.inbox.test_inbox import PDF, case, item_of, passed, send

__all__ = ["case"]


def test_a_draft_is_for_who_may_go_on_with_it(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    maker, item = sign_in(world["finance"].maker), item_of(world, case)
    maker.post(f"/tasks/{item}/draft", f"/tasks/{item}", note="还没想好")
    assert "还没想好" in maker.page(f"/tasks/{item}")
    for reader in (world["finance"].checker, world["finance"].head):
        assert "还没想好" not in sign_in(reader).page(f"/tasks/{item}")


def test_the_source_of_a_page_tells_no_outcome_of_others(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, referrer = sign_in(world["finance"].maker), sign_in(world["nanxiang"].maker)
    send(finance, item_of(world, case), outcome="HOLD", reasons="R02", note="等材料")
    item = item_of(world, case, "hold_material")
    assert "_outcome" not in referrer.page(f"/tasks/{item}")


def test_nobody_adds_a_file_through_a_draft_of_anothers_task(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    finance, referrer = sign_in(world["finance"].maker), world["nanxiang"]
    send(finance, item_of(world, case), outcome="RETURN", reasons="R02", note="缺章")
    item = item_of(world, case, "correct_referral")
    path = f"/tasks/{item}"
    for stranger in (world["finance"].maker, referrer.checker):
        sent = (io.BytesIO(PDF), "夹带.pdf")
        answer = sign_in(stranger).post(f"{path}/draft", path, files=sent)
        assert answer.status_code in (403, 404)
    assert world.session.scalars(select(Attachment)).all() == []
    own = (io.BytesIO(PDF), "授权书.pdf")
    assert sign_in(referrer.maker).post(f"{path}/draft", path, files=own).status_code == 303
    world.session.rollback()
    assert [one.file_name for one in world.session.scalars(select(Attachment))] == ["授权书.pdf"]


def test_a_bank_does_not_learn_which_other_bank_had_the_case(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    town = district(world)
    town.pass_first(case)
    item = town.task(f"case:{case.id}", "centre_review")
    item.org_id, item.role = town["bank2"].org.id, "maker"
    tasks.complete(
        town.session,
        item.id,
        town["bank2"].maker,
        {"outcome": "RETURN", "reasons": ["R02"], "note": "缺章"},
        NOW,
    )
    for attempt, bank in enumerate(("bank2", "bank"), start=1):
        town.session.add(
            LoanCase(
                case_id=case.id,
                attempt=attempt,
                bank_id=town[bank].org.id,
                assigned_by="PREFERENCE",
                status="ASSIGNED",
                assigned_at=NOW,
            )
        )
    town.session.commit()
    assert "浦江银行" in sign_in(town["bank2"].maker).page(f"/cases/{case.id}")
    page = sign_in(town["bank"].maker).page(f"/cases/{case.id}")
    assert "浦江银行" not in page
    assert "bank2-maker" not in page


def test_the_reviewer_does_not_answer_for_the_head(world: World, sign_in: SignIn) -> None:
    world.send("nanxiang", row(推荐类别="其他", 推荐说明="成长性好"))
    world.session.commit()
    found = world.session.scalars(select(GuaranteeCase)).one()
    maker, item = sign_in(world["finance"].maker), item_of(world, found)
    answer = send(maker, item, **passed(judge_E1_OTHER="OK", judge_E1_SUPPORT="OK"))
    assert answer.status_code == 303
    world.session.rollback()
    assert check(world, found, "E1_OTHER").answer is None
    assert item_of(world, found, "head_opinion")


def test_a_reader_does_not_hand_over_or_release(
    world: World, case: GuaranteeCase, sign_in: SignIn
) -> None:
    reader = person(world.session, world["finance"].org, "reader", "auditor")
    world.session.commit()
    item, visitor = item_of(world, case), sign_in(reader)
    sign_in(world["finance"].maker).post(f"/tasks/{item}/claim", f"/tasks/{item}")
    given = {"_person": str(world["finance"].maker.person_id), "_reason": "x"}
    for act in ("transfer", "release", "claim"):
        answer = visitor.post(f"/tasks/{item}/{act}", f"/tasks/{item}", **given)
        assert answer.status_code == 403, act
