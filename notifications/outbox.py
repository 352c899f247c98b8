"""The outbox: domain events become mails, each at most once for each address."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.config import Settings
from engine.errors import Conflict, NotFound
from engine.jobs.attempt import Attempt
from engine.models import DomainEvent, OutboxMail
from engine.text import text
from notifications.drafts import Draft, Post
from notifications.render import render
from notifications.rules import event_drafts
from notifications.tasks import KINDS as TASK_KINDS
from notifications.tasks import task_drafts

PAGE = 2000
OPENED = "task_opened"
# An event whose mails cannot be made (a mistake of ours) is tried again this long.
PATIENCE = timedelta(days=1)
# A long list opens its tasks little by little: one digest when no more came for a while.
QUIET, LONGEST_QUIET = timedelta(seconds=20), timedelta(minutes=3)


def make_mails(
    session: Session, now: datetime, settings: Settings, quiet: timedelta = QUIET
) -> int:
    """Turn events into mails in the outbox; returns how many mails were added.

    quiet: opened tasks are told when none was opened for so long, or after three minutes.

    Idempotent, and safe to run at once with itself: an event is taken by one, and `event_key`
    with the address is unique. Events that nobody is told about are marked as handled too.
    """
    events = _claim(session, with_opened=not _is_opening(session, now, quiet))
    post = Post(session, now, settings)
    tasks = [event for event in events if event.kind in TASK_KINDS]
    added = _try(session, now, tasks, lambda: task_drafts(post, tasks)) if tasks else 0
    for event in events:
        if event.kind not in TASK_KINDS:
            added += _try(session, now, [event], partial(event_drafts, post, event))
    return added


def _is_opening(session: Session, now: datetime, quiet: timedelta) -> bool:
    """Whether more tasks may be opened any moment."""
    query = select(func.min(DomainEvent.at), func.max(DomainEvent.at)).where(
        DomainEvent.handled_at.is_(None), DomainEvent.kind == OPENED
    )
    oldest, newest = session.execute(query).one()
    return oldest is not None and newest > now - quiet and oldest > now - LONGEST_QUIET


def _claim(session: Session, *, with_opened: bool) -> list[DomainEvent]:
    query = select(DomainEvent).where(DomainEvent.handled_at.is_(None))
    if not with_opened:
        query = query.where(DomainEvent.kind != OPENED)
    query = query.order_by(DomainEvent.id).limit(PAGE).with_for_update(skip_locked=True)
    return list(session.scalars(query))


def _try(
    session: Session,
    now: datetime,
    events: list[DomainEvent],
    drafts: Callable[[], Iterable[Draft]],
) -> int:
    """Make the mails of these events, or leave the events for the next round."""
    added = 0
    ids = [event.id for event in events]
    # The savepoint is inside: it rolls back before the error is logged and ends there.
    with Attempt("mail", event_ids=ids) as attempt, session.begin_nested():
        added = sum(_add(session, now, draft) for draft in drafts())
    for event in events:
        if not attempt.failed or event.at < now - PATIENCE:
            event.handled_at = now
    return added


def _add(session: Session, now: datetime, draft: Draft) -> int:
    to = draft.recipient
    row = {
        "event_key": draft.event_key,
        "recipient": to.address,
        "person_id": to.person_id,
        "template": draft.template,
        "context": draft.context,
        "locale": to.locale,
        "due_at": now,
        "attempts": 0,
        "created_at": now,
    }
    rendered = render(draft.template, to.locale, draft.context)
    query = insert(OutboxMail).values(**row, **asdict(rendered)).on_conflict_do_nothing()
    return int(session.scalar(query.returning(OutboxMail.id)) is not None)


def resend(session: Session, mail_id: int, now: datetime) -> OutboxMail:
    """Let a mail go out again that was given up, or whose outcome is unknown.

    For an administrator, who has asked the recipient. Raises NotFound, Conflict when it was sent.
    """
    mail = session.get(OutboxMail, mail_id, with_for_update=True)
    if mail is None:
        raise NotFound()
    if mail.sent_at is not None:
        raise Conflict("mail_sent", text("这封邮件已经发出"))
    mail.sending_at = mail.failed_at = None
    mail.attempts, mail.due_at = 0, now
    return mail
