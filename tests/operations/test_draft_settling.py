"""Drafts are published by a second owner: new cases take them, running ones keep theirs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.verify import verify_chain
from engine.config import ROOT
from engine.db import unit_of_work
from engine.errors import Conflict, DanbaoError, InvalidInput, NotAllowed
from engine.models import (
    AuditEvent,
    DefinitionOrigin,
    Deployment,
    DomainEvent,
    DraftStatus,
)
from engine.operations import draft_saving, draft_settling, drafts
from engine.operations.draft_settling import as_read
from engine.people import SYSTEM
from engine.runtime.definitions import publish, read_files
from engine.runtime.draft_check import findings
from engine.runtime.lint.gate import LintRefused
from tests.operations.banking import approve, sign, subject, take_on
from tests.operations.drafting import (
    KEY,
    TAB,
    current,
    owner,
    renamed,
    submitted,
    versions,
)
from tests.operations.world import World

STEP = "授信审批与定价"
DEADLINE = b'<camunda:property name="deadline" value="approval_period" />'


def waiting_at(world: World, case_subject: str) -> str:
    return world.open_tasks(case_subject)[0].name


def test_the_second_owner_publishes_and_only_new_cases_take_it(town: World) -> None:
    agreement = sign(town, "bank")
    town.session.commit()
    old = take_on(town, "bank", agreement)
    draft = submitted(town, owner(town))
    town.now += timedelta(minutes=1)
    draft_settling.sign(town.session, draft.id, as_read(draft), owner(town, "second"), town.now)
    town.session.commit()
    new = take_on(town, "bank", agreement)
    assert waiting_at(town, subject(new)) == STEP
    assert waiting_at(town, subject(old)) == "授信审批"
    definition = current(town.session)
    assert (definition.note, definition.origin) == ("改步骤名称", DefinitionOrigin.STUDIO.value)
    assert definition.published_by == owner(town, "second").person_id
    assert (draft.status, draft.definition_id) == (DraftStatus.PUBLISHED.value, definition.id)
    approve(town, old)
    verify_chain(town.session, "system:definitions")


def test_who_wrote_or_submitted_it_does_not_sign_it_nor_give_it_back(world: World) -> None:
    author, other = owner(world), owner(world, "other")
    draft = drafts.begin(world.session, KEY, author, world.now)
    source = renamed(world.session)
    draft_saving.save(world.session, draft.id, 1, TAB, source, author, world.now)
    later = world.now + timedelta(minutes=2)
    two = source.replace("定价".encode(), "核价".encode())
    draft_saving.save(world.session, draft.id, 2, TAB, two, other, later)
    third = owner(world, "third")
    draft_settling.submit(world.session, draft.id, "改名", third, later)
    world.session.commit()
    for actor in (author, other, third):
        with pytest.raises(NotAllowed, match="不能签发或退回"):
            draft_settling.sign(world.session, draft.id, as_read(draft), actor, later)
        with pytest.raises(NotAllowed, match="不能签发或退回"):
            draft_settling.give_back(world.session, draft.id, "不", actor, later)
    with pytest.raises(NotAllowed):
        draft_settling.sign(world.session, draft.id, as_read(draft), world["finance"].head, later)
    world.session.rollback()
    assert versions(world.session) == 1
    draft_settling.sign(world.session, draft.id, as_read(draft), owner(world, "fourth"), later)
    assert versions(world.session) == 2


def test_two_who_sign_at_once_publish_once(world: World, factory: sessionmaker[Session]) -> None:
    draft = submitted(world, owner(world))
    actors = [owner(world, f"s{n}") for n in range(4)]
    key, read = draft.id, as_read(draft)

    def sign_it(number: int) -> bool:
        try:
            with unit_of_work(factory) as session:
                draft_settling.sign(session, key, read, actors[number], world.now)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sign_it, range(4))) == 1
    world.session.rollback()
    assert versions(world.session) == 2
    assert len(world.session.scalars(select(Deployment)).all()) == 2


def test_what_was_changed_after_it_was_read_is_not_signed(world: World) -> None:
    author, draft = owner(world), submitted(world, owner(world))
    read, revision = as_read(draft), draft.revision
    draft_settling.take_back(world.session, draft.id, author, world.now)
    source = renamed(world.session).replace("定价".encode(), "核价".encode())
    draft_saving.save(world.session, draft.id, revision, TAB, source, author, world.now)
    draft_settling.submit(world.session, draft.id, "又改", author, world.now)
    with pytest.raises(Conflict, match="又改过"):
        draft_settling.sign(world.session, draft.id, read, owner(world, "second"), world.now)


def test_what_was_submitted_again_with_another_note_is_not_signed_unread(world: World) -> None:
    author, draft = owner(world), submitted(world, owner(world))
    read = as_read(draft)
    draft_settling.take_back(world.session, draft.id, author, world.now)
    later = world.now + timedelta(minutes=1)
    draft_settling.submit(world.session, draft.id, "另一个说明", author, later)
    with pytest.raises(Conflict, match="重新提请"):
        draft_settling.sign(world.session, draft.id, read, owner(world, "second"), later)


def test_who_publishes_later_is_in_force_whatever_the_clocks_say(world: World) -> None:
    draft = submitted(world, owner(world))
    files = read_files(ROOT / "bpmn")
    other = [replace(one, source=one.source + b"\n") if one.key == "filing" else one
             for one in files]  # fmt: skip
    publish(world.session, other, SYSTEM, world.now + timedelta(minutes=9))
    second = owner(world, "second")
    draft_settling.sign(world.session, draft.id, as_read(draft), second, world.now)
    assert current(world.session).id == draft.definition_id


def test_nobody_edits_what_was_submitted_until_it_is_given_back(world: World) -> None:
    author, second, draft = owner(world), owner(world, "second"), submitted(world, owner(world))
    other = draft.source.replace(b"<bpmn:documentation>", "<bpmn:documentation>另：".encode(), 1)
    with pytest.raises(Conflict, match="等待签发"):
        draft_saving.save(world.session, draft.id, draft.revision, TAB, other, author, world.now)
    with pytest.raises(InvalidInput):
        draft_settling.give_back(world.session, draft.id, " ", second, world.now)
    with pytest.raises(NotAllowed, match="由提请的人撤回"):
        draft_settling.take_back(world.session, draft.id, second, world.now)
    draft_settling.give_back(world.session, draft.id, "名称太长", second, world.now)
    assert (draft.status, draft.reason) == (DraftStatus.EDITING.value, "名称太长")
    saved = draft_saving.save(
        world.session, draft.id, draft.revision, TAB, other, author, world.now
    )
    assert saved.changed


def test_a_draft_with_errors_is_not_submitted_and_every_error_is_told(world: World) -> None:
    author = owner(world)
    draft = drafts.begin(world.session, KEY, author, world.now)
    wrong = renamed(world.session).replace(DEADLINE, b"", 1).replace(b"bank:maker", b"bank:nobody")
    draft_saving.save(world.session, draft.id, 1, TAB, wrong, author, world.now)
    with pytest.raises(LintRefused) as refused:
        draft_settling.submit(world.session, draft.id, "试试", author, world.now)
    gate = [one for report in refused.value.reports for one in report.errors]
    assert {one.element for one in gate} >= {"approve_loan", "disburse"}
    assert [one.to_dict() for one in findings(world.session, KEY, wrong)] == [
        one.to_dict()
        for report in refused.value.reports
        for one in report.findings
        if report.file == KEY
    ]
    assert all(str(one.remedy) for one in gate)
    assert draft.status == DraftStatus.EDITING.value
    assert versions(world.session) == 1


def test_a_change_that_breaks_another_process_is_refused_where_it_breaks(world: World) -> None:
    author = owner(world)
    draft = drafts.begin(world.session, "subsidy_wait", author, world.now)
    source = draft.source.replace(
        b"</bpmn:process>",
        b"""<bpmn:startEvent id="s2"/>
