"""The index: a referrer's months, or every referrer's batches of a month for finance."""

from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.clock import local_date
from engine.errors import NotFound
from engine.imports.context import PERIOD
from engine.models import BatchStatus, Role
from engine.operations import batches, tasks
from engine.queries import referrals as queries
from engine.queries.referrals import BatchLine, Offer, ReferrerLine
from web.areas.referrals.common import area, maker, may_edit, programme_names
from web.due import Due, due_badge
from web.login import actor
from web.unit import changing, now, reading


@dataclass(frozen=True)
class Card:
    """An open batch with its badge and what is to be done. `step`: 1 上传, 2 核对, 3 复核报送."""

    batch: BatchLine
    due: Due | None
    step: int
    editable: bool
    programme: str


@area.get("/")
def index() -> str:
    """The lists that concern the actor's organisation."""
    if actor().org_kind in batches.REFERRERS:
        return _own()
    return _district()


def _own() -> str:
    names = programme_names()
    found = queries.own_batches(reading(), actor())
    cards = [card_of(batch, names) for batch in found if batch.unsent]
    past = [batch for batch in found if not batch.unsent]
    begun = {(batch.programme, batch.period) for batch in found if batch.unsent}
    sent = {
        (batch.programme, batch.period)
        for batch in found
        if batch.status == BatchStatus.SUBMITTED.value
    }
    offers = [
        (one, _again(one, sent))
        for one in queries.offers(reading(), actor(), now())
        if (one.programme, one.period) not in begun
    ]
    return render_template(
        "referrals/index.html", cards=cards, past=past, offers=offers, programmes=names
    )


def _again(offer: Offer, sent: set[tuple[str, str]]) -> bool:
    return (offer.programme, offer.period) in sent


def card_of(batch: BatchLine, names: dict[str, str]) -> Card:
    """An open batch as a card."""
    task = batch.task
    due = due_badge(task.due_at, now(), provisional=task.provisional) if task else None
    step = 3 if batch.status == BatchStatus.CHECKING.value else (2 if batch.rows else 1)
    return Card(batch, due, step, may_edit(batch), names.get(batch.programme, batch.programme))


@area.post("/")
def begin() -> Response:
    """新建名单: the organisation's batch of an offered month."""
    acting = maker()
    wanted = (request.form.get("programme", ""), request.form.get("period", ""))
    offered = {(one.programme, one.period) for one in queries.offers(reading(), acting, now())}
    if wanted not in offered or acting.org_id is None:
        raise NotFound()
    with changing() as session:
        batch = batches.open_batch(session, acting.org_id, *wanted, acting, now())
        number = batch.id
    return redirect(url_for("referrals.batch", batch_id=number), 303)


@dataclass(frozen=True)
class Totals:
    """A month in figures: referrers that sent, of how many; firms, and Σ need in 元."""

    sent: int
    expected: int
    nil: int
    rows: int
    amount: Decimal


def totals_of(lines: list[ReferrerLine]) -> Totals:
    """The figures of a month. Only what was sent counts."""
    sent = [
        batch
        for line in lines
        for batch in line.batches
        if batch.status == BatchStatus.SUBMITTED.value
    ]
    return Totals(
        sent=sum(line.done for line in lines),
        expected=len(lines),
        nil=sum(batch.nil_return for batch in sent),
        rows=sum(batch.rows for batch in sent),
        amount=sum((batch.amount for batch in sent), Decimal(0)),
    )


def _district() -> str:
    session = reading()
    months = queries.periods(session, actor())
    period = request.args.get("period", "")
    if not PERIOD.fullmatch(period):
        period = _newest(months)
    lines = queries.month(session, actor(), period)
    badges = {
        line.org_id: due_badge(line.waiting.task.due_at, now())
        for line in lines
        if line.waiting and line.waiting.task
    }
    return render_template(
        "referrals/district.html",
        period=period,
        months=months,
        missing=[line for line in lines if not line.done],
        sent=[line for line in lines if line.done],
        badges=badges,
        totals=totals_of(lines),
        may_urge=_may_urge(),
    )


def _may_urge() -> bool:
    """Whoever only reads does not urge."""
    return bool(actor().roles & {Role.MAKER.value, Role.CHECKER.value, Role.HEAD.value})


def _newest(months: list[str]) -> str:
    today = local_date(now()).isoformat()[:7]
    return today if today in months or not months else months[0]


@area.post("/<int:batch_id>/urge")
def urge(batch_id: int) -> Response:
    """催报: remind whoever has the task of a batch that is not sent yet."""
    with changing() as session:
        line = queries.batch_line(session, batch_id, actor())
        if line.task is None or not _may_urge():
            raise NotFound()
        tasks.urge(session, line.task.id, actor(), now())
    flash(gettext("已催%(org)s报送%(m)s名单", org=line.org_name, m=line.period), "success")
    return redirect(url_for("referrals.index", period=line.period), 303)
