"""Administration: people, organisations, mails, definitions, parameters, calendar, health."""

from web.areas.admin import (
    calendar,
    definitions,
    mails,
    migrations,
    organisations,
    parameters,
    people,
)
from web.areas.admin.blueprint import area

__all__ = [
    "area",
    "calendar",
    "definitions",
    "mails",
    "migrations",
    "organisations",
    "parameters",
    "people",
]
