"""Whoever changes the trail behind the application's back is found, with the place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.checkpoint import seal
from engine.audit.keys import public_keys, sealing_key
from engine.audit.verify import Report, verify
from engine.db import unit_of_work
from tests.audit.conftest import NOW, Write

Forge = Callable[[str], None]


@pytest.fixture
def sealed(factory: sessionmaker[Session], write: Write, tmp_path: Path) -> Callable[[], Report]:
    """Two chains under two seals; call it to verify."""
    key = sealing_key(tmp_path)
    write("case:1", 4)
    write("case:2", 3)
    with unit_of_work(factory) as session:
        assert seal(session, NOW, key) is not None
    write("case:1", 2)
    with unit_of_work(factory) as session:
        assert seal(session, NOW, key) is not None
    write("case:2", 1)

    def check() -> Report:
        with factory() as session:
            return verify(session, public_keys(tmp_path))

    return check


def _found(report: Report) -> set[tuple[str, str | None, int | None]]:
    return {(problem.what, problem.chain, problem.seq) for problem in report.problems}


def test_an_untouched_trail_is_clean(sealed: Callable[[], Report]) -> None:
    report = sealed()
    assert report.ok
    assert (report.chains, report.events, report.checkpoints, report.unsealed) == (2, 10, 2, 1)
    assert report.signatures_checked


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'bribe'",
        'after = \'{"amount": "1"}\'',
        "at = at + interval '1 second'",
        "actor_id = NULL, action = 'other'",
        "summary = '{}'",
        'versions = \'{"audit_hash": "md5"}\'',
        "clause = ''",
    ],
)
def test_an_altered_row_is_found(sealed: Callable[[], Report], forge: Forge, change: str) -> None:
    forge(f"UPDATE audit_event SET {change} WHERE chain = 'case:1' AND seq = 2")  # noqa: S608
    assert _found(sealed()) == {("altered", "case:1", 2)}


def test_a_row_taken_out_leaves_a_gap_and_breaks_the_seal(
    sealed: Callable[[], Report], forge: Forge
) -> None:
    forge("DELETE FROM audit_event WHERE chain = 'case:1' AND seq = 3")
    assert _found(sealed()) == {("gap", "case:1", 4), ("seal_root", None, None)}


def test_the_first_row_taken_out_is_found(sealed: Callable[[], Report], forge: Forge) -> None:
    forge("DELETE FROM audit_event WHERE chain = 'case:2' AND seq = 1")
    assert ("gap", "case:2", 2) in _found(sealed())


def test_the_end_of_a_chain_taken_off_is_found_by_the_seal(
    sealed: Callable[[], Report], forge: Forge
) -> None:
    forge("DELETE FROM audit_event WHERE chain = 'case:1' AND seq >= 5")
    assert _found(sealed()) == {("seal_root", None, None)}


def test_a_whole_chain_taken_away_is_found_by_the_seal(
    sealed: Callable[[], Report], forge: Forge
) -> None:
    forge("DELETE FROM audit_event WHERE chain = 'case:2'")
    assert ("seal_root", None, None) in _found(sealed())


def test_two_rows_exchanged_are_found(sealed: Callable[[], Report], forge: Forge) -> None:
    forge(
        "UPDATE audit_event SET seq = -seq WHERE chain = 'case:1' AND seq IN (2, 3);"
        "UPDATE audit_event SET seq = 5 + seq WHERE chain = 'case:1' AND seq < 0"
    )
    found = _found(sealed())
    assert {("altered", "case:1", 2), ("altered", "case:1", 3)} <= found
    assert ("wrong_order", "case:1", 3) in found


def test_a_chain_recomputed_from_the_forged_row_on_is_found_by_the_seal(
    sealed: Callable[[], Report], factory: sessionmaker[Session], forge: Forge
) -> None:
    from sqlalchemy import select

    from engine.audit.encoding import row_hash
    from engine.audit.verify import READ
    from engine.models import AuditEvent

    forge("UPDATE audit_event SET reason = 'forged' WHERE chain = 'case:1' AND seq = 1")
    previous = bytes(32)
    with factory() as session:
        columns = [getattr(AuditEvent, name) for name in READ]
        query = select(*columns).where(AuditEvent.chain == "case:1").order_by(AuditEvent.seq)
        rows = [row._asdict() for row in session.execute(query)]
    for row in rows:
        new = row_hash(row, previous)
        forge(
            f"UPDATE audit_event SET prev_hash = '\\x{previous.hex()}',"  # noqa: S608
            f" hash = '\\x{new.hex()}' WHERE id = {row['id']}"
        )
        previous = new
    assert _found(sealed()) == {("seal_root", None, None)}


def test_a_seal_taken_away_is_found(sealed: Callable[[], Report], forge: Forge) -> None:
    forge("DELETE FROM audit_checkpoint WHERE first_id = 1")
    assert _found(sealed()) == {("seal_gap", None, None)}


def test_a_seal_made_by_another_key_is_found(
    sealed: Callable[[], Report],
    factory: sessionmaker[Session],
    forge: Forge,
    tmp_path: Path,
    write: Write,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    stranger = sealing_key(tmp_path / "elsewhere")
    with unit_of_work(factory) as session:
        seal(session, NOW, stranger)
    assert _found(sealed()) == {("seal_key", None, None)}


def test_a_seal_s_signature_covers_its_time(sealed: Callable[[], Report], forge: Forge) -> None:
    forge("UPDATE audit_checkpoint SET at = at - interval '1 day' WHERE first_id = 1")
    assert _found(sealed()) == {("seal_signature", None, None)}


def test_sealing_again_without_new_rows_adds_nothing(
    factory: sessionmaker[Session], write: Write, tmp_path: Path
) -> None:
    key = sealing_key(tmp_path)
    write("case:1")
    for expected in (True, False):
        with unit_of_work(factory) as session:
            assert (seal(session, NOW, key) is not None) is expected


def test_a_seal_waits_for_rows_that_are_not_committed_yet(
    factory: sessionmaker[Session], write: Write, tmp_path: Path
) -> None:
    import threading

    from engine.writes import write as send
    from tests.audit.conftest import add

    key = sealing_key(tmp_path)
    with factory() as slow:
        add(slow, "case:1")
        send(slow)
        write("case:2")  # a higher id, committed first
        sealing = threading.Thread(target=lambda: _seal(factory, tmp_path))
        sealing.start()
        sealing.join(0.3)
        assert sealing.is_alive()
        slow.commit()
        sealing.join(10)
    with factory() as session:
        report = verify(session, {})
        assert (report.checkpoints, report.unsealed) == (1, 0)
        assert [problem.what for problem in report.problems] == ["seal_key"]
        assert verify(session, public_keys(tmp_path)).ok
    assert key is not None


def _seal(factory: sessionmaker[Session], var: Path) -> None:
    with unit_of_work(factory) as session:
        seal(session, NOW, sealing_key(var))
