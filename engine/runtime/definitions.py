"""Publishing `bpmn/` and finding what an instance runs on.

Every file becomes a numbered, unchangeable Definition; a Deployment is the set of them that
belongs together. An instance stays on the deployment it started with.
"""

import hashlib
import json
import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn.parser import ValidationException
from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.domain.programme import Programme
from engine.domain.programme_file import parse_common, parse_programme
from engine.errors import NotFound
from engine.models import Definition, DefinitionKind, Deployment, DeploymentMember
from engine.people import Actor
from engine.programmes import read_yaml
from engine.runtime.codec import Specs, settle
from engine.runtime.normalise import BPMN, DiagramRefused, normalise, parse_xml
from engine.runtime.picture import render_svg
from engine.runtime.specs import DanbaoParser
from engine.text import text

FOLDERS = {
    DefinitionKind.PROCESS: ("processes", "*.bpmn"),
    DefinitionKind.FORM: ("forms", "*.form"),
    DefinitionKind.PROGRAMME: ("programmes", "*.yaml"),
}


@dataclass(frozen=True)
class SourceFile:
    """A file to be published."""

    kind: DefinitionKind
    key: str
    name: str
    source: bytes

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(self.source).hexdigest()


@dataclass(frozen=True)
class Published:
    """What a publication did."""

    deployment_id: int
    new: list[str]
    unchanged: int


def read_files(root: Path) -> list[SourceFile]:
    """The files under `bpmn/` that are published, in a stable order."""
    found = []
    for kind, (folder, pattern) in FOLDERS.items():
        for path in sorted((root / folder).glob(pattern)):
            found.append(_source_file(kind, path.stem, path.read_bytes()))
    return found


def _source_file(kind: DefinitionKind, key: str, source: bytes) -> SourceFile:
    if kind is DefinitionKind.PROCESS:
        process = parse_xml(source, key).find(f"{{{BPMN}}}process")
        if process is None:
            raise DiagramRefused("no_process", text("{key}里没有流程", key=key))
        name = process.get("name") or key
    elif kind is DefinitionKind.PROGRAMME:
        name = key
    else:
        name = str(json.loads(source).get("name") or key)
    return SourceFile(kind, key, name, source)


def publish(
    session: Session, files: Iterable[SourceFile], actor: Actor, now: datetime, note: str = ""
) -> Published:
    """Publish a set of files as a deployment. Raises DiagramRefused; then nothing is changed."""
    files = list(files)
    _check_executable(files)
    session.execute(sql("SELECT pg_advisory_xact_lock(hashtext('danbao.publish'))"))
    definitions, new = [], []
    for file in files:
        definition, is_new = _definition(session, file, actor, now, note)
        definitions.append(definition)
        new += [file.key] * is_new
    deployment = _deployment(session, definitions, now)
    if new:
        record(
            session,
            chain="system:definitions",
            action="definitions.published",
            summary=text("发布{names}", names="、".join(new)),
            actor=actor,
            now=now,
            after={file.key: file.digest for file in files if file.key in new},
            reason=note or None,
        )
    return Published(deployment.id, new, len(files) - len(new))


def _definition(
    session: Session, file: SourceFile, actor: Actor, now: datetime, note: str
) -> tuple[Definition, bool]:
    key = (Definition.kind == file.kind.value, Definition.key == file.key)
    found = session.scalar(select(Definition).where(*key, Definition.digest == file.digest))
    if found is not None:
        return found, False
    last = session.scalar(select(func.max(Definition.version)).where(*key)) or 0
    is_process = file.kind is DefinitionKind.PROCESS
    definition = Definition(
        kind=file.kind.value,
        key=file.key,
        version=last + 1,
        name=file.name,
        digest=file.digest,
        source=file.source,
        svg=render_svg(file.source) if is_process else None,
        published_at=now,
        published_by=actor.person_id,
        note=note,
    )
    session.add(definition)
    session.flush()
    return definition, True


def _deployment(session: Session, definitions: list[Definition], now: datetime) -> Deployment:
    ids = sorted(definition.id for definition in definitions)
    digest = hashlib.sha256(json.dumps(ids).encode()).hexdigest()
    found = session.scalar(select(Deployment).where(Deployment.digest == digest))
    if found is not None:
        found.activated_at = now
        return found
    members = [DeploymentMember(definition_id=key) for key in ids]
    deployment = Deployment(digest=digest, created_at=now, activated_at=now, members=members)
    session.add(deployment)
    session.flush()
    return deployment


