"""Organisations, people and posts: created, changed and ended by administrators, on record."""

import re
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.errors import InvalidInput, NotAllowed
from engine.models import Membership, Organisation, OrgKind, Person, Role
from engine.operations.access import OVERSEERS, everywhere
from engine.people import Actor
from engine.text import Text, text

USERNAME = re.compile(r"[a-z0-9][a-z0-9.@_-]{2,59}")


def create_organisation(
    session: Session,
    *,
    code: str,
    name: str,
    kind: OrgKind,
    actor: Actor,
    now: datetime,
    short_name: str | None = None,
    source_type: str | None = None,
    guarantor_code: str | None = None,
    district_code: str = "310114",
    synonyms: tuple[str, ...] = (),
) -> Organisation:
    """Add an organisation. Raises InvalidInput when its code or name is taken; NotAllowed for one
    that oversees others, unless the platform adds it."""
    _refuse_overseer(kind, actor)
    wrong: dict[str, Text] = {}
    if session.scalar(select(Organisation.id).where(Organisation.code == code)):
        wrong["code"] = text("代码{code}已被使用", code=code)
    if session.scalar(select(Organisation.id).where(Organisation.name == name)):
        wrong["name"] = text("已有同名单位")
    if wrong:
        raise InvalidInput(wrong)
    org = Organisation(
        code=code,
        name=name,
        short_name=short_name or name,
        kind=kind.value,
        source_type=source_type,
        guarantor_code=guarantor_code,
        district_code=district_code,
        synonyms="\n".join(synonyms),
    )
    session.add(org)
    session.flush()
    _record(session, f"org:{org.id}", "org.created", text("新增单位{n}", n=name), actor, now)
    return org


def _refuse_overseer(kind: OrgKind, actor: Actor) -> None:
    """A bureau's administrator would give itself what the bureau may not see."""
    if kind.value in OVERSEERS and not everywhere(actor):
        raise NotAllowed(
            "platform_only", text("这类单位由平台登记"), text("请平台的系统管理员办理")
        )


def create_person(
    session: Session,
    *,
    username: str,
    name: str,
    email: str,
    password_hash: str,
    actor: Actor,
    now: datetime,
) -> Person:
    """Add a person (`accounts.hash_password`). Raises InvalidInput with every wrong field."""
    wrong: dict[str, Text] = {}
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        wrong["username"] = text("3到60位小写字母、数字或 . @ _ -")
    elif session.scalar(select(Person.id).where(Person.username == username)):
        wrong["username"] = text("账号{name}已被使用", name=username)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        wrong["email"] = text("不是邮件地址")
    if not name.strip():
        wrong["name"] = text("必填")
    if wrong:
        raise InvalidInput(wrong)
    person = Person(
        username=username,
        name=name.strip(),
        email=email,
        password_hash=password_hash,
        session_salt=secrets.token_hex(8),
    )
    session.add(person)
    session.flush()
    chain = f"person:{person.id}"
    _record(session, chain, "person.created", text("新增人员{n}", n=name), actor, now)
    return person


def grant(
    session: Session, person: Person, org: Organisation, role: Role, actor: Actor, now: datetime
) -> Membership:
    """Give a person a post. Asking again changes nothing. Raises InvalidInput: the processes are
    everybody's, so their owners are in a bureau or at the platform."""
    if role is Role.OWNER and org.kind not in OVERSEERS:
        raise InvalidInput({"role": text("流程管理只设在财政局或平台")})
    _refuse_both(session, person, role)
    query = select(Membership).where(
        Membership.person_id == person.id,
        Membership.org_id == org.id,
        Membership.role == role.value,
    )
    found = session.scalar(query)
    if found is not None and found.active:
        return found
    if found is None:
        found = Membership(person_id=person.id, org_id=org.id, role=role.value)
        session.add(found)
    found.active = True
    summary = text("{person}任{org}{role}", person=person.name, org=org.name, role=role.value)
    _record(session, f"person:{person.id}", "post.granted", summary, actor, now)
    return found


# who makes accounts could make the second owner that signs for himself
APART = {Role.OWNER: Role.ADMIN, Role.ADMIN: Role.OWNER}


def _refuse_both(session: Session, person: Person, role: Role) -> None:
    other = APART.get(role)
    held = select(Membership.role).where(Membership.person_id == person.id, Membership.active)
    if other is not None and other.value in session.scalars(held):
        raise InvalidInput({"role": text("系统管理和流程管理不能由同一人担任")})


def end_post(session: Session, membership: Membership, actor: Actor, now: datetime) -> None:
    """End a post; what the person has claimed goes back to the organisation when next opened."""
    membership.active = False
    summary = text(
        "{person}不再任{org}{role}",
        person=membership.person.name,
        org=membership.organisation.name,
        role=membership.role,
    )
    _record(session, f"person:{membership.person_id}", "post.ended", summary, actor, now)


def _record(
    session: Session, chain: str, action: str, summary: Text, actor: Actor, now: datetime
) -> None:
    record(session, chain=chain, action=action, summary=summary, actor=actor, now=now)
