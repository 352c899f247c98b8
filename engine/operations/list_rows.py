"""A checked list as JSON, as it is kept with the upload until somebody confirms it."""

from dataclasses import asdict, fields
from typing import Any

from engine.audit.encoding import native
from engine.imports.report import Hint, ListReport, ReferralRow, RefusedCell
from engine.operations.plain import text_json

LEFT_OUT = {"hints", "tidied", "qualifications"}


def report_json(report: ListReport) -> dict[str, Any]:
    """{file, rows, unit, accepted: [row], refused, hints, tidied: {kind: n}, notes, need_total}.

    Amounts as strings in 元 (revenue and assets in 万元), texts as {template, params}.
    """
    return {
        "file": report.file,
        "rows": report.rows,
        "unit": report.unit,
        "accepted": [row_json(row) for row in report.accepted],
        "refused": [_refused(cell) for cell in report.refused],
        "refused_rows": list(report.refused_rows),
        "groups": native(report.groups),
        "hints": [_hint(hint) for hint in report.hints],
        "tidied": native(report.tidied_counts),
        "notes": [text_json(note) for note in report.notes],
        "need_total": native(report.need_total),
    }


def row_json(row: ReferralRow) -> dict[str, Any]:
    """A row's values, JSON-native. qualifications: {code, expires_on, open_ended}."""
    kept = (each.name for each in fields(row) if each.name not in LEFT_OUT)
    values = {name: native(getattr(row, name)) for name in kept}
    return {**values, "qualifications": [native(asdict(each)) for each in row.qualifications]}


def _refused(cell: RefusedCell) -> dict[str, Any]:
    return {
        "row": cell.row,
        "column": cell.column,
        "field": cell.field,
        "value": native(cell.value),
        "reason": text_json(cell.reason),
        "remedy": text_json(cell.remedy),
        "group": cell.group.value,
        "enterprise": cell.enterprise,
    }


def _hint(hint: Hint) -> dict[str, Any]:
    return {
        "row": hint.row,
        "column": hint.column,
        "field": hint.field,
        "value": native(hint.value),
        "message": text_json(hint.message),
        "enterprise": hint.enterprise,
    }
