"""One batch: its rows, what is uploaded to it, handing it on, giving it up."""

from typing import Any, BinaryIO, cast

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from engine.errors import Conflict, DanbaoError, InvalidInput, NotFound
from engine.imports import DEFAULT_LIMITS, read_bounded, read_list
from engine.imports.limits import too_large
from engine.models import Role
from engine.operations import batches, lists
from engine.people import Actor
from engine.queries import list_uploads, referral_rows, referrals
from engine.queries.referrals import BatchLine
from engine.text import text
from web.areas.referrals.common import area, checks, hand_on, maker, may_edit, programme_names
from web.areas.referrals.index import card_of
from web.exports import XLSX, download
from web.i18n import render_text
from web.login import actor
from web.unit import changing, now, reading

SHORT_WAIT = 0.8  # seconds: most lists are checked sooner, and need no page that waits
LONGEST_NAME = 120


@area.get("/<int:batch_id>")
def batch(batch_id: int) -> str:
    """The batch with its rows."""
    return _page(referrals.batch_line(reading(), batch_id, actor()))


def _page(line: BatchLine, refused: DanbaoError | None = None, file_name: str = "") -> str:
    own = line.org_id == actor().org_id
    session = reading()
    number = request.args.get("page", 1, type=int)
    # what a referrer has not sent yet is its own business
    shown = own or not line.unsent
    return render_template(
        "referrals/batch.html",
        line=line,
        card=card_of(line, programme_names()),
        own=own,
        editable=may_edit(line),
        page=_rows(line, number) if shown else referral_rows.Page([], 0, 1),
        categories=referral_rows.category_names(session, line.programme, now()),
        uploads=list_uploads.uploads_of(session, line.id) if own else [],
        may_withdraw=_may_withdraw(line),
        refused=refused,
        file_name=file_name,
        page_url=lambda to: url_for("referrals.batch", batch_id=line.id, page=to),
    )


def _rows(line: BatchLine, number: int) -> referral_rows.Page:
    return referral_rows.items_page(reading(), line.id, line.rows, number)


def _may_withdraw(line: BatchLine) -> bool:
    acting = actor()
    holds = acting.roles & {Role.MAKER.value, Role.HEAD.value}
    return line.unsent and line.org_id == acting.org_id and bool(holds)


@area.post("/<int:batch_id>/upload")
def upload(batch_id: int) -> Response | tuple[str, int]:
    """Take a list in and begin to check it. A file that cannot be read is not kept."""
    acting = maker()
    line = _editable(batch_id, acting)
    given = request.files.get("file")
    try:
        name, data = _read(given)
    except DanbaoError as refused:
        shown = _name(given.filename or "") if given else ""
        return _page(line, refused, shown), refused.status
    with changing() as session:
        upload_id = lists.receive_list(session, batch_id, name, data, acting, now()).id
    checks().start(upload_id, acting, now())
    checks().wait(upload_id, SHORT_WAIT)
    return redirect(url_for("referrals.check", upload_id=upload_id), 303)


@area.errorhandler(RequestEntityTooLarge)
def _too_large(_: RequestEntityTooLarge) -> tuple[str, int]:
    """A body beyond what the server reads at all is answered where it came from."""
    batch_id = (request.view_args or {}).get("batch_id")
    if batch_id is None:
        raise NotFound()
    refused = too_large(DEFAULT_LIMITS)
    return _page(referrals.batch_line(reading(), int(batch_id), actor()), refused), 413


def _editable(batch_id: int, acting: Actor) -> BatchLine:
    line = referrals.batch_line(reading(), batch_id, acting)
    if line.org_id != acting.org_id:
        raise NotFound()
    if not may_edit(line):
        raise Conflict(
            "batch_not_draft",
            text("名单{batch_no}已交复核或报送，不能再改", batch_no=line.batch_no),
            text("请复核人退回，或报下月名单"),
        )
    return line


def _read(given: FileStorage | None) -> tuple[str, bytes]:
    """The file, read once before it is kept, so that nothing unreadable is stored."""
    if given is None or not given.filename:
        raise InvalidInput({"file": text("没有选择文件")}, text("没有选择文件"))
    name, data = _name(given.filename), read_bounded(cast(BinaryIO, given.stream))
    read_list(data, name)
    return name, data


def _name(written: str) -> str:
    """The file's own name, without folders and characters that no page can show."""
    bare = written.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(each for each in bare if each.isprintable()).lstrip(".")[-LONGEST_NAME:]


@area.get("/<int:batch_id>/template.xlsx")
def template(batch_id: int) -> Response:
    """The empty list of the batch's programme."""
    name, content = list_uploads.template(reading(), batch_id, actor(), now())
    return download(content, name, XLSX)


@area.post("/<int:batch_id>/hand-on")
def hand_over(batch_id: int) -> Response:
    """交复核, or 本月无新增 when `outcome` is NIL."""
    acting = maker()
    outcome = "NIL" if request.form.get("outcome") == "NIL" else "SUBMIT"
    with changing() as session:
        give_to_checker(session, batch_id, outcome, acting)
    told = gettext("已报本月无新增，待复核") if outcome == "NIL" else gettext("名单已交复核")
    flash(told, "success")
    return redirect(url_for("referrals.batch", batch_id=batch_id), 303)


def give_to_checker(session: Any, batch_id: int, outcome: str, acting: Actor) -> None:
    """Complete 编报 of an own batch. Raises NotFound, and what completing raises."""
    line = referrals.batch_line(session, batch_id, acting)
    if line.org_id != acting.org_id:
        raise NotFound()
    if line.task is None or line.task.element != "prepare_list":
        raise Conflict("already_handed_on", text("名单已交复核，没有再改动"))
    hand_on(session, line.task.id, outcome, acting)


@area.route("/<int:batch_id>/withdraw", methods=["GET", "POST"])
def withdraw(batch_id: int) -> str | Response | tuple[str, int]:
    """撤回: give the list up, with a reason."""
    line = referrals.batch_line(reading(), batch_id, actor())
    if not _may_withdraw(line):
        raise NotFound()
    if request.method == "GET":
        return render_template("referrals/withdraw.html", line=line, errors={}, reason="")
    reason = request.form.get("reason", "").strip()[:1000]
    try:
        with changing() as session:
            batches.withdraw_batch(session, batch_id, reason, actor(), now())
    except InvalidInput as wrong:
        errors = {key: render_text(said) for key, said in wrong.fields.items()}
        page = render_template("referrals/withdraw.html", line=line, errors=errors, reason=reason)
        return page, wrong.status
    flash(gettext("已撤回名单%(no)s", no=line.batch_no), "success")
    return redirect(url_for("referrals.index"), 303)
