"""Forms as widgets: a definition with what was typed, its options, in the request's language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from engine.forms import Choices, Field, Form, Option
from engine.forms.binding import MAX_TEXT, WAN
from web.i18n import raw_unit
from web.rendering import language

CODED = re.compile(r"[A-Z]\d{1,2}")
TONES = {"ok": "circle-check", "back": "arrow-back-up", "no": "ban", "neutral": "circle-dot"}
ROWS = {"case_rows", "subsidy_rows"}
Raw = dict[str, list[str]]


@dataclass(frozen=True)
class Choice:
    """An option as shown. `code`: whether its value is shown before the words (R01)."""

    value: str
    label: str
    code: bool = False
    group: str = ""


@dataclass(frozen=True)
class Face:
    """One way to decide: its colour, the act on the button, what follows."""

    value: str
    label: str
    tone: str
    icon: str
    act: str
    follows: str


@dataclass(frozen=True)
class Widget:
    """An input for the macro `ui.field`. `hide`: FEEL, evaluated by app.js and by the server."""

    key: str
    type: str
    label: str
    unit: str = ""
    kind: str = ""
    options: tuple[Choice, ...] = ()
    values: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""
    hide: str = ""
    needed: str = ""  # FEEL: when an optional field has to be filled in
    numeric: bool = False
    max_length: int = MAX_TEXT
    multiple: bool = False
    accept: str = ""

    @property
    def value(self) -> str | None:
        """The single value."""
        return self.values[0] if self.values else None


@dataclass(frozen=True)
class Sheet:
    """A whole form to be shown: the doors, then the other fields."""

    faces: tuple[Face, ...] = ()
    chosen: str | None = None
    question: str = ""
    widgets: tuple[Widget, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    act: str = ""  # the button's words of a form without doors, and what follows
    follows: str = ""


def raw_of(posted: MultiDict[str, str]) -> Raw:
    """What was posted, as lists of strings; the CSRF token and the page's own fields left out."""
    return {
        key: posted.getlist(key)
        for key in posted
        if key != "csrf_token" and not key.startswith("_")
    }


def sheet(
    form: Form,
    raw: Raw,
    choices: Choices,
    hints: Mapping[str, str] | None = None,
    without: frozenset[str] = frozenset(),
) -> Sheet:
    """The form with what was typed; `without` leaves out fields that are shown elsewhere."""
    outcome = form.outcome
    chosen = next(iter(raw.get("outcome", ())), None)
    widgets = tuple(
        widget_of(one, raw, choices, (hints or {}).get(one.key))
        for one in form.fields
        if one is not outcome and one.key not in without
    )
    labels = {one.key: label_of(one) for one in form.fields}
    if outcome is None:
        end = "_en" if language() == "en" else ""
        act, follows = (form.properties.get(f"{name}{end}", "") for name in ("submit", "next"))
        return Sheet(widgets=widgets, labels=labels, act=act, follows=follows)
    return Sheet(faces_of(outcome), chosen, label_of(outcome), widgets, labels)


def widget_of(field: Field, raw: Raw, choices: Choices, hint: str | None = None) -> Widget:
    """One input."""
    options = choices.get(field.source, ()) if field.source else field.options
    number = field.type == "number" or field.kind in ("money", "rate", "integer")
    return Widget(
        key=field.key,
        type="checklist" if field.kind in ROWS else field.type,
        label=label_of(field),
        unit=raw_unit(field.unit),
        kind=field.kind,
        options=tuple(_choice(option, field) for option in options),
        values=tuple(raw.get(field.key, ())),
        required=field.required,
        hint=hint or _words(field.description, field.properties.get("description_en", "")),
        hide=field.hide.strip().removeprefix("="),
        needed=field.required_when.strip().removeprefix("="),
        numeric=number,
        max_length=min(int(field.rules.get("maxLength") or MAX_TEXT), 5000),
        multiple=field.type == "filepicker",
    )


def faces_of(outcome: Field) -> tuple[Face, ...]:
    """The doors of a decision field."""
    return tuple(_face(outcome, option) for option in outcome.options)


def _face(outcome: Field, option: Option) -> Face:
    tone = outcome.properties.get(f"tone_{option.value}", "neutral")
    return Face(
        option.value,
        _words(option.label, option.label_en),
        tone,
        TONES.get(tone, "circle-dot"),
        _property(outcome, f"submit_{option.value}", "submit_en_") or gettext("办结"),
        _property(outcome, f"next_{option.value}", "next_en_"),
    )


def _property(field: Field, name: str, english: str) -> str:
    value = name.split("_", 1)[1]
    chinese = field.properties.get(name, "")
    if language() == "en":
        return field.properties.get(f"{english}{value}") or str(gettext(chinese) if chinese else "")
    return chinese


def label_of(field: Field) -> str:
    """The field's name in the request's language."""
    return _words(field.label, field.label_en)


def _words(chinese: str, english: str) -> str:
    return english if english and language() == "en" else chinese


def _choice(option: Option, field: Field) -> Choice:
    coded = CODED.fullmatch(option.value) is not None
    group = field.properties.get(f"group_{option.value}", "")
    english = field.properties.get(f"group_en_{option.value}", "")
    shown = _words(group, english or (str(gettext(group)) if group else ""))
    return Choice(option.value, _words(option.label, option.label_en), coded, shown)


def typed(form: Form, values: Mapping[str, Any]) -> Raw:
    """Stored typed values as they would be typed again (a task taken back, a prefilled field)."""
    found: Raw = {}
    for key, value in values.items():
        if value is None:
            continue
        given = value if isinstance(value, list) else [value]
        known = form.field(key)
        found[key] = [_retyped(known, one) for one in given]
    return found


def _retyped(field: Field | None, value: Any) -> str:
    if value is True:
        return "on"
    if value is False:
        return ""
    if field is not None and field.unit == "万元":
        return in_wan(value)
    return str(value)


def in_wan(value: Any) -> str:
    """元 as typed in 万元: 6000000.00 -> 600.00, exact to 分."""
    try:
        amount = Decimal(str(value)) / WAN
    except InvalidOperation:
        return str(value)
    short = amount.quantize(Decimal("0.01"))
    return f"{short if short == amount else amount.normalize():,f}"


def draft_of(form: Form, draft: Mapping[str, Any] | None) -> Raw:
    """What a draft holds: as it was typed (`raw`), or the values of a task taken back."""
    if not draft:
        return {}
    kept = draft.get("raw")
    if isinstance(kept, Mapping):
        return {str(key): [str(one) for one in _many(value)] for key, value in kept.items()}
    return typed(form, draft)


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
