"""Months of work in a minute: simulated staff, working days, and the clock as an argument.

Everything goes through the operations that the pages call; nothing is written past them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.clock import SHANGHAI, local_date
from engine.config import Settings
from engine.db import unit_of_work
from engine.domain.calendar import add_working_days, is_working_day, working_days_between
from engine.errors import DanbaoError
from engine.forms import bind, load_form
from engine.jobs.deadlines import sweep_deadlines
from engine.jobs.pending_cases import sweep_pending_cases
from engine.jobs.timers import sweep_timers
from engine.models import (
    DefinitionKind,
    Membership,
    Organisation,
    Person,
    WorkItem,
    WorkStatus,
)
from engine.operations import tasks
from engine.people import Actor
from engine.runtime.definitions import definition_in
from notifications.outbox import make_mails
from web.choices import choices_for
from web.demo.answers import Raw
from web.demo.papers import attach_papers
from web.demo.staff import decide

Told = Callable[[str], None]
Event = Callable[[Session, datetime], object]
# working days until somebody turns to a task; banks answer a new case soon, decide on it later
DELAYS = (0, 1, 1, 2, 2, 3, 4)
OWN_DELAYS = {
    "accept_case": (0, 1, 1, 2),
    "approve_loan": (2, 3, 4, 5, 6),
    "disburse": (3, 5, 8, 12),
    "file_loan": (1, 2, 4, 6, 8),
}
NEGLECTED = 0.05  # left lying until it is overdue


@dataclass
class Play:
    """The demonstration's stage: a database, and what happens on which day."""

    factory: sessionmaker[Session]
    settings: Settings
    tell: Told
    events: dict[date, list[Event]]
    refused: set[int] = field(default_factory=set)

    def run(self, first: date, now: datetime) -> None:
        """Work every working day from `first` until `now`."""
        days = list(_working_days(first, local_date(now)))
        for number, day in enumerate(days):
            for hour in (9, 15):
                moment = datetime.combine(day, time(hour, 20), SHANGHAI).astimezone(UTC)
                if moment > now:
                    return
                self._hour(moment, first_hour=hour == 9)
            if number % 10 == 0:
                self.tell(f"{day:%Y-%m-%d}（第{number + 1}天，共{len(days)}天）")

    def _hour(self, now: datetime, *, first_hour: bool) -> None:
        if first_hour:
            for event in self.events.get(local_date(now), []):
                with unit_of_work(self.factory) as session:
                    event(session, now)
        sweep_pending_cases(self.factory, now)
        sweep_timers(self.factory, now, 500)
        sweep_deadlines(self.factory, now, 1000)
        self._work(now)
        with unit_of_work(self.factory) as session:
            make_mails(session, now, self.settings)

    def _work(self, now: datetime) -> None:
        with self.factory() as session:
            query = (
                select(WorkItem.id)
                .where(
                    WorkItem.status == WorkStatus.OPEN.value,
                    WorkItem.opened_at < now,
                    WorkItem.id.not_in(self.refused),
                )
                .order_by(WorkItem.id)
            )
            due = list(session.scalars(query))
        for item_id in due:
            try:
                with unit_of_work(self.factory) as session:
                    _turn_to(session, item_id, now)
            except DanbaoError as refusal:
                # as with real staff: the system says no, and the task stays where it is
                fields = {key: str(told) for key, told in getattr(refusal, "fields", {}).items()}
                self.refused.add(item_id)
                self.tell(f"第{item_id}号任务没有办成：{refusal.message} {fields or ''}")


def _working_days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if is_working_day(day):
            yield day
        day += timedelta(days=1)


def _turn_to(session: Session, item_id: int, now: datetime) -> None:
    item = session.get_one(WorkItem, item_id)
    if item.status != WorkStatus.OPEN.value or not _time_has_come(item, now):
        return
    actor = someone_for(session, item)
    raw = decide(session, item, local_date(now))
    if raw is None:
        return
    fill_in(session, item, actor, raw, now)


def _time_has_come(item: WorkItem, now: datetime) -> bool:
    rng = Random(item.id * 31)  # noqa: S311 (a story, not a secret)
    opened, today = local_date(item.opened_at), local_date(now)
    wait = rng.choice(OWN_DELAYS.get(item.element_id, DELAYS))
    if rng.random() < NEGLECTED:
        wait += 9
    return working_days_between(opened, today) >= wait


def fill_in(session: Session, item: WorkItem, actor: Actor, raw: Raw, now: datetime) -> None:
    """Submit a form as its page would: bound, validated, completed."""
    deployment = item.instance.deployment_id
    source = definition_in(session, deployment, DefinitionKind.FORM, item.form_key).source
    form = load_form(source)
    raw = {**raw, **attach_papers(session, item, form, actor, now)}
    values = bind(form, raw, choices_for(form, item))
    tasks.complete(session, item.id, actor, values, now)


def someone_for(session: Session, item: WorkItem) -> Actor:
    """A colleague who may do the task."""
    if item.assignee_id is not None:
        person = session.get_one(Person, item.assignee_id)
    else:
        person = tasks.colleagues(session, item)[0]
    org = session.get_one(Organisation, item.org_id)
    query = select(Membership.role).where(
        Membership.person_id == person.id, Membership.org_id == org.id
    )
    return Actor(person.id, org.id, person.name, frozenset(session.scalars(query)), org.kind)


def next_working_day(day: date) -> date:
    """The day itself if it is worked, else the next that is."""
    return day if is_working_day(day) else add_working_days(day, 1)
