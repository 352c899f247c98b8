"""The working calendar, provisional deadlines, and how far the background jobs are."""

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.clock import local_date
from engine.jobs.provisional import recompute_provisional
from engine.queries import administration as lists
from engine.queries.bulletin import holidays_after
from web.areas.admin.blueprint import area, scheme_only
from web.extensions import limiter
from web.unit import close_reading, now, reading, settings


@area.get("/calendar")
def calendar() -> str:
    """Years whose notice is known, the next holidays, what is provisional."""
    return render_template(
        "admin/calendar.html",
        years=lists.years_around(now()),
        holidays=holidays_after(local_date(now()), 6),
        provisional=lists.provisional(reading()),
    )


@area.post("/calendar/recompute")
@scheme_only
@limiter.limit("6 per minute")
def recompute() -> Response:
    """Count provisional deadlines again; what still lacks its notice stays as it is."""
    close_reading(None)
    settled = recompute_provisional(current_app.config["FACTORY"], now())
    if settled:
        flash(gettext("已重新计算%(n)s项，不再是暂定", n=settled))
    else:
        flash(gettext("没有可以确定的：相应年份的放假通知还没有"), "warning")
    return redirect(url_for("admin.calendar"), 303)


@area.get("/status")
@scheme_only
def status() -> str:
    """What is due and not done: near nothing while the jobs run."""
    return render_template(
        "admin/status.html",
        backlog=lists.backlog(reading(), now()),
        now=now(),
        smtp=settings().smtp is not None,
    )
