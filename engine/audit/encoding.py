"""One row of the trail as bytes, and the hash over them: one way for writing and checking."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes

FIRST = bytes(32)  # prev_hash of the first row of a chain
# Everything that is stored, save the row's number and the hash itself.
COLUMNS = (
    *("chain", "seq", "at", "actor_id", "org_id", "acting_for", "action", "summary"),
    *("before", "after", "reason", "clause", "versions", "request_id"),
)
ALGORITHMS = ("sha256", "sm3")
# In `versions`, where the hash covers it, when a row was not hashed with SHA-256.
ALGORITHM_KEY = "audit_hash"
_LARGEST = 2**63 - 1


def native(value: Any) -> Any:
    """`value` as JSON that PostgreSQL gives back unchanged: exact numbers as strings, dates as ISO.

    JSONB rewrites floats (1e16 comes back as an integer), so they are kept as strings too.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return native(value.value)
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, int) and -_LARGEST <= value <= _LARGEST:
        return value
    if isinstance(value, Mapping):
        return {_clean(str(native(key))): native(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [native(item) for item in value]
    return _as_text(value)


def _as_text(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted((native(item) for item in value), key=str)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else _clean(str(value))


def _clean(value: str) -> str:
    # PostgreSQL stores neither NUL nor half a character.
    return value.replace("\0", "�").encode("utf-8", "replace").decode()


def canonical(row: Mapping[str, Any]) -> bytes:
    """The columns as JSON with sorted keys, no spaces, UTF-8; `at` in UTC with microseconds."""
    plain = {name: row[name] for name in COLUMNS}
    if isinstance(plain["at"], datetime):
        plain["at"] = plain["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def configured_algorithm() -> str:
    """The algorithm for new rows and seals: DANBAO_AUDIT_HASH, sha256 unless set.

    Read where it is used: load_settings has checked it, and no entry can forget to pass it on.
    """
    return os.environ.get("DANBAO_AUDIT_HASH", "").strip().lower() or "sha256"


def algorithm_of(versions: Mapping[str, Any] | None) -> str:
    """The algorithm a row says it was hashed with."""
    return str((versions or {}).get(ALGORITHM_KEY, "sha256"))


def digest(algorithm: str, data: bytes) -> bytes:
    """32 bytes of SHA-256 or SM3 (GB/T 32905). Raises ValueError for another name."""
    if algorithm == "sha256":
        return hashlib.sha256(data).digest()
    if algorithm != "sm3":
        raise ValueError(f"unknown audit hash {algorithm}")
    hasher = hashes.Hash(hashes.SM3())
    hasher.update(data)
    return hasher.finalize()


def row_hash(row: Mapping[str, Any], prev_hash: bytes) -> bytes:
    """The hash of a row: over the hash before it, then the row's canonical bytes."""
    return digest(algorithm_of(row["versions"]), prev_hash + canonical(row))
