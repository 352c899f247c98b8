"""Referral lists: bytes in, a report out. Nothing here knows the database.

sheet = read_list(data, "2025-12_南翔镇_需求名单.xlsx")      # ListRefused when it is no list
report = check_rows(sheet, list_context("SUBDISTRICT", "2025-12", today))
workbook = correction_workbook(sheet, report)
"""

from engine.imports.context import ListContext, list_context, programme_context
from engine.imports.corrections import correction_workbook
from engine.imports.limits import DEFAULT_LIMITS, Limits, ListRefused
from engine.imports.model import SheetData
from engine.imports.naming import ListName, read_name, source_type_of
from engine.imports.reader import read_bounded, read_list
from engine.imports.report import (
    Hint,
    ListReport,
    Merged,
    Overlap,
    ReferralRow,
    RefusedCell,
    TidiedCell,
    merge,
    refusal_as_json,
)
from engine.imports.rows import check_rows
from engine.imports.template import referral_template
from engine.imports.tidy import TIDY_LABELS, Tidy

__all__ = [
    "DEFAULT_LIMITS",
    "TIDY_LABELS",
    "Hint",
    "Limits",
    "ListContext",
    "ListName",
    "ListRefused",
    "ListReport",
    "Merged",
    "Overlap",
    "ReferralRow",
    "RefusedCell",
    "SheetData",
    "TidiedCell",
    "Tidy",
    "check_rows",
    "correction_workbook",
    "list_context",
    "merge",
    "programme_context",
    "read_bounded",
    "read_list",
    "read_name",
    "referral_template",
    "refusal_as_json",
    "source_type_of",
]
