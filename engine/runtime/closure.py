"""What a process consists of in a deployment: itself, all it calls, their forms and decisions."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Definition, DefinitionKind, DeploymentMember
from engine.runtime.normalise import BPMN, CAMUNDA, parse_xml
from engine.runtime.per_deployment import PerDeployment

PROCESS, FORM = DefinitionKind.PROCESS.value, DefinitionKind.FORM.value
DECISION = DefinitionKind.DECISION.value


@dataclass(frozen=True)
class Member:
    """A definition in a deployment, without its source."""

    id: int
    kind: str
    key: str
    version: int
    name: str
    digest: str


@dataclass(frozen=True)
class References:
    """What a diagram names."""

    called: frozenset[str]
    forms: frozenset[str]
    decides: bool


Members = Mapping[tuple[str, str], Member]
_references: dict[str, References] = {}  # by the file's digest


def _members(session: Session, deployment_id: int) -> Members:
    columns = (Definition.id, Definition.kind, Definition.key, Definition.version)
    query = (
        select(*columns, Definition.name, Definition.digest)
        .join(DeploymentMember)
        .where(DeploymentMember.deployment_id == deployment_id)
    )
    found = (Member(*row) for row in session.execute(query).tuples())
    return {(one.kind, one.key): one for one in found}


members = PerDeployment(_members)
"""All definitions of a deployment by kind and key."""


def closure(session: Session, all_of: Members, process_key: str) -> Members:
    """The definitions that cases of a process are done with; none when it is not there."""
    found: dict[tuple[str, str], Member] = {}
    stack = [process_key]
    while stack:
        member = all_of.get((PROCESS, stack.pop()))
        if member is None or (PROCESS, member.key) in found:
            continue
        found[PROCESS, member.key] = member
        named = references(session, member)
        stack += named.called
        found |= {key: one for key, one in all_of.items() if _is_named(one, named)}
    return found


def _is_named(one: Member, named: References) -> bool:
    if one.kind == FORM:
        return one.key in named.forms
    return one.kind == DECISION and named.decides


def references(session: Session, member: Member) -> References:
    """What a diagram names."""
    if member.digest not in _references:
        source = session.scalars(select(Definition.source).where(Definition.id == member.id)).one()
        _references[member.digest] = _read(source)
    return _references[member.digest]


def _read(source: bytes) -> References:
    root = parse_xml(source, "BPMN")
    called, forms, decides = set(), set(), False
    for node in root.iter(f"{{{BPMN}}}*"):
        called.add(node.get("calledElement", ""))
        forms.add(node.get(f"{{{CAMUNDA}}}formKey", ""))
        decides = decides or node.get(f"{{{CAMUNDA}}}decisionRef") is not None
    return References(frozenset(called - {""}), frozenset(forms - {""}), decides)
