"""What an instance waits for, from outside: moments, messages and signals. Pure; no database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from SpiffWorkflow.spiff.specs.event_definitions import (
    MessageEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.util.task import TaskState

from engine.runtime.elements import CycleTimer, DueTimer
from engine.runtime.place import element_of
from engine.runtime.scripts import correlation_of


@dataclass(frozen=True)
class TimerWait:
    """A task that a moment (aware UTC or with its zone) sets going."""

    task_id: str
    element_id: str
    due_at: datetime


@dataclass(frozen=True)
class MessageWait:
    """A task that a message of this name and correlation sets going."""

    task_id: str
    element_id: str
    name: str
    correlation: str
    kind: ClassVar[str] = "MESSAGE"


@dataclass(frozen=True)
class SignalWait:
    """A task that a signal of this name sets going."""

    task_id: str
    element_id: str
    name: str
    kind: ClassVar[str] = "SIGNAL"
    correlation: ClassVar[str] = ""


Wait = TimerWait | MessageWait | SignalWait


def waits(workflow: Any, engine: Any) -> list[Wait]:
    """Everything that may wake the instance, called processes included.

    `engine` evaluates the correlation of messages. Raises StepFailed.
    """
    waiting = [task for task in workflow.event_manager.tasks.values() if _is_waiting(task)]
    return [found for task in waiting for found in _wait(task, engine)]


def _is_waiting(task: Any) -> bool:
    return bool(task.state == TaskState.WAITING)


def _wait(task: Any, engine: Any) -> Iterator[Wait]:
    definition = task.task_spec.event_definition
    where = str(task.id), element_of(task)
    if isinstance(definition, DueTimer | CycleTimer):
        moment = definition.next_moment(task)
        if moment is not None:
            yield TimerWait(*where, moment)
    elif isinstance(definition, MessageEventDefinition):
        yield MessageWait(*where, definition.name, correlation_of(task, engine))
    elif isinstance(definition, SignalEventDefinition):
        yield SignalWait(*where, definition.name)
