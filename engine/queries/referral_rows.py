"""The rows of a batch or of a checked list, and what others have said of the same firms (P1)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from engine.clock import local_date
from engine.imports.columns import BY_FIELD
from engine.imports.report import COMPARED
from engine.models import (
    CaseStatus,
    Enterprise,
    EntryStatus,
    GuaranteeCase,
    ListUpload,
    Organisation,
    ReferralBatch,
    ReferralItem,
    Whitelist,
    WhitelistEntry,
)
from engine.runtime.in_force import programme_of

PAGE = 100
DIFFERENCES = (*COMPARED, "need_amount", "need_term", "purpose")


@dataclass(frozen=True)
class ItemLine:
    """A firm in a batch. `need` in 元, `term` months; the case once the list was sent."""

    id: int
    row_no: int | None
    enterprise_id: int
    uscc: str
    name: str
    category: str
    need: Decimal
    term: int
    purpose: str
    bank: str | None
    values: Mapping[str, Any]
    case_id: int | None
    case_no: str | None


@dataclass(frozen=True)
class Page:
    """Some rows of many; `number` counts from 1."""

    rows: list[ItemLine]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class Elsewhere:
    """What another referrer's submitted list says of the same firm: which fields differ.

    `said` pairs (field, own, other) as the lists have them; who may read the other's figures is
    the page's business (spec B: an organisation sees only its own rows).
    """

    org_name: str
    said: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the fields that differ."""
        return tuple(BY_FIELD[field].label for field, _, _ in self.said)


@dataclass(frozen=True)
class Listed:
    """A firm that is on a released whitelist already: a new referral renews it."""

    wl_no: str
    valid_to: date


@dataclass(frozen=True)
class Known:
    """What is known of firms by credit code."""

    elsewhere: Mapping[str, tuple[Elsewhere, ...]]
    listed: Mapping[str, Listed]


def category_names(session: Session, programme: str, now: datetime) -> dict[str, str]:
    """The names of a programme's referral categories by code."""
    parameters = programme_of(session, programme).at(local_date(now))
    if "referral_categories" not in parameters:
        return {}
    return {item.code: item.name for item in parameters.code_list("referral_categories").items}


