"""Whitelists as their readers may see them: releases and entries (P3, G1).

Finance reads those of its district with what is being compiled; guarantors and banks read what
was released; a referrer reads the entries of the firms it named. Nobody finds contact persons or
review opinions here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, select, true
from sqlalchemy.orm import Session, aliased, joinedload

from engine.clock import local_date
from engine.domain.programme import Parameters
from engine.errors import NotFound
from engine.models import (
    Enterprise,
    EntryStatus,
    GuaranteeCase,
    Organisation,
    OrgKind,
    PartyBinding,
    ReferralBatch,
    ReferralItem,
    Whitelist,
    WhitelistEntry,
)
from engine.operations.access import visible_cases
from engine.operations.whitelist import RELEASED, digest
from engine.people import Actor
from engine.runtime.in_force import programme_of

READ_ALL = (OrgKind.BANK.value, OrgKind.GUARANTOR.value)


@dataclass(frozen=True)
class Release:
    """A release in a list. `entries`, `active` and `amount` (元) count what the reader may see."""

    id: int
    wl_no: str | None
    programme: str
    status: str
    released_on: date | None
    released_at: datetime | None
    digest: str | None
    entries: int
    active: int
    amount: Decimal
    instance_id: int | None

    @property
    def released(self) -> bool:
        """Whether it is published."""
        return self.status == RELEASED


@dataclass(frozen=True)
class Entry:
    """A firm on a release: the columns of G1. `bank_is_wish`: no bank has the case yet."""

    id: int
    seq: int
    case_id: int
    case_no: str
    name: str
    uscc: str
    address: str
    sub_district: str
    industry: str
    size_class: str
    support_class: str
    qualifications: tuple[str, ...]
    referrers: tuple[str, ...]
    need: Decimal
    amount: Decimal
    guarantor: str
    bank: str
    bank_is_wish: bool
    valid_to: date
    status: str
    linked: bool


def visible_releases(actor: Actor) -> ColumnElement[bool]:
    """Which releases the actor's organisation may know of."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return true()
    if actor.org_kind == OrgKind.FINANCE.value:
        return (
            select(PartyBinding.instance_id)
            .where(
                PartyBinding.instance_id == Whitelist.instance_id,
                PartyBinding.org_id == actor.org_id,
            )
            .exists()
        )
    if actor.org_kind in READ_ALL:
        return Whitelist.status == RELEASED
    if actor.org_kind == OrgKind.REFERRER.value:
        own = select(WhitelistEntry.id).where(
            WhitelistEntry.whitelist_id == Whitelist.id, _visible_entries(actor)
        )
        return (Whitelist.status == RELEASED) & own.exists()
    return false()


def _visible_entries(actor: Actor) -> ColumnElement[bool]:
    if actor.org_kind != OrgKind.REFERRER.value:
        return true()
    return (
        select(ReferralItem.id)
        .join(ReferralBatch, ReferralBatch.id == ReferralItem.batch_id)
        .where(ReferralItem.case_id == WhitelistEntry.case_id, ReferralBatch.org_id == actor.org_id)
        .exists()
    )


def releases(session: Session, actor: Actor) -> list[Release]:
    """The published releases, newest first."""
    query = releases_seen(actor).where(Whitelist.status == RELEASED)
    rows = session.execute(query.order_by(Whitelist.released_at.desc(), Whitelist.id.desc()))
    return [release_of(*row) for row in rows]


def release_for(session: Session, release_id: int, actor: Actor) -> Release:
    """One published release. Raises NotFound."""
    query = releases_seen(actor).where(Whitelist.id == release_id, Whitelist.status == RELEASED)
    found = session.execute(query).first()
    if found is None:
        raise NotFound()
    return release_of(*found)


def releases_seen(actor: Actor) -> Select[Any]:
    """Rows for `release_of`: the releases that the actor may see, with their figures."""
    active = WhitelistEntry.status == EntryStatus.ACTIVE.value
    counts = (
        select(
            WhitelistEntry.whitelist_id,
            func.count().label("entries"),
            func.count().filter(active).label("active"),
            func.sum(WhitelistEntry.suggested_amount).label("amount"),
        )
        .where(_visible_entries(actor))
        .group_by(WhitelistEntry.whitelist_id)
        .subquery()
    )
    return (
        select(Whitelist, counts.c.entries, counts.c.active, counts.c.amount)
        .outerjoin(counts, counts.c.whitelist_id == Whitelist.id)
        .where(visible_releases(actor))
    )


