"""Publishing `bpmn/` and finding what an instance runs on.

Every file becomes a numbered, unchangeable Definition; a Deployment is the set of them that
belongs together. An instance stays on the deployment it started with.
"""

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.models import (
    Definition,
    DefinitionKind,
    DefinitionOrigin,
    Deployment,
    DeploymentMember,
)
from engine.people import Actor
from engine.runtime.codec import Specs, settle
from engine.runtime.elements import DanbaoParser
from engine.runtime.in_force import Content, ask_again, read_programmes, sources_of
from engine.runtime.lint.gate import check as check_files
from engine.runtime.lint.gather import Source
from engine.runtime.normalise import BPMN, DiagramRefused, normalise, parse_xml
from engine.runtime.per_deployment import PerDeployment
from engine.runtime.picture import render_svg
from engine.text import text

FOLDERS = {
    DefinitionKind.PROCESS: ("processes", "*.bpmn"),
    DefinitionKind.FORM: ("forms", "*.form"),
    DefinitionKind.DECISION: ("decisions", "*.dmn"),
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
            found.append(source_file(kind, path.stem, path.read_bytes()))
    return found


def files_in(session: Session, deployment_id: int) -> list[SourceFile]:
    """The files of a deployment, as they were published."""
    query = select(Definition).join(DeploymentMember).order_by(Definition.kind, Definition.key)
    rows = session.scalars(query.where(DeploymentMember.deployment_id == deployment_id))
    return [SourceFile(DefinitionKind(row.kind), row.key, row.name, row.source) for row in rows]


def source_file(kind: DefinitionKind, key: str, source: bytes) -> SourceFile:
    """A file with the name that it gives itself. Raises DiagramRefused."""
    if kind is DefinitionKind.PROCESS:
        process = parse_xml(source, key).find(f"{{{BPMN}}}process")
        if process is None:
            raise DiagramRefused("no_process", text("{key}里没有流程", key=key))
        name = process.get("name") or key
    elif kind is DefinitionKind.PROGRAMME:
        name = key
    elif kind is DefinitionKind.DECISION:
        name = parse_xml(source, key).get("name") or key
    else:
        name = str(json.loads(source).get("name") or key)
    return SourceFile(kind, key, name, source)


def hold_publication(session: Session) -> None:
    """Nobody else publishes until this transaction ends."""
    session.execute(sql("SELECT pg_advisory_xact_lock(hashtext('danbao.publish'))"))
    ask_again(session)  # something may have been published while this waited


def publish(
    session: Session,
    files: Iterable[SourceFile],
    actor: Actor,
    now: datetime,
    note: str = "",
    origin: DefinitionOrigin = DefinitionOrigin.FILES,
) -> Published:
    """Publish a set of files as a deployment. Raises DiagramRefused; then nothing is changed."""
    files = list(files)
    check_executable(files)
    hold_publication(session)
    definitions, new = [], []
    for file in files:
        definition, is_new = _definition(session, file, actor, now, note, origin)
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
    session: Session,
    file: SourceFile,
    actor: Actor,
    now: datetime,
    note: str,
    origin: DefinitionOrigin,
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
        svg=_picture(file.source) if is_process else None,
        published_at=now,
        published_by=actor.person_id,
        note=note,
        origin=origin.value,
    )
    session.add(definition)
    session.flush()
    return definition, True


@lru_cache(maxsize=256)
def _picture(source: bytes) -> str:
    return render_svg(source)


def _deployment(session: Session, definitions: list[Definition], now: datetime) -> Deployment:
    # whoever publishes second is in force, although its request may have begun first
    newest = session.scalar(select(func.max(Deployment.activated_at)))
    now = now if newest is None else max(now, newest + timedelta(microseconds=1))
    ids = sorted(definition.id for definition in definitions)
    digest = hashlib.sha256(json.dumps(ids).encode()).hexdigest()
    found = session.scalar(select(Deployment).where(Deployment.digest == digest))
    if found is None:
        members = [DeploymentMember(definition_id=key) for key in ids]
        found = Deployment(digest=digest, created_at=now, activated_at=now, members=members)
        session.add(found)
    found.activated_at = now
    session.flush()
    ask_again(session)
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


MOST_SPECS = 100
"""Sets of compiled processes kept in memory, some 1.3 MB each; an older one is compiled again."""

_lock = threading.Lock()
_specs: dict[Content, dict[str, Specs]] = {}


def _content(session: Session, deployment_id: int) -> Content:
    query = (
        select(Definition.key, Definition.digest)
        .join(DeploymentMember)
        .where(
            DeploymentMember.deployment_id == deployment_id,
            Definition.kind == DefinitionKind.PROCESS.value,
        )
        .order_by(Definition.key)
    )
    return tuple(session.execute(query).tuples().all())


_contents = PerDeployment(_content)


def specs_of(session: Session, deployment_id: int, process_key: str) -> Specs:
    """The executable form of a process. Parsed once for the same files, whatever database they
    are in (a process may serve more than one)."""
    content = _contents(session, deployment_id)
    found = _specs.get(content)
    if found is None:
        found = _compile(content, sources_of(session, DefinitionKind.PROCESS, content))
    return found[process_key]


def _compile(content: Content, sources: Mapping[str, bytes]) -> dict[str, Specs]:
    with _lock:
        if content not in _specs:
            parser = DanbaoParser()
            for key, source in sources.items():
                parser.add_bpmn_xml(normalise(source, key), key)
            _specs[content] = {key: settle(_specs_for(parser, key)) for key in sources}
        found = _specs[content]
        while len(_specs) > MOST_SPECS:
            del _specs[next(iter(_specs))]
        return found


def _specs_for(parser: Any, key: str) -> Specs:
    try:
        return Specs(parser.get_spec(key), parser.get_subprocess_specs(key))
    except ValidationException as error:
        raise DiagramRefused(
            "not_executable",
            text("流程{key}无法执行：{why}", key=key, why=str(error)),
            text("改正后重新发布"),
        ) from error


def check_executable(files: list[SourceFile]) -> None:
    """Raises LintRefused, DiagramRefused or ProgrammeInvalid when a set cannot be published."""
    check_files(Source(file.kind, file.key, file.source) for file in files)
    for kind, check in (
        (DefinitionKind.PROCESS, _compile),
        (DefinitionKind.PROGRAMME, read_programmes),
    ):
        found = sorted((file for file in files if file.kind is kind), key=lambda file: file.key)
        content = tuple((file.key, file.digest) for file in found)
        check(content, {file.key: file.source for file in found})
