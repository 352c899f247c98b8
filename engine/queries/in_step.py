"""How the files of bpmn/ and what is in force stand to one another: which is newer, and whose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from engine.errors import Conflict
from engine.models import (
    Definition,
    DefinitionKind,
    DefinitionOrigin,
    Deployment,
    DeploymentMember,
    Draft,
    Person,
)
from engine.runtime.definitions import FOLDERS, SourceFile
from engine.text import Text, text

Key = tuple[str, str]  # kind, key


class State(StrEnum):
    """What a file is beside what is in force."""

    SAME = "SAME"
    NEW = "NEW"  # nothing of that name is in force
    CHANGED = "CHANGED"  # it was never published
    OTHER = "OTHER"  # it is another version, published before
    GONE = "GONE"  # in force, and no such file


@dataclass(frozen=True)
class InForce:
    """A definition in force. `drawn`: a draft put it in force, not files."""

    id: int
    kind: str
    key: str
    name: str
    version: int
    digest: str
    source: bytes
    published_at: datetime
    by: str | None
    drawn: bool


@dataclass(frozen=True)
class Standing:
    """A file beside what is in force; one of the two may not be there."""

    path: str
    state: State
    file: SourceFile | None
    current: InForce | None


def standings(session: Session, files: Iterable[SourceFile]) -> list[Standing]:
    """Every file, and everything in force without a file."""
    current, known = _in_force(session), _digests(session)
    found = []
    for file in files:
        one = current.pop((file.kind.value, file.key), None)
        found.append(Standing(path_of(file.kind, file.key), _state(file, one, known), file, one))
    gone = [
        Standing(path_of(DefinitionKind(one.kind), one.key), State.GONE, None, one)
        for one in current.values()
    ]
    return sorted([*found, *gone], key=lambda one: one.path)


def path_of(kind: DefinitionKind, key: str) -> str:
    """Where a definition lies below bpmn/."""
    folder, pattern = FOLDERS[kind]
    return f"{folder}/{key}{pattern.removeprefix('*')}"


def _state(file: SourceFile, current: InForce | None, known: set[tuple[str, str, str]]) -> State:
    if current is not None and current.digest == file.digest:
        return State.SAME
    if (file.kind.value, file.key, file.digest) in known:
        return State.OTHER
    return State.CHANGED if current is not None else State.NEW


def _in_force(session: Session) -> dict[Key, InForce]:
    newest = select(Deployment.id).order_by(Deployment.activated_at.desc(), Deployment.id.desc())
    drawn = exists().where(Draft.definition_id == Definition.id)
    signer = aliased(Person)
    query: Any = (
        select(Definition, signer.name, drawn)
        .join(DeploymentMember)
        .outerjoin(signer, signer.id == Definition.published_by)
        .where(DeploymentMember.deployment_id == newest.limit(1).scalar_subquery())
    )
    found = {}
    for one, by, is_drawn in session.execute(query):
        found[one.kind, one.key] = InForce(
            one.id, one.kind, one.key, one.name, one.version, one.digest, one.source,
            one.published_at, by, is_drawn or one.origin == DefinitionOrigin.STUDIO.value,
        )  # fmt: skip
    return found


def _digests(session: Session) -> set[tuple[str, str, str]]:
    query = select(Definition.kind, Definition.key, Definition.digest)
    return {(kind, key, digest) for kind, key, digest in session.execute(query)}


def to_publish(
    session: Session, files: Iterable[SourceFile], *, overwrite: bool = False
) -> list[SourceFile]:
    """The files as they may be published: with what owners made that is in no file.

    Raises Conflict for files that would undo what owners published, unless they may `overwrite`.
    """
    found = standings(session, files)
    undone = [
        one
        for one in found
        if one.current is not None
        and one.current.drawn
        and one.state in (State.CHANGED, State.OTHER)
    ]
    if undone and not overwrite:
        raise Conflict(
            "drawn_since",
            text("{n}个文件不是界面上发布的现行版本：{names}", n=len(undone), names=_names(undone)),
            text("先运行danbao export取回现行版本，把改动并入再发布；确要冲掉的加--overwrite"),
        )
    made = [one.current for one in found if one.state is State.GONE and one.current is not None]
    kept = [
        SourceFile(DefinitionKind(one.kind), one.key, one.name, one.source)
        for one in made
        if one.drawn and not overwrite
    ]
    return [*(one.file for one in found if one.file is not None), *kept]


def _names(found: Iterable[Standing]) -> Text | str:
    return "、".join(
        f"{one.path}（v{one.current.version} {one.current.by or ''}）"
        for one in found
        if one.current is not None
    )
