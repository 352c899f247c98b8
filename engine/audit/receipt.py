"""Receipts: proof of one row of the trail, checked offline and without the other rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import merkle
from engine.audit.checkpoint import as_dict, leaves, signed_bytes
from engine.audit.encoding import COLUMNS, row_hash
from engine.audit.keys import PublicKeys, key_id, public_key, signed_by
from engine.errors import Conflict, DanbaoError, NotFound
from engine.models import AuditCheckpoint, AuditEvent
from engine.text import Text, text

FORMAT = "danbao-receipt-1"
Plain = dict[str, Any]


class BadReceipt(DanbaoError):
    """The receipt does not prove what it says."""

    status = 422


@dataclass(frozen=True)
class Checked:
    """What a receipt proves. `key_id` is to be compared with the installation's published one."""

    event: Mapping[str, Any]
    sealed_at: str
    key_id: str
    key_known: bool


def receipt(session: Session, event_id: int, keys: PublicKeys) -> Plain:
    """The proof for one event in plain JSON values.

    Raises NotFound; Conflict when the event is not sealed yet.
    """
    event = session.get(AuditEvent, event_id)
    if event is None:
        raise NotFound()
    seal = session.scalar(
        select(AuditCheckpoint)
        .where(AuditCheckpoint.first_id <= event_id, AuditCheckpoint.last_id >= event_id)
        .limit(1)
    )
    if seal is None:
        raise Conflict("not_sealed", text("这条记录还没有封存"), text("每小时封存一次，稍后再试"))
    return _receipt(session, event, seal, keys)


def _receipt(session: Session, event: AuditEvent, seal: AuditCheckpoint, keys: PublicKeys) -> Plain:
    hashes = list(leaves(session, seal.first_id, seal.last_id))
    index = hashes.index(event.hash)
    public = keys.get(seal.key_id)
    return {
        "format": FORMAT,
        "event": plain_event(event),
        "leaf_index": index,
        "tree_size": len(hashes),
        "path": [step.hex() for step in merkle.path(seal.algorithm, hashes, index)],
        "checkpoint": as_dict(seal),
        "public_key": public.public_bytes_raw().hex() if public else None,
    }


def plain_event(event: Any) -> Plain:
    """An event (or a row with its columns) in plain JSON values, binary in hexadecimal."""
    plain = {name: getattr(event, name) for name in COLUMNS}
    return {
        "id": event.id,
        **plain,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "prev_hash": event.prev_hash.hex(),
        "hash": event.hash.hex(),
    }


def check(plain: Any, keys: PublicKeys | None = None) -> Checked:
    """Check a receipt without database or network. Raises BadReceipt naming the first failure.

    keys: trusted public keys by id; without them the key in the receipt itself is used, and
    whoever reads the answer compares its id.
    """
    try:
        return _check(plain, keys or {})
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _bad("receipt_unreadable", text("不是完整的凭证")) from error


def _check(plain: Any, keys: PublicKeys) -> Checked:
    if plain["format"] != FORMAT:
        raise _bad("receipt_format", text("不认识这种凭证格式"))
    event, seal = plain["event"], plain["checkpoint"]
    hash_ = row_hash(event, bytes.fromhex(event["prev_hash"]))
    if hash_.hex() != event["hash"]:
        raise _bad("event_altered", text("记录内容与其哈希不符，内容已被改动"))
    if _root(plain, hash_, seal["algorithm"]).hex() != seal["root"]:
        raise _bad("not_in_tree", text("记录不在所称的封存范围内"))
    public, known = _key(plain, seal, keys)
    if not signed_by(public, bytes.fromhex(seal["signature"]), signed_bytes(seal)):
        raise _bad("bad_signature", text("封存签名不符"))
    return Checked(event, seal["at"], key_id(public), known)


def _root(plain: Plain, hash_: bytes, algorithm: str) -> bytes:
    steps = [bytes.fromhex(step) for step in plain["path"]]
    return merkle.root_from_path(algorithm, hash_, plain["leaf_index"], plain["tree_size"], steps)


def _key(plain: Plain, seal: Plain, keys: PublicKeys) -> tuple[Ed25519PublicKey, bool]:
    known = keys.get(seal["key_id"])
    if known is None and keys:
        raise _bad("unknown_key", text("封存所用的密钥{key}不在信任之列", key=seal["key_id"]))
    public = known or public_key(plain["public_key"])
    if key_id(public) != seal["key_id"]:
        raise _bad("unknown_key", text("凭证所附公钥与封存所用的密钥不是同一把"))
    return public, known is not None


def _bad(code: str, message: Text) -> BadReceipt:
    return BadReceipt(code, message, text("向出具单位重新索取凭证"))
