"""The studio's pages: who reads, who changes, and the whole way to a published version."""

import json
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from engine.models import Definition, Draft
from engine.operations import draft_saving, draft_settling, drafts
from engine.people import Actor
from tests.operations.drafting import KEY, RENAMED, TAB, current, owner, renamed, submitted
from tests.operations.world import World, person
from tests.web.referrals.conftest import SignIn
from tests.web.visitor import Visitor

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def begun(world: World) -> Draft:
    draft = drafts.begin(world.session, KEY, owner(world), world.now)
    world.session.commit()
    return draft


def data_of(page: str) -> dict[str, object]:
    found = re.search(r'id="db-studio">(.*?)</script>', page, re.S)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def read_of(visitor: Visitor, page: str) -> str:
    """What the signer's form says was read."""
    found = re.search(r'name="read" value="([^"]+)"', visitor.page(page))
    assert found
    return found[1]


def told(answer: TestResponse) -> dict[str, Any]:
    """The answer's JSON."""
    found: dict[str, Any] = json.loads(answer.text)
    return found


def put(visitor: Visitor, draft: Draft, body: bytes, page: str, **headers: str) -> TestResponse:
    token = visitor.token(page)
    return visitor.client.put(
        f"/studio/drafts/{draft.id}/source",
        data=body,
        headers={
            "X-CSRFToken": token,
            "X-Revision": str(draft.revision),
            "X-Tab": TAB,
            "Content-Type": "application/xml",
            "Accept": "application/json",
            **headers,
        },
    )


@pytest.mark.parametrize(
    "path",
    ["", "processes/bank_approval", "records", "drafts/{id}", "drafts/{id}/edit",
     "drafts/{id}/source", "drafts/{id}/file", "drafts/{id}/findings", "drafts/{id}/differences",
     "drafts/{id}/compare", "element-template.json"],
)  # fmt: skip
def test_owners_administrators_and_auditors_read_and_nobody_else(
    world: World, sign_in: SignIn, path: str
) -> None:
    draft = begun(world)
    bureau = world["finance"].org
    readers = [
        owner(world),
        person(world.session, bureau, "adm", "admin"),
        person(world.session, bureau, "aud", "auditor"),
    ]
    others = [
        world["finance"].head,
        world["bank"].maker,
        world["nanxiang"].maker,
        person(world.session, world["bank"].org, "bank-admin", "admin"),
        person(world.session, world["bank"].org, "bank-owner", "owner"),
    ]
    world.session.commit()
    address = "/studio/" + path.format(id=draft.id)
    for actor in readers:
        assert sign_in(actor).get(address).status_code == 200, (actor.name, address)
    for actor in others:
        assert sign_in(actor).get(address).status_code == 403, (actor.name, address)


@pytest.mark.parametrize(
    "path",
    ["processes/filing/draft", "new", "processes/filing/upload", "drafts/{id}/keep",
     "drafts/{id}/submit", "drafts/{id}/take-back", "drafts/{id}/return", "drafts/{id}/discard",
     "drafts/{id}/rebase", "drafts/{id}/publish", "processes/bank_approval/roll-back/1"],
)  # fmt: skip
def test_readers_change_nothing(world: World, sign_in: SignIn, path: str) -> None:
    draft = begun(world)
    auditor = person(world.session, world["finance"].org, "aud", "auditor")
    world.session.commit()
    visitor = sign_in(auditor)
    address = "/studio/" + path.format(id=draft.id)
    words = {
        "note": "x",
        "reason": "x",
        "discard": "x",
        "kept": "x",
        "key": "abc",
        "name": "x",
        "merged": "x",
    }
    assert visitor.client.post(address, data=words).status_code == 400, "没有令牌"
    answer = visitor.post(address, "/studio/", **words)
    assert answer.status_code in (403, 303), answer.status_code
    world.session.expire_all()
    assert world.session.get_one(Draft, draft.id).status == "EDITING"
    assert world.session.query(Draft).count() == 1


