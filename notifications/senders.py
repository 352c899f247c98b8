"""Sending what is in the outbox through SMTP, with a known answer to "was it sent?".

A mail is marked (`sending_at`) and that is committed before SMTP gets it; `sent_at` is committed
after SMTP accepted it. What may have happened in between:

* SMTP refused it, or the connection broke before the whole message was handed over: not sent.
  It is tried again, later and later, ten times.
* The connection broke after the whole message was handed over and before the answer: SMTP itself
  failed midway. It is tried again too (RFC 5321, 4.5.3.2.6 demands it), with the same Message-ID,
  by which the receiver can tell a double.
* This process died in between: unknown. The row keeps `sending_at` without `sent_at` and is
  **not** sent again by itself; an administrator sees it and decides (`outbox.resend`).

While no server answers at all, no try is counted; mails wait up to a week.
"""

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

import structlog
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine.config import Settings, Smtp
from engine.db import unit_of_work
from engine.models import OutboxMail
from notifications.render import one_line

log = structlog.get_logger("danbao.mail")

TIMEOUT = 20  # seconds for the server to answer anything
FIRST_DELAY = timedelta(minutes=1)
MOST_TRIES = 10
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
GIVE_UP = timedelta(days=7)
OK = 250
START_DATA = 354
Factory = sessionmaker[Session]


class NotSent(Exception):
    """SMTP certainly did not take the mail, or failed midway; `reason` is its own word."""

    def __init__(self, reason: str, *, connection_lost: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connection_lost = connection_lost


@dataclass(frozen=True)
class Sent:
    """What a round did. `waiting`: no server answered, or none is set."""

    sent: int = 0
    refused: int = 0
    waiting: bool = False


def send_due(factory: Factory, settings: Settings, now: datetime, limit: int = 500) -> Sent:
    """Send due mails over one connection, at most `limit`; any number of senders at once."""
    if settings.smtp is None or not _any_due(factory, now):
        return Sent(waiting=settings.smtp is None)
    try:
        with _connection(settings.smtp) as server:
            return _send_all(factory, settings, server, now, limit)
    except NotSent as failure:
        log.warning("mail_server_unreachable", action="mail", reason=failure.reason)
        _postpone_all(factory, now, failure.reason)
        return Sent(waiting=True)


def _send_all(
    factory: Factory, settings: Settings, server: smtplib.SMTP, now: datetime, limit: int
) -> Sent:
    sent = refused = 0
    for _ in range(limit):
        mail = _claim(factory, now)
        if mail is None:
            break
        try:
            _hand_over(server, _message(mail, settings, now), mail.recipient, settings)
        except NotSent as failure:
            refused += 1
            _put_back(factory, mail.id, now, failure.reason)
            if failure.connection_lost:
                break
        else:
            sent += 1
            _mark_sent(factory, mail.id, now)
    return Sent(sent, refused)


@contextmanager
def _connection(smtp: Smtp) -> Iterator[smtplib.SMTP]:
    """A greeted, encrypted, signed-in connection. Raises NotSent."""
    try:
        server = _connect(smtp)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_reason(error)) from error
    try:
        yield server
    finally:
        # Also when the connection is broken: closing cannot fail.
        server.close()


def _connect(smtp: Smtp) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if smtp.tls == "ssl":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            smtp.host, smtp.port, timeout=TIMEOUT, context=context
        )
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    try:
        server.ehlo_or_helo_if_needed()
        if smtp.tls == "starttls":
            server.starttls(context=context)
        if smtp.user and smtp.password:
            server.login(smtp.user, smtp.password)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _hand_over(
    server: smtplib.SMTP, message: EmailMessage, recipient: str, settings: Settings
) -> None:
    """MAIL, RCPT, DATA, one by one, so that the phase of a failure is known. Raises NotSent."""
    sender = parseaddr(settings.smtp.sender)[1] if settings.smtp else ""
    payload = message.as_bytes(policy=SMTP_POLICY)
    try:
        _expect(OK, server.mail(sender))
        _expect(OK, server.rcpt(recipient))
        _expect(START_DATA, server.docmd("DATA"))
        server.send(_dotted(payload))
        _expect(OK, server.getreply())
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_reason(error), connection_lost=True) from error
    except NotSent as failure:
        failure.connection_lost = not _is_reset(server)
        raise


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    if reply[0] != code and not (code == OK and reply[0] == 251):
        raise NotSent(f"{reply[0]} {reply[1].decode(errors='replace')}")


