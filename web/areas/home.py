"""首页: what is mine, what others owe, how far the scheme has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from flask import Blueprint, render_template
from flask_babel import gettext

from engine.clock import local_date
from engine.domain.calendar import working_days_between
from engine.operations.access import sees_all
from engine.queries import home as queries
from engine.queries import inbox
from engine.queries.bulletin import holidays_after, working_days_before
from engine.queries.home import Ahead, Funnel
from engine.queries.inbox import Row
from engine.queries.inbox_views import DueIn, Filters, View
from web.areas.inbox.lists import approvable, for_reader, may_urge
from web.due import due_badge
from web.login import actor
from web.unit import now, reading

area = Blueprint("home", __name__)
FIRST = 5
WIDEST = 62  # percent of the funnel's width for the first step
HIGH = Decimal(138)  # pixels for the highest month


@dataclass(frozen=True)
class Owing:
    """An organisation with overdue tasks: how many, the oldest, by how much."""

    org: str
    n: int
    words: str
    days: int
    item_id: int
    title: str


@area.get("/")
def index() -> str:
    """The home page of the person's organisation."""
    acting, today = actor(), local_date(now())
    rows = inbox.page(reading(), acting, View.MINE, Filters(), now()).rows
    totals = inbox.group_counts(reading(), acting, View.MINE, Filters(), now())
    late = inbox.late_elsewhere(reading(), acting, now())
    holidays = holidays_after(today, 1)
    return render_template(
        "home/index.html",
        today=today,
        mine=[(for_reader(row), due_badge(row.due_at, now(), line="")) for row in rows[:FIRST]],
        bulk=[row for row in rows if approvable(row)],
        total=sum(totals.values()),
        late_n=totals[DueIn.LATE],
        today_n=totals[DueIn.TODAY],
        owing=_owing(late),
        owing_n=len(late),
        figures=queries.figures(reading(), acting, today),
        funnel=_funnel(queries.funnel(reading(), acting, today)),
        months=_months(queries.monthly(reading(), acting, today)),
        banks=queries.approval_days(reading(), acting),
        ahead=[(one.day, _words(one)) for one in queries.ahead(reading(), acting, today)],
        holiday=holidays[0] if holidays else None,
        before=working_days_before(today, holidays[0]) if holidays else [],
        whole=sees_all(acting),
        may_urge=may_urge(),
    )


def _owing(late: Sequence[Row]) -> list[Owing]:
    by_org: dict[str, list[Row]] = {}
    for row in late:
        by_org.setdefault(row.who, []).append(row)
    found = [_owes(org, rows) for org, rows in by_org.items()]
    return sorted(found, key=lambda one: -one.days)[:FIRST]


def _owes(org: str, rows: list[Row]) -> Owing:
    oldest = rows[0]
    days = working_days_between(local_date(oldest.due_at or now()), local_date(now()))
    names = "、".join(dict.fromkeys(row.name for row in rows))
    words = gettext("%(n)s件：%(names)s", n=len(rows), names=names)
    return Owing(org, len(rows), words, max(1, days), oldest.item_id, oldest.title)


@dataclass(frozen=True)
class FunnelStep:
    """A bar of the funnel; `share` of the step before in percent, `drop` where it falls most."""

    name: str
    n: int
    width: str
    label_x: str
    share: str
    drop: bool
    y: int


def _funnel(found: Funnel) -> list[FunnelStep]:
    names = (
        *(gettext("推荐"), gettext("初审通过"), gettext("入白名单")),
        *(gettext("银行批准"), gettext("放款")),
    )
    steps = found.steps
    most = max(steps[0], 1)
    shares = [None, *(b * 100 // a if a else None for a, b in pairwise(steps))]
    known = [one for one in shares if one is not None]
    lowest = min(known) if known else None
    return [
        FunnelStep(
            name,
            n,
            f"{max(WIDEST * n / most, 0.3):.1f}%",
            f"{22.5 + WIDEST * n / most:.1f}%",
            "" if share is None else f"{share}%",
            share is not None and share == lowest and share < 100,
            4 + 35 * k,
        )
        for k, (name, n, share) in enumerate(zip(names, steps, shares, strict=True))
    ]


@dataclass(frozen=True)
class Month:
    """A bar of the months: 元 and its geometry."""

    year: int
    month: int
    amount: Decimal
    x: str
    middle: str
    y: str
    height: str
    tone: str


def _months(found: Sequence[tuple[int, int, Decimal]]) -> list[Month]:
    most = max((amount for _, _, amount in found), default=Decimal(0)) or Decimal(1)
    this_year = found[-1][0]
    shown = []
    for k, (year, month, amount) in enumerate(found):
        height = HIGH * amount / most
        x = 6 + 7.8 * k + 1.3
        tone = "f3" if year != this_year else ("f2" if k == len(found) - 1 else "f1")
        shown.append(
            Month(
                year,
                month,
                amount,
                f"{x:.1f}%",
                f"{x + 2.6:.1f}%",
                f"{150 - height:.1f}",
                f"{height:.1f}",
                tone,
            )
        )
    return shown


def _words(one: Ahead) -> str:
    if one.kind == "list":
        if sees_all(actor()):
            return gettext("推荐名单截止。已报%(n)s家，%(m)s家未报", n=one.n, m=one.more)
        return (
            gettext("推荐名单截止，已报送") if not one.more else gettext("推荐名单截止，还没有报送")
        )
    if one.kind == "agreement":
        return gettext("%(n)s份三方协议到期", n=one.n)
    return gettext("%(n)s家白名单有效期满", n=one.n)