def test_a_change_goes_from_draft_to_signature_on_the_pages(world: World, sign_in: SignIn) -> None:
    first, second = sign_in(owner(world)), sign_in(owner(world, "second"))
    answer = first.post(f"/studio/processes/{KEY}/draft", "/studio/")
    edit = answer.headers["Location"]
    data = data_of(first.get(edit).text)
    assert data["mine"] is True
    draft = world.session.query(Draft).one()
    saved = put(first, draft, renamed(world.session), edit, **{"X-Tab": str(data["tab"])})
    assert saved.status_code == 200, saved.text
    assert (told(saved)["revision"], told(saved)["changed"], told(saved)["findings"]) == (
        2,
        True,
        [],
    )
    assert told(saved)["differences"] == 1
    page = f"/studio/drafts/{draft.id}"
    assert '<del>授信审批</del><span class="arr">→</span><ins>授信审批与定价</ins>' in first.page(
        page
    )
    empty = first.post(f"{page}/submit", page, note=" ")
    assert empty.status_code == 422
    assert first.post(f"{page}/submit", page, note="名称更清楚").status_code == 303
    own = first.page(page)
    assert "改过或提请过这份草稿的人不能签发" in own
    assert first.post(f"{page}/publish", page, read="2").status_code == 403
    assert "等我签发" in second.page("/studio/")
    assert "名称更清楚" in second.page(page)
    assert second.post(f"{page}/publish", page, read="2/1/").status_code == 409, "没有读过"
    assert second.post(f"{page}/publish", page, read=read_of(second, page)).status_code == 303
    world.session.expire_all()
    assert current(world.session).version == 2
    shown = second.page(f"/studio/processes/{KEY}")
    assert "名称更清楚" in shown
    assert "finance-owner" in shown
    assert "finance-second" in shown
    assert "已发布" in second.page("/studio/records")
    query = select(Definition.id).where(Definition.key == KEY, Definition.kind == "PROCESS")
    old, new = world.session.scalars(query.order_by(Definition.version))
    compared = second.page(f"/studio/processes/{KEY}/compare/{old}/{new}")
    assert "“授信审批”改名为“授信审批与定价”" in compared


def test_a_refused_save_says_why_and_what_to_do_and_keeps_the_draft(
    world: World, sign_in: SignIn
) -> None:
    draft, visitor = begun(world), sign_in(owner(world))
    edit = f"/studio/drafts/{draft.id}/edit"
    before = draft.source
    lol = b'<!DOCTYPE x [<!ENTITY a "b">]><definitions>&a;</definitions>'
    for body, status in ((b"", 422), (b"<a", 422), (lol, 422), (b"x" * 3_000_000, 413)):
        answer = put(visitor, draft, body, edit)
        assert answer.status_code == status, (status, answer.text)
        assert told(answer)["message"]
        assert told(answer)["remedy"]
    stale = put(visitor, draft, renamed(world.session), edit, **{"X-Revision": "9"})
    assert stale.status_code == 409
    assert told(stale)["by"] == "finance-owner"
    assert (
        put(visitor, draft, renamed(world.session), edit, **{"X-CSRFToken": "no"}).status_code
        == 400
    )
    world.session.expire_all()
    assert world.session.get_one(Draft, draft.id).source == before


def test_a_second_page_looks_on_and_takes_over(world: World, sign_in: SignIn) -> None:
    draft = begun(world)
    first, second = sign_in(owner(world)), sign_in(owner(world, "second"))
    edit = f"/studio/drafts/{draft.id}/edit"
    one, two = data_of(first.get(edit).text), data_of(second.get(edit).text)
    assert (one["mine"], two["mine"]) == (True, False)
    assert two["editor"] == {"name": "finance-owner", "since": "10:00"}
    token = second.token(edit)
    taken = second.client.post(
        f"/studio/drafts/{draft.id}/presence",
        json={"tab": two["tab"], "take": True},
        headers={"X-CSRFToken": token},
    )
    assert told(taken)["mine"] is True
    lost = put(first, draft, renamed(world.session), edit, **{"X-Tab": str(one["tab"])})
    assert lost.status_code == 409
    assert "finance-second" in told(lost)["message"]


