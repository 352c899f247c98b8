"""Where in a diagram something failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.runtime.normalise.helpers import owner_of

CHILD = " [child]"  # what the library adds to the name of a multi-instance's instances


@dataclass(frozen=True)
class Place:
    """The element; without a task it was the step as a whole that failed there."""

    process_key: str
    task_id: str = ""
    element_id: str = ""
    name: str = ""
    operation: str = ""


def element_of(task: Any) -> str:
    """The id in the diagram; a multi-instance child stands for its element."""
    return str(task.task_spec.name).removesuffix(CHILD)


def place_of_task(task: Any, operation: str = "") -> Place:
    """The place of a task."""
    element_id = owner_of(element_of(task))
    return Place(
        task.workflow.spec.name,
        str(task.id),
        element_id,
        task.task_spec.bpmn_name or element_id,
        operation,
    )


@contextmanager
def blaming(task: Any) -> Iterator[None]:
    """Let whatever is raised say at which task."""
    try:
        yield
    except Exception as error:  # of whatever kind: it goes on as it is
        blame(error, task)
        raise


def blame(error: Exception, task: Any) -> None:
    """Let an error say at which task it was raised, if nobody nearer has said so."""
    if blamed(error) is None:
        error.__dict__["_place"] = place_of_task(task)


def blamed(error: Exception) -> Place | None:
    """Where an error says that it was raised."""
    found: Place | None = error.__dict__.get("_place")
    return found
