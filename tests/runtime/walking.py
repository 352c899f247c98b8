"""A random walk through a shipped diagram, without tables: operations return anything they declare.

Between any two steps the workflow becomes bytes and is read again, as it would be between requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.clock import local_date
from engine.config import ROOT
from engine.dmn import Model, load_models
from engine.domain.codes import Outcome
from engine.domain.programme import Parameters
from engine.domain.programme_file import parse_common, parse_programme
from engine.errors import RuleRefused
from engine.forms import load_form
from engine.models import DefinitionKind
from engine.people import SYSTEM
from engine.programmes import read_yaml
from engine.runtime.codec import Specs, decode, encode, new_workflow, settle
from engine.runtime.compact import compact
from engine.runtime.deadlines import due_moment
from engine.runtime.decisions import mapped
from engine.runtime.definitions import SourceFile, read_files
from engine.runtime.elements import DanbaoParser, run_on
from engine.runtime.normalise import normalise
from engine.runtime.registry import Domain, Kind, operation, operations, starts
from engine.runtime.scripts import FeelScriptEngine, correlation_of, properties_of
from engine.runtime.waits import MessageWait, TimerWait, waits

NOW = datetime(2025, 12, 8, 2, 0, tzinfo=UTC)
GOOD = frozenset(
    {
        *("PASS", "APPROVE", "APPROVED", "ACCEPT", "ACCEPTED", "AGREE", "APPLY", "ASSIGN"),
        *("ASSIGNED", "BATCH", "CONFIRM", "DISBURSED", "EFFECTIVE", "FILE", "FILED", "PROCEED"),
        *("RECEIVED", "SUBMIT", "WHITELISTED"),
    }
)
LONGEST = 60  # steps; whoever is still under way then must have gone in circles by choice


@lru_cache(maxsize=1)
def shipped() -> tuple[SourceFile, ...]:
    """The files of `bpmn/`."""
    return tuple(read_files(Path(ROOT) / "bpmn"))


def _of(kind: DefinitionKind) -> dict[str, bytes]:
    return {file.key: file.source for file in shipped() if file.kind is kind}


@lru_cache(maxsize=1)
def diagrams() -> Mapping[str, Specs]:
    """The executable form of every shipped diagram."""
    parser, sources = DanbaoParser(), _of(DefinitionKind.PROCESS)
    for key, source in sources.items():
        parser.add_bpmn_xml(normalise(source, key), key)
    return {
        key: settle(Specs(parser.get_spec(key), parser.get_subprocess_specs(key)))
        for key in sources
    }


@lru_cache(maxsize=1)
def _outcomes() -> Mapping[str, tuple[str | None, ...]]:
    """The outcomes that the form of each key offers."""
    found = {}
    for key, source in _of(DefinitionKind.FORM).items():
        field_ = load_form(source).outcome
        found[key] = tuple(option.value for option in field_.options) if field_ else (None,)
    return found


@lru_cache(maxsize=1)
def _programmes() -> tuple[Parameters, ...]:
    trees = {
        key: read_yaml(source.decode("utf-8-sig"), key)
        for key, source in _of(DefinitionKind.PROGRAMME).items()
    }
    common = parse_common(trees.pop("_common"), "_common")
    return tuple(
        parse_programme(tree, key, common).at(local_date(NOW)) for key, tree in trees.items()
    )


@lru_cache(maxsize=1)
def _declared() -> Mapping[str, Domain]:
    """Whatever any operation sets: what a called process may find when it begins."""
    return {key: domain for one in operations().values() for key, domain in one.sets.items()}


@lru_cache(maxsize=1)
def _tables() -> tuple[Model, ...]:
    return tuple(load_models(_of(DefinitionKind.DECISION)).values())


class DrawnEngine(FeelScriptEngine):
    """FEEL as always; operations, messages and decisions are drawn or forgotten."""

    def __init__(self, random: Random, parameters: Parameters) -> None:
        only_these: Any = SimpleNamespace(now=NOW, actor=SYSTEM, parameters=parameters, facts=None)
        super().__init__(only_these)
        self.random = random
        self.hopeful = random.random() < 0.5  # else hardly a walk comes to the late stages

    def send_message(self, task: Any, name: str) -> None:
        """Nobody gets the message; it must be about something."""
        assert correlation_of(task, self) != "None", name

    def send_signal(self, name: str) -> None:
        """Nobody gets the signal."""

    def decide(self, task: Any, decision: str, mapping: str) -> Any:
        """What the shipped table says of what was drawn."""
        tables = _tables()
        (model,) = (one for one in tables if decision in {each.id for each in one.decisions})
        return mapped(model.evaluate(decision, task.data).required(), mapping)

    def drawn(self, name: str) -> dict[str, Any]:
        """Anything that the operation may return."""
        found = operation(name)
        assert found is not None, name
        return {
            key: self.checks() if key == "checks" else self.value(domain)
            for key, domain in found.sets.items()
        }

    def checks(self) -> list[dict[str, object]]:
        """What a screening may have found, as the tables of approvals ask for it."""
        return [
            {
                "code": "E4",
                "outcome": self.random.choice(list(Outcome)).value,
                "negative": self.value(Kind.BOOLEAN),
                "needs_head": self.value(Kind.BOOLEAN),
            }
            for _ in range(self.random.randrange(1, 4))
        ]

    def value(self, domain: Domain) -> Any:
        """Anything of a domain."""
        if isinstance(domain, tuple):
            return self.choice(domain)
        number = self.random.randrange(4)
        return {
            Kind.BOOLEAN: number > 1,
            Kind.INTEGER: number,
            Kind.TEXT: str(number),
            Kind.DATE: f"2025-12-{number + 10}",
            Kind.LIST: list(range(number)),
        }[domain]

    def choice(self, values: tuple[str | None, ...]) -> str | None:
        """One of the values; in a hopeful walk mostly one that leads on."""
        good = [value for value in values if value in GOOD]
        if self.hopeful and good and self.random.random() < 0.9:
            return self.random.choice(good)
        return self.random.choice(values)


def perform(
    task: Any,
    name: str,
    parameters: Mapping[str, Any],
    caught: Callable[[Exception], bool] = lambda _: False,
) -> bool:
    """In place of `incidents.perform`: inputs are evaluated, the result is drawn."""
    engine = task.workflow.script_engine
    for one in parameters.values():
        engine.evaluate(task, one["value"])
    if engine.random.randrange(5) == 0 and caught(RuleRefused("drawn", "drawn")):
        return False
    task.data.update(engine.drawn(name))
    return True


@dataclass
class Walk:
    """One instance, and what happened to it."""

    key: str
    random: Random
    choices: list[str] = field(default_factory=list)  # elements that a person or a wait decided
    passed: set[str] = field(default_factory=set)
    state: bytes = b""
    ended: bool = False

    def __post_init__(self) -> None:
        self.engine = DrawnEngine(self.random, self.random.choice(_programmes()))
        workflow = self._with_engine(new_workflow(diagrams()[self.key]))
        first = workflow.get_next_task(state=TaskState.READY)
        first.data.update(self._given(), programme="JD_KCD", review_result=None)
        self._save(workflow)

    def _given(self) -> dict[str, Any]:
        sets = starts().get(self.key) or {"case_id": Kind.INTEGER, **_declared()}
        return {key: self.engine.value(domain) for key, domain in sets.items()}

    def go(self) -> None:
        """Walk to an end, or until it has gone far enough."""
        while not self.ended and len(self.choices) < LONGEST:
            self.step()

    def step(self) -> None:
        """One thing happens: a person completes a task, a time comes, or a message."""
        workflow = self._with_engine(decode(self.state, diagrams()[self.key]))
        people, outside = self._people(workflow), self._outside(workflow)
        rarely = self.engine.hopeful and self.random.random() < 0.9
        acts = people if people and rarely else [*people, *outside]
        assert acts, f"{self.key} waits for nothing that could come after {self.choices}"
        name, act = self.random.choice(acts)
        self.choices.append(name)
        act()
        self._save(workflow)

    def _with_engine(self, workflow: Any) -> Any:
        workflow.script_engine = self.engine
        return workflow

    def _people(self, workflow: Any) -> list[tuple[str, Callable[[], None]]]:
        ready = [
            task
            for part in (workflow, *workflow.subprocesses.values())
            for task in part.tasks.values()
            if task.state == TaskState.READY and task.task_spec.manual
        ]
        return [(task.task_spec.name, partial(self._complete, task)) for task in ready]

    def _complete(self, task: Any) -> None:
        properties = properties_of(task)
        self._open(task, properties)
        if properties.get("operation"):
            task.data.update(self.engine.drawn(properties["operation"]))
        outcome = self.engine.choice(_outcomes()[properties["formKey"]])
        task.data[f"{task.task_spec.name.removesuffix(' [child]')}_outcome"] = outcome
        task.run()
        self._note(task)

    def _open(self, task: Any, properties: Mapping[str, str]) -> None:
        """What the projection asks of a task's properties when it opens one."""
        for name in ("organisation", "assignee"):
            if name in properties:
                int(self.engine.evaluate(task, properties[name]))
        period = properties.get("deadline", "none")
        if period.startswith("="):
            period = str(self.engine.evaluate(task, period))
        if period != "none":
            due_moment(period, self.engine.context.parameters, self.engine.now)

    def _outside(self, workflow: Any) -> list[tuple[str, Callable[[], None]]]:
        found: list[tuple[str, Callable[[], None]]] = []
        for wait in waits(workflow, self.engine):
            if isinstance(wait, TimerWait):
                found.append((wait.element_id, partial(self._pass_time, wait.due_at)))
            elif isinstance(wait, MessageWait):
                assert wait.correlation != "None", f"{wait.element_id} is about nothing"
                found.append((wait.element_id, partial(_catch, workflow, wait)))
        return found

    def _pass_time(self, due: datetime) -> None:
        self.engine.now = max(self.engine.now, due + timedelta(seconds=self.random.randrange(100)))

    def _save(self, workflow: Any) -> None:
        run_on(workflow, self._note)
        compact(workflow)
        self.ended = workflow.is_completed()
        self.state = encode(workflow)

    def _note(self, task: Any) -> None:
        if task.workflow.spec.name == self.key:
            self.passed.add(task.task_spec.name)


def elements(key: str) -> set[str]:
    """The elements of a shipped diagram."""
    specs = diagrams()[key].top.task_specs
    return {name for name, spec in specs.items() if spec.bpmn_id}


def _catch(workflow: Any, wait: MessageWait) -> None:
    for task in list(workflow.event_manager.tasks.values()):
        if str(task.id) == wait.task_id:
            task.task_spec.catch(task, None)
            task.task_spec._update(task)
