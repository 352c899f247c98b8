"""The outbox for an administrator's page: what waits, went out, failed, or is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import Enterprise, GuaranteeCase, Membership, OutboxMail
from engine.operations.access import everywhere, own_district, visible_cases
from engine.people import Actor

PAGE = 50


class MailState(StrEnum):
    """Where a mail stands. UNKNOWN: in SMTP's hands when the process died; not resent by itself."""

    WAITING = "WAITING"
    UNKNOWN = "UNKNOWN"
    SENT = "SENT"
    FAILED = "FAILED"


@dataclass(frozen=True)
class MailPage:
    """Newest first; `next_before` continues, None on the last page."""

    mails: list[OutboxMail]
    next_before: int | None


def _state() -> ColumnElement[str]:
    return case(
        (OutboxMail.sent_at.is_not(None), MailState.SENT.value),
        (OutboxMail.failed_at.is_not(None), MailState.FAILED.value),
        (OutboxMail.sending_at.is_not(None), MailState.UNKNOWN.value),
        else_=MailState.WAITING.value,
    )


def state_of(mail: OutboxMail) -> MailState:
    """A mail's state. One that is being sent at this moment shows as UNKNOWN for a second."""
    if mail.sent_at is not None:
        return MailState.SENT
    if mail.failed_at is not None:
        return MailState.FAILED
    return MailState.WAITING if mail.sending_at is None else MailState.UNKNOWN


def within(actor: Actor) -> ColumnElement[bool]:
    """The mails of the actor's district: to its people, and to firms of the cases it sees."""
    if everywhere(actor):
        return true()
    colleague = exists().where(
        Membership.person_id == OutboxMail.person_id, own_district(actor, Membership.org_id)
    )
    firm = exists().where(
        Enterprise.email == OutboxMail.recipient,
        GuaranteeCase.enterprise_id == Enterprise.id,
        visible_cases(actor),
    )
    return or_(colleague, firm)


def mail_for(session: Session, mail_id: int, actor: Actor) -> OutboxMail:
    """A mail, if it is of the actor's district. Raises NotFound."""
    found = session.scalar(select(OutboxMail).where(OutboxMail.id == mail_id, within(actor)))
    if found is None:
        raise NotFound()
    return found


def counts(session: Session, actor: Actor) -> Mapping[MailState, int]:
    """How many mails of the actor's district stand where; every state is present."""
    state = _state().label("state")
    query = select(state, func.count()).where(within(actor)).group_by(state)
    found = dict(session.execute(query).tuples().all())
    return {one: found.get(one.value, 0) for one in MailState}


def outbox(
    session: Session,
    actor: Actor,
    *,
    state: MailState | None = None,
    recipient: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    size: int = PAGE,
) -> MailPage:
    """A page of the district's outbox, newest first; `before`: the id where the last page ended."""
    rules: list[ColumnElement[bool]] = [within(actor)]
    if state is not None:
        rules.append(_state() == state.value)
    if recipient:
        rules.append(OutboxMail.recipient.icontains(recipient, autoescape=True))
    if since is not None:
        rules.append(OutboxMail.created_at >= since)
    if before is not None:
        rules.append(OutboxMail.id < before)
    query = select(OutboxMail).where(and_(*rules)).order_by(OutboxMail.id.desc())
    rows = list(session.scalars(query.limit(size + 1)))
    return MailPage(rows[:size], rows[size - 1].id if len(rows) > size else None)
