"""What fails while nobody waits for the answer: undone, kept, tried again, and shown.

A service operation runs in a savepoint. What it raises in a step that a person makes is told to
that person if it is meant for people (DanbaoError); everything else, and everything in a step that
nobody watches, becomes a row here: the task stays STARTED, the rest of the step goes on. A step
that fails as a whole is rolled back and kept with an empty `task_id`.
"""

import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy import exists, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.audit.encoding import native
from engine.audit.trail import record
from engine.errors import DanbaoError
from engine.events import emit
from engine.models import Instance
from engine.models.running import Incident, IncidentStatus, Resolution
from engine.people import SYSTEM
from engine.runtime.place import Place, blamed, place_of_task
from engine.text import Text, text

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
MARK = "incident"  # in a task's internal data while its failure is unsettled
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # read aloud and typed once: no 0 O 1 I L
LONGEST = 20_000  # characters of a traceback; the end tells most
CALLBACKS = ("after_commit", "after_rollback")

log = structlog.get_logger("danbao.runtime")


class Caught:
    """What was raised inside `attempting`, if anything was."""

    def __init__(self, session: Session, passing: tuple[type[Exception], ...]) -> None:
        self.session = session
        self.passing = passing
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        self._before = {kind: len(self.session.info.get(kind, ())) for kind in CALLBACKS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        self._drop_callbacks()
        if not isinstance(error, Exception) or isinstance(error, self.passing) or _is_cut(error):
            return False
        self.error = error
        return True

    def _drop_callbacks(self) -> None:
        """What was left for the commit must not happen; what was left for a rollback, now."""
        for kind, before in self._before.items():
            left = self.session.info.get(kind, [])
            dropped = left[before:]
            del left[before:]
            if kind == "after_rollback":
                for callback in dropped:
                    callback()


def _is_cut(error: Exception) -> bool:
    # without its connection there is no transaction left to write anything down in
    return isinstance(error, DBAPIError) and error.connection_invalidated


@contextmanager
def attempting(session: Session, passing: tuple[type[Exception], ...] = ()) -> Iterator[Caught]:
    """A savepoint: whatever the block did is undone when it raises, and the error kept.

    Errors of `passing` are undone as well, and raised. The block may use any operation.
    """
    session.flush()  # what came before is not the block's fault
    with Caught(session, passing) as caught, session.begin_nested():
        yield caught


def perform(
    task: Any,
    name: str,
    parameters: Mapping[str, Any],
    caught: Callable[[Exception], bool] = lambda _: False,
) -> bool | None:
    """Run the operation of a service task; None when it failed and the task has to wait.

    False when `caught` says that the diagram takes the error on; what the operation did is undone.
    """
    engine = task.workflow.script_engine
    ctx = engine.context
    inputs: dict[str, Any] | None = None
    sent, parties = len(ctx.messages), dict(ctx.known.parties)
    with attempting(ctx.session) as attempt:
        inputs = evaluated(engine, task, parameters)
        result = engine.run_operation(task, name, inputs)
    if attempt.error is None:
        for key, value in result.items():
            task.data[key] = value
        return True
    del ctx.messages[sent:]
    ctx.known.parties = parties
    if caught(attempt.error):
        return False
    if engine.watched and isinstance(attempt.error, DanbaoError):
        raise attempt.error
    found = keep_failure(
        ctx.session, ctx.instance, place_of_task(task, name), attempt.error, ctx.now
    )
    found.inputs = inputs
    task.internal_data[MARK] = found.reference
    return None


def evaluated(engine: Any, task: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a task's operation. Raises StepFailed."""
    return {key: engine.evaluate(task, one["value"]) for key, one in parameters.items()}


def keep_failure(
    session: Session, instance: Instance, place: Place, error: Exception, now: datetime
) -> Incident:
    """Write a failure down, or count it on the row that is there, and say when to try again. Of a
    step as a whole, the element is told at which it failed."""
    found = unsettled_at(session, instance.id, place.task_id)
    if found is None:
        found = _new(session, instance, place, now)
    elif not _is_waiting(error):
        found.attempts += 1
    _locate(found, instance, place, blamed(error))
    _describe(found, error, now)
    _schedule(session, instance, found, now)
    session.flush()
    log.error(
        "step_failed",
        action="incident",
        reference=found.reference,
        instance_id=instance.id,
        element=found.element_id,
        operation=place.operation,
        attempts=found.attempts,
        code=found.code,
        exc_info=error,
    )
    return found


def _is_waiting(error: Exception) -> bool:
    """A receiver that is suspended has not failed, however many messages it is sent."""
    return isinstance(error, DanbaoError) and error.code == "instance_suspended"


def unsettled_at(session: Session, instance_id: int, task_id: str) -> Incident | None:
    """The failure of a task (or of the step as a whole) that is not settled yet, locked."""
    query = select(Incident).where(
        Incident.instance_id == instance_id,
        Incident.task_id == task_id,
        Incident.status != IncidentStatus.RESOLVED.value,
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(locked)


def _new(session: Session, instance: Instance, place: Place, now: datetime) -> Incident:
    found = Incident(
        instance_id=instance.id,
        task_id=place.task_id,
        operation=place.operation,
        inputs=None,
        attempts=1,
        reference=_reference(session),
        status=IncidentStatus.RETRYING.value,
        first_at=now,
    )
    session.add(found)
    return found


def _locate(found: Incident, instance: Instance, place: Place, nearer: Place | None) -> None:
    told = place if place.task_id or nearer is None else nearer
    found.process_key, found.element_id = told.process_key, told.element_id
    found.name = told.name or instance.title


def _reference(session: Session) -> str:
    while True:
        found = "INC-" + "".join(secrets.choice(LETTERS) for _ in range(6))
        with session.no_autoflush:
            if not session.scalar(select(exists().where(Incident.reference == found))):
                return found


def _describe(found: Incident, error: Exception, now: datetime) -> None:
    message = message_of(error)
    found.code = error.code if isinstance(error, DanbaoError) else type(error).__name__
    found.message = {"template": message.template, "params": native(message.params)}
    found.traceback = _storable("".join(traceback.format_exception(error)))[-LONGEST:]
    found.last_at = now


def message_of(error: Exception) -> Text:
    """What people may be told. What a mistake of ours says of itself is for the traceback only."""
    if isinstance(error, DanbaoError):
        return error.message
    return text("系统内部错误（{kind}）", kind=type(error).__name__)


def _storable(value: str) -> str:
    return value.replace("\x00", "�").encode("utf-8", "replace").decode()


def _schedule(session: Session, instance: Instance, found: Incident, now: datetime) -> None:
    was_open = found.status == IncidentStatus.OPEN.value
    if found.attempts <= len(BACK_OFF) and not was_open:
        found.retry_at = now + BACK_OFF[found.attempts - 1]
        return
    found.status, found.retry_at = IncidentStatus.OPEN.value, None
    if not was_open:
        _tell(session, instance, found, now)


def _tell(session: Session, instance: Instance, found: Incident, now: datetime) -> None:
    session.flush()
    payload = {"incident_id": found.id, "reference": found.reference}
    emit(session, "incident_opened", instance.subject, payload, now)
    record(
        session,
        chain=instance.subject,
        action="incident.opened",
        summary=text("{name}没有办成，等待处理", name=found.name),
        actor=SYSTEM,
        now=now,
        after={"reference": found.reference, "element": found.element_id, "code": found.code},
    )


def keep_message(
    session: Session,
    instance: Instance,
    message: Sequence[str],
    error: Exception,
    now: datetime,
) -> Incident:
    """Keep a message (kind, name, correlation) that its receiver could not take, for the retry."""
    found = keep_failure(session, instance, Place(instance.process_key), error, now)
    kept = (found.inputs or {}).get("messages", [])
    found.inputs = {"messages": [*kept, list(message)]}
    return found


def leave(
    session: Session, instance_id: int, now: datetime, task_ids: Sequence[str] | None = None
) -> None:
    """Settle the failures of tasks that the instance has left, or of the whole instance."""
    query = update(Incident).where(
        Incident.instance_id == instance_id, Incident.status != IncidentStatus.RESOLVED.value
    )
    if task_ids is not None:
        query = query.where(Incident.task_id.in_(task_ids))
    settled = {"status": IncidentStatus.RESOLVED.value, "resolution": Resolution.ENDED.value}
    session.execute(query.values(**settled, resolved_at=now, retry_at=None))


def left(task: Any) -> None:
    """A service task was cancelled: a failure of it needs nobody any more."""
    ctx = getattr(task.workflow.script_engine, "context", None)
    if ctx is not None and task.internal_data.pop(MARK, None):
        leave(ctx.session, ctx.instance.id, ctx.now, [str(task.id)])
