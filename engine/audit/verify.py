"""Checking the whole trail: every chain from its first row, every seal (design, Audit)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session

from engine.audit import checkpoint as sealing
from engine.audit.encoding import COLUMNS, FIRST, row_hash
from engine.audit.keys import PublicKeys, signed_by
from engine.audit.merkle import root
from engine.models import AuditCheckpoint, AuditEvent

READ = (*COLUMNS, "id", "prev_hash", "hash")
MOST_PROBLEMS = 200


@dataclass(frozen=True)
class Problem:
    """A place where the trail does not hold. `chain` is None for a checkpoint.

    what: gap, altered, broken_link, wrong_order; seal_root, seal_gap, seal_signature, seal_key.
    """

    what: str
    chain: str | None
    seq: int | None
    detail: str
    event_id: int | None = None
    checkpoint_id: int | None = None


@dataclass
class Report:
    """What was checked and what was found. `unsealed` rows are chained but not yet signed."""

    chains: int = 0
    events: int = 0
    checkpoints: int = 0
    unsealed: int = 0
    signatures_checked: bool = False
    problems: list[Problem] = field(default_factory=list)
    more: int = 0  # found beyond those listed

    @property
    def ok(self) -> bool:
        """True when nothing was found."""
        return not self.problems

    def add(self, problem: Problem) -> None:
        """List a problem, or count it when the list is long already."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more += 1


def verify(session: Session, keys: PublicKeys | None = None) -> Report:
    """Check every row and seal; reads as a stream, so memory does not grow with the trail.

    keys: the installation's public keys by id; without them signatures are not checked.
    """
    report = Report(signatures_checked=keys is not None)
    _check_chains(session, report)
    _check_seals(session, report, keys)
    return report


def verify_chain(session: Session, chain: str, keys: PublicKeys | None = None) -> Report:
    """Check one chain from its first row, and the seals that cover rows of it."""
    report = Report(signatures_checked=keys is not None)
    _check_chains(session, report, chain)
    ids = session.scalars(select(AuditEvent.id).where(AuditEvent.chain == chain)).all()
    for found in session.scalars(_covering(chain)):
        report.checkpoints += 1
        # the seal before it was checked when all were; here only what this one covers counts
        for what, detail in _seal_problems(session, found, found.first_id - 1, keys):
            report.add(Problem(what, None, None, detail, checkpoint_id=found.id))
    last = session.scalar(select(func.max(AuditCheckpoint.last_id))) or 0
    report.unsealed = sum(one > last for one in ids)
    return report


def _covering(chain: str) -> Select[tuple[AuditCheckpoint]]:
    inside = exists().where(
        AuditEvent.chain == chain,
        AuditEvent.id.between(AuditCheckpoint.first_id, AuditCheckpoint.last_id),
    )
    return select(AuditCheckpoint).where(inside).order_by(AuditCheckpoint.last_id)


def _check_chains(session: Session, report: Report, only: str | None = None) -> None:
    columns = [getattr(AuditEvent, name) for name in READ]
    query = select(*columns).order_by(AuditEvent.chain, AuditEvent.seq)
    if only is not None:
        query = query.where(AuditEvent.chain == only)
    previous: Row[Any] | None = None
    for row in session.execute(query.execution_options(yield_per=sealing.BATCH)):
        if previous is None or previous.chain != row.chain:
            previous = None
            report.chains += 1
        report.events += 1
        for problem in _row_problems(row, previous):
            report.add(problem)
        previous = row


def _row_problems(row: Row[Any], previous: Row[Any] | None) -> Iterator[Problem]:
    expected = previous.seq + 1 if previous else 1
    if row.seq != expected:
        yield _problem("gap", row, f"rows {expected} to {row.seq - 1} are missing")
    elif row.prev_hash != (previous.hash if previous else FIRST):
        yield _problem("broken_link", row, "prev_hash is not the hash of the row before")
    if previous and row.id < previous.id:
        yield _problem("wrong_order", row, f"its id {row.id} is lower than {previous.id} before it")
    if not _is_intact(row):
        yield _problem("altered", row, "the row is not what its hash covers")


def _is_intact(row: Row[Any]) -> bool:
    try:
        return row_hash(row._asdict(), row.prev_hash) == bytes(row.hash)
    except (ValueError, TypeError, AttributeError):
        # An altered row can hold anything, also what the encoding refuses.
        return False


def _problem(what: str, row: Row[Any], detail: str) -> Problem:
    return Problem(what, row.chain, row.seq, detail, event_id=row.id)


def _check_seals(session: Session, report: Report, keys: PublicKeys | None) -> None:
    last = 0
    for found in session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.last_id)):
        report.checkpoints += 1
        for what, detail in _seal_problems(session, found, last, keys):
            report.add(Problem(what, None, None, detail, checkpoint_id=found.id))
        last = found.last_id
    unsealed = select(func.count()).select_from(AuditEvent).where(AuditEvent.id > last)
    report.unsealed = session.scalar(unsealed) or 0


def _seal_problems(
    session: Session, found: AuditCheckpoint, last: int, keys: PublicKeys | None
) -> Iterator[tuple[str, str]]:
    if found.first_id != last + 1:
        yield "seal_gap", f"begins at event {found.first_id}, not at {last + 1}"
    if _root(session, found) != found.root:
        yield "seal_root", f"events {found.first_id} to {found.last_id} are not those sealed"
    if keys is None:
        return
    public = keys.get(found.key_id)
    if public is None:
        yield "seal_key", f"signed with {found.key_id}, a key that is not this installation's"
    elif not signed_by(public, found.signature, sealing.message(found)):
        yield "seal_signature", "the signature does not fit"


def _root(session: Session, found: AuditCheckpoint) -> bytes | None:
    try:
        return root(found.algorithm, sealing.leaves(session, found.first_id, found.last_id))
    except ValueError:  # an algorithm that does not exist
        return None
