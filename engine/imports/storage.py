"""A report as plain JSON and back, for the upload's row between checking and confirming."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from engine.domain.enterprise import Qualification
from engine.imports.cells import Group
from engine.imports.report import Hint, ListReport, ReferralRow, RefusedCell, TidiedCell
from engine.imports.tidy import Tidy
from engine.text import Text

DECIMALS = ("revenue", "assets", "need_amount")
DATES = ("established_on", "need_by")
Stored = dict[str, Any]


def dump_report(report: ListReport) -> Stored:
    """Everything in the report, as JSON values: dates ISO, amounts as strings, texts as pairs."""
    return {each.name: _plain(getattr(report, each.name)) for each in fields(report)}


def dump_row(row: ReferralRow) -> Stored:
    """One accepted row, for referral_item.row."""
    return {each.name: _plain(getattr(row, each.name)) for each in fields(row)}


def load_report(stored: Mapping[str, Any]) -> ListReport:
    """The report that `dump_report` wrote."""
    return ListReport(
        file=stored["file"],
        rows=stored["rows"],
        accepted=tuple(load_row(each) for each in stored["accepted"]),
        refused=tuple(_refused(each) for each in stored["refused"]),
        hints=tuple(_hint(each) for each in stored["hints"]),
        tidied=tuple(_tidied(each) for each in stored["tidied"]),
        unit=stored["unit"],
        notes=tuple(_text(each) for each in stored["notes"]),
    )


def load_row(stored: Mapping[str, Any]) -> ReferralRow:
    """The row that `dump_row` wrote."""
    values: Stored = dict(stored)
    for name in DECIMALS:
        values[name] = None if values[name] is None else Decimal(values[name])
    for name in DATES:
        values[name] = _day(values[name])
    values["qualifications"] = tuple(
        Qualification(each["code"], _day(each["expires_on"]), each["open_ended"])
        for each in values["qualifications"]
    )
    values["hints"] = tuple(_hint(each) for each in values["hints"])
    values["tidied"] = tuple(_tidied(each) for each in values["tidied"])
    return ReferralRow(**values)


def _plain(value: object) -> object:
    if isinstance(value, Text):
        return {"template": value.template, "params": value.params}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _text(stored: Mapping[str, Any]) -> Text:
    return Text(stored["template"], dict(stored["params"]))


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def _refused(stored: Mapping[str, Any]) -> RefusedCell:
    texts = {name: _text(stored[name]) for name in ("reason", "remedy")}
    return RefusedCell(**{**stored, **texts, "group": Group(stored["group"])})


def _hint(stored: Mapping[str, Any]) -> Hint:
    return Hint(**{**stored, "message": _text(stored["message"])})


def _tidied(stored: Mapping[str, Any]) -> TidiedCell:
    return TidiedCell(**{**stored, "kind": Tidy(stored["kind"])})
