"""Administration: what an administrator can do, in reach and on record, and nobody else."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from engine.config import Settings, Smtp
from engine.errors import NotAllowed
from engine.models import AuditEvent, Definition, Membership, OrgKind, OutboxMail, Person, WorkItem
from engine.operations.accounts import sign_in as log_in
from engine.operations.people import create_organisation
from engine.people import Actor
from tests.operations.world import NOW, World, office, person
from tests.web.referrals.conftest import SignIn
from tests.web.visitor import Visitor

PAGES = ("people", "people/new", "organisations", "definitions", "parameters", "calendar")
SCHEME = ("mails", "status", "organisations/new")


def admin(world: World, code: str = "finance") -> Actor:
    one = person(world.session, world[code].org, f"{code}-admin", "admin")
    world.session.commit()
    return one


def found(world: World, username: str) -> Person:
    world.session.expire_all()
    return world.session.scalars(select(Person).where(Person.username == username)).one()


def password_on(page: str) -> str:
    shown = re.search(r'db-secret">([^<]+)<', page)
    assert shown, "the password is shown once"
    return shown[1]


def add(visitor: Visitor, world: World, username: str = "wang.jing") -> str:
    answer = visitor.post(
        "/admin/people/new",
        "/admin/people/new",
        name="王静",
        username=username,
        email="wang@danbao.test",
        org=str(world["nanxiang"].org.id),
        role="maker",
    )
    assert answer.status_code == 200, answer.text
    return password_on(answer.text)


@pytest.mark.parametrize("path", [*PAGES, *SCHEME])
def test_every_page_is_for_administrators_only(world: World, sign_in: SignIn, path: str) -> None:
    assert sign_in(world["finance"].head).get(f"/admin/{path}").status_code == 403
    assert sign_in(admin(world)).get(f"/admin/{path}").status_code == 200


@pytest.mark.parametrize("path", SCHEME)
def test_what_concerns_everybody_is_closed_to_one_organisation(
    world: World, sign_in: SignIn, path: str
) -> None:
    assert sign_in(admin(world, "bank")).get(f"/admin/{path}").status_code == 403


def test_a_new_person_signs_in_with_the_password_that_was_shown_once(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(admin(world))
    password = add(visitor, world)
    made = found(world, "wang.jing")
    assert [(post.org_id, post.role) for post in made.memberships] == [
        (world["nanxiang"].org.id, "maker")
    ]
    assert log_in(world.session, "wang.jing", password, NOW, None) is made
    assert password not in visitor.page(f"/admin/people/{made.id}")


def test_a_bad_form_says_what_is_wrong_and_keeps_what_was_typed(
    world: World, sign_in: SignIn
) -> None:
    answer = sign_in(admin(world)).post(
        "/admin/people/new",
        "/admin/people/new",
        name="王静",
        username="有空格 的",
        email="nowhere",
        org=str(world["nanxiang"].org.id),
        role="maker",
    )
    assert answer.status_code == 422
    assert "不是邮件地址" in answer.text
    assert 'value="王静"' in answer.text
    assert world.session.scalar(select(Person).where(Person.name == "王静")) is None


def test_resetting_ends_sessions_and_unlocks(world: World, sign_in: SignIn) -> None:
    target = found(world, "nanxiang-maker")
    target.locked_until, salt = NOW + timedelta(minutes=10), target.session_salt
    world.session.commit()
    their = sign_in(world["nanxiang"].maker)
    assert their.get("/audit").status_code == 200
    page = f"/admin/people/{target.id}"
    answer = sign_in(admin(world)).post(f"{page}/password", page)
    target = found(world, "nanxiang-maker")
    assert target.session_salt != salt
    assert target.locked_until is None
    assert log_in(world.session, "nanxiang-maker", password_on(answer.text), NOW, None) is target
    assert their.get("/audit").status_code == 302


def test_a_closed_account_gives_back_its_tasks(world: World, sign_in: SignIn) -> None:
    batch = world.batch("nanxiang")
    item = world.task(f"batch:{batch.id}", "prepare_list")
    item.assignee_id = world["nanxiang"].maker.person_id
    world.session.commit()
    person_id = world["nanxiang"].maker.person_id
    page = f"/admin/people/{person_id}"
    assert sign_in(admin(world)).post(f"{page}/active", page, active="0").status_code == 303
    world.session.expire_all()
    assert world.session.get_one(WorkItem, item.id).assignee_id is None
    assert sign_in(world["nanxiang"].maker).get("/audit").status_code == 302


def test_posts_are_given_and_ended(world: World, sign_in: SignIn) -> None:
    visitor, target = sign_in(admin(world)), found(world, "kewei-maker")
    page = f"/admin/people/{target.id}"
    org = str(world["nanxiang"].org.id)
    assert visitor.post(f"{page}/posts", page, org=org, role="checker").status_code == 303
    post = next(one for one in found(world, "kewei-maker").memberships if one.role == "checker")
    assert visitor.post(f"/admin/posts/{post.id}/end", page).status_code == 303
    world.session.expire_all()
    assert not world.session.get_one(Membership, post.id).active
    chain = select(AuditEvent.action).where(AuditEvent.chain == f"person:{target.id}")
    assert list(world.session.scalars(chain))[-2:] == ["post.granted", "post.ended"]


def test_owners_of_processes_are_in_a_bureau_or_at_the_platform(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(admin(world))
    page = f"/admin/people/{world['bank'].maker.person_id}"
    refused = visitor.post(f"{page}/posts", page, org=str(world["bank"].org.id), role="owner")
    assert refused.status_code == 422
    assert "流程管理只设在财政局或平台" in refused.text
    page = f"/admin/people/{world['finance'].maker.person_id}"
    org = str(world["finance"].org.id)
    assert visitor.post(f"{page}/posts", page, org=org, role="owner").status_code == 303
    assert "流程管理" in visitor.page(page)
    both = visitor.post(f"{page}/posts", page, org=org, role="admin")
    assert both.status_code == 422, "谁能开账号，谁就能开出替自己签发的人"
    assert "不能由同一人担任" in both.text


def test_nobody_changes_their_own_posts_or_password(world: World, sign_in: SignIn) -> None:
    me = admin(world)
    visitor, page = sign_in(me), f"/admin/people/{me.person_id}"
    org = str(world["finance"].org.id)
    assert visitor.post(f"{page}/posts", page, org=org, role="head").status_code == 403
    assert visitor.post(f"{page}/password", page).status_code == 403
    assert len(found(world, me.name).memberships) == 1


def test_an_administrator_of_one_organisation_reaches_no_other(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(admin(world, "bank"))
    stranger, org = world["nanxiang"].maker.person_id, world["nanxiang"].org.id
    assert "nanxiang-maker" not in visitor.page("/admin/people")
    for path in (f"people/{stranger}", f"organisations/{org}"):
        assert visitor.get(f"/admin/{path}").status_code == 404
    own = "/admin/people"
    for act in ("password", "unlock", "active"):
        assert visitor.post(f"/admin/people/{stranger}/{act}", own).status_code == 404
    mine = f"/admin/people/{world['bank'].maker.person_id}"
    assert visitor.post(f"{mine}/posts", mine, org=str(org), role="maker").status_code == 404
    assert visitor.get(f"/admin/people/{10**30}").status_code == 404


def test_a_bureau_does_not_reach_another_district(world: World, sign_in: SignIn) -> None:
    other = office(world.session, "mh", "闵行专班", "FINANCE", district_code="310112")
    world.session.commit()
    visitor = sign_in(admin(world))
    assert visitor.get(f"/admin/people/{other.maker.person_id}").status_code == 404
    assert visitor.get(f"/admin/organisations/{other.org.id}").status_code == 404
    assert "闵行专班" not in visitor.page("/admin/organisations")


def test_a_bureau_makes_and_reaches_nobody_who_sees_more_than_it(
    world: World, sign_in: SignIn
) -> None:
    platform = office(world.session, "platform", "市级平台", "PLATFORM")
    world.session.commit()
    visitor = sign_in(admin(world))
    assert "市级平台" not in visitor.page("/admin/organisations")
    assert visitor.get(f"/admin/people/{platform.head.person_id}").status_code == 404
    path = "/admin/people/new"
    given = {"name": "甲", "username": "jia.yi", "email": "jia@danbao.test", "role": "admin"}
    assert visitor.post(path, path, org=str(platform.org.id), **given).status_code == 404
    reset = f"/admin/people/{platform.head.person_id}/password"
    assert visitor.post(reset, path).status_code == 404
    path = "/admin/organisations/new"
    assert 'value="PLATFORM"' not in visitor.page(path)
    for kind in ("PLATFORM", "FINANCE"):
        answer = visitor.post(path, path, code=f"x{kind}", name=f"新{kind}", kind=kind)
        assert answer.status_code == 422
    with pytest.raises(NotAllowed):
        create_organisation(
            world.session,
            code="y",
            name="新平台",
            kind=OrgKind.PLATFORM,
            actor=admin(world, "nanxiang"),
            now=NOW,
        )
    world.session.rollback()
    chief = person(world.session, platform.org, "chief", "admin")
    world.session.commit()
    own = sign_in(chief)
    assert 'value="PLATFORM"' in own.page(path)
    assert own.get(f"/admin/people/{platform.head.person_id}").status_code == 200


def test_changing_an_organisation_keeps_what_cases_refer_to(world: World, sign_in: SignIn) -> None:
    org = world["nanxiang"].org
    page = f"/admin/organisations/{org.id}"
    given = {"name": "嘉定区南翔镇", "short_name": "南翔", "source_type": "SUBDISTRICT"}
    forged = {**given, "code": "other", "kind": "FINANCE", "active": "on", "synonyms": "南翔\n"}
    assert sign_in(admin(world)).post(page, page, **forged).status_code == 303
    world.session.refresh(org)
    assert (org.name, org.code, org.kind, org.active) == (
        *("嘉定区南翔镇", "nanxiang", "REFERRER"),
        True,
    )
    event = world.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "org.changed")
    ).one()
    assert (event.before or {})["name"] == "南翔镇"


def test_a_post_without_a_token_changes_nothing(world: World, sign_in: SignIn) -> None:
    visitor, target = sign_in(admin(world)), found(world, "kewei-maker")
    answer = visitor.client.post(f"/admin/people/{target.id}/active", data={"active": "0"})
    assert answer.status_code == 400
    assert found(world, "kewei-maker").active


def test_a_mail_that_failed_is_read_and_sent_again(world: World, sign_in: SignIn) -> None:
    mail = OutboxMail(
        event_key="e:1",
        recipient="maker@danbao.test",
        person_id=found(world, "kewei-maker").id,
        template="task_opened",
        context={},
        subject="新任务：<b>初审</b>",
        body="请办理",
        due_at=NOW,
        attempts=5,
        failed_at=NOW,
        last_error="550 no such user",
        created_at=NOW,
    )
    world.session.add(mail)
    world.session.commit()
    visitor = sign_in(admin(world))
    listed = visitor.get("/admin/mails").text
    assert "550 no such user" in listed
    assert "&lt;b&gt;" in listed
    assert "未设邮件服务器" in listed
    assert "请办理" in visitor.page(f"/admin/mails/{mail.id}")
    path = f"/admin/mails/{mail.id}"
    assert visitor.post(f"{path}/resend", path).status_code == 303
    world.session.refresh(mail)
    assert (mail.failed_at, mail.attempts) == (None, 0)


def test_an_enterprises_signed_link_is_shown_to_nobody_else_once_mails_go_out(
    world: World, app: Flask, sign_in: SignIn
) -> None:
    mail = OutboxMail(
        event_key="e:2",
        recipient="firm@example.com",
        person_id=found(world, "kewei-maker").id,
        template="subsidy_account_link",
        context={},
        subject="确认收款账号",
        body="请打开 http://danbao.test/e/Wzcs_MTc2.n-Hx 确认",
        due_at=NOW,
        created_at=NOW,
    )
    world.session.add(mail)
    world.session.commit()
    visitor = sign_in(admin(world))
    assert "/e/Wzcs_MTc2.n-Hx" in visitor.page(f"/admin/mails/{mail.id}"), "没有邮件服务器"
    kept: Settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(kept, smtp=Smtp("mail.test", 587, "a@danbao.test", "starttls"))
    page = visitor.page(f"/admin/mails/{mail.id}")
    assert "http://danbao.test/e/… 确认" in page
    assert "Wzcs" not in page


def test_definitions_show_the_fields_of_forms_and_the_rows_of_decisions(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(admin(world))
    listed = visitor.page("/admin/definitions")
    for name, words in (("first_review", "建议金额"), ("ceiling", "以签署的三方协议为准")):
        link = re.search(rf'href="([^"]+)">[^<]+</a></td><td class="db-code">{name}<', listed)
        assert link
        assert words in visitor.page(link[1])


def test_processes_have_pages_of_their_own(world: World, sign_in: SignIn) -> None:
    query = select(Definition.id).where(Definition.key == "bank_approval")
    page = f"/admin/definitions/{world.session.scalars(query).one()}"
    answer = sign_in(admin(world)).get(page)
    assert answer.headers["Location"] == "/studio/processes/bank_approval"
    bank = sign_in(admin(world, "bank"))
    assert bank.get(bank.get(page).headers["Location"]).status_code == 403


def test_parameters_are_shown_with_their_clause_and_cannot_be_posted(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(admin(world))
    page = visitor.page("/admin/parameters")
    for words in ("1,000.00万元", "J3.5", "85%", "10个自然日", "一年期LPR", "3.00%"):
        assert words in page
    assert visitor.post("/admin/parameters", "/admin/parameters").status_code == 405


def test_provisional_deadlines_wait_for_the_notice(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(admin(world))
    assert "没有暂定的期限" in visitor.page("/admin/calendar")
    answer = visitor.post("/admin/calendar/recompute", "/admin/calendar")
    assert answer.status_code == 303
    assert "放假通知还没有" in visitor.page("/admin/calendar")


def test_health_is_public_and_says_little(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(world["finance"].maker)
    visitor.client.delete_cookie("danbao")
    answer = visitor.get("/healthz")
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"status", "database", "version"}
