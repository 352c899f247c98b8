"""Uploaded lists: what the check found, what is to be corrected, the template to fill in (P1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, defer

from engine.clock import local_date
from engine.errors import NotFound
from engine.imports import check_rows, correction_workbook, read_list, referral_template
from engine.models import ListUpload, Person, ReferralBatch
from engine.operations.batches import own_batch
from engine.operations.list_context import context_of
from engine.operations.list_items import parameters_of
from engine.operations.lists import own_upload
from engine.people import Actor


@dataclass(frozen=True)
class UploadLine:
    """An upload in a list. `good` and `bad` count rows; `checked` is false while it runs."""

    id: int
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    checked: bool
    good: int
    bad: int
    confirmed_at: datetime | None


@dataclass(frozen=True)
class Upload:
    """An upload with its report (list_rows.report_json); `report` is empty until it is checked."""

    id: int
    batch_id: int
    file_name: str
    uploaded_at: datetime
    progress: int
    total: int
    confirmed_at: datetime | None
    report: Mapping[str, Any]

    @property
    def checked(self) -> bool:
        """Whether the check has run to its end."""
        return bool(self.report)

    @property
    def accepted(self) -> list[Mapping[str, Any]]:
        """The rows that can be taken over."""
        return list(self.report.get("accepted", ()))

    @property
    def refused(self) -> list[Mapping[str, Any]]:
        """The refused cells."""
        return list(self.report.get("refused", ()))

    @property
    def need_total(self) -> Decimal:
        """Σ need of the accepted rows, 元."""
        return Decimal(str(self.report.get("need_total") or 0))


def uploads_of(session: Session, batch_id: int) -> list[UploadLine]:
    """The uploads of a batch, newest first. The caller has checked the batch."""
    length = func.jsonb_array_length
    query = (
        select(
            ListUpload.id,
            ListUpload.file_name,
            ListUpload.uploaded_at,
            Person.name,
            ListUpload.report.has_key("rows"),
            func.coalesce(length(ListUpload.report["accepted"]), 0),
            func.coalesce(length(ListUpload.report["refused_rows"]), 0),
            ListUpload.confirmed_at,
        )
        .join(Person, Person.id == ListUpload.uploaded_by)
        .where(ListUpload.batch_id == batch_id)
        .order_by(ListUpload.id.desc())
        .limit(50)
    )
    return [UploadLine(*row) for row in session.execute(query).tuples()]


def upload_for(session: Session, upload_id: int, actor: Actor) -> Upload:
    """An upload of the actor's own organisation. Raises NotFound."""
    found = session.scalar(_own(upload_id, actor).options(defer(ListUpload.content)))
    if found is None:
        raise NotFound()
    return Upload(
        id=found.id,
        batch_id=found.batch_id,
        file_name=found.file_name,
        uploaded_at=found.uploaded_at,
        progress=found.progress,
        total=found.total,
        confirmed_at=found.confirmed_at,
        report=found.report,
    )


def progress_of(session: Session, upload_id: int, actor: Actor) -> tuple[int, int, bool]:
    """(rows checked, rows in all, whether it is finished) of an own upload. Raises NotFound."""
    checked = ListUpload.report.has_key("rows")
    query = _own(upload_id, actor).with_only_columns(ListUpload.progress, ListUpload.total, checked)
    found = session.execute(query).first()
    if found is None:
        raise NotFound()
    return int(found[0]), int(found[1]), bool(found[2])


def _own(upload_id: int, actor: Actor) -> Select[tuple[ListUpload]]:
    return (
        select(ListUpload)
        .join(ReferralBatch, ReferralBatch.id == ListUpload.batch_id)
        .where(ListUpload.id == upload_id, ReferralBatch.org_id == actor.org_id)
    )


def corrections(session: Session, upload_id: int, actor: Actor) -> tuple[str, bytes]:
    """(file name, xlsx) of the refused rows, checked as they were on the day of the upload.

    Raises NotFound, ListRefused.
    """
    upload, batch = own_upload(session, upload_id, actor)
    sheet = read_list(upload.content, upload.file_name)
    parameters = parameters_of(session, batch, upload.uploaded_at)
    context = context_of(session, batch, parameters, local_date(upload.uploaded_at))
    report = check_rows(sheet, context)
    return f"{PurePath(upload.file_name).stem}_改正表.xlsx", correction_workbook(sheet, report)


def template(session: Session, batch_id: int, actor: Actor, now: datetime) -> tuple[str, bytes]:
    """(file name, xlsx) of the empty list for a batch, with its programme's code lists (G6)."""
    batch = own_batch(session, batch_id, actor)
    parameters = parameters_of(session, batch, now)
    context = context_of(session, batch, parameters, local_date(now))
    name = f"{batch.period}_{batch.organisation.short_name}_需求名单.xlsx"
    return name, referral_template(context)
