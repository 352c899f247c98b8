"""Driving an instance to its end without tables; it becomes bytes and is read between any steps."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.domain.programme import Parameters
from engine.people import SYSTEM
from engine.runtime.codec import Specs, decode, encode, new_workflow, settle
from engine.runtime.compact import compact
from engine.runtime.elements import DanbaoParser, run_on
from engine.runtime.normalise import normalise
from engine.runtime.scripts import FeelScriptEngine
from engine.runtime.waits import TimerWait, waits
from tests.runtime.furnish import CONDITION

NOW = datetime(2025, 12, 8, 2, 0, tzinfo=UTC)
LONGEST = 400


class Drawn(FeelScriptEngine):
    """FEEL as always; the conditions that were filled in are drawn, nothing goes out."""

    def __init__(self, random: Random) -> None:
        alone: Any = SimpleNamespace(
            now=NOW, actor=SYSTEM, parameters=Parameters("", "", {}), facts=None
        )
        super().__init__(alone)
        self.random = random

    def evaluate(
        self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value, or one of two for a condition."""
        if expression == CONDITION:
            return self.random.random() < 0.5
        return super().evaluate(task, expression, external_context)

    def send_message(self, task: Any, name: str) -> None:
        """Nobody gets it."""

    def send_signal(self, name: str) -> None:
        """Nobody gets it."""

    def decide(self, task: Any, decision: str, mapping: str) -> Any:
        """Some answer."""
        return 1


def perform(
    task: Any,
    name: str,
    parameters: Mapping[str, Any],
    caught: Callable[[Exception], bool] = lambda _: False,
) -> bool:
    """An operation that does nothing."""
    return True


def compiled(key: str, *sources: tuple[str, bytes]) -> Specs:
    """What publication would keep of a process and those it calls."""
    parser = DanbaoParser()
    for name, source in sources:
        parser.add_bpmn_xml(normalise(source, name), name)
    return settle(Specs(parser.get_spec(key), parser.get_subprocess_specs(key)))


def drive(specs: Specs, seed: int) -> int:
    """Take an instance to its end; returns the steps. Fails when it gets stuck or never ends."""
    engine = Drawn(Random(seed))  # noqa: S311 (no secret)
    state = _save(new_workflow(specs), engine)
    for steps in range(LONGEST):
        workflow = decode(state, specs)
        workflow.script_engine = engine
        if workflow.is_completed():
            return steps
        acts = [*_people(workflow), *_outside(workflow, engine)]
        assert acts, "nothing can happen, and it has not ended"
        engine.random.choice(acts)()
        state = _save(workflow, engine)
    message = f"not at its end after {LONGEST} steps"
    raise AssertionError(message)


def _save(workflow: Any, engine: Drawn) -> bytes:
    workflow.script_engine = engine
    run_on(workflow, _ignore)
    compact(workflow)
    return encode(workflow)


def _ignore(task: Any) -> None:
    """History is kept elsewhere."""


def _people(workflow: Any) -> list[Callable[[], None]]:
    return [
        task.run
        for part in (workflow, *workflow.subprocesses.values())
        for task in part.tasks.values()
        if task.state == TaskState.READY and task.task_spec.manual
    ]


def _outside(workflow: Any, engine: Drawn) -> list[Callable[[], None]]:
    found: list[Callable[[], None]] = []
    for wait in waits(workflow, engine):
        if isinstance(wait, TimerWait):
            found.append(partial(_pass_time, engine, wait.due_at))
        else:
            found.append(partial(_catch, workflow, wait.task_id))
    return found


def _pass_time(engine: Drawn, due: datetime) -> None:
    engine.now = max(engine.now, due + timedelta(seconds=1))


def _catch(workflow: Any, task_id: str) -> None:
    task = next(one for one in workflow.event_manager.tasks.values() if str(one.id) == task_id)
    task.task_spec.catch(task, None)
    task.task_spec._update(task)
