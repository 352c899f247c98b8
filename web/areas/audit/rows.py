"""Rows of the trail made readable: what was replaced by what, about what, sealed or not."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext

from engine.audit.queries import Entry
from engine.clock import SHANGHAI
from engine.queries.audit import Seal, Subject
from engine.text import Text
from web.areas.audit import words
from web.areas.audit.acts import ACTIONS
from web.areas.audit.labels import Labels
from web.i18n import render_text
from web.rendering import day, language, moment, wan, yuan

SHOWN = 4  # changes in the list; all of them in the details
LONGEST = 60
HASH = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Change:
    """A field that was set or replaced. `old` None: nothing was there before."""

    name: str
    old: str | None
    new: str | None
    internal: bool = False


@dataclass(frozen=True)
class Row:
    """An entry with everything the page needs."""

    entry: Entry
    time: str
    action: str
    summary: str
    subject: Subject | None
    subject_name: str
    changes: tuple[Change, ...]
    more: int
    seal: Seal | None
    versions: str


class Reader:
    """Turns entries into rows with the names of one page's language."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def row(self, entry: Entry, subject: Subject | None, seal: Seal | None) -> Row:
        """An entry as a row."""
        public = [one for one in self.changes(entry.before, entry.after) if not one.internal]
        shown = tuple(public[:SHOWN])
        return Row(
            entry,
            entry.at.astimezone(SHANGHAI).strftime("%H:%M:%S"),
            action_name(entry.action),
            _summary(entry),
            subject,
            subject.title if subject else chain_name(entry.chain),
            shown,
            len(public) - len(shown),
            seal,
            self._versions(entry.versions),
        )

    def changes(
        self, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> list[Change]:
        """The fields in which before and after differ, in the order they were recorded."""
        return list(self._changes(_flat(before), _flat(after)))

    def _changes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
        for key in dict.fromkeys([*before, *after]):
            old, new = before.get(key), after.get(key)
            if _same(old, new) or (old in EMPTY and new in EMPTY):
                continue
            yield Change(
                self.field_name(key),
                self.value_of(key, old) if key in before else None,
                self.value_of(key, new) if key in after else None,
                key in words.INTERNAL,
            )

    def field_name(self, key: str) -> str:
        """A field in words; its key where it has none."""
        found = words.FIELDS.get(key)
        if found:
            return render_text(found)
        if key.startswith("judge_"):
            return gettext("判断%(code)s", code=key.removeprefix("judge_"))
        return self.labels.field(key) or key

    def value_of(self, key: str, value: Any) -> str:
        """A recorded value as people write it."""
        if value in EMPTY and not isinstance(value, bool | int):
            return gettext("空")
        if isinstance(value, bool):
            return gettext("是") if value else gettext("否")
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return _short(gettext("、").join(self.value_of(key, one) for one in value))
        return self._scalar(key, value)

    def _mapping(self, value: Mapping[str, Any]) -> str:
        if value and all(isinstance(one, str) and one in words.CODES for one in value.values()):
            counted = Counter(value.values())
            gap = " " if language() == "en" else ""
            named = (f"{render_text(words.CODES[k])}{gap}{n}" for k, n in counted.items())
            return gettext("，").join(named)
        parts = (f"{self.field_name(k)} {self.value_of(k, v)}" for k, v in value.items())
        return _short(gettext("，").join(parts))

    def _scalar(self, key: str, value: str | int) -> str:
        number = _decimal(value)
        named = self._named(key, number)
        if named:
            return named
        if number is not None and key in words.MONEY_FIELDS:
            return _money(number)
        if number is not None and key in words.RATIO_FIELDS:
            return f"{(number * 100).normalize():f}%"
        code = words.CODES.get(str(value))
        if code:
            return render_text(code)
        return self.labels.option(key, str(value)) or _short(_dated(str(value)))

    def _named(self, key: str, number: Decimal | None) -> str | None:
        if number is None:
            return None
        if key in words.ORGANISATION_FIELDS:
            return self.labels.organisations.get(int(number))
        return self.labels.people.get(int(number)) if key in words.PERSON_FIELDS else None

    def _versions(self, stored: Mapping[str, Any]) -> str:
        """白名单审核 · 参数2025-12."""
        gap = " " if language() == "en" else ""
        key = str(stored.get("process") or "")
        parts = [self.labels.processes.get(key, key)]
        if stored.get("parameters"):
            parts.append(f"{gettext('参数')}{gap}{stored['parameters']}")
        return " · ".join(part for part in parts if part)


def _money(amount: Decimal) -> str:
    """In 万元 where that hides nothing, else in 元 (ui.md, Money and dates)."""
    step = 10_000 if language() == "en" else 100
    if amount % step == 0 and abs(amount) >= 10_000:
        return gettext("%(amount)s万元", amount=wan(amount))
    return gettext("%(amount)s元", amount=yuan(amount))


EMPTY: tuple[Any, ...] = (None, "", [], {})


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, str) and isinstance(new, str):
        first, second = _decimal(old), _decimal(new)
        return old == new or (first is not None and first == second)
    return bool(old == new)


def _flat(recorded: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was recorded, with a form's values beside the rest instead of inside."""
    found = dict(recorded or {})
    values = found.pop("values", None)
    return {**values, **found} if isinstance(values, Mapping) else found


def _summary(entry: Entry) -> str:
    if entry.action.startswith("login."):
        return action_name(entry.action)
    role = words.ROLES.get(str(entry.summary.params.get("role")))
    params = {**entry.summary.params, "role": role} if role else entry.summary.params
    return render_text(Text(entry.summary.template, params))


def action_name(action: str) -> str:
    """An act in words; the code where it has no name."""
    found = ACTIONS.get(action)
    if found is None and "." in action:
        head, _, rest = action.partition(".")
        area = ACTIONS.get(head)
        return f"{render_text(area)} · {rest}" if area else action
    return render_text(found) if found else action


def chain_name(chain: str) -> str:
    """A chain that is about no case, process, person or organisation."""
    return render_text(words.CHAINS.get(chain)) or chain


def _decimal(value: str | int) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _dated(value: str) -> str:
    if HASH.fullmatch(value):
        return value[:12] + "…"
    if len(value) < 10 or value[4:5] != "-":
        return value
    try:
        return day(date.fromisoformat(value)) if len(value) == 10 else _moment(value)
    except ValueError:
        return value


def _moment(value: str) -> str:
    found = datetime.fromisoformat(value)
    return moment(found) if found.tzinfo else value


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
