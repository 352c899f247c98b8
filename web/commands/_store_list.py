"""The database half of `danbao import`, loaded only when a list is taken over."""

from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.clock import utc_now
from engine.config import load_settings
from engine.db import connect, session_factory, unit_of_work
from engine.errors import NotFound
from engine.models import Membership, Organisation, Person
from engine.operations.lists import import_list
from engine.people import Actor
from engine.text import text


def store_list(
    path: Path, *, programme: str, period: str, organisation: str, username: str
) -> None:
    """Puts a file's good rows into the referrer's batch of the month, in one transaction.

    `organisation`: its code, name or short name. Raises NotFound and what `import_list` raises.
    """
    factory = session_factory(connect(load_settings()))
    with unit_of_work(factory) as session:
        org = _organisation(session, organisation)
        actor = _actor(session, username, org)
        data = path.read_bytes()
        import_list(session, path.name, data, org.id, programme, period, actor, utc_now())


def _organisation(session: Session, name: str) -> Organisation:
    called = or_(
        Organisation.code == name, Organisation.name == name, Organisation.short_name == name
    )
    found = session.scalars(select(Organisation).where(called, Organisation.active)).all()
    if len(found) != 1:
        raise NotFound(text("没有找到报送单位“{name}”，用--org写明单位代码或全称", name=name))
    return found[0]


def _actor(session: Session, username: str, org: Organisation) -> Actor:
    """The person in the posts held there; NotFound for somebody without any."""
    query = (
        select(Membership)
        .join(Person)
        .where(Person.username == username, Person.active)
        .where(Membership.org_id == org.id, Membership.active)
    )
    posts = session.scalars(query).all()
    if not posts:
        raise NotFound(text("{user}不是{org}的人员", user=username, org=org.name))
    person = posts[0].person
    roles = frozenset(post.role for post in posts)
    return Actor(person.id, org.id, person.name, roles, org.kind)
