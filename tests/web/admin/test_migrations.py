"""Versions and migrations on screen: previewed, chosen, done, undone; nobody else's district."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from engine.config import ROOT
from engine.models import (
    AuditEvent,
    Definition,
    Instance,
    InstanceMigration,
    MigrationBatch,
    OrgKind,
)
from engine.operations.people import create_organisation
from engine.people import SYSTEM, Actor
from engine.runtime.definitions import publish, read_files
from tests.operations.world import NOW, World, office, person
from tests.web.referrals.conftest import SignIn
from tests.web.visitor import Visitor


def admin(world: World, code: str = "finance") -> Actor:
    one = person(world.session, world[code].org, f"{code}-admin", "admin")
    world.session.commit()
    return one


@pytest.fixture
def newer(world: World) -> int:
    """Two lists under way, and a version of their process in which a step has another name."""
    world.batch("nanxiang")
    world.batch("kewei")
    files = read_files(Path(ROOT) / "bpmn")
    for place, one in enumerate(files):
        if one.key == "referral":
            source = one.source.replace("编报需求名单".encode(), "编制名单".encode())
            files[place] = replace(one, source=source)
    found = publish(world.session, files, SYSTEM, NOW.replace(hour=9), "改名").deployment_id
    world.session.commit()
    return found


def definition(world: World, version: int) -> int:
    query = select(Definition.id).where(
        Definition.key == "referral", Definition.kind == "PROCESS", Definition.version == version
    )
    return world.session.scalars(query).one()


def tokens(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="group" value="')[1:]]


def ask(visitor: Visitor, **more: str) -> str:
    page = "/admin/processes/referral/migrate"
    group = tokens(visitor.page(page))
    answer = visitor.post(page, page, group=group, reason="步骤改名", **more)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def deployments(world: World) -> list[int]:
    world.session.expire_all()
    query = select(Instance.deployment_id).where(Instance.process_key == "referral")
    return sorted(world.session.scalars(query))


def test_versions_tell_who_runs_on_them(world: World, sign_in: SignIn, newer: int) -> None:
    page = sign_in(admin(world)).page("/studio/processes/referral")
    assert "迁移在办事项" in page
    assert "改名" in page


def test_cases_are_previewed_moved_and_moved_back(
    world: World, sign_in: SignIn, newer: int
) -> None:
    visitor = sign_in(admin(world))
    before = deployments(world)
    assert newer not in before
    page = ask(visitor)
    assert "2件已完成" in visitor.page(page)
    assert deployments(world) == [newer, newer]
    chains = select(AuditEvent).where(AuditEvent.action == "instance.migrated")
    events = world.session.scalars(chains).all()
    assert {event.reason for event in events} == {"步骤改名"}
    assert all(event.before["versions"] == {"referral": 1} for event in events if event.before)
    undo = f"{page}/undo"
    assert "没有提交" in visitor.post(undo, undo, reason=" ").text
    answer = visitor.post(undo, undo, reason="还是原来的名称好")
    assert answer.status_code == 303
    assert "2件已完成" in visitor.page(str(answer.headers["Location"]))
    assert deployments(world) == before
    assert "没有要迁移的事项" not in visitor.page("/admin/processes/referral/migrate")


def test_a_few_first_and_one_back(world: World, sign_in: SignIn, newer: int) -> None:
    visitor = sign_in(admin(world))
    page = ask(visitor, first="1")
    assert deployments(world).count(newer) == 1
    one = world.session.scalars(select(InstanceMigration.id)).one()
    undo = f"{page}/undo?migration={one}"
    assert visitor.post(undo, undo, reason="再看看", migration=str(one)).status_code == 303
    assert newer not in deployments(world)
    answer = visitor.post(undo, undo, reason="再看看", migration=str(one))
    assert answer.status_code == 409


def test_nothing_moves_without_a_reason_a_choice_or_csrf(
    world: World, sign_in: SignIn, newer: int, app: Flask
) -> None:
    visitor = sign_in(admin(world))
    page = "/admin/processes/referral/migrate"
    group = tokens(visitor.page(page))
    assert visitor.post(page, page, group=group, reason="").status_code == 422
    assert visitor.post(page, page, group=["0" * 16], reason="x").status_code == 422
    assert visitor.client.post(page, data={"group": group, "reason": "x"}).status_code == 400
    assert newer not in deployments(world)
    assert world.session.scalar(select(MigrationBatch)) is None


def test_only_overseeing_administrators_may(world: World, sign_in: SignIn, newer: int) -> None:
    page = "/admin/processes/referral/migrate"
    assert sign_in(world["finance"].head).get(page).status_code == 403
    assert sign_in(admin(world, "bank")).get(page).status_code == 403


def test_another_district_sees_and_moves_nothing(world: World, sign_in: SignIn, newer: int) -> None:
    mine = ask(sign_in(admin(world)), first="1")
    org = create_organisation(
        world.session, code="mh", name="闵行区财政局", kind=OrgKind.FINANCE,
        district_code="310112", actor=SYSTEM, now=NOW,
    )  # fmt: skip
    other = sign_in(person(world.session, org, "mh-admin", "admin"))
    world.session.commit()
    assert "没有要迁移的事项" in other.page("/admin/processes/referral/migrate")
    assert other.get(mine).status_code == 404
    assert other.post(f"{mine}/stop", "/admin/people").status_code == 404
    assert other.post(f"{mine}/undo", "/admin/people", reason="x").status_code == 404
    assert deployments(world).count(newer) == 1


def test_the_platforms_batch_of_all_districts_is_not_a_districts_own(
    world: World, sign_in: SignIn, newer: int
) -> None:
    platform = office(world.session, "ops", "平台", "PLATFORM")
    root = sign_in(person(world.session, platform.org, "root", "admin"))
    page = "/admin/processes/referral/migrate"
    elsewhere = world.session.scalars(select(Instance).where(Instance.process_key == "referral"))
    elsewhere.first().programme = "MH_PARK_CHAMBER"  # type: ignore[union-attr]  # the fixture made two
    world.session.commit()
    asked = ask(root)
    visitor = sign_in(admin(world))
    assert f'href="{asked}"' not in visitor.page(page)
    for path in (asked, f"{asked}/progress", f"{asked}/undo"):
        assert visitor.get(path).status_code == 404
    assert visitor.post(f"{asked}/stop", "/admin/people").status_code == 404
    assert visitor.post(f"{asked}/undo", "/admin/people", reason="x").status_code == 404
    assert root.get(asked).status_code == 200


def test_unknown_things_are_not_found(world: World, sign_in: SignIn, newer: int) -> None:
    visitor = sign_in(admin(world))
    for path in ("processes/nothing/migrate", "migrations/999", "migrations/999/progress"):
        assert visitor.get(f"/admin/{path}").status_code == 404
