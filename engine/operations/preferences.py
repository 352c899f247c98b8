"""What a person sets for themselves: language, theme, password."""

from datetime import datetime

from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from engine.errors import InvalidInput, NotFound
from engine.models import Person
from engine.operations.accounts import HASHER, set_password
from engine.people import Actor
from engine.text import text


def set_locale(session: Session, person_id: int, locale: str) -> None:
    """zh or en, for pages and mails."""
    _person(session, person_id).locale = locale


def set_theme(session: Session, person_id: int, theme: str) -> None:
    """light or dark."""
    _person(session, person_id).theme = theme


def change_password(
    session: Session, old: str, new: str, again: str, actor: Actor, now: datetime
) -> Person:
    """Set one's own password; every other session ends. Raises InvalidInput by field."""
    person = _person(session, actor.person_id)
    if not _is(person.password_hash, old):
        raise InvalidInput({"old": text("现在的密码不对")})
    if new != again:
        raise InvalidInput({"again": text("两次输入不一致")})
    if new == old:
        raise InvalidInput({"password": text("与现在的密码相同")})
    set_password(session, person, new, actor, now)
    return person


def _person(session: Session, person_id: int | None) -> Person:
    found = session.get(Person, person_id, with_for_update=True) if person_id else None
    if found is None:
        raise NotFound()
    return found


def _is(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
