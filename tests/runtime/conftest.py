"""People, organisations and a programme for runtime tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.models import DefinitionKind, Instance, Membership, Organisation, Person
from engine.people import SYSTEM, Actor
from engine.runtime.definitions import SourceFile, publish, read_files
from engine.runtime.registry import Kind, starts_with
from engine.runtime.step import start_instance
from tests.runtime.diagrams import form

NOW = datetime(2025, 12, 8, 2, 0, tzinfo=UTC)


@dataclass
class Staff:
    """One organisation with a maker, a checker and a head."""

    org: Organisation
    maker: Actor
    checker: Actor
    head: Actor


def _staff(session: Session, code: str, kind: str) -> Staff:
    org = Organisation(code=code, name=code, short_name=code, kind=kind)
    session.add(org)
    session.flush()
    actors = {}
    for role in ("maker", "checker", "head"):
        person = Person(
            username=f"{code}-{role}",
            name=f"{code}{role}",
            email=f"{role}@{code}.test",
            password_hash="x",
        )
        session.add(person)
        session.flush()
        session.add(Membership(person_id=person.id, org_id=org.id, role=role))
        actors[role] = Actor(person.id, org.id, person.name, frozenset({role}), kind)
    session.flush()
    return Staff(org, actors["maker"], actors["checker"], actors["head"])


@pytest.fixture
def finance(session: Session) -> Staff:
    """The finance bureau."""
    return _staff(session, "finance", "FINANCE")


@pytest.fixture
def bank(session: Session) -> Staff:
    """A bank."""
    return _staff(session, "bank", "BANK")


Start = Callable[..., Instance]
FORM = SourceFile(DefinitionKind.FORM, "f", "f", form("f"))


@pytest.fixture
def start(session: Session, finance: Staff, bank: Staff) -> Start:
    """Publish diagrams and start the first of them."""

    def begin(*sources: tuple[str, bytes], **data: object) -> Instance:
        programmes = [
            file
            for file in read_files(Path(ROOT) / "bpmn")
            if file.kind is DefinitionKind.PROGRAMME
        ]
        files = [SourceFile(DefinitionKind.PROCESS, key, key, xml) for key, xml in sources]
        for key, _ in sources:
            starts_with(key, **dict.fromkeys(data, Kind.TEXT))
        publish(session, [*files, *programmes, FORM], SYSTEM, NOW)
        return start_instance(
            session,
            sources[0][0],
            subject="test:1",
            title="test",
            programme="JD_KCD",
            data=data,
            parties={"finance": finance.org.id, "bank": bank.org.id},
            actor=finance.maker,
            now=NOW,
        )

    return begin
