"""The rows of a referral batch: taken over from a list, keyed in, taken out (P1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.domain.programme import Parameters
from engine.errors import InvalidInput, NotFound
from engine.imports import check_rows
from engine.imports.columns import BY_FIELD, CORE
from engine.imports.model import SheetColumn, SheetData, SheetRow
from engine.imports.report import RefusedCell
from engine.models import Enterprise, ReferralBatch, ReferralItem
from engine.operations import batches, enterprises
from engine.operations.list_context import banks, context_of
from engine.operations.list_rows import row_json
from engine.people import Actor
from engine.runtime.in_force import programme_of
from engine.text import Text, text

Row = Mapping[str, Any]  # a list row as JSON (list_rows.row_json)


@dataclass(frozen=True)
class ChangedRow:
    """A row that replaced one confirmed before: which fields differ."""

    row: int
    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Confirmed:
    """What confirming a list did. `unchanged` counts rows that were there already, as they are."""

    added: int
    changed: tuple[ChangedRow, ...]
    unchanged: int


def parameters_of(session: Session, batch: ReferralBatch, now: datetime) -> Parameters:
    """The programme's parameters of today."""
    return programme_of(session, batch.programme).at(local_date(now))


def take_rows(
    session: Session,
    batch: ReferralBatch,
    rows: Sequence[Row],
    upload_id: int | None,
    now: datetime,
) -> Confirmed:
    """Write checked rows into a batch that the caller has locked, in a few statements for all."""
    ids = enterprises.ensure(session, rows, parameters_of(session, batch, now), now)
    bank_ids = {bank.code: bank.id for bank in banks(session)}
    query = select(ReferralItem).where(ReferralItem.batch_id == batch.id)
    held = {item.enterprise_id: item for item in session.scalars(query)}
    new: list[dict[str, Any]] = []
    changed: list[ChangedRow] = []
    for row in rows:
        item = held.get(ids[row["uscc"]])
        values = _item_values(row, bank_ids, upload_id)
        if item is None:
            new.append({**values, "batch_id": batch.id, "enterprise_id": ids[row["uscc"]]})
        elif differing := _differing(item.row, row):
            changed.append(ChangedRow(row["row"], row["name"], differing))
            _change(item, values)
    if new:
        session.execute(insert(ReferralItem), new)
    session.flush()
    return Confirmed(len(new), tuple(changed), len(rows) - len(new) - len(changed))


def _item_values(row: Row, bank_ids: Mapping[str, int], upload_id: int | None) -> dict[str, Any]:
    return {
        "upload_id": upload_id,
        "row_no": row["row"] if upload_id is not None else None,
        "category": row["category"],
        "need_amount": Decimal(row["need_amount"]),
        "need_term": row["need_term"],
        "need_purpose": row["purpose"],
        "pref_bank_id": bank_ids.get(row.get("pref_bank") or ""),
        "pref_bank_text": row.get("pref_bank_text"),
        "target_settle": row["target_settle"],
        "remark": row.get("remark") or "",
        "row": dict(row),
    }


def _differing(old: Row, new: Row) -> tuple[str, ...]:
    """The fields in which two rows of one enterprise differ; where they stood does not count."""
    return tuple(name for name in new if name != "row" and old.get(name) != new[name])


def _change(item: ReferralItem, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(item, name, value)


def add_row(
    session: Session,
    batch_id: int,
    values: Mapping[str, str],
    actor: Actor,
    now: datetime,
    *,
    need_unit: str = "元",
    item_id: int | None = None,
) -> ReferralItem:
    """Key in one enterprise, or correct the one of `item_id`, under the rules of a list.

    `values` as typed, by field of engine.imports.columns, a blank for each field of the form that
    was left out; the need in `need_unit` (元 or 万元), revenue and assets in 万元. Raises
    InvalidInput with the reason for each field, NotFound, Conflict.
    """
    batch = batches.draft_batch(session, batch_id, actor)
    row = _checked_row(session, batch, values, need_unit, now)
    _refuse_other(session, batch, row["uscc"], item_id)
    done = take_rows(session, batch, [row], None, now)
    item = session.scalars(_by_code(batch, row["uscc"])).one()
    action = "referral.row_added" if done.added else "referral.row_changed"
    message = text("{name}：录入名单", name=row["name"])
    batches.audit(session, batch, action, message, actor, now, after={"row": row})
    return item


def _checked_row(
    session: Session, batch: ReferralBatch, values: Mapping[str, str], unit: str, now: datetime
) -> Row:
    sheet = _one_row(values, unit)
    context = context_of(session, batch, parameters_of(session, batch, now), local_date(now))
    report = check_rows(sheet, context)
    if report.refused:
        raise InvalidInput({cell.field: _said(cell) for cell in report.refused})
    return row_json(report.accepted[0])


def _one_row(values: Mapping[str, str], unit: str) -> SheetData:
    """A list of one row, with the columns that the form has and those no list is without."""
    names = [name for name in BY_FIELD if name in values or name in CORE]
    units = {name: BY_FIELD[name].unit for name in names} | {"need_amount": unit}
    columns = tuple(
        SheetColumn(index, BY_FIELD[name].label, name, units[name])
        for index, name in enumerate(names)
    )
    cells = tuple(values.get(name) or None for name in names)
    return SheetData("", "KEYED", "", (), (), columns, (SheetRow(1, cells),))


def _said(cell: RefusedCell) -> Text:
    return text("{reason}。{remedy}", reason=cell.reason, remedy=cell.remedy)


def _refuse_other(session: Session, batch: ReferralBatch, uscc: str, item_id: int | None) -> None:
    """The enterprise may be in the batch only as the row that is being corrected."""
    item = session.scalar(_by_code(batch, uscc))
    if item is None and item_id is not None:
        raise InvalidInput({"uscc": text("信用代码不能改。换企业的，移出此行后重新录入")})
    if item is not None and item.id != item_id:
        raise InvalidInput({"uscc": text("名单里已有这家企业：{name}", name=item.row["name"])})


def _by_code(batch: ReferralBatch, uscc: str) -> Select[tuple[ReferralItem]]:
    wanted = (ReferralItem.batch_id == batch.id, Enterprise.uscc == uscc)
    return select(ReferralItem).join(Enterprise).where(*wanted)


def remove_item(session: Session, item_id: int, actor: Actor, now: datetime) -> None:
    """Take an enterprise out of a batch that is not handed on yet. Raises NotFound, Conflict."""
    item = session.get(ReferralItem, item_id)
    if item is None:
        raise NotFound()
    batch = batches.draft_batch(session, item.batch_id, actor)
    session.delete(item)
    session.flush()
    message = text("{name}：移出名单", name=item.row["name"])
    batches.audit(session, batch, "referral.row_removed", message, actor, now, before=item.row)
