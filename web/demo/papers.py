"""A paper to attach where a form asks for one: a real, tiny PDF."""

from datetime import datetime

from sqlalchemy.orm import Session

from engine.forms import Form
from engine.models import WorkItem
from engine.operations.attachments import add_attachment
from engine.people import Actor

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def attach_papers(
    session: Session, item: WorkItem, form: Form, actor: Actor, now: datetime
) -> dict[str, list[str]]:
    """Attachment ids for the required file fields of a form."""
    found: dict[str, list[str]] = {}
    for field in form.fields:
        if field.type == "filepicker" and field.required:
            name = f"{field.label}.pdf"
            made = add_attachment(session, item.instance.subject, field.key, name, PDF, actor, now)
            found[field.key] = [str(made.id)]
    return found
