"""What a diagram's values mean, in the words of the panel: a form's name, a party's, a period's."""

import re
from collections.abc import Callable, Iterable

from flask_babel import gettext
from sqlalchemy.orm import Session

from engine.models import DefinitionKind
from engine.queries.clauses import clause_of
from engine.queries.definitions import newest
from engine.runtime.compare import Difference, compare
from engine.runtime.registry import operations
from web.areas.studio.panel_words import panel_words
from web.areas.studio.vocabulary import decisions, party_words, periods, stages
from web.rendering import language, role_words

_DUE = re.compile(r'=\s*due\("(\w+)"\)')
Reader = Callable[[str], str | None]


def differences(session: Session, old: bytes, new: bytes) -> list[Difference]:
    """What differs between two diagrams, in the page's language."""
    return compare(old, new, Values(session))


class Values:
    """Says values in words (engine.runtime.compare.Say); reads lists only when they are asked."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._readers: dict[str, Reader] = {
            "candidateGroups": _posts,
            "escalateTo": _posts,
            "formKey": lambda key: self._published(DefinitionKind.FORM, key),
            "calledElement": lambda key: self._published(DefinitionKind.PROCESS, key),
            "operation": _operation,
            "topic": _operation,
            "decisionRef": self._decision,
            "deadline": self._period,
            "timeDate": self._due,
            "clause": _clause,
            "stage": _stage,
            "mapDecisionResult": lambda kind: panel_words().get(f"p_map_{kind}"),
        }

    def __call__(self, key: str, value: str) -> str | None:
        reader = self._readers.get(key)
        return reader(value) if reader else None

    def _published(self, kind: DefinitionKind, key: str) -> str | None:
        found = (one.name for one in newest(self.session, kind) if one.key == key)
        return next(found, None)

    def _decision(self, key: str) -> str | None:
        return next((one["name"] for one in decisions(self.session) if one["id"] == key), None)

    def _period(self, key: str) -> str | None:
        found = next((one for one in periods(self.session) if one["name"] == key), None)
        if found is None:
            return None
        lengths = " / ".join(dict.fromkeys(one["words"] for one in found["values"]))
        return gettext("参数“%(name)s”（%(lengths)s）", name=found["label"], lengths=lengths)

    def _due(self, value: str) -> str | None:
        named = _DUE.fullmatch(value.strip())
        period = self._period(named[1]) if named else None
        return gettext("%(period)s到期", period=period) if period else None


def _posts(value: str) -> str:
    return _listed(_post(one.strip()) for one in value.split(","))


def _post(value: str) -> str:
    party, _, role = value.partition(":")
    words = [party_words().get(party, party), role_words().get(role, role)]
    return ("" if language() == "zh" else " ").join(words)


def _operation(name: str) -> str | None:
    found = operations().get(name)
    return gettext(found.title) if found else None


def _clause(value: str) -> str | None:
    found = [(one, clause_of(one)) for one in re.split(r"[,，\s]+", value) if one]
    if not any(clause for _, clause in found):
        return None
    return _listed(f"{one} {clause.number}" if clause else one for one, clause in found)


def _stage(value: str) -> str | None:
    number = int(value) if value.isdecimal() and len(value) < 4 else 0
    return f"{value} {stages()[number - 1]}" if 1 <= number <= len(stages()) else None


def _listed(words: Iterable[str]) -> str:
    return gettext("、").join(words)
