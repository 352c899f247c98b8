"""What an enterprise does through its signed link: confirm the account, object (spec B, P9)."""

import re
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.errors import Conflict, InvalidInput, NotFound, RuleRefused
from engine.events import emit
from engine.models import Instance, PartyBinding, SubsidyRow
from engine.operations.account_link import read_account_token
from engine.operations.subsidy_rows import CLAUSE, PROPOSED, PUBLICISED, locked_batch
from engine.people import Actor
from engine.text import Text, text

ACCOUNT_NO = re.compile(r"\d{8,30}")
LONGEST = 1000  # of a statement
LONGEST_BANK = 100


def row_of_link(session: Session, secret_key: str, token: str, now: datetime) -> SubsidyRow:
    """The row that a link is for; whether anything may still be done with it, the operations say.

    Raises RuleRefused `link_invalid` when it is forged, damaged or out of date.
    """
    link = read_account_token(secret_key, token, now)
    row = session.get(SubsidyRow, link.row_id) if link else None
    if row is None:
        raise RuleRefused(
            "link_invalid",
            text("链接无效或已过期"),
            text("请使用最近一次通知中的链接，或联系区财政局"),
        )
    return row


def confirm_account(
    session: Session,
    row_id: int,
    *,
    account_name: str,
    account_no: str,
    account_bank: str,
    now: datetime,
) -> SubsidyRow:
    """The enterprise names the account the subsidy goes to; again, while the batch is public.

    The name must be the enterprise's own, the number 8 to 30 digits (blanks and hyphens do not
    count). Raises NotFound, InvalidInput, Conflict when the batch is not public (any more).
    """
    row = _open_row(session, row_id)
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", account_no))
    bank = " ".join(account_bank.split())
    _refuse_bad_account(row, account_name, number, bank)
    before = _account(row)
    row.account_name, row.account_no, row.account_bank = row.enterprise.name, number, bank
    row.account_confirmed_at = now
    row.enterprise.payee_account, row.enterprise.payee_bank = number, bank
    session.flush()
    message = text("{name}确认收款账号", name=row.enterprise.name)
    _record(session, row, "subsidy.account_confirmed", message, now, before, _account(row))
    payload = {"batch_id": row.batch_id, "row_id": row.id}
    emit(session, "subsidy_account_confirmed", f"subsidy:{row.batch_id}", payload, now)
    return row


def _open_row(session: Session, row_id: int) -> SubsidyRow:
    """The row, its batch locked, while the enterprise may act. Raises NotFound, Conflict."""
    row = session.get(SubsidyRow, row_id)
    if row is None:
        raise NotFound()
    locked_batch(session, row.batch_id, PUBLICISED)
    session.refresh(row)
    if row.status != PROPOSED:
        raise Conflict("row_closed", text("这笔补贴本季不再办理"), text("详情请联系区财政局"))
    return row


def _refuse_bad_account(row: SubsidyRow, name: str, number: str, bank: str) -> None:
    wrong: dict[str, Text] = {}
    if _squeezed(name) != _squeezed(row.enterprise.name):
        wrong["account_name"] = text("户名须与企业名称一致：{name}", name=row.enterprise.name)
    # isascii: \d takes digits of every script
    if not (number.isascii() and ACCOUNT_NO.fullmatch(number)):
        wrong["account_no"] = text("账号为8到30位数字")
    if not bank or len(bank) > LONGEST_BANK:
        wrong["account_bank"] = text("填写开户银行全称")
    if wrong:
        raise InvalidInput(wrong)


def _squeezed(name: str) -> str:
    # Full-width and half-width brackets are the same name to a bank.
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name))


def _account(row: SubsidyRow) -> dict[str, Any]:
    names = ("id", "account_name", "account_no", "account_bank")
    return {name: getattr(row, name) for name in names}


def file_objection(session: Session, row_id: int, statement: str, now: datetime) -> SubsidyRow:
    """The enterprise objects while the list is public; a second statement is added to the first.

    Raises NotFound, InvalidInput, Conflict.
    """
    given = statement.strip()
    if not given or len(given) > LONGEST:
        raise InvalidInput({"text": text("写明异议，不超过{n}字", n=LONGEST)})
    row = _open_row(session, row_id)
    before = {"id": row.id, "objection": row.objection}
    row.objection = "\n".join(filter(None, [row.objection, given]))
    row.objection_at = now
    session.flush()
    message = text("{name}对补贴公示提出异议", name=row.enterprise.name)
    after = {"id": row.id, "objection": row.objection}
    _record(session, row, "subsidy.objection", message, now, before, after)
    payload = {"batch_id": row.batch_id, "row_id": row.id, "org_id": _finance(session, row)}
    emit(session, "subsidy_objection", f"subsidy:{row.batch_id}", payload, now)
    return row


def _finance(session: Session, row: SubsidyRow) -> int | None:
    instance = session.get(Instance, row.batch.instance_id) if row.batch.instance_id else None
    key = (instance.id, "finance") if instance else None
    binding = session.get(PartyBinding, key) if key else None
    return binding.org_id if binding else None


def _record(
    session: Session,
    row: SubsidyRow,
    action: str,
    message: Text,
    now: datetime,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    # The enterprise has no account here: the link is what it acted with.
    record(
        session,
        chain=f"subsidy:{row.batch_id}",
        action=action,
        summary=message,
        actor=Actor(None, None, row.enterprise.name),
        now=now,
        before=before,
        after=after,
        clause=CLAUSE,
    )
