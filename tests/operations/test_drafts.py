"""Drafts of processes: kept as they are typed, never overwritten by something older."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.errors import Conflict, DanbaoError, InvalidInput, NotAllowed, NotFound
from engine.models import AuditEvent, Draft, DraftRevision
from engine.operations import draft_saving, draft_settling, drafts
from engine.operations.draft_saving import DraftTaken
from engine.operations.draft_settling import as_read
from engine.people import Actor
from engine.runtime.normalise import DiagramRefused
from tests.operations.drafting import KEY, TAB, current, owner, renamed, versions
from tests.operations.world import World, person

LOL = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">&lol2;</bpmn:definitions>
"""
XXE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">&e;</bpmn:definitions>"""


def begun(world: World, actor: Actor | None = None) -> Draft:
    draft = drafts.begin(world.session, KEY, actor or owner(world), world.now)
    world.session.commit()
    return draft


def stored(world: World, draft: Draft) -> bytes:
    world.session.expire_all()
    return world.session.get_one(Draft, draft.id).source


def test_a_draft_begins_with_what_is_in_force_and_there_is_one_at_a_time(world: World) -> None:
    draft = begun(world)
    assert (draft.source, draft.base_id) == (
        current(world.session).source,
        current(world.session).id,
    )
    assert draft.name == "银行审批放款"
    with pytest.raises(Conflict, match="已有草稿"):
        drafts.begin(world.session, KEY, owner(world, "other"), world.now)


def test_two_who_begin_at_once_get_one_draft(world: World, factory: sessionmaker[Session]) -> None:
    actors = [owner(world, f"o{n}") for n in range(6)]

    def begin(actor: Actor) -> bool:
        try:
            with unit_of_work(factory) as session:
                drafts.begin(session, KEY, actor, world.now)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(begin, actors)) == 1
    assert len(world.session.scalars(select(Draft)).all()) == 1


def test_only_owners_in_a_bureau_or_at_the_platform_change_processes(world: World) -> None:
    draft = begun(world)
    bank = person(world.session, world["bank"].org, "bank-owner", "owner")
    for actor in (bank, world["finance"].head, world["finance"].maker):
        with pytest.raises(NotAllowed):
            drafts.begin(world.session, "filing", actor, world.now)
        with pytest.raises(NotAllowed):
            draft_saving.save(world.session, draft.id, 1, TAB, b"<x/>", actor, world.now)
        with pytest.raises(NotAllowed):
            draft_settling.discard(world.session, draft.id, "不要", actor, world.now)
        with pytest.raises(NotAllowed):
            drafts.beat(world.session, draft.id, TAB, actor, world.now, take=True)
    auditor = person(world.session, world["finance"].org, "auditor", "auditor")
    seen = drafts.beat(world.session, draft.id, "look", auditor, world.now, take=True)
    assert not seen.mine
    assert draft.editor_tab is None


def test_saves_are_kept_together_by_person_and_time(world: World) -> None:
    first, second = owner(world), owner(world, "second")
    draft = begun(world)
    source, now = renamed(world.session), world.now

    def save(words: str, actor: Actor, minutes: int) -> int:
        found = source.replace("定价".encode(), words.encode())
        at = now + timedelta(minutes=minutes)
        saved = draft_saving.save(
            world.session, draft.id, draft.revision, f"t{actor.person_id}", found, actor, at
        )
        assert saved.changed
        return saved.revision

    assert [save("一", first, 0), save("二", first, 3), save("三", first, 9)] == [2, 3, 4]
    save("四", first, 12)
    save("五", second, 13)
    kept = world.session.scalars(select(DraftRevision).order_by(DraftRevision.id)).all()
    assert [(one.revision, one.saved_by) for one in kept] == [
        (4, first.person_id),
        (5, first.person_id),
        (6, second.person_id),
    ]
    assert "三".encode() in kept[0].source


def test_a_save_of_something_older_changes_nothing_and_says_who_was_first(world: World) -> None:
    first, second = owner(world), owner(world, "second")
    draft = begun(world)
    source = renamed(world.session)
    draft_saving.save(world.session, draft.id, 1, TAB, source, first, world.now)
    world.session.commit()
    later = world.now + timedelta(minutes=5)
    other = source.replace(b"<bpmn:documentation>", "<bpmn:documentation>另：".encode(), 1)
    with pytest.raises(DraftTaken) as why:
        draft_saving.save(world.session, draft.id, 1, "tab-2", other, second, later)
    assert (why.value.by, why.value.at) == ("finance-owner", world.now)
    world.session.rollback()
    assert stored(world, draft) == source


def test_the_same_save_once_more_is_answered_and_not_repeated(world: World) -> None:
    draft = begun(world)
    source = renamed(world.session)
    one = draft_saving.save(world.session, draft.id, 1, TAB, source, owner(world), world.now)
    again = draft_saving.save(world.session, draft.id, 1, TAB, source, owner(world), world.now)
    assert (one.revision, one.changed) == (2, True)
    assert (again.revision, again.changed) == (2, False)


def test_an_editor_is_seen_until_the_page_is_closed_or_taken_over(world: World) -> None:
    first, second = owner(world), owner(world, "second")
    draft = begun(world)
    now = world.now
    assert drafts.beat(world.session, draft.id, "a", first, now).mine
    seen = drafts.beat(world.session, draft.id, "b", second, now + timedelta(seconds=40))
    assert (seen.mine, seen.editor, seen.since) == (False, "finance-owner", now)
    taken = drafts.beat(
        world.session, draft.id, "b", second, now + timedelta(seconds=41), take=True
    )
    assert (taken.mine, taken.editor) == (True, None)
    with pytest.raises(DraftTaken, match="接手") as why:
        draft_saving.save(
            world.session,
            draft.id,
            1,
            "a",
            renamed(world.session),
            first,
            now + timedelta(seconds=42),
        )
    assert why.value.by == "finance-second"
    gone = drafts.beat(world.session, draft.id, "a", first, now + timedelta(seconds=90))
    assert gone.mine


