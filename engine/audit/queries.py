"""The trail for people: searched by case, person, organisation, period and act; and as a sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from engine.clock import SHANGHAI
from engine.models import (
    AuditEvent,
    Enterprise,
    GuaranteeCase,
    Instance,
    LoanCase,
    Organisation,
    PartyBinding,
    Person,
    ReferralBatch,
    ReferralItem,
)
from engine.text import Text

PAGE = 50
EXPORT_LIMIT = 50_000


@dataclass(frozen=True)
class Period:
    """Shanghai days, both included; None leaves an end open."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Search:
    """What is looked for. `case`: an id, a case_no or a piece of an enterprise's name;
    `person` and `organisation`: ids; `action`: exact, or its first
    part ("task" finds "task.urged").
    """

    case: int | str | None = None
    person: int | None = None
    organisation: int | None = None
    period: Period = Period()
    action: str | None = None


@dataclass(frozen=True)
class Entry:
    """One row with the names that people know."""

    id: int
    chain: str
    seq: int
    at: datetime
    person: str | None  # None: the system
    organisation: str | None
    action: str
    summary: Text
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    clause: str | None
    versions: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Page:
    """Newest first. `next_before` is the `before` of the following page, None on the last one."""

    entries: list[Entry]
    next_before: int | None


def search(
    session: Session,
    wanted: Search,
    *,
    visible_org: int | None,
    before: int | None = None,
    size: int = PAGE,
) -> Page:
    """A page of the trail, newest first, continued by `before` (an id: rows below it).

    visible_org: only chains of cases and processes in which the organisation takes part, and what
    its own people did; None for those who see everything (finance bureau, auditors).
    """
    query = _query(wanted, visible_org)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    rows = session.execute(query.limit(size + 1)).all()
    entries = [_entry(row) for row in rows[:size]]
    return Page(entries, entries[-1].id if len(rows) > size else None)


def stream(
    session: Session, wanted: Search, *, visible_org: int | None, limit: int = EXPORT_LIMIT
) -> Iterator[Entry]:
    """The same rows for an export, newest first, at most `limit`."""
    query = _query(wanted, visible_org).limit(limit).execution_options(yield_per=1000)
    for row in session.execute(query):
        yield _entry(row)


def actions(session: Session) -> Sequence[str]:
    """The acts that occur, for the filter's list."""
    return session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all()


def _query(wanted: Search, visible_org: int | None) -> Select[Any]:
    query = (
        select(AuditEvent, Person.name, Organisation.name)
        .outerjoin(Person, Person.id == AuditEvent.actor_id)
        .outerjoin(Organisation, Organisation.id == AuditEvent.org_id)
        .order_by(AuditEvent.id.desc())
    )
    rules = [*_filters(wanted), *_days(wanted.period)]
    if visible_org is not None:
        rules.append(_visible(visible_org))
    return query.where(*rules)


def _filters(wanted: Search) -> Iterator[ColumnElement[bool]]:
    if wanted.case is not None:
        yield AuditEvent.chain.in_(_case_chains(wanted.case))
    if wanted.person is not None:
        yield AuditEvent.actor_id == wanted.person
    if wanted.organisation is not None:
        yield AuditEvent.org_id == wanted.organisation
    if wanted.action:
        inner = AuditEvent.action.startswith(f"{wanted.action}.", autoescape=True)
        yield or_(AuditEvent.action == wanted.action, inner)


def _days(period: Period) -> Iterator[ColumnElement[bool]]:
    if period.first:
        yield AuditEvent.at >= datetime.combine(period.first, time(), SHANGHAI)
    if period.last:
        after = datetime.combine(period.last + timedelta(days=1), time(), SHANGHAI)
        yield AuditEvent.at < after


def _case_chains(wanted: int | str) -> Select[Any]:
    query = select(func.concat("case:", GuaranteeCase.id)).join(GuaranteeCase.enterprise)
    if isinstance(wanted, int):
        return query.where(GuaranteeCase.id == wanted)
    return query.where(
        or_(
            GuaranteeCase.case_no == wanted,
            Enterprise.uscc == wanted,
            Enterprise.name.contains(wanted, autoescape=True),
        )
    )


def _visible(org_id: int) -> ColumnElement[bool]:
    """Chains of what the organisation takes part in, and rows of its own people."""
    return or_(
        AuditEvent.org_id == org_id,
        _about_case(_takes_part(org_id)),
        AuditEvent.chain.in_(_bound_subjects(org_id)),
    )


def _about_case(rule: ColumnElement[bool]) -> ColumnElement[bool]:
    # Only then is the rest of the name a number; CASE keeps the cast from the other chains.
    number = case(
        (
            AuditEvent.chain.regexp_match("^case:[0-9]{1,18}$"),
            func.split_part(AuditEvent.chain, ":", 2),
        )
    )
    return exists().where(and_(GuaranteeCase.id == cast(number, BigInteger), rule))


def _takes_part(org_id: int) -> ColumnElement[bool]:
    item, batch, loan, party = (
        aliased(ReferralItem),
        aliased(ReferralBatch),
        aliased(LoanCase),
        aliased(PartyBinding),
    )
    return or_(
        exists().where(
            item.case_id == GuaranteeCase.id, item.batch_id == batch.id, batch.org_id == org_id
        ),
        exists().where(loan.case_id == GuaranteeCase.id, loan.bank_id == org_id),
        exists().where(party.instance_id == GuaranteeCase.instance_id, party.org_id == org_id),
    )


def _bound_subjects(org_id: int) -> Select[Any]:
    return (
        select(Instance.subject)
        .join(PartyBinding, PartyBinding.instance_id == Instance.id)
        .where(PartyBinding.org_id == org_id, Instance.subject.not_like("case:%"))
    )


def _entry(row: Any) -> Entry:
    event, person, organisation = row
    return Entry(
        id=event.id,
        chain=event.chain,
        seq=event.seq,
        at=event.at,
        person=person,
        organisation=organisation,
        action=event.action,
        summary=Text(event.summary.get("template", ""), event.summary.get("params", {})),
        before=event.before,
        after=event.after,
        reason=event.reason,
        clause=event.clause,
        versions=event.versions,
        hash=event.hash.hex(),
    )
