"""The programmes' parameters in force, each with its clause; read here, changed in bpmn/."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import render_template
from flask_babel import gettext

from engine.clock import local_date
from engine.domain import parameter_kinds as kinds
from engine.domain.calendar import Period
from engine.domain.parameter_kinds import CodeList
from engine.domain.parameter_names import KNOWN
from engine.domain.programme import Parameter, Programme, Version
from engine.errors import RuleRefused
from engine.operations.administration import district_of
from engine.runtime.in_force import programmes
from engine.text import Text
from web.areas.admin.blueprint import area
from web.areas.admin.parameter_words import GROUPS, UNITS
from web.areas.audit.words import CODES
from web.i18n import render_text
from web.login import actor
from web.rendering import day, wan
from web.unit import now, reading

LPR = "lpr_1y"


@dataclass(frozen=True)
class Shown:
    """A parameter as a row; `items` for lists of codes."""

    name: str
    key: str
    value: str
    items: tuple[str, ...]
    clause: str
    inferred: bool
    note: str


@dataclass(frozen=True)
class Sheet:
    """A programme today. `groups` empty while it is not in force."""

    programme: Programme
    version: str
    groups: list[tuple[str, list[Shown]]]
    drafts: list[Version]
    lpr: list[tuple[date, Decimal]]
    lpr_note: str


@area.get("/parameters")
def parameters() -> str:
    """Every programme of the district."""
    district = district_of(reading(), actor())
    found = programmes(reading()).values()
    return render_template(
        "admin/parameters.html",
        sheets=[_sheet(one) for one in found if district in (None, one.district_code)],
    )


def _sheet(programme: Programme) -> Sheet:
    drafts = [one for one in programme.versions if one.effective_from is None]
    try:
        found = programme.at(local_date(now()))
    except RuleRefused:
        return Sheet(programme, "", [], drafts, [], "")
    rows = {name: _shown(name, one) for name, one in found.values.items() if name != LPR}
    table = sorted(found.lpr_table().items(), reverse=True)
    return Sheet(
        programme,
        found.version,
        list(_grouped(rows)),
        drafts,
        table,
        found.parameter(LPR).note or "",
    )


def _grouped(rows: Mapping[str, Shown]) -> Iterator[tuple[str, list[Shown]]]:
    named = {name for _, names in GROUPS for name in names}
    for title, names in GROUPS:
        yield render_text(title), [rows[name] for name in names if name in rows]
    rest = [row for name, row in rows.items() if name not in named]
    if rest:
        yield gettext("其他"), rest


def _shown(name: str, one: Parameter) -> Shown:
    return Shown(
        name_of(name),
        name,
        value_in_words(name, one.value),
        _items(one.value),
        one.clause,
        one.inferred,
        one.note or "",
    )


def name_of(name: str) -> str:
    """A parameter in words."""
    found: Text | None = next((names[name] for _, names in GROUPS if name in names), None)
    return render_text(found) if found else name


def _items(value: object) -> tuple[str, ...]:
    if isinstance(value, CodeList):
        return value_names(value)
    if isinstance(value, Mapping):
        return tuple(f"{_code(key)} {_plain(one)}" for key, one in value.items())
    return ()


def value_names(value: CodeList) -> tuple[str, ...]:
    """A code list's names."""
    return tuple(item.name for item in value.items)


def value_in_words(name: str, value: object) -> str:
    """A parameter's value in words; `name` tells how amounts are meant."""
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, Period):
        return render_text(Text(UNITS[value.unit.value].template, {"n": value.amount}))
    if isinstance(value, Decimal):
        return _decimal(name, value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, tuple):
        return gettext("、").join(_code(one) for one in value)
    if isinstance(value, CodeList | Mapping):
        return gettext("%(n)s项", n=len(_items(value)))
    return _code(value)


def _decimal(name: str, value: Decimal) -> str:
    known = KNOWN.get(name)
    if known is not None and known.read is kinds.money:
        return gettext("%(amount)s万元", amount=wan(value))
    return f"{(value * 100).normalize():f}%"


def _code(value: object) -> str:
    found = CODES.get(str(value))
    return render_text(found) if found else str(value)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(_code(one) for one in value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
