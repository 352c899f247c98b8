"""The rows of a quarter's fee subsidy: which filings belong to it, and what each is worth (D.7)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from engine.audit.encoding import native
from engine.clock import local_date
from engine.domain.dates import add_months
from engine.domain.programme import Programme
from engine.domain.subsidy import fee_subsidy
from engine.errors import Conflict, InvalidInput, NotFound
from engine.models import Filing, GuaranteeCase, SubsidyBatch, SubsidyRow
from engine.text import text

CALCULATED = "CALCULATED"  # states of a batch
VERIFIED = "VERIFIED"
PUBLICISED = "PUBLICISED"
RESOLVED = "RESOLVED"
APPROVED = "APPROVED"
EMPTY = "EMPTY"
PAID = "PAID"  # of a batch and of a row
PROPOSED = "PROPOSED"  # states of a row
EXCLUDED = "EXCLUDED"
CARRY_FORWARD = "CARRY_FORWARD"
FAILED = "FAILED"
FINISHED = (PAID, EMPTY)
CLAUSE = "J4.7.1"
ZERO = Decimal("0.00")
PERIOD = re.compile(r"(\d{4})Q([1-4])")
# Reasons that the system writes, and takes back by itself when they no longer hold. What a person
# excludes carries a prefix and stays.
NO_ACCOUNT = "公示期内未确认收款账号"
NOTHING_LEFT = "扣减后无可补贴金额"
NOT_ELIGIBLE = "备案或缴费情况已变化"
AUTOMATIC = (NO_ACCOUNT, NOTHING_LEFT, NOT_ELIGIBLE)


def period_end(period: str) -> date:
    """The last day of a quarter yyyyQn. Raises InvalidInput."""
    matched = PERIOD.fullmatch(period)
    if matched is None or matched[1] < "2000":
        raise InvalidInput({"period": text("季度按2026Q3的样子填写")})
    first = date(int(matched[1]), int(matched[2]) * 3 - 2, 1)
    return add_months(first, 3) - timedelta(days=1)


def locked_batch(session: Session, batch_id: int, *statuses: str) -> SubsidyBatch:
    """The batch, locked, which must be in one of these states. Raises NotFound, Conflict."""
    query = select(SubsidyBatch).where(SubsidyBatch.id == batch_id).with_for_update()
    batch = session.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        raise NotFound()
    if batch.status not in statuses:
        no = batch.batch_no
        raise Conflict("batch_moved_on", text("补贴批次{no}已到下一步，没有再改动", no=no))
    return batch


def rows_of(session: Session, batch_id: int, *statuses: str) -> Sequence[SubsidyRow]:
    """The rows of a batch by id, as they are in the database now; of some states, if given."""
    query = select(SubsidyRow).where(SubsidyRow.batch_id == batch_id).order_by(SubsidyRow.id)
    if statuses:
        query = query.where(SubsidyRow.status.in_(statuses))
    loaded = query.options(joinedload(SubsidyRow.enterprise), joinedload(SubsidyRow.filing))
    session.flush()
    return session.scalars(loaded.execution_options(populate_existing=True)).all()


def sum_of(rows: Sequence[SubsidyRow]) -> Decimal:
    """The amount of rows, 元."""
    return sum((row.amount for row in rows), ZERO)


def eligible(session: Session, batch: SubsidyBatch) -> Sequence[Filing]:
    """Accepted filings of the programme whose fee was paid by the end of the quarter.

    Without those that were paid or excluded in another batch, and those that stand in another
    batch which is still under way; carried forward and failed ones of earlier batches come back.
    """
    other, its = aliased(SubsidyRow), aliased(SubsidyBatch)
    elsewhere = exists().where(
        other.filing_id == Filing.id,
        other.batch_id != batch.id,
        its.id == other.batch_id,
        or_(other.status.in_((PAID, EXCLUDED)), its.status.not_in(FINISHED)),
    )
    query = (
        select(Filing)
        .join(GuaranteeCase)
        .where(
            GuaranteeCase.programme == batch.programme,
            Filing.status == "ACCEPTED",
            Filing.fee_paid > 0,
            Filing.fee_paid_on <= period_end(batch.period),
            ~elsewhere,
        )
        .options(joinedload(Filing.case))
        .order_by(Filing.id)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def reckon_rows(session: Session, batch: SubsidyBatch, programme: Programme) -> list[SubsidyRow]:
    """Bring the rows up to date with the filings; known ones keep their ids, a person's exclusions
    stay. Returns the proposed ones."""
    filings = {filing.id: filing for filing in eligible(session, batch)}
    rows = {row.filing_id: row for row in rows_of(session, batch.id)}
    fresh = [filing for filing in filings.values() if filing.id not in rows]
    earlier = _earlier_deductions(session, [filing.id for filing in fresh])
    for filing in fresh:
        rows[filing.id] = _new_row(batch, filing, earlier.get(filing.id, ZERO))
        session.add(rows[filing.id])
    for row in rows.values():
        found = filings.get(row.filing_id)
        if found is None:
            row.status, row.reason = EXCLUDED, NOT_ELIGIBLE
        else:
            _reckon(row, found, programme)
    session.flush()
    return [row for row in rows.values() if row.status == PROPOSED]


def _earlier_deductions(session: Session, filing_ids: Sequence[int]) -> Mapping[int, Decimal]:
    """What was deducted when the filing stood in an earlier batch, by filing, 元."""
    query = (
        select(SubsidyRow.filing_id, SubsidyRow.deductions)
        .where(SubsidyRow.filing_id.in_(filing_ids))
        .order_by(SubsidyRow.id)
    )
    return dict(session.execute(query).tuples().all())


def _new_row(batch: SubsidyBatch, filing: Filing, deductions: Decimal) -> SubsidyRow:
    return SubsidyRow(
        batch_id=batch.id,
        filing_id=filing.id,
        enterprise_id=filing.case.enterprise_id,
        deductions=deductions,
        status=PROPOSED,
        reason="",
    )


def _reckon(row: SubsidyRow, filing: Filing, programme: Programme) -> None:
    """Amount by the rules of the filing date, as for the fee itself (J6: old cases, old rules)."""
    rules = programme.at(local_date(filing.submitted_at))
    ratio, paid = rules.ratio("fee_subsidy_ratio"), filing.fee_paid or ZERO
    made = fee_subsidy(paid, other_subsidy=row.deductions, ratio=ratio, version=rules.version)
    row.base, row.ratio, row.amount = paid, ratio, made.subsidy
    row.trace = native(made.trace.to_dict())
    if row.status == PROPOSED or row.reason in AUTOMATIC:
        row.status, row.reason = PROPOSED, ""
        if made.subsidy == 0:
            row.status, row.reason = EXCLUDED, NOTHING_LEFT


def chosen(rows: Sequence[SubsidyRow], given: object, field: str) -> list[SubsidyRow]:
    """The rows whose ids were ticked. Raises InvalidInput when one is not among `rows`."""
    ids = {int(each) for each in given} if isinstance(given, list | tuple) else set()
    found = [row for row in rows if row.id in ids]
    if len(found) != len(ids):
        raise InvalidInput({field: text("所选企业不在本批可处理之列，刷新后重选")})
    return found


def shown(rows: Sequence[SubsidyRow]) -> list[dict[str, Any]]:
    """Rows for the audit trail."""
    names = ("id", "filing_id", "amount", "status", "reason")
    found: list[dict[str, Any]] = native([{n: getattr(row, n) for n in names} for row in rows])
    return found


@dataclass(frozen=True)
class Totals:
    """A batch in figures: rows and 元 by status; confirmed accounts and objections among the
    rows that are proposed."""

    counts: Mapping[str, int]
    amounts: Mapping[str, Decimal]
    confirmed: int
    objections: int

    def count(self, *statuses: str) -> int:
        """How many rows, of all states or of some."""
        return sum(self.counts.get(each, 0) for each in statuses or self.counts)

    def amount(self, *statuses: str) -> Decimal:
        """How much, 元."""
        return sum((self.amounts.get(each, ZERO) for each in statuses or self.amounts), ZERO)


def totals(session: Session, batch_id: int) -> Totals:
    """The figures of a batch."""
    proposed = SubsidyRow.status == PROPOSED
    query = (
        select(
            SubsidyRow.status,
            func.count(),
            func.sum(SubsidyRow.amount),
            func.count(SubsidyRow.account_confirmed_at).filter(proposed),
            func.count(SubsidyRow.objection).filter(proposed),
        )
        .where(SubsidyRow.batch_id == batch_id)
        .group_by(SubsidyRow.status)
    )
    found = session.execute(query).tuples().all()
    counts = {status: count for status, count, *_ in found}
    amounts = {status: Decimal(amount) for status, _, amount, *_ in found}
    return Totals(counts, amounts, sum(one[3] for one in found), sum(one[4] for one in found))
