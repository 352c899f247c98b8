"""What an enterprise without an account sees through its signed link: its own subsidy, no more."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import SubsidyRow
from engine.operations import subsidy_accounts
from engine.operations.subsidy_rows import (
    CARRY_FORWARD,
    EXCLUDED,
    FAILED,
    PAID,
    PROPOSED,
    PUBLICISED,
)
from engine.runtime.in_force import programme_of
from web.extensions import limiter
from web.i18n import render_text
from web.unit import changing, now, reading, settings
from web.working import working_of

area = Blueprint("enterprise", __name__, url_prefix="/e")
READS = "60 per minute"
ACTS = "10 per minute"
LONGEST_TOKEN = 200


@area.after_request
def _private(response: Response) -> Response:
    # the address itself is the key; the site's Referrer-Policy keeps it from other sites
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@area.errorhandler(RuleRefused)
def _bad_link(refused: RuleRefused) -> tuple[str, int]:
    return render_template("enterprise/expired.html", message=render_text(refused.message)), 404


@area.get("/<token>")
@limiter.limit(READS)
def account(token: str) -> str:
    """The subsidy, its working, the account and the objection."""
    return _page(token, _row(token), {}, {})


@area.post("/<token>")
@limiter.limit(ACTS)
def account_post(token: str) -> Response | tuple[str, int]:
    """Confirm the account."""
    keys = ("account_name", "account_no", "account_bank")
    given = {key: request.form.get(key, "")[:200] for key in keys}

    def act(row_id: int) -> None:
        with changing() as unit:
            subsidy_accounts.confirm_account(unit, row_id, **given, now=now())

    return _act(token, act, given, gettext("收款账号已确认"))


@area.post("/<token>/objection")
@limiter.limit(ACTS)
def objection(token: str) -> Response | tuple[str, int]:
    """Object to the amount or to the list."""
    statement = request.form.get("text", "")[:2000]

    def act(row_id: int) -> None:
        with changing() as unit:
            subsidy_accounts.file_objection(unit, row_id, statement, now())

    return _act(token, act, {"text": statement}, gettext("异议已提交，区财政局会在公示结束后答复"))


def _act(
    token: str, act: Callable[[int], None], given: dict[str, str], done: str
) -> Response | tuple[str, int]:
    row = _row(token)
    try:
        act(row.id)
    except InvalidInput as wrong:
        errors = {key: render_text(message) for key, message in wrong.fields.items()}
        return _page(token, _row(token), given, errors), 422
    except Conflict as refused:
        flash(render_text(refused.message), "error")
    else:
        flash(done)
    return redirect(url_for("enterprise.account", token=token), 303)


def _row(token: str) -> SubsidyRow:
    """The row of the link. Raises RuleRefused for one that is forged, damaged or out of date."""
    key = settings().secret_key
    return subsidy_accounts.row_of_link(reading(), key, token[:LONGEST_TOKEN], now())


def _page(token: str, row: SubsidyRow, given: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "enterprise/account.html",
        token=token,
        row=row,
        programme=programme_of(reading(), row.batch.programme).name,
        working=working_of(row.trace),
        is_open=row.batch.status == PUBLICISED and row.status == PROPOSED,
        state=_state(row),
        tail=(row.account_no or "")[-4:],
        given=given,
        errors=errors,
    )


def _state(row: SubsidyRow) -> str:
    """Where the subsidy stands, for the enterprise."""
    words: dict[str, Any] = {
        PAID: gettext("已支付"),
        EXCLUDED: gettext("本季不予补贴"),
        CARRY_FORWARD: gettext("结转下一季度"),
        FAILED: gettext("支付未成功"),
    }
    if row.status in words:
        return str(words[row.status])
    return gettext("公示中") if row.batch.status == PUBLICISED else gettext("公示结束，办理支付中")
