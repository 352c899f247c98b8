"""An administrator reads the mails of his own district, and no other's."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import Membership, Organisation, OutboxMail, Person
from engine.people import SYSTEM, Actor
from notifications.queries import counts, mail_for, outbox

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def _bureau(session: Session, district: str) -> tuple[Actor, OutboxMail]:
    org = Organisation(
        code=district, name=district, short_name=district, kind="FINANCE", district_code=district
    )
    person = Person(username=district, name=district, email=f"{district}@x.test", password_hash="x")
    session.add_all([org, person])
    session.flush()
    session.add(Membership(person_id=person.id, org_id=org.id, role="admin"))
    mail = OutboxMail(
        event_key=district,
        recipient=person.email,
        person_id=person.id,
        template="task_opened",
        context={},
        due_at=NOW,
        created_at=NOW,
    )
    session.add(mail)
    session.flush()
    return Actor(person.id, org.id, district, frozenset({"admin"}), "FINANCE"), mail


def test_mails_of_another_district_are_neither_listed_nor_opened(session: Session) -> None:
    jiading, own = _bureau(session, "310114")
    _, foreign = _bureau(session, "310112")
    assert [mail.id for mail in outbox(session, jiading).mails] == [own.id]
    assert sum(counts(session, jiading).values()) == 1
    assert mail_for(session, own.id, jiading) is own
    with pytest.raises(NotFound):
        mail_for(session, foreign.id, jiading)
    assert len(outbox(session, SYSTEM).mails) == 2
