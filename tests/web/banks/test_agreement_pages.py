"""Agreements on pages: who sees which, what the bureau begins, suspends and renews."""

from datetime import date
from decimal import Decimal

import pytest

from engine.models import Agreement, AuditEvent
from tests.operations.banking import approve, district, sign, take_on
from tests.operations.test_agreements import draft, place, review, start
from tests.operations.world import NOW, World
from tests.web.conftest import SignIn


@pytest.fixture
def town(world: World) -> World:
    return district(world)


def path(agreement: Agreement) -> str:
    return f"/banks/agreements/{agreement.id}"


def test_each_party_sees_its_own_agreements_and_no_others(town: World, sign_in: SignIn) -> None:
    ours, theirs = sign(town, "bank"), sign(town, "bank2", "jdg")
    town.session.commit()
    bank = sign_in(town["bank"].maker)
    page = bank.page("/banks/")
    assert ours.agr_no in page
    assert theirs.agr_no not in page
    assert "浦江银行" not in page
    assert bank.get(path(ours)).status_code == 200
    assert bank.get(path(theirs)).status_code == 404
    assert bank.get(f"/banks/{town['bank2'].org.id}").status_code == 404
    guarantor = sign_in(town["centre"].head)
    assert guarantor.get(path(ours)).status_code == 200
    assert guarantor.get(path(theirs)).status_code == 404
    assert guarantor.get(f"/banks/{town['bank2'].org.id}").status_code == 404
    bureau = sign_in(town["finance"].maker).page("/banks/")
    assert ours.agr_no in bureau
    assert theirs.agr_no in bureau


def test_another_districts_bureau_sees_nothing_of_it(town: World, sign_in: SignIn) -> None:
    ours = sign(town, "bank")
    town._add("mhfinance", "闵行区财政局", "FINANCE", district_code="310112")
    town.session.commit()
    stranger = sign_in(town["mhfinance"].head)
    assert ours.agr_no not in stranger.page("/banks/")
    assert stranger.get(path(ours)).status_code == 404
    answer = stranger.post(f"{path(ours)}/decide", "/banks/", decision="suspend", reason="越区暂停")
    assert answer.status_code == 404
    town.session.expire_all()
    assert ours.status == "EFFECTIVE"


def test_a_referrer_has_no_such_pages(town: World, sign_in: SignIn) -> None:
    ours = sign(town, "bank")
    town.session.commit()
    referrer = sign_in(town["nanxiang"].maker)
    assert referrer.get("/banks/").status_code == 403
    assert referrer.get(path(ours)).status_code == 403


def test_the_list_tells_what_ends_soon_and_what_the_package_still_takes(
    town: World, sign_in: SignIn
) -> None:
    sign(town, "bank", effective_to=date(2025, 12, 31), batch_quota=Decimal("50000000"))
    sign(town, "bank2", effective_to=date(2026, 2, 8))
    terms = sign(town, "bank3", batch_quota=Decimal("5000000"))
    approve(town, take_on(town, "bank3", terms))
    town.session.commit()
    page = sign_in(town["finance"].maker).page("/banks/")
    assert "2份90天内到期" in page
    assert "还剩23天" in page
    assert "db-due--today" in page
    assert "还剩62天" in page
    assert "已用300.00 / 500.00" in page
    assert "还可用200.00" in page
    assert 'width="60.0%"' in page


def test_an_agreements_page_shows_what_was_wanted_and_what_changed(
    town: World, sign_in: SignIn
) -> None:
    one = start(town)
    draft(town, one)
    review(town, one, bank="审批时限改为7天")
    draft(town, one, approval_days=7)
    town.session.commit()
    page = sign_in(town["bank"].checker).page(path(one))
    assert "审批时限改为7天" in page
    assert "<del>10天</del>" in page
    assert "<ins>7天</ins>" in page
    task = town.task(place(one), "review_bank")
    beside = sign_in(town["bank"].checker).page(f"/tasks/{task.id}")
    assert "<ins>7天</ins>" in beside
    assert "待审阅" in beside