def _is_reset(server: smtplib.SMTP) -> bool:
    """Whether the connection can be used for the next mail."""
    try:
        return bool(server.rset()[0] == OK)
    except (OSError, smtplib.SMTPException):
        return False


def _dotted(payload: bytes) -> bytes:
    # RFC 5321, 4.5.2: a line that begins with a dot gets another; a lone dot ends the message.
    body = payload.replace(b"\r\n.", b"\r\n..")
    body = b"." + body if body.startswith(b".") else body
    return (body if body.endswith(b"\r\n") else body + b"\r\n") + b".\r\n"


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        shown = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {shown}"
    return f"{type(error).__name__}: {error}"


def _message(mail: OutboxMail, settings: Settings, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = settings.smtp.sender if settings.smtp else ""
    message["To"] = mail.recipient
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(mail, settings)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    message.add_alternative(mail.html, subtype="html")
    return message


def message_id(mail: OutboxMail, settings: Settings) -> str:
    """The same for every try of a mail."""
    name = hashlib.sha256(f"{mail.event_key}\n{mail.recipient}".encode()).hexdigest()[:32]
    return f"<{name}@{urlsplit(settings.base_url).hostname or 'danbao.invalid'}>"


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboxMail.sent_at.is_(None),
        OutboxMail.failed_at.is_(None),
        OutboxMail.sending_at.is_(None),
        OutboxMail.due_at <= now,
    )


def _any_due(factory: Factory, now: datetime) -> bool:
    with factory() as session:
        return session.scalar(select(OutboxMail.id).where(*_is_due(now)).limit(1)) is not None


def _claim(factory: Factory, now: datetime) -> OutboxMail | None:
    """The next due mail, marked as being sent, and that committed."""
    query = select(OutboxMail).where(*_is_due(now)).order_by(OutboxMail.due_at, OutboxMail.id)
    with unit_of_work(factory) as session:
        mail = session.scalar(query.limit(1).with_for_update(skip_locked=True))
        if mail is not None:
            mail.sending_at, mail.attempts = now, mail.attempts + 1
    return mail


def _mark_sent(factory: Factory, mail_id: int, now: datetime) -> None:
    with unit_of_work(factory) as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.sent_at, mail.last_error = now, None


def _put_back(factory: Factory, mail_id: int, now: datetime, reason: str) -> None:
    """Not sent: once more after 1, 2, 4 … minutes; given up after ten tries."""
    with unit_of_work(factory) as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.sending_at, mail.last_error = None, reason[:500]
        if mail.attempts >= MOST_TRIES:
            mail.failed_at = now
        mail.due_at = now + FIRST_DELAY * 2 ** (mail.attempts - 1)
    # The server's words can hold the address: they stay in the table, out of the log.
    log.warning("mail_refused", action="mail", mail_id=mail_id, code=reason.split(maxsplit=1)[0])


def _postpone_all(factory: Factory, now: datetime, reason: str) -> None:
    """No server: every due mail waits as long again as it has waited, half a minute to fifteen."""
    waited = func.greatest(SHORTEST_WAIT, func.least(LONGEST_WAIT, now - OutboxMail.created_at))
    rule = _is_due(now)
    values = {"due_at": now + waited, "last_error": reason[:500]}
    with unit_of_work(factory) as session:
        old = OutboxMail.created_at < now - GIVE_UP
        session.execute(update(OutboxMail).where(*rule, old).values(failed_at=now))
        session.execute(update(OutboxMail).where(*rule).values(values))
