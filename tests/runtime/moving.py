"""Helpers for migration tests: publish another version, move, compare, drive to the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.models import (
    DefinitionKind,
    Instance,
    InstanceMigration,
    MigrationBatch,
    Timer,
    WorkItem,
)
from engine.operations import tasks
from engine.operations.migration_batches import ask_migration
from engine.operations.migration_preview import preview
from engine.operations.migrations import migrate
from engine.people import SYSTEM
from engine.runtime.codec import decode
from engine.runtime.definitions import SourceFile, publish, read_files, specs_of
from tests.runtime.conftest import NOW, Staff
from tests.runtime.diagrams import form

LATER = NOW + timedelta(hours=1)
PUBLICATIONS = count()
OPEN = TaskState.READY | TaskState.WAITING | TaskState.STARTED


@dataclass
class Mover:
    """One case on a diagram, moved to another one."""

    session: Session
    instance: Instance
    finance: Staff
    bank: Staff

    def items(self) -> dict[str, WorkItem]:
        """Open work items by element."""
        query = select(WorkItem).where(
            WorkItem.instance_id == self.instance.id, WorkItem.status == "OPEN"
        )
        return {item.element_id: item for item in self.session.scalars(query)}

    def do(self, element: str, now: datetime = NOW, **values: Any) -> None:
        """Complete an open task by whoever may."""
        item = self.items()[element]
        staff = self.finance if item.party == "finance" else self.bank
        actor = getattr(staff, item.role)
        tasks.complete(self.session, item.id, actor, {"outcome": "PASS", **values}, now)

    def drive(self, limit: int = 60) -> str | None:
        """Complete whatever is open until the instance ends; returns its outcome."""
        while self.instance.status == "RUNNING" and limit:
            found = sorted(self.items())
            assert found, "nothing is open, and it has not ended"
            self.do(found[0])
            limit -= 1
        assert limit, "it never ends"
        return self.instance.outcome

    def publish(self, *sources: tuple[str, bytes]) -> int:
        """Another deployment of these processes."""
        programmes = [
            file
            for file in read_files(Path(ROOT) / "bpmn")
            if file.kind is DefinitionKind.PROGRAMME
        ]
        files = [SourceFile(DefinitionKind.PROCESS, key, key, xml) for key, xml in sources]
        files += [SourceFile(DefinitionKind.FORM, key, key, form(key)) for key in ("f", "g")]
        now = LATER + timedelta(seconds=next(PUBLICATIONS))  # the newest is the current one
        return publish(self.session, [*files, *programmes], SYSTEM, now).deployment_id

    def migrate(self, *sources: tuple[str, bytes]) -> InstanceMigration:
        """Publish, look ahead, move; what is under way must be untouched."""
        to = self.publish(*sources)
        found = preview(self.session, self.instance.process_key, SYSTEM)
        assert [one.can for one in found.groups] == [True], found.groups
        before, rows, timers, times = self.active(), self.rows(), self.timers(), self.changed()
        done = migrate(self.session, self.instance.id, to, SYSTEM, self.batch(to), LATER)
        assert self.active() == before
        assert self.rows() == rows
        assert self.timers() == timers
        assert self.changed() == pytest.approx(times, abs=2e-6)
        return done

    def refused(self, *sources: tuple[str, bytes]) -> str:
        """Publish and look ahead; the instance must be refused. Returns the reasons."""
        self.publish(*sources)
        (group,) = preview(self.session, self.instance.process_key, SYSTEM).groups
        assert not group.can
        return " ".join(str(one.why) for one in group.why)

    def notes(self, *sources: tuple[str, bytes]) -> list[str]:
        """What the preview says will change for the instance."""
        self.publish(*sources)
        (group,) = preview(self.session, self.instance.process_key, SYSTEM).groups
        return [str(one) for one in group.effects]

    def batch(self, to: int) -> MigrationBatch:
        """A batch of this instance alone."""
        key = self.instance.process_key
        return ask_migration(self.session, key, [self.instance.id], to, SYSTEM, "新办法", LATER)

    def active(self) -> list[Any]:
        """All that is under way, as it is stored."""
        return [
            (task.id, task.task_spec.name, task.state, task.internal_data, task.data)
            for task in self._open()
        ]

    def _open(self) -> list[Any]:
        place = (self.instance.deployment_id, self.instance.process_key)
        workflow = decode(self.instance.state, specs_of(self.session, *place))
        parts = [workflow, *workflow.subprocesses.values()]
        tasks = [task for part in parts for task in part.tasks.values() if task.has_state(OPEN)]
        return sorted(tasks, key=lambda task: task.id.hex)

    def changed(self) -> list[float]:
        """When what is under way began; stored to the microsecond."""
        return [task.last_state_change for task in self._open()]

    def rows(self) -> list[Any]:
        """What must stay of open work items."""
        return [
            (item.id, item.task_id, item.draft, item.assignee_id, item.due_at, item.org_id)
            for _, item in sorted(self.items().items())
        ]

    def timers(self) -> list[Any]:
        """The timers that wait."""
        query = select(Timer.task_id, Timer.due_at).where(Timer.instance_id == self.instance.id)
        return sorted(self.session.execute(query).tuples())


Begin = Callable[..., Mover]
