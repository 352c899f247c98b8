"""Sessions for views: one for reading a page, one unit of work for each change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import current_app, g
from sqlalchemy.orm import Session

from engine.config import Settings
from engine.db import unit_of_work


def reading() -> Session:
    """The request's session for reading; never committed."""
    if "reading" not in g:
        g.reading = current_app.config["FACTORY"]()
    session: Session = g.reading
    return session


def close_reading(_: BaseException | None) -> None:
    """Give the request's reading session back."""
    session = g.pop("reading", None)
    if session is not None:
        session.close()


@contextmanager
def changing() -> Iterator[Session]:
    """A unit of work: committed once when the block ends, rolled back whole when it raises."""
    # what was read before may be older than what the change sees; and its connection is not needed
    close_reading(None)
    with unit_of_work(current_app.config["FACTORY"]) as session:
        yield session


def now() -> datetime:
    """The moment of this request: read once, so that a page never spans two."""
    if "now" not in g:
        g.now = current_app.config["CLOCK"]()
    moment: datetime = g.now
    return moment


def settings() -> Settings:
    """This installation's settings."""
    found: Settings = current_app.config["SETTINGS"]
    return found
