"""The installation's sealing key: Ed25519, made once, kept in var/audit.key (mode 0600)."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.errors import DanbaoError
from engine.text import text

PublicKeys = Mapping[str, Ed25519PublicKey]


def key_id(public: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the public key: what people compare."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def sealing_key(var: Path) -> Ed25519PrivateKey:
    """The key of this installation, created the first time.

    Raises DanbaoError when the file is open to others or is no key.
    """
    path = var / "audit.key"
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise DanbaoError(
            "audit_key_open",
            text("审计密钥文件{path}对其他用户可读", path=str(path)),
            text("执行chmod 600 {path}", path=str(path)),
        )
    return _load(path)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except ValueError as error:
        raise DanbaoError(
            "audit_key_bad",
            text("审计密钥文件{path}内容不完整", path=str(path)),
            text("从备份恢复该文件"),
        ) from error
    _publish(path.parent, key.public_key())
    return key


def _create(path: Path) -> None:
    _write_once(path, secrets.token_hex(32), 0o600)


def _publish(var: Path, public: Ed25519PublicKey) -> None:
    # Public keys stay when the key is replaced, so that old seals can still be checked.
    path = var / f"audit-{key_id(public)}.pub"
    if not path.exists():
        _write_once(path, public.public_bytes_raw().hex(), 0o644)


def _write_once(path: Path, content: str, mode: int) -> None:
    # Written aside and linked, so that two processes starting at once agree on one whole file.
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(content + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()


def public_keys(var: Path) -> dict[str, Ed25519PublicKey]:
    """Every public key that this installation ever sealed with, by its id."""
    found = {}
    for path in sorted(var.glob("audit-*.pub")):
        public = public_key(path.read_text())
        found[key_id(public)] = public
    return found


def public_key(text_: str) -> Ed25519PublicKey:
    """A public key from its 64 hexadecimal digits. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text_.strip()))


def signed_by(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """True when `signature` over `message` was made with the key."""
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True
