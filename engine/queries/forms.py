"""The form of a task, as published with its instance's deployment."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.forms import Form, load_form
from engine.models import Definition, DefinitionKind, DeploymentMember, WorkItem


def form_of(session: Session, item: WorkItem) -> Form:
    """The task's form; one without fields when the task names none."""
    found = forms_of(session, item.instance.deployment_id, [item.form_key])
    return found.get(item.form_key) or Form(item.form_key, ())


def forms_of(session: Session, deployment_id: int, keys: Collection[str]) -> dict[str, Form]:
    """The forms of a deployment by key."""
    query = (
        select(Definition.key, Definition.source)
        .join(DeploymentMember, DeploymentMember.definition_id == Definition.id)
        .where(
            DeploymentMember.deployment_id == deployment_id,
            Definition.kind == DefinitionKind.FORM.value,
            Definition.key.in_(keys),
        )
    )
    return {key: load_form(source) for key, source in session.execute(query).tuples()}