def test_the_bureaus_maker_begins_an_agreement_and_goes_on_with_its_draft(
    town: World, sign_in: SignIn
) -> None:
    maker = sign_in(town["finance"].maker)
    pair = {"bank": town["bank"].org.id, "guarantor": town["jdg"].org.id, "programme": "JD_KCD"}
    answer = maker.post("/banks/agreements/new", "/banks/agreements/new", **pair)
    made = town.session.query(Agreement).one()
    task = town.task(place(made), "draft")
    assert (answer.status_code, answer.location) == (303, f"/tasks/{task.id}")
    form = maker.page(answer.location)
    assert 'name="ceiling_normal" value="1,000.00"' in form
    assert 'name="guarantee_ratio" value="0.8"' in form
    again = maker.post("/banks/agreements/new", "/banks/agreements/new", **pair)
    assert again.status_code == 409
    assert made.agr_no in again.text


def test_an_agreement_is_not_begun_by_others_without_a_token_or_without_a_bank(
    town: World, sign_in: SignIn
) -> None:
    pair = {"bank": town["bank"].org.id, "guarantor": town["jdg"].org.id, "programme": "JD_KCD"}
    bank = sign_in(town["bank"].maker)
    assert bank.post("/banks/agreements/new", "/banks/", **pair).status_code == 403
    checker = sign_in(town["finance"].checker)
    assert checker.post("/banks/agreements/new", "/banks/", **pair).status_code == 403
    maker = sign_in(town["finance"].maker)
    assert maker.client.post("/banks/agreements/new", data=pair).status_code == 400
    wrong = maker.post("/banks/agreements/new", "/banks/", **{**pair, "bank": pair["guarantor"]})
    assert wrong.status_code == 422
    assert "没有选择" in wrong.text
    assert town.session.query(Agreement).count() == 0


def test_only_the_bureaus_head_suspends_and_only_with_a_reason(
    town: World, sign_in: SignIn
) -> None:
    one = sign(town, "bank")
    town.session.commit()
    head, place_ = sign_in(town["finance"].head), f"{path(one)}/decide"
    silent = head.post(place_, path(one), decision="suspend", reason=" ")
    assert silent.status_code == 422
    assert "写明理由" in silent.text
    for other in (town["finance"].maker, town["bank"].head, town["centre"].head):
        page = sign_in(other)
        assert "作出决定" not in page.page(path(one))
        assert page.post(place_, path(one), decision="suspend", reason="x").status_code == 403
    town.session.expire_all()
    assert one.status == "EFFECTIVE"
    done = head.post(place_, path(one), decision="suspend", reason="连续超时")
    assert done.status_code == 303
    town.session.expire_all()
    assert one.status == "SUSPENDED"
    assert "连续超时" in head.page(path(one))
    reasons = [e.reason for e in town.session.query(AuditEvent).filter_by(chain=place(one))]
    assert reasons == ["连续超时"]


def test_an_amendment_is_a_new_draft_with_the_terms_of_the_old(
    town: World, sign_in: SignIn
) -> None:
    one = sign(town, "bank", approval_days=7, batch_quota=Decimal("30000000"))
    town.session.commit()
    maker = sign_in(town["finance"].maker)
    answer = maker.post(f"{path(one)}/amend", path(one))
    assert answer.status_code == 303
    new = town.session.query(Agreement).filter(Agreement.id != one.id).one()
    assert (new.agr_no, new.version, new.approval_days) == (one.agr_no, 2, 7)
    assert "各版本" in maker.page(path(one))
    town.session.expire_all()
    assert one.status == "EFFECTIVE"
    bank = sign_in(town["bank"].maker)
    assert bank.post(f"{path(one)}/amend", path(one)).status_code == 403


def test_a_banks_page_has_its_cases_and_its_record(town: World, sign_in: SignIn) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    approve(town, case)
    other = take_on(town, "bank2", sign(town, "bank2"))
    town.session.commit()
    page = sign_in(town["finance"].maker).page(f"/banks/{town['bank'].org.id}")
    assert case.case_no in page
    assert other.case_no not in page
    assert "300.00" in page
    assert NOW.year == 2025
