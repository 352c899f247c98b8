"""What administrators change: organisations, people, posts, passwords; everything on record.

Who may: an administrator of a bureau or of the platform everything in reach, one of any other
organisation only its own people. Nobody changes their own posts or password here.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.models import Membership, Organisation, OrgKind, Person, Role, WorkItem, WorkStatus
from engine.operations.access import sees_all
from engine.operations.accounts import hash_password
from engine.operations.people import create_person, end_post, grant
from engine.people import Actor
from engine.text import Text, text

MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# without 0 O 1 l I: read aloud and typed once
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
PASSWORD_LENGTH = 16
CHANGEABLE = ("name", "short_name", "source_type", "synonyms", "active")


def require_admin(actor: Actor) -> None:
    """Raise NotAllowed unless the actor is an administrator."""
    if Role.ADMIN.value not in actor.roles:
        raise NotAllowed("admin_only", text("由系统管理员办理"))


def district_of(session: Session, actor: Actor) -> str | None:
    """The district an overseeing administrator is limited to; None for the platform's."""
    if actor.org_kind == OrgKind.PLATFORM.value:
        return None
    query = select(Organisation.district_code).where(Organisation.id == actor.org_id)
    return session.scalar(query)


def reachable_organisation(session: Session, org_id: int, actor: Actor) -> Organisation:
    """An organisation that the administrator may work on, locked. Raises NotFound."""
    require_admin(actor)
    org = session.get(Organisation, org_id, with_for_update=True)
    if org is None:
        raise NotFound()
    if not _reaches(session, org, actor):
        raise NotFound()
    return org


def reachable_person(session: Session, person_id: int, actor: Actor) -> Person:
    """A person with a post, now or before, in the administrator's reach and none now beyond it.

    Raises NotFound; NotAllowed for oneself.
    """
    require_admin(actor)
    person = session.get(Person, person_id, with_for_update=True)
    if person is None or not _in_reach(session, person, actor):
        raise NotFound()
    if person.id == actor.person_id:
        raise NotAllowed(
            "own_account",
            text("不能改动自己的账号"),
            text("请另一位系统管理员办理，或在“我的”更改密码"),
        )
    return person


def _in_reach(session: Session, person: Person, actor: Actor) -> bool:
    """Somebody with a post here, and none now in a place that the actor does not reach."""
    posts = session.scalars(select(Membership).where(Membership.person_id == person.id)).all()
    reached = [post for post in posts if _reaches(session, post.organisation, actor)]
    return bool(reached) and all(post in reached for post in posts if post.active)


def _reaches(session: Session, org: Organisation, actor: Actor) -> bool:
    # whoever may act for the platform sees every district: only its own people let others in
    if org.kind == OrgKind.PLATFORM.value and actor.org_kind != OrgKind.PLATFORM.value:
        return False
    if sees_all(actor) and district_of(session, actor) in (None, org.district_code):
        return True
    return org.id == actor.org_id


def new_person(
    session: Session,
    *,
    username: str,
    name: str,
    email: str,
    org_id: int,
    role: Role,
    actor: Actor,
    now: datetime,
) -> tuple[Person, str]:
    """Add a person with a first post; returns the password, which is shown once.

    Raises InvalidInput, NotFound.
    """
    org = reachable_organisation(session, org_id, actor)
    password = _password()
    person = create_person(
        session,
        username=username,
        name=name,
        email=email,
        password_hash=hash_password(password),
        actor=actor,
        now=now,
    )
    grant(session, person, org, role, actor, now)
    return person, password


def change_person(
    session: Session, person_id: int, name: str, email: str, actor: Actor, now: datetime
) -> Person:
    """Correct a name or an address. Raises InvalidInput, NotFound, NotAllowed."""
    person = reachable_person(session, person_id, actor)
    wrong: dict[str, Text] = {}
    if not name.strip():
        wrong["name"] = text("必填")
    if not MAIL.fullmatch(email.strip()):
        wrong["email"] = text("不是邮件地址")
    if wrong:
        raise InvalidInput(wrong)
    before = {"name": person.name, "email": person.email}
    person.name, person.email = name.strip(), email.strip()
    after = {"name": person.name, "email": person.email}
    if before != after:
        summary = text("修改人员{n}", n=person.name)
        _record(session, person, "person.changed", summary, actor, now, before, after)
    return person


