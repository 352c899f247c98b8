"""A receipt proves one row to somebody who has nothing else."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.audit import merkle
from engine.audit.checkpoint import seal
from engine.audit.keys import public_keys, sealing_key
from engine.audit.receipt import BadReceipt, check, receipt
from engine.db import unit_of_work
from engine.errors import Conflict
from engine.models import AuditEvent
from tests.audit.conftest import NOW, Write


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 33])
def test_every_leaf_of_a_tree_is_proved_and_no_other(size: int) -> None:
    leaves = [bytes([number]) for number in range(size)]
    root = merkle.root("sha256", leaves)
    for index, data in enumerate(leaves):
        path = merkle.path("sha256", leaves, index)
        assert merkle.root_from_path("sha256", data, index, size, path) == root
        assert merkle.root_from_path("sha256", b"other", index, size, path) != root


def test_the_tree_is_that_of_rfc_6962() -> None:
    # The reference roots of the certificate-transparency project's own test data.
    leaves = [
        bytes.fromhex(one)
        for one in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    ]
    assert merkle.root("sha256", []).hex().startswith("e3b0c44298fc1c14")
    assert merkle.root("sha256", leaves[:1]).hex().startswith("6e340b9cffb37a98")
    assert merkle.root("sha256", leaves[:2]).hex().startswith("fac54203e7cc696c")
    assert merkle.root("sha256", leaves[:3]).hex().startswith("aeb6bcfe274b70a1")
    assert merkle.root("sha256", leaves).hex().startswith("ddb89be403809e32")


@pytest.fixture
def proof(factory: sessionmaker[Session], write: Write, tmp_path: Path) -> dict[str, Any]:
    write("case:1", 5, before={"amount": "1.00"}, reason="材料齐全")
    write("case:2", 2)
    with unit_of_work(factory) as session:
        seal(session, NOW, sealing_key(tmp_path))
    with factory() as session:
        event_id = session.scalar(
            select(AuditEvent.id).where(AuditEvent.chain == "case:1", AuditEvent.seq == 4)
        )
        made = receipt(session, event_id or 0, public_keys(tmp_path))
    plain: dict[str, Any] = json.loads(json.dumps(made))
    return plain


def test_a_receipt_is_proved_without_the_database(proof: dict[str, Any], tmp_path: Path) -> None:
    checked = check(proof, public_keys(tmp_path))
    assert checked.key_known
    assert (checked.event["chain"], checked.event["seq"]) == ("case:1", 4)
    alone = check(proof)
    assert not alone.key_known
    assert alone.key_id == checked.key_id


@pytest.mark.parametrize(
    ("where", "value", "code"),
    [
        (("event", "reason"), "另有原因", "event_altered"),
        (("event", "at"), "2026-03-02T01:30:01.000000+00:00", "event_altered"),
        (("leaf_index",), 2, "not_in_tree"),
        (("tree_size",), 700, "receipt_unreadable"),
        (("checkpoint", "root"), "00" * 32, "not_in_tree"),
        (("checkpoint", "at"), "2026-01-01T00:00:00.000000+00:00", "bad_signature"),
        (("public_key",), "00" * 32, "unknown_key"),
        (("format",), "other", "receipt_format"),
        (("path",), ["zz"], "receipt_unreadable"),
        (("event",), None, "receipt_unreadable"),
    ],
)
def test_a_changed_receipt_proves_nothing(
    proof: dict[str, Any], where: tuple[str, ...], value: object, code: str
) -> None:
    changed = copy.deepcopy(proof)
    place = changed
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    with pytest.raises(BadReceipt) as refused:
        check(changed)
    assert refused.value.code == code


def test_a_receipt_under_a_strange_key_is_refused_where_keys_are_known(
    proof: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    sealing_key(tmp_path / "other")
    with pytest.raises(BadReceipt):
        check(proof, public_keys(tmp_path / "other"))


def test_a_row_that_is_not_sealed_yet_has_no_receipt(session: Session, write: Write) -> None:
    write("case:1")
    event_id = session.scalar(select(AuditEvent.id))
    with pytest.raises(Conflict):
        receipt(session, event_id or 0, {})
