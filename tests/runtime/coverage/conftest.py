"""A case that is saved after every step and loaded from its bytes before the next."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.models import DefinitionKind, DomainEvent, Instance, StepHistory, Timer, WorkItem
from engine.operations import tasks
from engine.people import SYSTEM, Actor
from engine.runtime import live, step
from engine.runtime.codec import decode
from engine.runtime.definitions import SourceFile, publish, read_files, specs_of
from engine.runtime.registry import Kind, starts_with
from tests.firing import fire_timers
from tests.runtime.conftest import FORM, NOW, Staff
from tests.runtime.coverage.operations import NOTED

GIVEN = ("a", "amount", "b", "case_id", "given", "item", "list", "name", "number", "other", "rows",
         "shared", "when")  # fmt: skip


class Case:
    """A running instance, moved by its verbs; every verb commits and forgets what is in memory."""

    def __init__(self, session: Session, instance: Instance, staff: dict[int, Staff]) -> None:
        self.session = session
        self.instance = instance
        self.staff = staff
        self.settle()

    def settle(self) -> None:
        """Commit, and load everything from the tables from here on."""
        self.session.commit()
        self.session.expire_all()
        live.clear()

    @property
    def items(self) -> list[WorkItem]:
        """The open work items, oldest first."""
        query = (
            select(WorkItem)
            .where(WorkItem.instance_id == self.instance.id, WorkItem.status == "OPEN")
            .order_by(WorkItem.id)
        )
        return list(self.session.scalars(query))

    @property
    def open(self) -> list[str]:
        """Which elements have open work items, by name."""
        return sorted(item.element_id for item in self.items)

    @property
    def ended(self) -> str | None:
        """The end event that was reached; None while it runs."""
        return self.instance.outcome if self.instance.status == "ENDED" else None

    @property
    def passed(self) -> list[str]:
        """The elements that history knows, in order."""
        query = (
            select(StepHistory.element_id)
            .where(StepHistory.instance_id == self.instance.id)
            .order_by(StepHistory.id)
        )
        return list(self.session.scalars(query))

    @property
    def due(self) -> dict[str, datetime]:
        """When which timers are due, by their element."""
        query = select(Timer).where(Timer.instance_id == self.instance.id).order_by(Timer.due_at)
        return {timer.element_id: timer.due_at for timer in self.session.scalars(query)}

    @property
    def noted(self) -> list[str]:
        """What `cover.note` wrote, in all instances."""
        query = select(DomainEvent).where(DomainEvent.kind == NOTED).order_by(DomainEvent.id)
        return [event.payload["what"] for event in self.session.scalars(query)]

    def data(self, element: str) -> dict[str, Any]:
        """The data of the newest unfinished task of an element."""
        specs = specs_of(self.session, self.instance.deployment_id, self.instance.process_key)
        workflow = decode(self.instance.state, specs)
        found = [task for task in workflow.get_tasks(spec_name=element) if task.state < 64]
        return dict(found[-1].data)

    def do(self, element: str, now: datetime = NOW, **values: Any) -> None:
        """Complete the oldest open work item of an element."""
        item = next(item for item in self.items if item.element_id == element)
        tasks.complete(self.session, item.id, self._who(item), values, now)
        self.settle()

    def _who(self, item: WorkItem) -> Actor:
        found: Actor = getattr(self.staff[item.org_id], item.role)
        return found

    def fire(self, now: datetime) -> bool:
        """Let whatever is due at `now` fire."""
        fired = fire_timers(self.session, self.instance.id, now)
        self.settle()
        return fired

    def deliver(self, message: str, correlation: object, now: datetime = NOW) -> int:
        """Send a message from outside; returns how many instances took it."""
        taken = step.deliver(self.session, message, str(correlation), SYSTEM, now)
        self.settle()
        return taken


Begin = Callable[..., Case]


@pytest.fixture
def deploy(session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Publish diagrams, and decisions by name."""

    def publish_all(*sources: tuple[str, bytes], gate: bool = True, **decisions: bytes) -> None:
        for key, _ in sources:
            starts_with(key, **dict.fromkeys(GIVEN, Kind.TEXT))
        shipped = read_files(Path(ROOT) / "bpmn")
        files = [file for file in shipped if file.kind is DefinitionKind.PROGRAMME]
        files += [FORM, *(SourceFile(DefinitionKind.PROCESS, *pair) for pair in _named(sources))]
        files += [
            SourceFile(DefinitionKind.DECISION, key, key, xml) for key, xml in decisions.items()
        ]
        with monkeypatch.context() as patch:
            if not gate:  # what the gate refuses must still not do harm when it runs
                patch.setattr("engine.runtime.definitions.check_files", lambda _: None)
            publish(session, files, SYSTEM, NOW)

    return publish_all


def _named(sources: tuple[tuple[str, bytes], ...]) -> list[tuple[str, str, bytes]]:
    return [(key, key, xml) for key, xml in sources]


@pytest.fixture
def begin(session: Session, finance: Staff, bank: Staff) -> Begin:
    """Start a published process."""

    def start(key: str, **data: object) -> Case:
        instance = step.start_instance(
            session,
            key,
            subject="test:1",
            title="test",
            programme="JD_KCD",
            data=data,
            parties={"finance": finance.org.id, "bank": bank.org.id},
            actor=finance.maker,
            now=NOW,
        )
        return Case(session, instance, {finance.org.id: finance, bank.org.id: bank})

    return start


Run = Callable[..., Case]


@pytest.fixture
def run(deploy: Callable[..., None], begin: Begin) -> Run:
    """Publish one diagram and start it."""

    def publish_and_start(source: bytes, *, gate: bool = True, **data: object) -> Case:
        deploy(("p", source), gate=gate)
        return begin("p", **data)

    return publish_and_start
