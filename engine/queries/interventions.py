"""What the pages of an intervention show: where an instance stands, and whom it could be given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.models import (
    Definition,
    DefinitionKind,
    DeploymentMember,
    Instance,
    Organisation,
    PartyBinding,
    WorkItem,
    WorkStatus,
)
from engine.operations.interventions import FIXED, standing, successors
from engine.people import Actor
from engine.runtime.moves import Token


@dataclass(frozen=True)
class Standing:
    """A step that is open: a task with its work item, or something that is waited for."""

    token: Token
    stage: str
    item: WorkItem | None


@dataclass(frozen=True)
class Part:
    """A party, who plays it now, and to whom it could be given."""

    party: str
    now: Organisation
    others: Sequence[Organisation]


def standings(session: Session, instance: Instance, actor: Actor, now: datetime) -> list[Standing]:
    """The open steps, with the process they belong to in words."""
    names, items = process_names(session, instance), _items(session, instance.id)
    return [
        Standing(one, names.get(one.process_key, one.process_key), items.get(one.task_id))
        for one in standing(session, instance, actor, now)
    ]


def process_names(session: Session, instance: Instance) -> dict[str, str]:
    """The names of an instance's processes, as published when it started."""
    query = (
        select(Definition.key, Definition.name)
        .join(DeploymentMember)
        .where(
            DeploymentMember.deployment_id == instance.deployment_id,
            Definition.kind == DefinitionKind.PROCESS.value,
        )
    )
    return dict(session.execute(query).tuples().all())


def _items(session: Session, instance_id: int) -> Mapping[str, WorkItem]:
    query = (
        select(WorkItem)
        .where(WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value)
        .options(joinedload(WorkItem.organisation), joinedload(WorkItem.assignee))
    )
    return {item.task_id: item for item in session.scalars(query)}


def parts(session: Session, instance: Instance) -> list[Part]:
    """The parties whose part could be given to somebody else."""
    query = (
        select(PartyBinding.party, Organisation)
        .join(Organisation, Organisation.id == PartyBinding.org_id)
        .where(PartyBinding.instance_id == instance.id, PartyBinding.party.not_in(FIXED))
        .order_by(PartyBinding.party)
    )
    found = [
        Part(party, org, successors(session, instance, party))
        for party, org in session.execute(query).tuples()
    ]
    return [part for part in found if part.others]