def current_deployment(session: Session) -> int:
    """The deployment that new instances start on. Raises DiagramRefused when there is none."""
    newest = select(Deployment.id).order_by(Deployment.activated_at.desc(), Deployment.id.desc())
    found = session.scalar(newest.limit(1))
    if found is None:
        raise DiagramRefused(
            "nothing_published", text("还没有发布任何流程"), text("运行 danbao publish")
        )
    return found


def definition_in(
    session: Session, deployment_id: int, kind: DefinitionKind, key: str
) -> Definition:
    """The definition of that kind and key in a deployment. Raises KeyError."""
    query = (
        select(Definition)
        .join(DeploymentMember)
        .where(
            DeploymentMember.deployment_id == deployment_id,
            Definition.kind == kind.value,
            Definition.key == key,
        )
    )
    found = session.scalar(query)
    if found is None:
        raise KeyError(f"{kind} {key} is not in deployment {deployment_id}")
    return found


_lock = threading.Lock()
_specs: dict[tuple[Hashable, int], dict[str, Specs]] = {}
_programmes: dict[tuple[Hashable, ...], dict[str, Programme]] = {}


def _database(session: Session) -> Hashable:
    # ids repeat from one database to the next; a process may serve more than one (tests do)
    return session.get_bind().engine.url


COMMON = "_common"


def specs_of(session: Session, deployment_id: int, process_key: str) -> Specs:
    """The executable form of a process, parsed once a deployment and process."""
    place = (_database(session), deployment_id)
    with _lock:
        if place not in _specs:
            query = (
                select(Definition.key, Definition.source)
                .join(DeploymentMember)
                .where(
                    DeploymentMember.deployment_id == deployment_id,
                    Definition.kind == DefinitionKind.PROCESS.value,
                )
            )
            _specs[place] = _parse(session.execute(query).tuples())
        return _specs[place][process_key]


def _parse(processes: Iterable[tuple[str, bytes]]) -> dict[str, Specs]:
    parser = DanbaoParser()
    keys = []
    for key, source in processes:
        parser.add_bpmn_xml(normalise(source, key), key)
        keys.append(key)
    return {key: settle(_specs_for(parser, key)) for key in keys}


def _specs_for(parser: Any, key: str) -> Specs:
    try:
        return Specs(parser.get_spec(key), parser.get_subprocess_specs(key))
    except ValidationException as error:
        raise DiagramRefused(
            "not_executable",
            text("流程{key}无法执行：{why}", key=key, why=str(error)),
            text("改正后重新发布"),
        ) from error


def _check_executable(files: list[SourceFile]) -> None:
    _parse((file.key, file.source) for file in files if file.kind is DefinitionKind.PROCESS)
    of_kind = [file for file in files if file.kind is DefinitionKind.PROGRAMME]
    _read_programmes({file.key: file.source for file in of_kind})


def programme_of(session: Session, code: str) -> Programme:
    """The programme as published last, with all its dated versions. Raises NotFound."""
    newest = _newest_programmes(session)
    key = (_database(session), *sorted(row.id for row in newest))
    if key not in _programmes:
        _programmes[key] = _read_programmes({row.key: row.source for row in newest})
    if code not in _programmes[key]:
        raise NotFound(text("没有代码为{code}的方案", code=code))
    return _programmes[key][code]


def programmes(session: Session) -> dict[str, Programme]:
    """All published programmes by their code."""
    newest = _newest_programmes(session)
    return _read_programmes({row.key: row.source for row in newest})


def _newest_programmes(session: Session) -> Sequence[Definition]:
    query = (
        select(Definition)
        .where(Definition.kind == DefinitionKind.PROGRAMME.value)
        .distinct(Definition.key)
        .order_by(Definition.key, Definition.version.desc())
    )
    return session.scalars(query).all()


def _read_programmes(sources: Mapping[str, bytes]) -> dict[str, Programme]:
    trees = {key: read_yaml(source.decode("utf-8-sig"), key) for key, source in sources.items()}
    common = parse_common(trees.pop(COMMON), COMMON) if COMMON in trees else {}
    found = (parse_programme(tree, key, common) for key, tree in trees.items())
    return {programme.code: programme for programme in found}
