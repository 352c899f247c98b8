"""The outbox: what waits, went out or failed; one mail's text; another try."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.audit.trail import record
from engine.errors import NotFound
from engine.text import text
from notifications import links
from notifications.outbox import resend as let_go_again
from notifications.queries import MailState, counts, mail_for, outbox, state_of
from web.areas.admin.blueprint import area, scheme_only
from web.areas.admin.people import number_of
from web.login import actor
from web.unit import changing, now, reading, settings


def state_words() -> dict[str, str]:
    """Where a mail stands, in words."""
    waiting = gettext("待发") if settings().smtp else gettext("留存，未设邮件服务器")
    return {
        MailState.WAITING.value: waiting,
        MailState.SENT.value: gettext("已发出"),
        MailState.FAILED.value: gettext("未能发出"),
        MailState.UNKNOWN.value: gettext("结果不明"),
    }


@area.get("/mails")
@scheme_only
def mails() -> str:
    """The outbox, newest first."""
    state = next((one for one in MailState if one.value == request.args.get("state")), None)
    recipient = request.args.get("q", "").strip()[:100]
    before = number_of(request.args.get("before", ""))
    page = outbox(reading(), actor(), state=state, recipient=recipient or None, before=before)
    return render_template(
        "admin/mails.html",
        page=page,
        counts={one.value: n for one, n in counts(reading(), actor()).items()},
        state=state.value if state else "",
        wanted=recipient,
        words=state_words(),
        state_of=state_of,
        smtp=settings().smtp is not None,
    )


@area.get("/mails/<int:mail_id>")
@scheme_only
def mail(mail_id: int) -> str:
    """One mail as it was written."""
    if not number_of(str(mail_id)):
        raise NotFound()
    found = mail_for(reading(), mail_id, actor())
    state = state_of(found)
    return render_template(
        "admin/mail.html",
        mail=found,
        # where no mail goes out, this page is the only way to the enterprise
        body=links.without_keys(found.body) if settings().smtp else found.body,
        state=state.value,
        words=state_words(),
        may_resend=state in (MailState.FAILED, MailState.UNKNOWN),
    )


@area.post("/mails/<int:mail_id>/resend")
@scheme_only
def resend(mail_id: int) -> Response:
    """Let a mail go out again."""
    with changing() as unit:
        mail_for(unit, mail_id, actor())
        found = let_go_again(unit, mail_id, now())
        record(
            unit,
            chain="system:mail",
            action="mail.requeued",
            summary=text("重发邮件给{to}", to=found.recipient),
            actor=actor(),
            now=now(),
            after={"recipient": found.recipient, "id": found.id},
        )
    flash(gettext("已排入待发"))
    return redirect(url_for("admin.mail", mail_id=mail_id), 303)
