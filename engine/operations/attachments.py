"""Files of a case or another subject: checked by content, kept with their digest, scoped."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from engine.errors import InvalidInput, NotFound
from engine.models import Attachment, Instance
from engine.operations.access import case_for, taking_part
from engine.operations.parties import person_of, post_of
from engine.people import Actor
from engine.text import text

LARGEST = 10 * 1024 * 1024
SIGNATURES = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
}
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
LONGEST_NAME = 120


def sniff(data: bytes) -> str | None:
    """The media type by content: pdf, jpg or png; None for anything else."""
    for media_type, starts in SIGNATURES.items():
        if data.startswith(starts):
            return media_type
    return None


def add_attachment(
    session: Session,
    subject: str,
    kind: str,
    file_name: str,
    data: bytes,
    actor: Actor,
    now: datetime,
    field: str = "files",
) -> Attachment:
    """Keep a file; the same content by the same organisation is kept once.

    The caller has checked that the actor works on the subject. Raises InvalidInput for `field`:
    empty, larger than 10 MB, or not a pdf, jpg or png by its content.
    """
    media_type = sniff(data)
    if not data:
        raise InvalidInput({field: text("{name}是空文件", name=file_name)})
    if len(data) > LARGEST:
        raise InvalidInput({field: text("{name}超过10 MB，压缩或分成几份", name=file_name)})
    if media_type is None:
        raise InvalidInput({field: text("{name}不是pdf、jpg或png", name=file_name)})
    digest = hashlib.sha256(data).hexdigest()
    known = _known(session, subject, digest, post_of(actor))
    if known is not None:
        return known
    file = Attachment(
        subject=subject,
        kind=kind,
        file_name=clean_name(file_name, media_type),
        media_type=media_type,
        size=len(data),
        digest=digest,
        content=data,
        org_id=post_of(actor),
        by_id=person_of(actor),
        at=now,
    )
    session.add(file)
    session.flush()
    return file


def _known(session: Session, subject: str, digest: str, org_id: int) -> Attachment | None:
    query = select(Attachment).where(
        Attachment.subject == subject, Attachment.digest == digest, Attachment.org_id == org_id
    )
    return session.scalar(query.limit(1))


def clean_name(name: str, media_type: str) -> str:
    """The file's name without folders and control characters, ending as its content says."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    stem = re.sub(r"\.(pdf|jpe?g|png)$", "", plain, flags=re.IGNORECASE) or "附件"
    return stem[:LONGEST_NAME] + ENDINGS[media_type]


def attachment_for(session: Session, attachment_id: int, actor: Actor) -> Attachment:
    """A file with its content, if the actor's organisation takes part in its subject. NotFound."""
    query = select(Attachment).where(Attachment.id == attachment_id)
    found = session.scalar(query.options(undefer(Attachment.content)))
    if found is None:
        raise NotFound()
    check_may_read(session, found.subject, actor)
    return found


def check_may_read(session: Session, subject: str, actor: Actor) -> None:
    """Raise NotFound unless the actor's organisation takes part in what the subject names."""
    kind, _, key = subject.partition(":")
    if kind == "case" and key.isdigit():
        case_for(session, int(key), actor)
        return
    query = select(Instance.id).where(Instance.subject == subject, taking_part(actor, Instance.id))
    if session.scalar(query.limit(1)) is None:
        raise NotFound()


def own_ids(session: Session, subject: str, ids: Collection[int], actor: Actor) -> list[int]:
    """Of these ids those that are files of the subject from the actor's organisation."""
    if not ids:
        return []
    query = select(Attachment.id).where(
        Attachment.id.in_(ids), Attachment.subject == subject, Attachment.org_id == actor.org_id
    )
    return sorted(session.scalars(query))
