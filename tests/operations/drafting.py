"""Owners of processes and their drafts, for tests."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Definition, DefinitionKind, Draft
from engine.operations import draft_saving, draft_settling, drafts
from engine.people import Actor
from engine.runtime.definitions import definition_in
from engine.runtime.in_force import ask_again, current_deployment
from tests.operations.world import World, person

KEY = "bank_approval"
APPROVE = b'name="\xe6\x8e\x88\xe4\xbf\xa1\xe5\xae\xa1\xe6\x89\xb9"'  # 授信审批
RENAMED = 'name="授信审批与定价"'.encode()
TAB = "tab-1"


def owner(world: World, name: str = "owner", code: str = "finance") -> Actor:
    """An owner of processes in the bureau; the same one when asked again."""
    known = world.session.info.setdefault("owners", {})
    if (code, name) not in known:
        known[code, name] = person(world.session, world[code].org, f"{code}-{name}", "owner")
        world.session.commit()
    found: Actor = known[code, name]
    return found


def current(session: Session, key: str = KEY) -> Definition:
    """The version of a process in force, whoever else has published since this session asked."""
    ask_again(session)
    return definition_in(session, current_deployment(session), DefinitionKind.PROCESS, key)


def renamed(session: Session, key: str = KEY) -> bytes:
    """The process in force with its first step called otherwise."""
    source = current(session, key).source
    assert APPROVE in source
    return source.replace(APPROVE, RENAMED)


def submitted(world: World, author: Actor, note: str = "改步骤名称") -> Draft:
    """A draft with a step renamed, waiting to be signed."""
    now: datetime = world.now
    draft = drafts.begin(world.session, KEY, author, now)
    source = renamed(world.session)
    draft_saving.save(world.session, draft.id, draft.revision, TAB, source, author, now)
    draft_settling.submit(world.session, draft.id, note, author, now)
    world.session.commit()
    return draft


def versions(session: Session, key: str = KEY) -> int:
    """How many versions of a process there are."""
    query = select(Definition.id).where(Definition.key == key, Definition.kind == "PROCESS")
    return len(session.scalars(query).all())
