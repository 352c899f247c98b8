"""The outbox's jobs. The engine does not know mails: the web layer registers them."""

from datetime import datetime

from engine.clock import utc_now
from engine.config import Settings
from engine.db import unit_of_work
from engine.jobs.scheduler import Clock, Factory, Job, Scheduler, add, every
from notifications.outbox import make_mails
from notifications.senders import Sent, send_due

EVERY = 15  # seconds


def register(
    scheduler: Scheduler, factory: Factory, settings: Settings, clock: Clock = utc_now
) -> None:
    """Add the making and the sending of mails to a scheduler."""
    for job in jobs(settings):
        add(scheduler, factory, job, clock)


def jobs(settings: Settings) -> list[Job]:
    """Two jobs: mails are made also while no server takes them, and a slow one delays nothing."""

    def make(factory: Factory, now: datetime) -> int:
        with unit_of_work(factory) as session:
            return make_mails(session, now, settings)

    def send(factory: Factory, now: datetime) -> Sent:
        return send_due(factory, settings, now)

    return [Job("outbox_make", every(EVERY), make), Job("outbox_send", every(EVERY), send)]
