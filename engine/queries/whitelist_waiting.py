"""What waits for a release of the whitelist, and what is being compiled (P3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.models import GuaranteeCase, OrgKind, Whitelist
from engine.operations.whitelist import OPEN, candidates
from engine.people import Actor
from engine.queries.referrals import OpenTask, tasks_of
from engine.queries.whitelist import Release, referrers_of, release_of, releases_seen


@dataclass(frozen=True)
class Candidate:
    """A case that waits for a release. Amounts 元."""

    case_id: int
    case_no: str
    name: str
    uscc: str
    support_class: str
    referrers: tuple[str, ...]
    need: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Waiting:
    """A release that is being compiled, with the cases that wait for it."""

    release: Release
    task: OpenTask | None
    candidates: tuple[Candidate, ...]


def waiting(session: Session, actor: Actor) -> list[Waiting]:
    """What is being compiled, for the finance bureau: the open releases of its district."""
    if actor.org_kind != OrgKind.FINANCE.value:
        return []
    rows = session.execute(
        releases_seen(actor).where(Whitelist.status == OPEN).order_by(Whitelist.id)
    ).all()
    found = [release_of(*row) for row in rows]
    tasks = tasks_of(session, [one.instance_id for one in found])
    return [
        Waiting(one, tasks.get(one.instance_id or 0), waiting_for(session, one.programme))
        for one in found
    ]


def waiting_for(session: Session, programme: str) -> tuple[Candidate, ...]:
    """The cases that wait for a release of a programme, by case number."""
    return candidates_of(session, candidates(session, programme))


def candidates_of(session: Session, cases: Sequence[GuaranteeCase]) -> tuple[Candidate, ...]:
    """Cases as rows of a release that is being compiled."""
    named = referrers_of(session, [case.id for case in cases])
    return tuple(
        Candidate(
            case_id=case.id,
            case_no=case.case_no,
            name=case.enterprise.name,
            uscc=case.enterprise.uscc,
            support_class=case.support_class or "",
            referrers=named.get(case.id, ()),
            need=case.need_amount,
            amount=case.approved_amount or Decimal(0),
        )
        for case in cases
    )


def compiled(session: Session, release_id: int) -> tuple[Whitelist, list[GuaranteeCase]]:
    """An open release with the cases chosen for it. The caller has checked the task."""
    one = session.get_one(Whitelist, release_id)
    query = (
        select(GuaranteeCase)
        .where(GuaranteeCase.id.in_([int(each) for each in one.case_ids]))
        .options(joinedload(GuaranteeCase.enterprise))
        .order_by(GuaranteeCase.case_no)
    )
    return one, list(session.scalars(query))
