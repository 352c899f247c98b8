"""Options of form fields with a `source`: filled by the server when shown and when checked.

@choices("scorers")
def _scorers(item: WorkItem) -> list[Option]:
    return [Option("17", "陆文昊")]
"""

from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from engine.clock import local_date
from engine.forms import Choices, Form, Option
from engine.models import Organisation, OrgKind, WorkItem
from engine.runtime.in_force import programme_of

Source = Callable[[WorkItem], Sequence[Option]]
_SOURCES: dict[str, Source] = {}


def choices(*names: str) -> Callable[[Source], Source]:
    """Register where the options of one or more sources come from."""

    def register(source: Source) -> Source:
        _SOURCES.update(dict.fromkeys(names, source))
        return source

    return register


@cache
def _load_areas() -> None:
    # the areas register their sources when they are imported; the demonstration runs without pages
    from web.pages import blueprints

    blueprints()


def choices_for(form: Form, item: WorkItem) -> Choices:
    """The options of every field of the form that has a source; none for an unknown source."""
    _load_areas()
    wanted = {field.source for field in form.fields if field.source}
    return {name: _SOURCES[name](item) if name in _SOURCES else () for name in wanted}


def session_of(item: WorkItem) -> Session:
    """The session that the task was read in."""
    found = object_session(item)
    assert found is not None  # noqa: S101 (a task comes from a session)
    return found


def organisations(item: WorkItem, *kinds: OrgKind) -> list[Option]:
    """The active organisations of these kinds."""
    query = (
        select(Organisation.id, Organisation.short_name)
        .where(Organisation.kind.in_([kind.value for kind in kinds]), Organisation.active)
        .order_by(Organisation.id)
    )
    rows = session_of(item).execute(query).tuples()
    return [Option(str(key), name) for key, name in rows]


@choices("banks")
def _banks(item: WorkItem) -> list[Option]:
    return organisations(item, OrgKind.BANK)


@choices("guarantors")
def _guarantors(item: WorkItem) -> list[Option]:
    return organisations(item, OrgKind.GUARANTOR)


@choices("purposes")
def _purposes(item: WorkItem) -> list[Option]:
    return [Option(code, name) for code, name in _codes(item, "purposes")]


@choices("sub_districts")
def _sub_districts(item: WorkItem) -> list[Option]:
    # kept as it is written in the lists, not by code; the industry too
    return [Option(name, name) for _, name in _codes(item, "sub_districts")]


@choices("industries")
def _industries(item: WorkItem) -> list[Option]:
    return [Option(name, name) for _, name in _codes(item, "industries")]


def _codes(item: WorkItem, name: str) -> list[tuple[str, str]]:
    """A code list of the task's programme, as of the day the task was opened."""
    programme = programme_of(session_of(item), item.instance.programme)
    listed = programme.at(local_date(item.opened_at)).code_list(name)
    return [(each.code, each.name) for each in listed.items]
