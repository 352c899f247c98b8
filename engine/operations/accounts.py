"""Signing in: argon2id passwords, a lock after failures, and every attempt on record."""

import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.errors import InvalidInput, NotAllowed
from engine.models import Person
from engine.people import Actor
from engine.text import text

HASHER = PasswordHasher()  # argon2id, RFC 9106 low-memory profile
TRIES = 5
LOCK = timedelta(minutes=15)
MIN_LENGTH = 10
_NOBODY = HASHER.hash(secrets.token_hex(16))  # so that an unknown name takes as long as a known one


def sign_in(
    session: Session, username: str, password: str, now: datetime, request_id: str | None
) -> Person | NotAllowed:
    """The person, or why not. Returns the refusal instead of raising it: a failure is recorded too.

    Five failures in a row lock the account for 15 minutes.
    """
    query = select(Person).where(Person.username == username.strip().lower()).with_for_update()
    person = session.scalar(query)
    matches = _matches(person.password_hash if person else _NOBODY, password)
    if person is None or not person.active:
        return _refusal(None)
    if person.locked_until is not None and person.locked_until > now:
        return _refusal(person.locked_until, now)
    if not matches:
        return _failed(session, person, now, request_id)
    person.failed_logins, person.locked_until = 0, None
    if HASHER.check_needs_rehash(person.password_hash):
        person.password_hash = HASHER.hash(password)
    _record(session, person, "login.succeeded", now, request_id)
    return person


def _failed(session: Session, person: Person, now: datetime, request_id: str | None) -> NotAllowed:
    person.failed_logins += 1
    if person.failed_logins >= TRIES:
        person.failed_logins, person.locked_until = 0, now + LOCK
    _record(session, person, "login.failed", now, request_id)
    return _refusal(person.locked_until, now)


def _refusal(locked_until: datetime | None, now: datetime | None = None) -> NotAllowed:
    if locked_until is not None and now is not None and locked_until > now:
        minutes = max(1, round((locked_until - now).total_seconds() / 60))
        return NotAllowed(
            "locked",
            text("连续{n}次不对，账号锁定", n=TRIES),
            text("{minutes}分钟后再试，或请系统管理员解锁", minutes=minutes),
        )
    return NotAllowed(
        "wrong_password", text("账号或密码不对"), text("核对大小写后再试；连续5次不对锁定15分钟")
    )


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def hash_password(password: str) -> str:
    """The argon2id hash of a new password. Raises InvalidInput when it is too weak."""
    if len(password) < MIN_LENGTH or len(set(password)) < 5:
        raise InvalidInput({"password": text("至少{n}位，且不能都是相同字符", n=MIN_LENGTH)})
    return HASHER.hash(password)


def set_password(
    session: Session, person: Person, password: str, actor: Actor, now: datetime
) -> None:
    """Set a password and end the other sessions. Raises InvalidInput when it is too weak."""
    person.password_hash = hash_password(password)
    person.session_salt = secrets.token_hex(8)
    record(
        session,
        chain=f"person:{person.id}",
        action="password.changed",
        summary=text("{name}的密码已更改", name=person.name),
        actor=actor,
        now=now,
    )


def _record(
    session: Session, person: Person, action: str, now: datetime, request_id: str | None
) -> None:
    record(
        session,
        chain=f"person:{person.id}",
        action=action,
        summary=text("{name}登录", name=person.name),
        actor=Actor(person.id, None, person.name, request_id=request_id),
        now=now,
    )
