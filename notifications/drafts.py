"""What the rules make of events: one draft for each mail, before it is rendered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.config import Settings
from notifications.links import INBOX, absolute
from notifications.people import Recipient


@dataclass(frozen=True)
class Draft:
    """A mail to be: `event_key` with the address makes a second one impossible."""

    event_key: str
    recipient: Recipient
    template: str
    context: dict[str, Any]


@dataclass
class Post:
    """One round of making mails: its transaction, its moment, and where links lead."""

    session: Session
    now: datetime
    settings: Settings
    known: dict[tuple[Any, ...], list[Recipient]] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """An absolute link."""
        return absolute(self.settings.base_url, path)


@dataclass(frozen=True)
class Told:
    """Who is told, and the values of the template beside recipient and url."""

    recipients: Iterable[Recipient]
    values: dict[str, Any]
    path: str = INBOX
