"""Subsidies on pages: who sees what, a quarter begun, rows ticked, the sheet, the payment."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from engine.models import Agreement, SubsidyBatch
from engine.operations.subsidies import file_objection
from tests.operations.banking import district, sign
from tests.operations.lent import agreement, filed
from tests.operations.subsidised import (
    STARTED,
    began,
    close_publicity,
    confirm,
    paid,
    publish,
    rows,
    subject,
)
from tests.operations.world import World
from tests.web.conftest import SignIn
from tests.web.visitor import make_app


@pytest.fixture
def app(factory: sessionmaker[Session], world: World, tmp_path: Path) -> Flask:
    """The application a few days into the next quarter."""
    return make_app(factory, STARTED, tmp_path)


@pytest.fixture
def terms(world: World) -> Agreement:
    district(world)
    world._add("treasury", "区国库", "TREASURY")
    return agreement(world)


def path(batch: SubsidyBatch) -> str:
    return f"/subsidies/{batch.id}"


def test_a_quarter_is_begun_from_the_page_once(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    one = filed(world, terms, "8000.01", fee_paid_on=date(2025, 12, 31))
    world.session.commit()
    maker = sign_in(world["finance"].maker)
    assert "1笔，8,000.01元" in maker.page("/subsidies/")
    given = {"programme": "JD_KCD", "period": "2025Q4"}
    assert maker.client.post("/subsidies/", data=given).status_code == 400
    wrong = maker.post("/subsidies/", "/subsidies/", **{**given, "period": "2026Q1"})
    assert wrong.status_code == 404
    checker = sign_in(world["finance"].checker)
    assert "开始本季测算" not in checker.page("/subsidies/")
    assert checker.post("/subsidies/", "/subsidies/", **given).status_code == 403
    answer = maker.post("/subsidies/", "/subsidies/", **given)
    batch = world.session.query(SubsidyBatch).one()
    assert (answer.status_code, answer.location) == (303, path(batch))
    page = maker.page(path(batch))
    assert one.case.enterprise.name in page
    assert "捌仟元零壹分" in page
    assert "开始本季测算" not in maker.page("/subsidies/")


def test_referrers_and_banks_cannot_open_subsidies(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    filed(world, terms)
    batch = began(world)
    world.session.commit()
    for key in ("nanxiang", "bank"):
        reader = sign_in(world[key].maker)
        for place in ("/subsidies/", path(batch), f"{path(batch)}/sheet.xlsx"):
            assert reader.get(place).status_code == 403


def test_a_guarantor_sees_its_own_rows_only_and_no_account_numbers(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    ours = filed(world, terms)
    theirs = filed(world, sign(world, "bank2", "jdg"))
    batch = began(world)
    publish(world, batch)
    for row in rows(world, batch):
        confirm(world, row)
    world.session.commit()
    centre = sign_in(world["centre"].maker)
    page = centre.page(path(batch))
    assert ours.case.enterprise.name in page
    assert theirs.case.enterprise.name not in page
    assert "6222000012345678" not in page
    assert "5678" in page
    assert centre.get(f"{path(batch)}/sheet.xlsx").status_code == 403
    assert "6222000012345678" in sign_in(world["treasury"].maker).page(path(batch))


def test_another_districts_bureau_sees_no_batch(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    filed(world, terms)
    world._add("mhfinance", "闵行区财政局", "FINANCE", district_code="310112")
    batch = began(world)
    world.session.commit()
    stranger = sign_in(world["mhfinance"].maker)
    assert batch.batch_no not in stranger.page("/subsidies/")
    assert stranger.get(path(batch)).status_code == 404


def test_ticked_rows_are_excluded_and_the_page_says_why(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    kept, out = filed(world, terms), filed(world, terms)
    batch = began(world)
    world.session.commit()
    ticked = next(row.id for row in rows(world, batch) if row.filing_id == out.id)
    maker = sign_in(world["finance"].maker)
    task = f"/tasks/{world.task(subject(batch), 'verify_subsidy').id}"
    assert f'name="excluded" value="{ticked}"' in maker.page(task)
    silent = maker.post(task, task, outcome="SUBMIT", excluded=str(ticked))
    assert silent.status_code == 422
    assert f'value="{ticked}"' in silent.text
    done = maker.post(task, task, outcome="SUBMIT", excluded=str(ticked), note="已在他区领取")
    assert done.status_code == 303
    page = maker.page(path(batch))
    assert "本季不付" in page
    assert "剔除：已在他区领取" in page
    assert kept.case.enterprise.name in page
    states = {row.filing_id: row.status for row in rows(world, batch)}
    assert states == {kept.id: "PROPOSED", out.id: "EXCLUDED"}


def test_a_row_of_another_batch_is_not_taken(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    filed(world, terms)
    batch = began(world)
    world.session.commit()
    task = f"/tasks/{world.task(subject(batch), 'verify_subsidy').id}"
    answer = sign_in(world["finance"].maker).post(
        task, task, outcome="SUBMIT", excluded="999999", note="不在本批"
    )
    assert answer.status_code == 422
    assert [row.status for row in rows(world, batch)] == ["PROPOSED"]


def test_objections_stand_beside_the_row_when_the_publication_is_over(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    filed(world, terms)
    batch = began(world)
    publish(world, batch)
    file_objection(world.session, rows(world, batch)[0].id, "缴费金额不对", world.now)
    close_publicity(world, batch)
    world.session.commit()
    maker = sign_in(world["finance"].maker)
    task = world.task(subject(batch), "resolve_objections")
    assert "缴费金额不对" in maker.page(f"/tasks/{task.id}")
    assert "缴费金额不对" in maker.page(path(batch))


def test_after_payment_the_page_has_the_voucher_and_the_sheet_can_be_saved(
    world: World, terms: Agreement, sign_in: SignIn
) -> None:
    filed(world, terms)
    batch = paid(world)
    world.session.commit()
    bureau = sign_in(world["finance"].head)
    page = bureau.page(path(batch))
    assert "凭证ZF1" in page
    assert "已支付" in page
    sheet = bureau.get(f"{path(batch)}/sheet.xlsx")
    assert sheet.status_code == 200
    assert sheet.data[:2] == b"PK"
    assert "attachment" in sheet.headers["Content-Disposition"]