def test_a_named_state_is_found_and_restored_and_what_was_there_stays(world: World) -> None:
    actor, draft = owner(world), begun(world)
    one = renamed(world.session)
    two = one.replace("定价".encode(), "核价".encode())
    draft_saving.save(world.session, draft.id, 1, TAB, one, actor, world.now)
    kept = draft_saving.keep(world.session, draft.id, "改名之前", actor, world.now)
    draft_saving.save(world.session, draft.id, 2, TAB, two, actor, world.now)
    saved = draft_saving.restore_revision(world.session, draft.id, kept.id, TAB, actor, world.now)
    assert (saved.revision, draft.source) == (4, one)
    states = world.session.scalars(select(DraftRevision).order_by(DraftRevision.id)).all()
    assert [(state.source, state.note) for state in states] == [
        (one, "改名之前"),
        (two, ""),
        (one, ""),
    ]
    with pytest.raises(InvalidInput):
        draft_saving.keep(world.session, draft.id, "  ", actor, world.now)
    with pytest.raises(NotFound):
        draft_saving.restore_revision(world.session, draft.id, 10**6, TAB, actor, world.now)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"", "XML"),
        (b"\xff\xfe\x00", "XML"),
        (b"hello", "XML"),
        (b"<a/>", "不是BPMN"),
        (LOL, "DOCTYPE"),
        (XXE, "DOCTYPE"),
        (b"<a>" * 300_000, "XML"),
        (b"<!-- " + b"x" * 20_000_000 + b" --><a/>", "2 MB"),
    ],
    ids=["empty", "bytes", "words", "xml", "lol", "xxe", "deep", "20MB"],
)
def test_what_is_no_diagram_is_refused_with_a_remedy_and_nothing_is_kept(
    world: World, source: bytes, why: str
) -> None:
    draft = begun(world)
    before = draft.source
    with pytest.raises(DiagramRefused, match=why) as refused:
        draft_saving.save(world.session, draft.id, 1, TAB, source, owner(world), world.now)
    assert refused.value.remedy
    world.session.rollback()
    assert stored(world, draft) == before
    with pytest.raises(DiagramRefused):
        drafts.begin(world.session, "filing", owner(world), world.now, source=source)
    assert not world.session.scalars(select(DraftRevision)).all()


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_a_file_in_another_encoding_is_kept_as_browsers_read_it(
    world: World, encoding: str
) -> None:
    draft = begun(world)
    words = renamed(world.session).decode().replace("UTF-8", encoding, 1)
    source = words.encode(encoding)
    draft_saving.save(world.session, draft.id, 1, TAB, source, owner(world), world.now)
    assert stored(world, draft) == renamed(world.session)


def test_a_file_that_says_the_same_in_other_words_is_no_change(world: World) -> None:
    draft = begun(world)
    same = draft.source.replace(b" />", b"/>").replace(b"\n", b"\r\n")
    assert same != draft.source
    saved = draft_saving.save(world.session, draft.id, 1, TAB, same, owner(world), world.now)
    assert not saved.changed
    assert not world.session.scalars(select(DraftRevision)).all()


def test_a_diagram_of_another_process_is_refused(world: World) -> None:
    draft = begun(world)
    other = current(world.session, "filing").source
    with pytest.raises(DiagramRefused, match="没有流程bank_approval，只有filing"):
        draft_saving.save(world.session, draft.id, 1, TAB, other, owner(world), world.now)


def test_a_new_process_begins_with_a_start_and_an_end(world: World) -> None:
    draft = drafts.begin_new(
        world.session, "site_visit", '实地<走访> "一"', owner(world), world.now
    )
    assert draft.name == '实地<走访> "一"'
    assert draft.base_id is None
    for key, name in (("x", "短"), ("Site", "大写"), ("filing", "已有"), ("site_two", " ")):
        with pytest.raises(InvalidInput):
            drafts.begin_new(world.session, key, name, owner(world), world.now)


def test_an_earlier_version_comes_back_as_a_draft(world: World) -> None:
    first, second = owner(world), owner(world, "second")
    old = current(world.session)
    draft = begun(world, first)
    draft_saving.save(world.session, draft.id, 1, TAB, renamed(world.session), first, world.now)
    draft_settling.submit(world.session, draft.id, "改名", first, world.now)
    draft_settling.sign(world.session, draft.id, as_read(draft), second, world.now)
    again = drafts.begin(world.session, KEY, first, world.now, definition_id=old.id)
    assert again.source == old.source
    assert again.base is not None
    assert again.base.version == versions(world.session)
    with pytest.raises(NotFound):
        drafts.begin(
            world.session,
            "referral",
            first,
            world.now,
            definition_id=old.id,
        )


def test_everything_that_happens_to_a_draft_is_on_record(world: World) -> None:
    actor, draft = owner(world), begun(world)
    draft_settling.discard(world.session, draft.id, "不改了", actor, world.now)
    world.session.commit()
    query = select(AuditEvent).where(AuditEvent.action.like("draft.%")).order_by(AuditEvent.seq)
    found = world.session.scalars(query).all()
    assert [(one.action, one.reason) for one in found] == [
        ("draft.begun", None),
        ("draft.discarded", "不改了"),
    ]
    with pytest.raises(DanbaoError):
        draft_saving.save(world.session, draft.id, 1, TAB, b"", actor, world.now)
