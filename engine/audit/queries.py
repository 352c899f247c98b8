"""The trail for people: searched by case, person, organisation, period and act; and as a sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, or_, select
from sqlalchemy.orm import Session

from engine.audit.scope import District, of_district, of_organisation
from engine.clock import SHANGHAI
from engine.models import AuditEvent, Enterprise, GuaranteeCase, Organisation, Person
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
    `person`: an id, a username or a piece of a name; `organisation`: an id; `action`: exact, or
    its first part ("task" finds "task.urged"); `changed`: only rows that replaced something.
    """

    case: int | str | None = None
    person: int | str | None = None
    organisation: int | None = None
    period: Period = Period()
    action: str | None = None
    changed: bool = False


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
    request_id: str | None
    prev_hash: str
    hash: str


@dataclass(frozen=True)
class Page:
    """Newest first. `next_before` is the `before` of the following page, None on the last one;
    `next_after` the `after` of the page before, None on the first one."""

    entries: list[Entry]
    next_before: int | None
    next_after: int | None = None


def search(
    session: Session,
    wanted: Search,
    *,
    visible_org: int | None,
    district: District | None = None,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
) -> Page:
    """A page of the trail, newest first: the rows below `before`, or those just above `after`.

    visible_org: only chains of cases and processes in which the organisation takes part, and what
    its own people did; None for those who see everything (finance bureau, auditors), there
    narrowed to `district` if one is given.
    """
    query = _query(wanted, visible_org, district)
    if after is not None:
        return _newer(session, query, after, size)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    rows = session.execute(query.order_by(AuditEvent.id.desc()).limit(size + 1)).all()
    entries = [_entry(row) for row in rows[:size]]
    above = entries[0].id if entries and before is not None else None
    return Page(entries, entries[-1].id if len(rows) > size else None, above)


def _newer(session: Session, query: Select[Any], after: int, size: int) -> Page:
    newer = query.where(AuditEvent.id > after).order_by(AuditEvent.id).limit(size + 1)
    rows = session.execute(newer).all()
    entries = [_entry(row) for row in reversed(rows[:size])]
    below = entries[-1].id if entries else None
    return Page(entries, below, entries[0].id if len(rows) > size else None)


def stream(
    session: Session,
    wanted: Search,
    *,
    visible_org: int | None,
    district: District | None = None,
    limit: int = EXPORT_LIMIT,
) -> Iterator[Entry]:
    """The same rows for an export, newest first, at most `limit`."""
    query = _query(wanted, visible_org, district).order_by(AuditEvent.id.desc()).limit(limit)
    for row in session.execute(query.execution_options(yield_per=1000)):
        yield _entry(row)


def count(
    session: Session, wanted: Search, *, visible_org: int | None, district: District | None = None
) -> int:
    """How many rows there are, counted up to one more than an export holds."""
    rules = _rules(wanted, visible_org, district)
    ids = select(AuditEvent.id).where(*rules).limit(EXPORT_LIMIT + 1)
    return session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def may_read(
    session: Session, event_id: int, *, visible_org: int | None, district: District | None = None
) -> bool:
    """Whether an event exists within what somebody may read."""
    rules = _rules(Search(), visible_org, district)
    found = select(AuditEvent.id).where(AuditEvent.id == event_id, *rules)
    return session.scalar(found) is not None


def only_chain(
    session: Session, wanted: Search, *, visible_org: int | None, district: District | None = None
) -> str | None:
    """The chain of the one case that is looked for; None when there are several or none."""
    if wanted.case is None:
        return None
    rules = _rules(Search(case=wanted.case), visible_org, district)
    found = session.scalars(select(AuditEvent.chain).where(*rules).distinct().limit(2)).all()
    return found[0] if len(found) == 1 else None


def actions(session: Session) -> Sequence[str]:
    """The acts that occur, for the filter's list."""
    return session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all()


def _query(wanted: Search, visible_org: int | None, district: District | None) -> Select[Any]:
    return (
        select(AuditEvent, Person.name, Organisation.name)
        .outerjoin(Person, Person.id == AuditEvent.actor_id)
        .outerjoin(Organisation, Organisation.id == AuditEvent.org_id)
        .where(*_rules(wanted, visible_org, district))
    )


def _rules(
    wanted: Search, visible_org: int | None, district: District | None
) -> list[ColumnElement[bool]]:
    rules = [*_filters(wanted), *_days(wanted.period)]
    if visible_org is not None:
        rules.append(of_organisation(visible_org))
    elif district is not None:
        rules.append(of_district(district))
    return rules


def _filters(wanted: Search) -> Iterator[ColumnElement[bool]]:
    if wanted.case is not None:
        # as an array it is looked up first, and the rows by the index of their chains
        chains = func.array(_case_chains(wanted.case).scalar_subquery())
        yield AuditEvent.chain == any_(chains)
    if wanted.person is not None:
        yield AuditEvent.actor_id.in_(_people(wanted.person))
    if wanted.organisation is not None:
        yield AuditEvent.org_id == wanted.organisation
    if wanted.action:
        inner = AuditEvent.action.startswith(f"{wanted.action}.", autoescape=True)
        yield or_(AuditEvent.action == wanted.action, inner)
    if wanted.changed:
        # None is kept as JSON's null, which is not SQL's
        yield func.jsonb_typeof(AuditEvent.before) == "object"


def _people(wanted: int | str) -> Select[tuple[int]]:
    query = select(Person.id)
    if isinstance(wanted, int):
        return query.where(Person.id == wanted)
    named = Person.name.contains(wanted, autoescape=True)
    return query.where(or_(Person.username == wanted.lower(), named))


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
        request_id=event.request_id,
        prev_hash=event.prev_hash.hex(),
        hash=event.hash.hex(),
    )
