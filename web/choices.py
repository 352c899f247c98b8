"""Options of form fields with a `source`: filled by the server when shown and when checked.

@choices("scorers")
def _scorers(item: WorkItem) -> list[Option]:
    return [Option("17", "陆文昊")]
"""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from engine.forms import Choices, Form, Option
from engine.models import Organisation, OrgKind, WorkItem
from web.unit import reading

Source = Callable[[WorkItem], Sequence[Option]]
_SOURCES: dict[str, Source] = {}


def choices(*names: str) -> Callable[[Source], Source]:
    """Register where the options of one or more sources come from."""

    def register(source: Source) -> Source:
        _SOURCES.update(dict.fromkeys(names, source))
        return source

    return register


def choices_for(form: Form, item: WorkItem) -> Choices:
    """The options of every field of the form that has a source; none for an unknown source."""
    wanted = {field.source for field in form.fields if field.source}
    return {name: _SOURCES[name](item) if name in _SOURCES else () for name in wanted}


def organisations(*kinds: OrgKind) -> list[Option]:
    """The active organisations of these kinds."""
    query = (
        select(Organisation.id, Organisation.short_name)
        .where(Organisation.kind.in_([kind.value for kind in kinds]), Organisation.active)
        .order_by(Organisation.id)
    )
    return [Option(str(key), name) for key, name in reading().execute(query).tuples()]


@choices("banks")
def _banks(_: WorkItem) -> list[Option]:
    return organisations(OrgKind.BANK)


@choices("guarantors")
def _guarantors(_: WorkItem) -> list[Option]:
    return organisations(OrgKind.GUARANTOR)