def items_page(session: Session, batch_id: int, total: int, number: int) -> Page:
    """A page of a batch's rows in the order they came. The caller has checked the batch."""
    number = max(1, min(number, -(-total // PAGE)))
    query = _items(ReferralItem.batch_id == batch_id)
    rows = session.execute(query.limit(PAGE).offset((number - 1) * PAGE))
    return Page([_item(*row) for row in rows], total, number)


def all_items(session: Session, batch_id: int) -> list[ItemLine]:
    """Every row of a batch. The caller has checked the batch."""
    return [_item(*row) for row in session.execute(_items(ReferralItem.batch_id == batch_id))]


def item_line(session: Session, item_id: int) -> ItemLine | None:
    """One row; the caller checks its batch."""
    found = session.execute(_items(ReferralItem.id == item_id)).first()
    return _item(*found) if found else None


def batch_of_item(session: Session, item_id: int) -> int | None:
    """The batch that a row is in."""
    return session.scalar(select(ReferralItem.batch_id).where(ReferralItem.id == item_id))


def _items(where: ColumnElement[bool]) -> Select[Any]:
    bank = aliased(Organisation)
    return (
        select(ReferralItem, bank.short_name, GuaranteeCase.case_no)
        .outerjoin(bank, bank.id == ReferralItem.pref_bank_id)
        .outerjoin(GuaranteeCase, GuaranteeCase.id == ReferralItem.case_id)
        .where(where)
        .order_by(ReferralItem.id)
    )


def _item(item: ReferralItem, bank: str | None, case_no: str | None) -> ItemLine:
    return ItemLine(
        id=item.id,
        row_no=item.row_no,
        enterprise_id=item.enterprise_id,
        uscc=item.row["uscc"],
        name=item.row["name"],
        category=item.category,
        need=item.need_amount,
        term=item.need_term,
        purpose=item.need_purpose,
        bank=bank or item.pref_bank_text,
        values=item.row,
        case_id=item.case_id,
        case_no=case_no,
    )


def known_of(
    session: Session, batch_org: int, programme: str, rows: Iterable[Mapping[str, Any]]
) -> Known:
    """What the programme knows of the firms of list rows, apart from this referrer."""
    by_code = {str(row["uscc"]): row for row in rows}
    return Known(
        _elsewhere(session, batch_org, programme, by_code),
        _listed(session, programme, by_code),
    )


def _elsewhere(
    session: Session, batch_org: int, programme: str, by_code: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[Elsewhere, ...]]:
    query = (
        select(Enterprise.uscc, Organisation.short_name, ReferralItem.row)
        .select_from(ReferralItem)
        .join(ReferralBatch, ReferralBatch.id == ReferralItem.batch_id)
        .join(Organisation, Organisation.id == ReferralBatch.org_id)
        .join(Enterprise, Enterprise.id == ReferralItem.enterprise_id)
        .join(GuaranteeCase, GuaranteeCase.id == ReferralItem.case_id)
        .where(
            Enterprise.uscc.in_(by_code),
            ReferralBatch.programme == programme,
            ReferralBatch.org_id != batch_org,
            GuaranteeCase.status == CaseStatus.OPEN.value,
        )
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    found: dict[str, tuple[Elsewhere, ...]] = {}
    for code, org, other in session.execute(query).tuples():
        said = _differing(by_code[code], other)
        found[code] = (*found.get(code, ()), Elsewhere(org, said))
    return found


def _differing(
    own: Mapping[str, Any], other: Mapping[str, Any]
) -> tuple[tuple[str, Any, Any], ...]:
    both = ((field, own.get(field), other.get(field)) for field in DIFFERENCES)
    return tuple(each for each in both if None not in each[1:] and each[1] != each[2])


def _listed(session: Session, programme: str, codes: Collection[str]) -> dict[str, Listed]:
    query = (
        select(Enterprise.uscc, Whitelist.wl_no, WhitelistEntry.valid_to)
        .select_from(WhitelistEntry)
        .join(Whitelist, Whitelist.id == WhitelistEntry.whitelist_id)
        .join(Enterprise, Enterprise.id == WhitelistEntry.enterprise_id)
        .where(
            Enterprise.uscc.in_(codes),
            Whitelist.programme == programme,
            WhitelistEntry.status == EntryStatus.ACTIVE.value,
        )
        .order_by(WhitelistEntry.valid_to)
    )
    rows = session.execute(query).tuples()
    return {code: Listed(wl_no or "", valid_to) for code, wl_no, valid_to in rows}


@dataclass(frozen=True)
class LeftOver:
    """A row that was refused in a confirmed upload and has not come again since."""

    file_name: str
    row: int
    enterprise: str
    problems: tuple[tuple[str, Mapping[str, Any]], ...]  # (column, reason as stored)


def left_over(session: Session, batch_id: int, names: Collection[str]) -> list[LeftOver]:
    """The refused rows of confirmed uploads whose firms are not among `names` of the batch."""
    query = (
        select(ListUpload.file_name, ListUpload.report["refused"])
        .where(ListUpload.batch_id == batch_id, ListUpload.confirmed_at.is_not(None))
        .order_by(ListUpload.id)
    )
    found: dict[str, LeftOver] = {}
    for file_name, refused in session.execute(query).tuples():
        for one in _by_row(file_name, refused or []):
            # a firm that failed again in a later file is said once, as it stands now
            found[one.enterprise or f"{file_name}:{one.row}"] = one
    held = set(names)
    return [one for one in found.values() if one.enterprise not in held]


def _by_row(file_name: str, refused: Iterable[Mapping[str, Any]]) -> list[LeftOver]:
    rows: dict[int, list[Mapping[str, Any]]] = {}
    for cell in refused:
        rows.setdefault(cell["row"], []).append(cell)
    return [
        LeftOver(
            file_name,
            number,
            str(cells[0]["enterprise"]),
            tuple((str(cell["column"]), cell["reason"]) for cell in cells),
        )
        for number, cells in rows.items()
    ]
