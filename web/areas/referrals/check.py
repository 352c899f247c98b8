"""核对: what was found in an uploaded list, and taking the good rows over."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import NotFound
from engine.imports import TIDY_LABELS, Tidy
from engine.imports.cells import Group
from engine.operations import lists
from engine.operations.lists import own_upload
from engine.queries import list_uploads, referral_rows, referrals
from engine.queries.list_uploads import Upload
from engine.queries.referral_rows import Known
from web.areas.referrals.batch import give_to_checker
from web.areas.referrals.common import area, checks, maker, may_edit
from web.exports import XLSX, download
from web.i18n import render_text
from web.login import actor
from web.unit import changing, now, reading

CELLS_SHOWN = 300  # more is read in the workbook, not on a page
FIRST_ROWS = 3
COLUMNS_NAMED = 4  # in the line above the hints
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """A refused row with its cells."""

    row: int
    enterprise: str
    cells: Sequence[Row]


@dataclass(frozen=True)
class Good:
    """A row that can be sent. `hints`: what an official should know of it."""

    values: Row
    need: Decimal
    hints: tuple[str, ...]


@dataclass(frozen=True)
class HintRow:
    """A row with hints."""

    row: int
    enterprise: str
    hints: tuple[str, ...]


def groups() -> dict[str, str]:
    """The filters above the refused rows."""
    return {
        Group.CODE.value: gettext("信用代码"),
        Group.AMOUNT.value: gettext("金额"),
        Group.MISSING.value: gettext("必填未填"),
        Group.OTHER.value: gettext("其他"),
    }


@area.get("/uploads/<int:upload_id>")
def check(upload_id: int) -> str:
    """The result of the check, or how far it is."""
    upload = list_uploads.upload_for(reading(), upload_id, actor())
    line = referrals.batch_line(reading(), upload.batch_id, actor())
    if not upload.checked:
        return render_template(
            "referrals/progress.html", upload=upload, line=line, running=checks().running(upload_id)
        )
    known = referral_rows.known_of(reading(), line.org_id, line.programme, upload.accepted)
    hints = hints_of(upload, known)
    good = [_good(row, hints.get(row["row"], ())) for row in upload.accepted]
    chosen = request.args.get("group", "")
    return render_template(
        "referrals/check.html",
        upload=upload,
        line=line,
        editable=may_edit(line) and upload.confirmed_at is None,
        refused=refused_rows(upload.refused, chosen),
        chosen=chosen,
        group_counts=_group_counts(upload),
        hints=_hint_rows(upload, hints),
        summary=hint_summary(known, upload.report.get("hints", ())),
        good=good if request.args.get("rows") == "all" else good[:FIRST_ROWS],
        notes=[render_text(dict(note)) for note in upload.report.get("notes", ())],
        tidied=tidied_words(upload.report.get("tidied", {})),
        tidied_total=sum(upload.report.get("tidied", {}).values()),
        categories=referral_rows.category_names(reading(), line.programme, now()),
        cells_shown=CELLS_SHOWN,
    )


def _good(row: Row, hints: tuple[str, ...]) -> Good:
    return Good(row, Decimal(str(row["need_amount"])), hints)


def _group_counts(upload: Upload) -> list[tuple[str, str, int]]:
    counts: Mapping[str, int] = upload.report.get("groups", {})
    return [(key, name, counts[key]) for key, name in groups().items() if counts.get(key)]


def refused_rows(cells: Sequence[Row], group: str) -> list[Refused]:
    """The refused cells by row, only those of a filter when one is chosen."""
    wanted = [cell for cell in cells if group in ("", cell["group"])][:CELLS_SHOWN]
    by_row: dict[int, list[Row]] = {}
    for cell in wanted:
        by_row.setdefault(int(cell["row"]), []).append(cell)
    return [Refused(row, str(own[0]["enterprise"]), own) for row, own in by_row.items()]


def hints_of(upload: Upload, known: Known) -> dict[int, tuple[str, ...]]:
    """By row: what the check and what the programme know of it."""
    found: dict[int, list[str]] = {}
    for row in upload.accepted:
        own = list(standing(known, str(row["uscc"])))
        if own:
            found[int(row["row"])] = own
    for hint in upload.report.get("hints", ()):
        said = gettext(
            "%(column)s：%(said)s", column=hint["column"], said=render_text(dict(hint["message"]))
        )
        found.setdefault(int(hint["row"]), []).append(said)
    return {row: tuple(said) for row, said in sorted(found.items())}


def standing(known: Known, uscc: str) -> list[str]:
    """What others, or a whitelist, have to do with a firm."""
    said = []
    others = "、".join(dict.fromkeys(one.org_name for one in known.elsewhere.get(uscc, ())))
    if others:
        said.append(gettext("%(who)s也已推荐", who=others))
    if listed := known.listed.get(uscc):
        day = listed.valid_to.isoformat()
        said.append(gettext("白名单%(no)s有效至%(day)s，本次视为续报", no=listed.wl_no, day=day))
    return said


def _hint_rows(upload: Upload, hints: Mapping[int, tuple[str, ...]]) -> list[HintRow]:
    names = {int(row["row"]): str(row["name"]) for row in upload.accepted}
    return [HintRow(row, names.get(row, ""), said) for row, said in hints.items()]


def hint_summary(known: Known, hints: Sequence[Row]) -> str:
    """One sentence: what the programme knows of the firms, and which columns have hints."""
    said = []
    if n := len(known.elsewhere):
        said.append(gettext("%(n)s家其他单位也已推荐，将合并，各计推荐成绩", n=n))
    if n := len(known.listed):
        said.append(gettext("%(n)s家在有效白名单内，本次视为续报", n=n))
    counts = Counter(str(hint["column"]) for hint in hints).most_common(COLUMNS_NAMED)
    columns = [f"{column}{n}" for column, n in counts]
    return "；".join([*said, "，".join(columns)] if columns else said)


def tidied_words(counts: Mapping[str, int]) -> str:
    """全角转半角9，去空格5."""
    parts = [f"{render_text(TIDY_LABELS[Tidy(kind)])}{n}" for kind, n in counts.items()]
    return "，".join(parts)


@area.get("/uploads/<int:upload_id>/progress")
def progress(upload_id: int) -> Response | str:
    """The waiting page's own part; tells htmx to load the result once it is there."""
    done, total, checked = list_uploads.progress_of(reading(), upload_id, actor())
    running = checks().running(upload_id)
    if checked or not running:
        answer = make_response("")
        answer.headers["HX-Redirect"] = url_for("referrals.check", upload_id=upload_id)
        return answer
    return render_template("referrals/_progress.html", done=done, total=total, upload_id=upload_id)