def set_active(
    session: Session, person_id: int, active: bool, actor: Actor, now: datetime
) -> Person:
    """Close an account, its sessions with it and what it claimed given back; or open it again."""
    person = reachable_person(session, person_id, actor)
    if person.active == active:
        return person
    person.active = active
    person.session_salt = secrets.token_hex(8)
    if not active:
        _give_back(session, person.id, None)
    action = "person.restored" if active else "person.ended"
    summary = (
        text("恢复{n}的账号", n=person.name) if active else text("停用{n}的账号", n=person.name)
    )
    change = ({"active": not active}, {"active": active})
    _record(session, person, action, summary, actor, now, *change)
    return person


def add_post(
    session: Session, person_id: int, org_id: int, role: Role, actor: Actor, now: datetime
) -> Membership:
    """Give a person a post. Raises NotFound, NotAllowed."""
    person = reachable_person(session, person_id, actor)
    return grant(session, person, reachable_organisation(session, org_id, actor), role, actor, now)


def remove_post(session: Session, membership_id: int, actor: Actor, now: datetime) -> Person:
    """End a post; what the person claimed there goes back to the organisation."""
    post = session.get(Membership, membership_id)
    if post is None:
        raise NotFound()
    person = reachable_person(session, post.person_id, actor)
    reachable_organisation(session, post.org_id, actor)
    if post.active:
        end_post(session, post, actor, now)
        session.flush()
        _give_back(session, person.id, post)
    return person


def _give_back(session: Session, person_id: int, post: Membership | None) -> None:
    """Release claimed tasks: all of them, or those of the post's role in its organisation."""
    query = update(WorkItem).where(
        WorkItem.assignee_id == person_id, WorkItem.status == WorkStatus.OPEN.value
    )
    if post is not None:
        query = query.where(WorkItem.org_id == post.org_id, WorkItem.role == post.role)
    session.execute(query.values(assignee_id=None))


def reset_password(
    session: Session, person_id: int, actor: Actor, now: datetime
) -> tuple[Person, str]:
    """A new password, shown once; every session of the person ends, and a lock with them."""
    person = reachable_person(session, person_id, actor)
    password = _password()
    person.password_hash = hash_password(password)
    person.session_salt = secrets.token_hex(8)
    person.failed_logins, person.locked_until = 0, None
    _record(session, person, "password.reset", text("重置{n}的密码", n=person.name), actor, now)
    return person, password


def unlock(session: Session, person_id: int, actor: Actor, now: datetime) -> Person:
    """End the lock after failed logins."""
    person = reachable_person(session, person_id, actor)
    before = {"locked_until": person.locked_until}
    person.failed_logins, person.locked_until = 0, None
    summary = text("解锁{n}的账号", n=person.name)
    after = {"locked_until": None}
    _record(session, person, "person.unlocked", summary, actor, now, before, after)
    return person


def change_organisation(
    session: Session,
    org_id: int,
    values: Mapping[str, str | bool | None],
    actor: Actor,
    now: datetime,
) -> Organisation:
    """Change what CHANGEABLE names; code, kind and district stay, since cases refer to them.

    Raises InvalidInput, NotFound.
    """
    org = reachable_organisation(session, org_id, actor)
    given = {key: values[key] for key in CHANGEABLE if key in values}
    _refuse_bad_organisation(session, org, given, actor)
    before = {key: getattr(org, key) for key in given if getattr(org, key) != given[key]}
    for key, value in given.items():
        setattr(org, key, value)
    if before:
        record(
            session,
            chain=f"org:{org.id}",
            action="org.changed",
            summary=text("修改单位{n}", n=org.name),
            actor=actor,
            now=now,
            before=before,
            after={key: given[key] for key in before},
        )
    return org


def _refuse_bad_organisation(
    session: Session, org: Organisation, given: Mapping[str, str | bool | None], actor: Actor
) -> None:
    wrong: dict[str, Text] = {}
    for key in ("name", "short_name"):
        if key in given and not given[key]:
            wrong[key] = text("必填")
    taken = exists().where(Organisation.name == given.get("name"), Organisation.id != org.id)
    if given.get("name") and session.scalar(select(taken)):
        wrong["name"] = text("已有同名单位")
    if given.get("active") is False and org.id == actor.org_id:
        wrong["active"] = text("不能停用本单位")
    if wrong:
        raise InvalidInput(wrong)


def _password() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))


def _record(
    session: Session,
    person: Person,
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    record(
        session,
        chain=f"person:{person.id}",
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        before=before,
        after=after,
    )
