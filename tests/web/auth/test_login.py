"""Signing in and what a person sets for themselves."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.models import AuditEvent, Membership, Organisation, Person
from engine.operations.accounts import HASHER
from tests.operations.world import World
from tests.web.conftest import SignIn
from tests.web.visitor import TOKEN
from web.extensions import limiter

PASSWORD = "correct horse 7"


@pytest.fixture(autouse=True)
def _fresh_limits(app: Flask) -> None:
    with app.app_context():
        limiter.reset()


@pytest.fixture
def client(app: Flask, world: World) -> FlaskClient:
    person = world.session.get_one(Person, world["finance"].maker.person_id)
    person.password_hash = HASHER.hash(PASSWORD)
    world.session.commit()
    return app.test_client()


def token(client: FlaskClient) -> str:
    text = client.get("/login").text
    start = text.index('name="csrf_token" value="') + len('name="csrf_token" value="')
    return text[start : text.index('"', start)]


def sign(client: FlaskClient, **values: Any) -> Any:
    given = {"username": "finance-maker", "password": PASSWORD, "csrf_token": token(client)}
    return client.post("/login", data={**given, **values})


def test_the_right_password_opens_the_page_that_was_wanted(client: FlaskClient) -> None:
    wanted = client.get("/inbox?view=late")
    assert wanted.status_code == 302
    assert "next=" in wanted.location
    answer = sign(client, next="/inbox?view=late")
    assert answer.status_code == 303
    assert answer.location == "/inbox?view=late"
    assert client.get("/inbox").status_code == 200


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "javascript:alert(1)"],
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, target: str) -> None:
    assert sign(client, next=target).location == "/"


def test_a_wrong_password_is_refused_and_on_record(client: FlaskClient, world: World) -> None:
    answer = sign(client, password="wrong")
    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text
    assert "finance-maker" in answer.text
    assert client.get("/inbox").status_code == 302
    world.session.rollback()
    actions = world.session.scalars(select(AuditEvent.action)).all()
    assert "login.failed" in actions


def test_nothing_is_signed_in_without_a_token(client: FlaskClient) -> None:
    data = {"username": "finance-maker", "password": PASSWORD}
    assert client.post("/login", data=data).status_code == 400


def test_what_no_table_can_hold_is_refused_before_anything_is_asked(client: FlaskClient) -> None:
    assert sign(client, username="finance-maker\x00").status_code == 400
    assert sign(client, **{"x\x00": "1"}).status_code == 400


def test_the_eleventh_attempt_within_a_minute_is_too_many(client: FlaskClient) -> None:
    mark = token(client)
    for _ in range(10):
        client.post("/login", data={"username": "x", "password": "y", "csrf_token": mark})
    answer = client.post("/login", data={"username": "x", "password": "y", "csrf_token": mark})
    assert answer.status_code == 429


def test_a_planted_session_does_not_survive_signing_in(client: FlaskClient) -> None:
    with client.session_transaction() as kept:
        kept["org_id"] = 999
    before = token(client)
    sign(client, csrf_token=before)
    with client.session_transaction() as kept:
        assert "org_id" not in kept
        assert kept.permanent


def test_signing_out_ends_the_session(client: FlaskClient) -> None:
    sign(client)
    assert client.get("/logout").status_code == 405
    found = TOKEN.search(client.get("/").text)
    assert found is not None
    assert client.post("/logout", data={"csrf_token": found[1]}).status_code == 303
    assert client.get("/").status_code == 302


def test_a_style_sheet_that_comes_late_signs_nobody_in_again(client: FlaskClient) -> None:
    sign(client)
    assert "danbao=" in client.get("/").headers["Set-Cookie"]
    with client.get("/static/danbao.css") as late:
        assert late.status_code == 200
        assert "Set-Cookie" not in late.headers


def test_language_and_theme_are_kept_with_the_person(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(world["finance"].maker)
    assert visitor.post("/language?lang=en", "/").status_code == 303
    assert visitor.post("/theme?theme=dark", "/").status_code == 303
    world.session.rollback()
    person = world.session.get_one(Person, world["finance"].maker.person_id)
    assert (person.locale, person.theme) == ("en", "dark")
    page = visitor.page("/")
    assert '<html lang="en" data-bs-theme="dark">' in page
    assert visitor.post("/language?lang=xx", "/").status_code == 404


def test_changing_the_password_ends_other_sessions_only(world: World, sign_in: SignIn) -> None:
    actor = world["finance"].maker
    person = world.session.get_one(Person, actor.person_id)
    person.password_hash = HASHER.hash(PASSWORD)
    world.session.commit()
    here, elsewhere = sign_in(actor), sign_in(actor)
    wrong = here.post("/profile/password", "/profile", old="no", password="x", again="x")
    assert wrong.status_code == 422
    assert "现在的密码不对" in wrong.text
    new = "another horse 8"
    done = here.post("/profile/password", "/profile", old=PASSWORD, password=new, again=new)
    assert done.status_code == 303
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 302


def test_a_post_is_chosen_only_among_ones_own(world: World, sign_in: SignIn) -> None:
    actor = world["finance"].maker
    other = world["nanxiang"].org
    world.session.add(Membership(person_id=actor.person_id, org_id=other.id, role="auditor"))
    world.session.commit()
    visitor = sign_in(actor)
    assert visitor.post("/post", "/profile", org=str(other.id)).status_code == 303
    assert "南翔镇" in visitor.page("/profile")
    foreign = world.session.scalars(select(Organisation.id).where(Organisation.code == "bank"))
    assert visitor.post("/post", "/profile", org=str(foreign.one())).status_code == 404