@area.post("/uploads/<int:upload_id>/check")
def check_again(upload_id: int) -> Response:
    """Check an upload whose check was cut off (the program was stopped meanwhile)."""
    acting = maker()
    found = list_uploads.upload_for(reading(), upload_id, acting)
    if not found.checked:
        checks().start(upload_id, acting, now())
    return redirect(url_for("referrals.check", upload_id=upload_id), 303)


@area.post("/uploads/<int:upload_id>/confirm")
def confirm(upload_id: int) -> Response:
    """Take the good rows over; with `then` = check, hand the batch on at once."""
    acting, hand = maker(), request.form.get("then") == "check"
    with changing() as session:
        batch_id = own_upload(session, upload_id, acting)[1].id
        done = lists.confirm_upload(session, upload_id, acting, now())
        if hand:
            give_to_checker(session, batch_id, "SUBMIT", acting)
    flash(told(done, hand), "success")
    return redirect(url_for("referrals.batch", batch_id=batch_id), 303)


def told(done: Any, handed_on: bool) -> str:
    """What confirming did, in one sentence."""
    said = [gettext("新增%(n)s家", n=done.added)]
    if done.changed:
        said.append(gettext("改动%(n)s家", n=len(done.changed)))
    if done.unchanged:
        said.append(gettext("%(n)s家已在名单里，没有重复", n=done.unchanged))
    end = gettext("，已交复核") if handed_on else ""
    return gettext("已确认：") + "，".join(said) + end


@area.get("/uploads/<int:upload_id>/corrections.xlsx")
def corrections(upload_id: int) -> Response:
    """改正表: the refused rows, marked, to be corrected and uploaded again."""
    found = list_uploads.upload_for(reading(), upload_id, actor())
    if not found.refused:
        raise NotFound()
    name, content = list_uploads.corrections(reading(), upload_id, actor())
    return download(content, name, XLSX)
