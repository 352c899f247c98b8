"""What a migration would do to each running instance: moved or refused, why, and what changes."""

import hashlib
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.models import Instance
from engine.operations.migrations import LIVING, reach
from engine.people import Actor
from engine.runtime.closure import PROCESS, Member, Members, closure, members
from engine.runtime.codec import decode
from engine.runtime.definitions import specs_of
from engine.runtime.in_force import current_deployment
from engine.runtime.migration import Obstacle, check, effects, place, shape
from engine.text import Text, text


@dataclass(frozen=True)
class Forecast:
    """What would become of an instance. `why` is empty when it can move."""

    instance_id: int
    title: str
    subject: str
    deployment_id: int
    places: tuple[str, ...]
    why: tuple[Obstacle, ...]
    effects: tuple[Text, ...]

    @property
    def can(self) -> bool:
        """Whether it can move."""
        return not self.why


@dataclass(frozen=True)
class Change:
    """A definition that differs: its version where the instances are, and in the new one."""

    kind: str
    key: str
    name: str
    old: int | None
    new: int | None


@dataclass
class Group:
    """Instances of one version that stand at the same place and get the same answer."""

    process_key: str
    changes: tuple[Change, ...]
    places: tuple[str, ...]
    why: tuple[Obstacle, ...]
    effects: tuple[Text, ...]
    forecasts: list[Forecast] = field(default_factory=list)

    @property
    def can(self) -> bool:
        """Whether they can move."""
        return not self.why

    @property
    def token(self) -> str:
        """Names the group on a page, also when it is made anew a moment later."""
        parts = [self.process_key, *map(str, self.changes), *self.places, *_answer(self)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _answer(one: Group | Forecast) -> tuple[str, ...]:
    return tuple(map(str, (*(each.why for each in one.why), *one.effects)))


@dataclass(frozen=True)
class Preview:
    """All running instances that a newer version concerns; those that can move first."""

    process_key: str
    to: int
    groups: tuple[Group, ...]

    @property
    def able(self) -> list[int]:
        """The instances that can move."""
        return [one.instance_id for group in self.groups if group.can for one in group.forecasts]

    def chosen(self, tokens: Collection[str], first: int | None = None) -> list[int]:
        """The instances of some groups that can move, or the `first` of them, oldest first."""
        groups = [one for one in self.groups if one.can and one.token in tokens]
        ids = sorted(one.instance_id for group in groups for one in group.forecasts)
        return ids[:first]

    @property
    def unable(self) -> int:
        """How many cannot."""
        return sum(len(group.forecasts) for group in self.groups if not group.can)


def preview(session: Session, process_key: str, actor: Actor, to: int | None = None) -> Preview:
    """What moving to deployment `to` (the current one) would do to every instance that is in the
    process or may come to it. Raises NotAllowed."""
    allowed = reach(session, actor)
    target = to if to is not None else current_deployment(session)
    groups: dict[Hashable, Group] = {}
    for (deployment_id, key), changes in _concerned(session, process_key, target, allowed).items():
        for one in _forecasts(session, deployment_id, key, target, allowed):
            group = Group(key, changes, one.places, one.why, one.effects)
            same = (key, changes, one.places, _answer(one))
            groups.setdefault(same, group).forecasts.append(one)
    found = sorted(groups.values(), key=lambda one: (not one.can, -len(one.forecasts), one.places))
    return Preview(process_key, target, tuple(found))


def _living(allowed: Collection[str] | None, *columns: Any) -> Select[Any]:
    query = select(*columns).where(Instance.status.in_(LIVING))
    return query if allowed is None else query.where(Instance.programme.in_(allowed))


def _concerned(
    session: Session, process_key: str, to: int, allowed: Collection[str] | None
) -> dict[tuple[int, str], tuple[Change, ...]]:
    """(deployment, process) of running instances that the process concerns, with what differs."""
    query = _living(allowed, Instance.deployment_id, Instance.process_key)
    query = query.where(Instance.deployment_id != to).distinct()
    aim, found = members(session, to), {}
    for deployment_id, key in session.execute(query).tuples().all():
        old = closure(session, members(session, deployment_id), key)
        new = closure(session, aim, key)
        changes = differences(old, new)
        if (PROCESS, process_key) in {*old, *new} and changes:
            found[deployment_id, key] = changes
    return found


def differences(old: Members, new: Members) -> tuple[Change, ...]:
    """The definitions that differ between two sets, processes first."""
    keys = sorted({*old, *new}, key=lambda key: (key[0] != PROCESS, key))
    return tuple(
        _change(old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)
    )


def _change(old: Member | None, new: Member | None) -> Change:
    one = new or old
    assert one is not None  # noqa: S101 (of either)
    before, after = (side.version if side else None for side in (old, new))
    return Change(one.kind, one.key, one.name, before, after)


def _forecasts(
    session: Session, deployment_id: int, key: str, to: int, allowed: Collection[str] | None
) -> Iterator[Forecast]:
    old = specs_of(session, deployment_id, key)
    missing = (PROCESS, key) not in members(session, to)
    new = None if missing else specs_of(session, to, key)
    query = _living(allowed, Instance.id, Instance.title, Instance.subject, Instance.state).where(
        Instance.deployment_id == deployment_id, Instance.process_key == key
    )
    rows = session.execute(query.order_by(Instance.id).execution_options(yield_per=200))
    known: dict[Hashable, tuple[tuple[Obstacle, ...], tuple[Text, ...]]] = {}
    for instance_id, title, subject, state in rows:
        workflow = decode(state, old)
        same = shape(workflow)
        if same not in known:
            why = check(workflow, new) if new is not None else [_no_process(key)]
            notes = effects(workflow, new) if new is not None and not why else []
            known[same] = (tuple(why), tuple(notes))
        where = tuple(place(workflow))
        yield Forecast(instance_id, title, subject, deployment_id, where, *known[same])


def _no_process(key: str) -> Obstacle:
    return Obstacle(key, key, text("新版本里没有这个流程"), text("这件事按原版本办完"))
