"""Files: added with a form, downloaded by whoever takes part in their subject."""

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.operations.attachments import LARGEST, add_attachment, attachment_for, own_ids
from web.areas.inbox.blueprint import area
from web.areas.inbox.page import Task, Trouble
from web.exports import download
from web.forms import Raw
from web.i18n import render_text
from web.login import actor
from web.params import keys
from web.unit import changing, now, reading

MOST = 10  # files at once


@area.get("/files/<int:file_id>")
def file(file_id: int) -> Response:
    """A file, saved and never shown as a page of this site."""
    found = attachment_for(reading(), file_id, actor())
    return download(found.content, found.file_name, found.media_type)


def keep_uploads(task: Task, raw: Raw) -> Trouble:
    """Keep the files that came with a form and put their ids where the form expects them.

    They are kept even when the form is refused: nobody uploads the same twice.
    """
    trouble = Trouble()
    for key in (one.key for one in task.form.fields if one.type == "filepicker"):
        subject = task.item.instance.subject
        known = keys(raw.get(key, []))
        ids = own_ids(reading(), subject, known, actor())
        try:
            ids += [_keep(subject, key, one) for one in _sent(key)]
        except InvalidInput as wrong:
            trouble.fields.update({name: render_text(w) for name, w in wrong.fields.items()})
        raw[key] = [str(one) for one in dict.fromkeys(ids)]
    return trouble


def _sent(key: str) -> list[FileStorage]:
    return [one for one in request.files.getlist(key) if one.filename][:MOST]


def _keep(subject: str, key: str, sent: FileStorage) -> int:
    data = sent.stream.read(LARGEST + 1)
    with changing() as session:
        name = sent.filename or ""
        return add_attachment(session, subject, key, name, data, actor(), now(), key).id
