"""Names of what the trail keeps by key or id: form fields, processes, organisations, scorers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine.forms import Field, load_form
from engine.models import DefinitionKind
from engine.queries.audit import names
from engine.queries.definitions import newest
from web.rendering import language


@dataclass(frozen=True)
class Labels:
    """Form fields and processes' names by key, organisations' and people's by id."""

    fields: Mapping[str, Field] = field(default_factory=dict)
    processes: Mapping[str, str] = field(default_factory=dict)
    organisations: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)

    def field(self, key: str) -> str | None:
        """A field's label in the page's language."""
        found = self.fields.get(key)
        if found is None:
            return None
        return found.label_en if language() == "en" and found.label_en else found.label

    def option(self, key: str, value: str) -> str | None:
        """A choice's label in the page's language."""
        found = self.fields.get(key)
        for one in found.options if found else ():
            if one.value == value:
                return one.label_en if language() == "en" and one.label_en else one.label
        return None


def published_labels(session: Session) -> Labels:
    """The labels of what is published last; a key that several forms use has the first one's."""
    fields: dict[str, Field] = {}
    for definition in newest(session, DefinitionKind.FORM):
        for one in load_form(definition.source).fields:
            fields.setdefault(one.key, one)
    # an outcome means something else in every form; its codes have words of their own
    fields.pop("outcome", None)
    named = {one.key: one.name for one in newest(session, DefinitionKind.PROCESS)}
    return Labels(fields, named, *names(session))
