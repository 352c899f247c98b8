"""补贴计算表 (G4): a batch row by row, the total in figures and written out."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.clock import local_date
from engine.documents.capital import capital
from engine.documents.sheet import Sheet, Value
from engine.models import Filing, SubsidyBatch, SubsidyRow
from engine.operations.subsidy_rows import EXCLUDED, PAID, PROPOSED

HEADINGS = (
    *(
        "序号",
        "企业名称",
        "统一社会信用代码",
        "备案编号",
        "借据号",
        "实缴担保费（元）",
        "扣减（元）",
    ),
    *("补贴比例", "补贴金额（元）", "收款户名", "收款账号", "开户银行", "结果", "说明", "规则版本"),
)
WIDTHS = (6, 30, 21, 18, 20, 15, 12, 9, 15, 30, 24, 26, 10, 24, 12)
RATIO, AMOUNT = 7, 8  # columns, from 0
STATES = {
    "PROPOSED": "拟补贴",
    "EXCLUDED": "剔除",
    "CARRY_FORWARD": "转下季",
    "PAID": "已支付",
    "FAILED": "退票，转下季",
}


def subsidy_sheet(session: Session, batch: SubsidyBatch, programme: str, now: datetime) -> bytes:
    """The sheet as xlsx. `programme`: its name. The total is of rows that are proposed or paid;
    excluded ones stand below it, for the record."""
    rows = _rows(session, batch.id)
    kept = [row for row in rows if row.status != EXCLUDED]
    sheet = Sheet("补贴计算表", WIDTHS)
    sheet.line(f"{programme}担保费补贴计算表", size=16, bold=True, middle=True)
    sheet.line(f"批次：{batch.batch_no}　期间：{batch.period}　{_payment(batch)}")
    sheet.heading(HEADINGS)
    _write(sheet, kept, 1)
    _total(sheet, sum((row.amount for row in kept if row.status in (PROPOSED, PAID)), Decimal(0)))
    out = [row for row in rows if row.status == EXCLUDED]
    if out:
        sheet.line("剔除", bold=True)
        _write(sheet, out, len(kept) + 1)
    sheet.line(
        f"规则版本：{batch.parameter_version or ''}　制表日期：{local_date(now).isoformat()}"
    )
    sheet.line("经办：　　　　　　　　复核：　　　　　　　　负责人：　　　　　　　　（盖章）")
    return sheet.saved(now)


def _rows(session: Session, batch_id: int) -> Sequence[SubsidyRow]:
    query = (
        select(SubsidyRow)
        .where(SubsidyRow.batch_id == batch_id)
        .options(
            joinedload(SubsidyRow.enterprise),
            joinedload(SubsidyRow.filing).joinedload(Filing.disbursement),
        )
        .order_by(SubsidyRow.id)
    )
    return session.scalars(query).all()


def _payment(batch: SubsidyBatch) -> str:
    parts = []
    if batch.publicity_to:
        parts.append(f"公示至：{batch.publicity_to.isoformat()}")
    if batch.paid_on:
        parts.append(f"支付日期：{batch.paid_on.isoformat()}　凭证号：{batch.voucher_no or ''}")
    return "　".join(parts)


def _write(sheet: Sheet, rows: Sequence[SubsidyRow], first: int) -> None:
    for number, row in enumerate(rows, start=first):
        sheet.cells(_values(number, row), ratio=RATIO)


def _values(number: int, row: SubsidyRow) -> list[Value]:
    return [
        number,
        row.enterprise.name,
        row.enterprise.uscc,
        row.filing.filing_no,
        row.filing.disbursement.loan_no,
        row.base,
        row.deductions,
        row.ratio,
        row.amount,
        row.account_name or "",
        row.account_no or "",
        row.account_bank or "",
        STATES.get(row.status, row.status),
        row.reason,
        str(row.trace.get("version") or ""),
    ]


def _total(sheet: Sheet, amount: Decimal) -> None:
    values: list[Value] = [""] * len(HEADINGS)
    values[1], values[AMOUNT], values[AMOUNT + 1] = "合计", amount, capital(amount)
    sheet.cells(values, bold=True)
    page, row = sheet.page, sheet.row
    page.merge_cells(start_row=row, start_column=10, end_row=row, end_column=len(HEADINGS))
