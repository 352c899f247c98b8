"""Enterprises: one row a credit code. Lists add them; facts follow the first submission (P1)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.domain.programme import Parameters
from engine.models import Enterprise

Row = Mapping[str, Any]  # a list row as JSON (list_rows.row_json)

# field of a list row -> column of the enterprise
COLUMNS = {
    "name": "name",
    "legal_rep": "legal_rep_name",
    "controller": "controller_name",
    "reg_address": "reg_address",
    "biz_address": "biz_address",
    "sub_district": "sub_district",
    "industry": "industry",
    "employees": "employees",
    "revenue": "revenue",
    "assets": "assets",
    "is_agri": "is_agri",
    "contact": "contact_name",
    "phone": "contact_phone",
    "email": "email",
}
AMOUNTS = ("revenue", "assets")


def facts_of(row: Row, parameters: Parameters) -> dict[str, Any]:
    """What a row says about the enterprise itself, by column; nothing for what it leaves blank."""
    found = {column: row.get(field) for field, column in COLUMNS.items()}
    facts: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    facts.update({name: Decimal(facts[name]) for name in AMOUNTS if name in facts})
    if facts.get("industry"):
        facts["size_industry"] = size_industry(str(facts["industry"]), parameters)
    return facts


def size_industry(written: str, parameters: Parameters) -> str | None:
    """The E4 industry that the programme's list gives for the words of a referral list."""
    if "industries" not in parameters:
        return None
    item = parameters.code_list("industries").find(written)
    return item.get("size_industry") if item else None


def ensure(
    session: Session, rows: Sequence[Row], parameters: Parameters, now: datetime
) -> dict[str, int]:
    """The enterprises' ids by credit code; those not known yet are added.

    A known one keeps its facts: a list counts from its submission on, not from its upload.
    """
    ordered = sorted(rows, key=lambda row: str(row["uscc"]))  # two lists never lock crosswise
    values = [_new(row, parameters, now) for row in ordered]
    if values:
        session.execute(insert(Enterprise).on_conflict_do_nothing(), values)
    codes = [row["uscc"] for row in rows]
    query = select(Enterprise.uscc, Enterprise.id).where(Enterprise.uscc.in_(codes))
    return dict(session.execute(query).tuples().all())


def _new(row: Row, parameters: Parameters, now: datetime) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys([*COLUMNS.values(), "size_industry"])
    values = {**empty, "is_agri": False, **facts_of(row, parameters)}
    return {
        **values,
        "uscc": row["uscc"],
        "qualifications": list(row.get("qualifications") or []),
        "updated_at": now,
    }


def lock(session: Session, ids: Sequence[int]) -> dict[int, Enterprise]:
    """The enterprises by id, locked in the order of their ids until the transaction ends.

    Whoever opens a case for one holds this lock, so that two referrers make one case.
    """
    query = (
        select(Enterprise)
        .where(Enterprise.id.in_(ids))
        .order_by(Enterprise.id)
        # rows that refer to an enterprise may still be added meanwhile
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {one.id: one for one in session.scalars(query)}


def take_over(enterprise: Enterprise, row: Row, parameters: Parameters, now: datetime) -> None:
    """The row opens a case: what it says replaces what was known."""
    for column, value in facts_of(row, parameters).items():
        _set(enterprise, column, value, now)
    if row.get("qualifications"):
        _set(enterprise, "qualifications", list(row["qualifications"]), now)


def fill_in(enterprise: Enterprise, row: Row, parameters: Parameters, now: datetime) -> None:
    """The row joins a case: the first submission stands, only blanks and certificates are added."""
    for column, value in facts_of(row, parameters).items():
        if getattr(enterprise, column) is None:
            _set(enterprise, column, value, now)
    held = {each["code"] for each in enterprise.qualifications}
    added = [each for each in row.get("qualifications") or [] if each["code"] not in held]
    if added:
        _set(enterprise, "qualifications", [*enterprise.qualifications, *added], now)


def _set(enterprise: Enterprise, column: str, value: Any, now: datetime) -> None:
    if getattr(enterprise, column) != value:
        setattr(enterprise, column, value)
        enterprise.updated_at = now


def correct(enterprise: Enterprise, changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Write corrected columns; returns the old values of those that did change."""
    before = {column: getattr(enterprise, column) for column in changes}
    for column, value in changes.items():
        _set(enterprise, column, value, now)
    return {column: value for column, value in before.items() if value != changes[column]}


def day_of(stored: str | None) -> date | None:
    """A date kept in a JSON column."""
    return date.fromisoformat(stored) if stored else None
