"""The files of a subject with who added them. The caller has checked that they may be seen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Attachment, Organisation, Person


@dataclass(frozen=True)
class FileRow:
    """A file in a list; `size` bytes."""

    id: int
    name: str
    kind: str
    media_type: str
    size: int
    org: str
    person: str
    at: datetime

    @property
    def size_text(self) -> str:
        """480 KB, 6.2 MB."""
        kib = self.size / 1024
        return f"{kib / 1024:.1f} MB" if kib >= 1000 else f"{max(1, round(kib))} KB"


def files_of_subject(session: Session, subject: str) -> list[FileRow]:
    """The newest first."""
    query = (
        select(Attachment, Organisation.short_name, Person.name)
        .join(Organisation, Organisation.id == Attachment.org_id)
        .join(Person, Person.id == Attachment.by_id)
        .where(Attachment.subject == subject)
        .order_by(Attachment.id.desc())
    )
    return [
        FileRow(f.id, f.file_name, f.kind, f.media_type, f.size, org, person, f.at)
        for f, org, person in session.execute(query).tuples()
    ]
