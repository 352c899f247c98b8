"""Lists of a referral batch: uploaded, checked, and confirmed (P1)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.errors import NotFound, RuleRefused
from engine.imports import check_rows, read_list
from engine.imports.report import ListReport
from engine.models import ListUpload, ReferralBatch
from engine.operations import batches
from engine.operations.list_context import context_of
from engine.operations.list_items import ChangedRow, Confirmed, Row, parameters_of, take_rows
from engine.operations.list_rows import report_json
from engine.operations.parties import person_of
from engine.people import Actor
from engine.text import text

Progress = Callable[[int, int], None]


def upload_list(
    session: Session,
    batch_id: int,
    file_name: str,
    data: bytes,
    actor: Actor,
    now: datetime,
    on_progress: Progress | None = None,
) -> ListUpload:
    """Read and check a list and keep it with its report; nothing else is changed.

    Raises ListRefused (no readable list), NotFound, Conflict (the batch is not a draft any more).
    """
    upload = receive_list(session, batch_id, file_name, data, actor, now)
    return check_list(session, upload.id, actor, now, on_progress)


def receive_list(
    session: Session, batch_id: int, file_name: str, data: bytes, actor: Actor, now: datetime
) -> ListUpload:
    """Keep a file that `check_list` will check; commit between them to show the progress."""
    batch = batches.own_batch(session, batch_id, actor)
    batches.refuse_unless_draft(batch)
    upload = ListUpload(
        batch_id=batch.id,
        file_name=file_name,
        file_digest=hashlib.sha256(data).hexdigest(),
        content=data,
        report={},
        uploaded_by=person_of(actor),
        uploaded_at=now,
    )
    session.add(upload)
    session.flush()
    return upload


def check_list(
    session: Session,
    upload_id: int,
    actor: Actor,
    now: datetime,
    on_progress: Progress | None = None,
) -> ListUpload:
    """Check a received file. `on_progress(done, total)` counts rows; it is the caller's to store
    them, in a transaction of its own (`note_progress`). Raises ListRefused, NotFound."""
    upload, batch = own_upload(session, upload_id, actor)
    sheet = read_list(upload.content, upload.file_name)
    context = context_of(session, batch, parameters_of(session, batch, now), local_date(now))
    report = check_rows(sheet, context, on_progress)
    upload.report = report_json(report)
    upload.progress = upload.total = report.rows
    session.flush()
    _audit_upload(session, batch, upload, report, actor, now)
    return upload


def note_progress(session: Session, upload_id: int, done: int, total: int) -> None:
    """How many rows of an upload are checked, for a page that waits."""
    progress = update(ListUpload).where(ListUpload.id == upload_id)
    session.execute(progress.values(progress=done, total=total))


def _audit_upload(
    session: Session,
    batch: ReferralBatch,
    upload: ListUpload,
    report: ListReport,
    actor: Actor,
    now: datetime,
) -> None:
    good, bad = len(report.accepted), len(report.refused_rows)
    message = text(
        "上传名单{file}：可报送{good}行，须改正{bad}行", file=report.file, good=good, bad=bad
    )
    after = {"upload": upload.id, "digest": upload.file_digest, "accepted": good, "refused": bad}
    batches.audit(session, batch, "referral.list_uploaded", message, actor, now, after=after)


def own_upload(session: Session, upload_id: int, actor: Actor) -> tuple[ListUpload, ReferralBatch]:
    """An upload with its batch, if they are the actor's organisation's. NotFound otherwise."""
    upload = session.get(ListUpload, upload_id)
    if upload is None:
        raise NotFound()
    return upload, batches.own_batch(session, upload.batch_id, actor)


def confirm_upload(session: Session, upload_id: int, actor: Actor, now: datetime) -> Confirmed:
    """Take the good rows of an upload over into the batch; refused rows stay out.

    A row of an enterprise that is in the batch already replaces it where it differs. Confirming
    twice changes nothing and answers with what the first did. Raises NotFound, Conflict,
    RuleRefused `list_without_rows`.
    """
    upload, batch = own_upload(session, upload_id, actor)
    batch = batches.own_batch(session, batch.id, actor, lock=True)
    session.refresh(upload)
    if upload.confirmed_at is not None:
        return _told(upload.report["confirmed"])
    batches.refuse_unless_draft(batch)
    rows: Sequence[Row] = upload.report.get("accepted", [])
    if not rows:
        raise RuleRefused(
            "list_without_rows", text("没有可以报送的行"), text("按提示改正后重新上传")
        )
    done = take_rows(session, batch, rows, upload.id, now)
    upload.confirmed_at = now
    upload.report = {**upload.report, "confirmed": asdict(done)}
    _audit_confirmed(session, batch, upload, done, actor, now)
    return done


def _told(stored: Mapping[str, Any]) -> Confirmed:
    changed = (
        ChangedRow(each["row"], each["name"], tuple(each["fields"])) for each in stored["changed"]
    )
    return Confirmed(stored["added"], tuple(changed), stored["unchanged"])


def _audit_confirmed(
    session: Session,
    batch: ReferralBatch,
    upload: ListUpload,
    done: Confirmed,
    actor: Actor,
    now: datetime,
) -> None:
    message = text(
        "确认名单{file}：新增{added}家，改动{changed}家",
        file=upload.file_name,
        added=done.added,
        changed=len(done.changed),
    )
    after = {"upload": upload.id, **asdict(done)}
    batches.audit(session, batch, "referral.list_confirmed", message, actor, now, after=after)


@dataclass(frozen=True)
class Imported:
    """A list that went straight into a batch: what the check found, what was taken over."""

    batch: ReferralBatch
    upload: ListUpload
    confirmed: Confirmed | None  # None: no row was good


def import_list(
    session: Session,
    file_name: str,
    data: bytes,
    org_id: int,
    programme: str,
    period: str,
    actor: Actor,
    now: datetime,
    on_progress: Progress | None = None,
) -> Imported:
    """`danbao import`: a file into the referrer's batch of the month, its good rows confirmed.

    Raises ListRefused and what `open_batch` raises.
    """
    batch = batches.open_batch(session, org_id, programme, period, actor, now)
    upload = upload_list(session, batch.id, file_name, data, actor, now, on_progress)
    if not upload.report["accepted"]:
        return Imported(batch, upload, None)
    return Imported(batch, upload, confirm_upload(session, upload.id, actor, now))
