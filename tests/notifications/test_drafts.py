"""Who learns by mail that a process is to be signed, came back, or is in force."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.config import Settings
from engine.models import Draft, OutboxMail, Person
from engine.operations import draft_settling
from engine.operations.draft_settling import as_read
from engine.people import Actor
from notifications.outbox import make_mails
from tests.operations.drafting import owner, submitted
from tests.operations.world import World, person


@pytest.fixture
def bureau(session: Session) -> World:
    """A district with three owners, and one who owns nothing at a bank."""
    world = World(session).found()
    for name in ("owner", "owner2", "owner3"):
        owner(world, name)
    person(session, world["bank"].org, "bank-owner", "owner")
    session.commit()
    return world


def mails(world: World, settings: Settings) -> dict[str, OutboxMail]:
    """The new mails of a round by the name of who gets them."""
    known = set(world.session.scalars(select(OutboxMail.id)))
    make_mails(world.session, world.now, settings)
    world.session.commit()
    query = select(OutboxMail, Person.name).join(Person, Person.id == OutboxMail.person_id)
    rows = world.session.execute(query.where(OutboxMail.id.not_in(known))).tuples()
    return {name: mail for mail, name in rows if mail.template.startswith("draft_")}


@pytest.fixture
def waiting(bureau: World) -> tuple[World, Draft, Actor]:
    return bureau, submitted(bureau, owner(bureau)), owner(bureau, "owner2")


def test_who_may_sign_is_told_and_nobody_else(
    waiting: tuple[World, Draft, Actor], settings: Settings
) -> None:
    world, draft, _ = waiting
    found = mails(world, settings)
    assert set(found) == {"finance-owner2", "finance-owner3"}
    mail = found["finance-owner2"]
    assert mail.subject == "【担保通】待签发：银行审批放款"
    assert "改步骤名称" in mail.body
    assert f"https://danbao.example.gov.cn/studio/drafts/{draft.id}" in mail.body
    assert mails(world, settings) == {}, "一件事只发一次"


def test_nobody_is_asked_to_sign_what_was_taken_back_meanwhile(
    waiting: tuple[World, Draft, Actor], settings: Settings
) -> None:
    world, draft, _ = waiting
    draft_settling.take_back(world.session, draft.id, owner(world), world.now)
    assert mails(world, settings) == {}


def test_who_wrote_it_learns_why_it_came_back(
    waiting: tuple[World, Draft, Actor], settings: Settings
) -> None:
    world, draft, second = waiting
    mails(world, settings)
    draft_settling.give_back(world.session, draft.id, "时限没有依据", second, world.now)
    found = mails(world, settings)
    assert set(found) == {"finance-owner"}
    assert "时限没有依据" in found["finance-owner"].body
    assert "finance-owner2" in found["finance-owner"].body


def test_who_wrote_it_learns_that_it_is_in_force(
    waiting: tuple[World, Draft, Actor], settings: Settings
) -> None:
    world, draft, second = waiting
    mails(world, settings)
    draft_settling.sign(world.session, draft.id, as_read(draft), second, world.now)
    found = mails(world, settings)
    assert set(found) == {"finance-owner"}
    assert "v2" in found["finance-owner"].body
