"""An installation to measure: its people, the published processes, and cases that move."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.clock import utc_now
from engine.config import ROOT
from engine.db import unit_of_work
from engine.models import DefinitionKind, Membership, Organisation, Person, WorkItem
from engine.operations import tasks
from engine.people import SYSTEM, Actor
from engine.runtime.context import StepContext, service_operation
from engine.runtime.definitions import SourceFile, publish, read_files
from engine.runtime.registry import Kind, starts_with
from engine.runtime.step import start_instance
from tests.bench.shape import REVIEWERS, called, case, loop
from tests.runtime.diagrams import chain, event, form, process, user

WAIT = process(
    "wait",
    event("start", "s") + '<bpmn:intermediateCatchEvent id="w" name="w"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>P30D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    "</bpmn:intermediateCatchEvent>"
    + user("a", deadline="first_review_period")
    + event("end", "e")
    + chain("s", "w", "a", "e"),
)
DIAGRAMS = {
    "loop": loop(ours=True),
    "wait": WAIT,
    "case15": case(ours=True),
    "called": called(),
}


starts_with("case15", reviewers=Kind.LIST)


@service_operation("bench.note", "记录")
def _note(_ctx: StepContext) -> None:
    """A service that has nothing to do."""


class Work:
    """The published processes, one organisation, and somebody who does everything."""

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self.factory = factory
        with unit_of_work(factory) as session:
            org = Organisation(code="f", name="f", short_name="f", kind="FINANCE")
            person = Person(username="p", name="p", email="p@x.test", password_hash="x")
            session.add_all([org, person])
            session.flush()
            session.add(Membership(person_id=person.id, org_id=org.id, role="maker"))
            publish(session, _files(), SYSTEM, utc_now())
            self.org_id = org.id
            self.actor = Actor(person.id, org.id, "p", frozenset({"maker"}), "FINANCE")

    def start(self, key: str, now: datetime | None = None, **data: Any) -> int:
        """Start an instance; its id."""
        with unit_of_work(self.factory) as session:
            instance = start_instance(
                session,
                key,
                subject=f"bench:{key}",
                title=key,
                programme="JD_KCD",
                data={"reviewers": REVIEWERS, **data},
                parties={"finance": self.org_id},
                actor=self.actor,
                now=now or utc_now(),
            )
            return instance.id

    def open_item(self, instance_id: int) -> int:
        """The work item that is open since longest."""
        query = select(WorkItem.id).where(
            WorkItem.instance_id == instance_id, WorkItem.status == "OPEN"
        )
        with self.factory() as session:
            return session.scalars(query.order_by(WorkItem.id)).first() or 0

    def complete(self, item_id: int) -> int:
        """Complete a task as its page does; the next item, 0 when the case has ended."""
        with unit_of_work(self.factory) as session:
            done = tasks.complete(session, item_id, self.actor, {"outcome": "GO"}, utc_now())
            return min(done.open_items, default=0)


class Walk:
    """Completes one task a call, case after case."""

    def __init__(self, work: Work, key: str) -> None:
        self.work, self.key = work, key
        self.item = 0

    def __call__(self) -> None:
        """One step."""
        if not self.item:
            self.begin()
        self.item = self.work.complete(self.item)

    def begin(self) -> None:
        """A new case, so that a measured step never starts one."""
        self.item = self.work.open_item(self.work.start(self.key))


def _files() -> list[SourceFile]:
    shipped = read_files(ROOT / "bpmn")
    programmes = [file for file in shipped if file.kind is DefinitionKind.PROGRAMME]
    outcome = SourceFile(DefinitionKind.FORM, "f", "f", form("f"))
    processes = [
        SourceFile(DefinitionKind.PROCESS, key, key, source) for key, source in DIAGRAMS.items()
    ]
    return [*processes, outcome, *programmes]
