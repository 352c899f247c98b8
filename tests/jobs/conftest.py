"""Tasks with deadlines, without a process around them: what the sweeps look at."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.models import (
    Clock,
    Deadline,
    DeadlineKind,
    Deployment,
    Instance,
    Organisation,
    OrgKind,
    Person,
    WorkItem,
)
from engine.models.people import Membership, Role

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
NUMBERS = count(1)
Factory = sessionmaker[Session]


class World:
    """Two organisations and their people; `item` opens tasks with deadlines."""

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        with unit_of_work(factory) as session:
            self.bank = organisation(session, OrgKind.BANK, "上海银行嘉定支行")
            self.finance = organisation(session, OrgKind.FINANCE, "区财政局")
            self.deployment = Deployment(digest="d", created_at=NOW, activated_at=NOW)
            session.add(self.deployment)
            session.flush()
            self.maker = person(session, "maker", self.bank, Role.MAKER)
            self.head = person(session, "head", self.bank, Role.HEAD)
            self.finance_head = person(session, "finance_head", self.finance, Role.HEAD)

    def item(
        self,
        *deadlines: tuple[DeadlineKind, timedelta],
        clock: str | None = None,
        paused: bool = False,
        subject: str | None = None,
    ) -> int:
        """An open task of the bank's makers, due now, with deadlines at an offset from now."""
        with unit_of_work(self.factory) as session:
            instance = self.instance(session, subject)
            item = WorkItem(
                instance_id=instance.id,
                task_id=f"t{next(NUMBERS)}",
                process_key="bank_approval",
                element_id="approve_loan",
                name="授信审批",
                party="bank",
                role="maker",
                org_id=self.bank.id,
                form_key="bank_decision",
                operation="loans.record_decision",
                clause="J3.4",
                excluded=[],
                excludes=[],
                opened_at=NOW,
                due_at=NOW,
                clock=clock,
            )
            session.add(item)
            session.flush()
            for kind, offset in deadlines:
                session.add(
                    Deadline(work_item_id=item.id, kind=kind.value, label="x", due_at=NOW + offset)
                )
            if clock:
                session.add(_clock(instance.id, clock, paused))
            return item.id

    def instance(self, session: Session, subject: str | None = None) -> Instance:
        """A running instance with nothing in it."""
        instance = Instance(
            process_key="bank_approval",
            deployment_id=self.deployment.id,
            programme="JD_KCD",
            subject=subject or f"case:{next(NUMBERS)}",
            title="某科技公司",
            state=b"",
            started_at=NOW,
        )
        session.add(instance)
        session.flush()
        return instance


def _clock(instance_id: int, name: str, paused: bool) -> Clock:
    return Clock(
        instance_id=instance_id,
        name=name,
        amount=10,
        unit="DAY",
        started_at=NOW,
        due_at=NOW,
        paused_at=NOW if paused else None,
        pauses=[],
    )


def organisation(session: Session, kind: OrgKind, name: str) -> Organisation:
    """An active organisation."""
    number = next(NUMBERS)
    found = Organisation(code=f"O{number}", name=name, short_name=name, kind=kind.value)
    session.add(found)
    session.flush()
    return found


def person(
    session: Session, username: str, where: Organisation, *roles: Role, locale: str = "zh"
) -> Person:
    """An active person holding roles in an organisation."""
    found = Person(
        username=username,
        name=f"{username}姓名",
        email=f"{username}@example.gov.cn",
        password_hash="x",
        locale=locale,
    )
    session.add(found)
    session.flush()
    for role in roles:
        session.add(Membership(person_id=found.id, org_id=where.id, role=role.value))
    return found


@pytest.fixture
def world(factory: Factory) -> World:
    return World(factory)


Make = Callable[..., int]