<bpmn:callActivity id="again" calledElement="fee_subsidy"/><bpmn:endEvent id="e2"/>
</bpmn:process>""",
    )
    draft_saving.save(world.session, draft.id, 1, TAB, source, author, world.now)
    with pytest.raises(LintRefused):
        draft_settling.submit(world.session, draft.id, "加调用", author, world.now)


def test_nothing_is_submitted_without_a_change_or_a_note(world: World) -> None:
    author = owner(world)
    draft = drafts.begin(world.session, KEY, author, world.now)
    with pytest.raises(Conflict, match="没有不同"):
        draft_settling.submit(world.session, draft.id, "没改", author, world.now)
    with pytest.raises(InvalidInput):
        draft_settling.submit(world.session, draft.id, "  ", author, world.now)


def test_a_version_published_meanwhile_is_not_overwritten(world: World) -> None:
    author, second, draft = owner(world), owner(world, "second"), submitted(world, owner(world))
    files = read_files(ROOT / "bpmn")
    newer = [
        replace(one, source=one.source + b"<!-- -->") if one.key == KEY else one for one in files
    ]
    world.now += timedelta(minutes=1)
    publish(world.session, newer, SYSTEM, world.now)
    world.session.commit()
    with pytest.raises(Conflict, match="又发布了新版本"):
        draft_settling.sign(world.session, draft.id, as_read(draft), second, world.now)
    draft_settling.give_back(world.session, draft.id, "先并入新版本", second, world.now)
    with pytest.raises(Conflict, match="又发布了新版本"):
        draft_settling.submit(world.session, draft.id, "再提", author, world.now)
    draft_settling.rebase(world.session, draft.id, "照抄", author, world.now)
    draft_settling.submit(world.session, draft.id, "已并入", author, world.now)
    world.now += timedelta(minutes=1)
    draft_settling.sign(world.session, draft.id, as_read(draft), second, world.now)
    assert current(world.session).version == 3


def test_an_earlier_version_is_put_in_force_again_by_two(town: World) -> None:
    agreement = sign(town, "bank")
    first, second = owner(town), owner(town, "second")
    old = current(town.session)
    draft = submitted(town, first)
    town.now += timedelta(minutes=1)
    draft_settling.sign(town.session, draft.id, as_read(draft), second, town.now)
    town.now += timedelta(minutes=1)
    back = draft_settling.roll_back(town.session, KEY, old.id, "新版本有误", first, town.now)
    with pytest.raises(NotAllowed):
        draft_settling.sign(town.session, back.id, as_read(back), first, town.now)
    town.session.commit()
    draft_settling.sign(town.session, back.id, as_read(back), second, town.now)
    town.session.commit()
    assert current(town.session).id == old.id
    assert versions(town.session) == 2
    case = take_on(town, "bank", agreement)
    assert waiting_at(town, subject(case)) == "授信审批"
    last = town.session.scalars(
        select(AuditEvent)
        .where(AuditEvent.action == "draft.published")
        .order_by(AuditEvent.seq.desc())
    ).first()
    assert last is not None
    assert last.after is not None
    assert (last.after["version"], last.after["replaces"]) == (1, 2)
    assert last.reason == "新版本有误"


def test_a_discarded_draft_makes_room_for_another(world: World) -> None:
    author = owner(world)
    draft = drafts.begin(world.session, KEY, author, world.now)
    draft_settling.discard(world.session, draft.id, "不改了", author, world.now)
    again = drafts.begin(world.session, KEY, author, world.now)
    assert again.id != draft.id
    with pytest.raises(Conflict, match="作废"):
        draft_saving.save(world.session, draft.id, 1, TAB, draft.source, author, world.now)


def test_a_new_process_is_published_and_stays_when_files_are_published_again(
    world: World,
) -> None:
    author, second = owner(world), owner(world, "second")
    draft = drafts.begin_new(world.session, "site_visit", "实地走访", author, world.now)
    draft_settling.submit(world.session, draft.id, "新流程", author, world.now)
    world.now += timedelta(minutes=1)
    draft_settling.sign(world.session, draft.id, as_read(draft), second, world.now)
    world.session.commit()
    assert current(world.session, "site_visit").version == 1


def test_the_owners_are_told(world: World) -> None:
    draft = submitted(world, owner(world))
    draft_settling.give_back(world.session, draft.id, "名称太长", owner(world, "second"), world.now)
    world.session.commit()
    told = world.session.scalars(
        select(DomainEvent).where(DomainEvent.subject == f"draft:{draft.id}")
    )
    assert [(one.kind, one.payload.get("reason")) for one in told] == [
        ("draft_submitted", None),
        ("draft_returned", "名称太长"),
    ]


@pytest.mark.parametrize("note", ["", "字" * 1_001])
def test_a_note_is_there_and_not_endless(world: World, note: str) -> None:
    draft = drafts.begin(world.session, KEY, owner(world), world.now)
    with pytest.raises(DanbaoError):
        draft_settling.submit(world.session, draft.id, note, owner(world), world.now)


def test_a_sound_diagram_has_nothing_found_in_it(world: World) -> None:
    assert not findings(world.session, KEY, renamed(world.session))