def test_only_the_drawing_page_allows_style_attributes_and_none_allows_scripts_inline(
    world: World, sign_in: SignIn
) -> None:
    draft, visitor = begun(world), sign_in(owner(world))
    for path, styles in (
        (f"/studio/drafts/{draft.id}/edit", True),
        (f"/studio/drafts/{draft.id}", False),
        ("/studio/", False),
        ("/inbox", False),
    ):
        policy = visitor.get(path).headers["Content-Security-Policy"]
        assert ("style-src 'self' 'unsafe-inline'" in policy) is styles, path
        assert "script-src" not in policy
        assert "default-src 'self'" in policy


def hostile(world: World, author: Actor) -> Draft:
    """A submitted draft whose names and documentation are script."""
    source = renamed(world.session).replace(
        RENAMED, b'name="' + HOSTILE.replace('"', "&quot;").replace("<", "&lt;").encode() + b'"'
    )
    draft = drafts.begin(world.session, KEY, author, world.now)
    draft_saving.save(world.session, draft.id, 1, TAB, source, author, world.now)
    draft_settling.submit(world.session, draft.id, HOSTILE, author, world.now)
    world.session.commit()
    return draft


def test_script_in_names_and_notes_is_text_on_every_page(
    world: World, sign_in: SignIn, app: Flask
) -> None:
    draft = hostile(world, owner(world))
    visitor = sign_in(owner(world, "second"))
    for path in ("", f"drafts/{draft.id}", f"drafts/{draft.id}/edit", f"drafts/{draft.id}/compare",
                 f"processes/{KEY}"):  # fmt: skip
        text = visitor.get(f"/studio/{path}").text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
    assert "alert(1)" in unescape(visitor.get(f"/studio/drafts/{draft.id}").text)
    assert app.testing is False


def test_a_file_is_uploaded_into_the_draft_and_downloaded_as_it_was(
    world: World, sign_in: SignIn
) -> None:
    visitor = sign_in(owner(world))
    page = f"/studio/processes/{KEY}"
    bad = visitor.upload(f"{page}/upload", page, "x.bpmn", b"<a/>")
    assert bad.status_code == 303
    assert "没有上传" in visitor.page(page)
    assert world.session.query(Draft).count() == 0
    source = renamed(world.session)
    answer = visitor.upload(f"{page}/upload", page, "bank.bpmn", source)
    draft_page = answer.headers["Location"]
    assert "授信审批与定价" in visitor.page(draft_page)
    got = visitor.get(f"{draft_page}/file")
    assert got.data == source
    assert "filename*=UTF-8''" in got.headers["Content-Disposition"]


def test_a_submitted_draft_is_read_only_for_everyone(world: World, sign_in: SignIn) -> None:
    draft = submitted(world, owner(world))
    data = data_of(sign_in(owner(world)).get(f"/studio/drafts/{draft.id}/edit").text)
    assert data["mine"] is False
    answer = put(
        sign_in(owner(world)), draft, draft.source + b" ", f"/studio/drafts/{draft.id}/edit"
    )
    assert answer.status_code == 409


def test_an_earlier_version_is_offered_as_a_draft_or_to_roll_back_to(
    world: World, sign_in: SignIn
) -> None:
    draft = submitted(world, owner(world))
    old = current(world.session)
    first, second = sign_in(owner(world)), sign_in(owner(world, "second"))
    page = f"/studio/drafts/{draft.id}"
    second.post(f"{page}/publish", page, read=read_of(second, page))
    process = f"/studio/processes/{KEY}"
    refused = first.post(f"{process}/roll-back/{old.id}", process, note=" ")
    assert refused.status_code == 303
    assert "写明回退的原因" in first.page(process)
    answer = first.post(f"{process}/roll-back/{old.id}", process, note="新版本有误")
    assert "等待签发" in first.page(answer.headers["Location"])


def test_a_new_process_is_begun_and_bad_names_are_told(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(owner(world))
    wrong = visitor.post("/studio/new", "/studio/new", key="X y", name="")
    assert wrong.status_code == 422
    assert "以字母开头" in wrong.text
    answer = visitor.post("/studio/new", "/studio/new", key="site_visit", name="实地走访")
    assert answer.headers["Location"].endswith("/edit")
    assert "实地走访" in visitor.page("/studio/")