def release_of(
    one: Whitelist, entries: int | None, active: int | None, amount: Decimal | None
) -> Release:
    """A release from a row of `releases_seen`."""
    return Release(
        id=one.id,
        wl_no=one.wl_no,
        programme=one.programme,
        status=one.status,
        released_on=one.released_on,
        released_at=one.released_at,
        digest=one.digest,
        entries=entries or 0,
        active=active or 0,
        amount=amount or Decimal(0),
        instance_id=one.instance_id,
    )


def entries_of(session: Session, release: Release, actor: Actor, now: datetime) -> list[Entry]:
    """The entries that the actor may see, by number. The caller has checked the release."""
    wish, bank, guarantor = (aliased(Organisation) for _ in range(3))
    query = (
        select(
            WhitelistEntry,
            GuaranteeCase,
            Enterprise,
            bank.short_name,
            wish.short_name,
            guarantor.short_name,
            visible_cases(actor).label("linked"),
        )
        .join(GuaranteeCase, GuaranteeCase.id == WhitelistEntry.case_id)
        .join(Enterprise, Enterprise.id == WhitelistEntry.enterprise_id)
        .outerjoin(bank, bank.id == GuaranteeCase.bank_id)
        .outerjoin(wish, wish.id == GuaranteeCase.pref_bank_id)
        .outerjoin(guarantor, guarantor.id == GuaranteeCase.guarantor_id)
        .where(WhitelistEntry.whitelist_id == release.id, _visible_entries(actor))
        .order_by(WhitelistEntry.seq)
    )
    rows = session.execute(query).all()
    named = referrers_of(session, [row[1].id for row in rows])
    words = _Words(programme_of(session, release.programme).at(local_date(now)))
    return [_entry(row, named.get(row[1].id, ()), words) for row in rows]


class _Words:
    """Names of a programme's codes."""

    def __init__(self, parameters: Parameters) -> None:
        self._names: dict[str, dict[str, str]] = {}
        for name in ("sub_districts", "qualifications"):
            items = parameters.code_list(name).items if name in parameters else ()
            self._names[name] = {item.code: item.name for item in items}

    def __call__(self, which: str, code: str | None) -> str:
        return self._names[which].get(code or "", code or "")


def _entry(row: Row[Any], referrers: tuple[str, ...], words: _Words) -> Entry:
    entry, case, firm, bank, wish, guarantor, linked = row
    return Entry(
        id=entry.id,
        seq=entry.seq,
        case_id=case.id,
        case_no=case.case_no,
        name=firm.name,
        uscc=firm.uscc,
        address=firm.biz_address or "",
        sub_district=words("sub_districts", firm.sub_district),
        industry=firm.industry or "",
        size_class=case.size_class or firm.size_class or "",
        support_class=entry.support_class,
        qualifications=tuple(words("qualifications", q["code"]) for q in firm.qualifications),
        referrers=referrers,
        need=case.need_amount,
        amount=entry.suggested_amount,
        guarantor=guarantor or "",
        bank=bank or wish or "",
        bank_is_wish=bank is None and wish is not None,
        valid_to=entry.valid_to,
        status=entry.status,
        linked=linked,
    )


def referrers_of(session: Session, case_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Who referred each case, the first submission first."""
    query = (
        select(ReferralItem.case_id, Organisation.short_name)
        .join(ReferralBatch, ReferralBatch.id == ReferralItem.batch_id)
        .join(Organisation, Organisation.id == ReferralBatch.org_id)
        .where(ReferralItem.case_id.in_(list(case_ids)))
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    found: dict[int, dict[str, None]] = {}
    for case_id, name in session.execute(query).tuples():
        found.setdefault(case_id or 0, {})[name] = None
    return {case_id: tuple(names) for case_id, names in found.items()}


def entry_for(
    session: Session, entry_id: int, actor: Actor, now: datetime
) -> tuple[Release, Entry]:
    """One entry with its release. Raises NotFound."""
    release_id = session.scalar(
        select(WhitelistEntry.whitelist_id).where(WhitelistEntry.id == entry_id)
    )
    release = release_for(session, release_id or 0, actor)
    entries = entries_of(session, release, actor, now)
    found = next((entry for entry in entries if entry.id == entry_id), None)
    if found is None:
        raise NotFound()
    return release, found


def intact(session: Session, release: Release) -> bool:
    """Whether the digest computed now is the one that was published."""
    one = session.get_one(Whitelist, release.id)
    entries = session.scalars(
        select(WhitelistEntry)
        .where(WhitelistEntry.whitelist_id == release.id)
        .options(joinedload(WhitelistEntry.case).joinedload(GuaranteeCase.enterprise))
        .order_by(WhitelistEntry.seq)
    ).all()
    return digest(one, entries, [entry.case for entry in entries]) == one.digest
