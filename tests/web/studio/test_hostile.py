"""What people write into drafts stays data, and what is too large or of no process is refused."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from engine.config import ROOT
from engine.models import AuditEvent, Draft
from engine.operations import drafts
from engine.operations.draft_source import check_source, in_utf8
from engine.queries.definitions import open_work
from engine.runtime.normalise import BPMN, DiagramRefused
from tests.operations.banking import sign, take_on
from tests.operations.drafting import KEY, owner, renamed
from tests.operations.world import World, office
from tests.web.referrals.conftest import SignIn
from tests.web.studio.test_pages import begun, put
from tests.web.visitor import Visitor

OWN = (ROOT / "bpmn" / "processes" / f"{KEY}.bpmn").read_bytes()
SHEET = b'<?xml-stylesheet type="text/xsl" href="#s"?><bpmn:definitions'


def test_a_draft_is_served_as_plain_words_that_no_browser_runs(
    world: World, sign_in: SignIn
) -> None:
    draft, visitor = begun(world), sign_in(owner(world))
    page = f"/studio/drafts/{draft.id}"
    hostile = renamed(world.session).replace(b"<bpmn:definitions", SHEET, 1)
    assert put(visitor, draft, hostile, page).status_code == 200
    answer = visitor.get(f"/studio/drafts/{draft.id}/source")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def upload(visitor: Visitor, key: str, source: bytes) -> TestResponse:
    sent: dict[str, Any] = {"csrf_token": visitor.token("/studio/"), "file": (BytesIO(source), "x")}
    return visitor.client.post(f"/studio/processes/{key}/upload", data=sent)


@pytest.mark.parametrize("key", ["bank_decision", "x; filename=evil", "新流程", ".."])
def test_an_upload_makes_no_process_that_nobody_began(
    world: World, sign_in: SignIn, key: str
) -> None:
    source = OWN.replace(f'id="{KEY}"'.encode(), f'id="{key}"'.encode())
    assert upload(sign_in(owner(world)), key, source).status_code in (404, 405)
    assert world.session.query(Draft).count() == 0


TASKS = f'<bpmn:process id="{KEY}" name="x">{{}}</bpmn:process></bpmn:definitions>'
HEAD = f'<bpmn:definitions xmlns:bpmn="{BPMN}">'
EXCESS = {
    "elements without a drawing": HEAD + TASKS.format("<bpmn:task/>" * 4_000),
    "attributes": HEAD
    + TASKS.format("<bpmn:task " + " ".join(f'a{n}=""' for n in range(200)) + "/>"),
    "a name": HEAD + TASKS.format(f'<bpmn:task name="{"。" * 201}"/>'),
    "an explanation": HEAD
    + TASKS.format(f"<bpmn:documentation>{'。' * 10_001}</bpmn:documentation>"),
}


@pytest.mark.parametrize("source", EXCESS.values(), ids=EXCESS)
def test_what_is_larger_than_any_diagram_is_refused(source: str) -> None:
    with pytest.raises(DiagramRefused) as refused:
        check_source(KEY, source.encode())
    assert refused.value.remedy


@pytest.mark.parametrize("name", ["JAVA", "TCVN", "windows-936"])
def test_an_encoding_that_nobody_knows_is_refused_or_read(name: str) -> None:
    source = f'<?xml version="1.0" encoding="{name}"?>{HEAD}{TASKS.format("")}'.encode()
    with suppress(DiagramRefused):
        assert b'encoding="UTF-8"' in in_utf8(KEY, source)


def test_a_file_in_a_chinese_encoding_becomes_utf_8() -> None:
    words = '<?xml version="1.0"  encoding = "gb18030"?>' + HEAD + TASKS.format("")
    kept = in_utf8(KEY, words.replace('"x"', '"审批"').encode("gb18030"))
    assert check_source(KEY, kept) == "审批"
    assert b'encoding="UTF-8"' in kept[:80]


@pytest.mark.parametrize("tab", ["\0", "\ud800", "a b", "x" * 41, ""])
def test_a_page_that_names_itself_oddly_is_refused(world: World, sign_in: SignIn, tab: str) -> None:
    draft, visitor = begun(world), sign_in(owner(world))
    token = visitor.token(f"/studio/drafts/{draft.id}")
    answer = visitor.client.post(
        f"/studio/drafts/{draft.id}/presence", json={"tab": tab}, headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 422


def test_a_form_of_an_expired_session_is_answered_with_a_page(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(owner(world))
    client = visitor.client.application.test_client()
    answer = client.post("/studio/new", data={"key": "abc"})
    assert answer.status_code in (302, 303, 400, 401)


def test_who_takes_a_draft_over_is_on_record(world: World, sign_in: SignIn) -> None:
    draft = begun(world)
    page = f"/studio/drafts/{draft.id}"
    for name, take in (("owner", False), ("second", True)):
        visitor = sign_in(owner(world, name))
        token = visitor.token(page)
        sent = {"tab": f"tab-{name}", "take": take}
        visitor.client.post(f"{page}/presence", json=sent, headers={"X-CSRFToken": token})
    world.session.expire_all()
    actions = world.session.scalars(select(AuditEvent.action)).all()
    assert actions.count("draft.taken_over") == 1


def test_the_signer_of_a_new_process_sees_its_picture_and_steps(
    world: World, sign_in: SignIn
) -> None:
    draft = drafts.begin_new(world.session, "new_one", "新流程", owner(world), world.now)
    world.session.commit()
    page = sign_in(owner(world, "second")).page(f"/studio/drafts/{draft.id}")
    assert f"/studio/drafts/{draft.id}/compare" in page
    seen = sign_in(owner(world, "second")).page(f"/studio/drafts/{draft.id}/compare")
    assert "<svg" in seen
    assert "步骤表" in seen


def test_counts_of_a_process_are_of_ones_own_district(world: World) -> None:
    take_on(world, "bank", sign(world, "bank"))
    session = world.session
    world.offices["mh"] = office(session, "mh", "闵行区财政局", "FINANCE", district_code="310112")
    session.commit()
    mine = open_work(session, KEY, owner(world), world.now)
    assert sum(n for n, _ in mine.values()) == 1
    assert open_work(session, KEY, owner(world, "mh", "mh"), world.now) == {}
