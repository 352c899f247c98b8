"""What every template can use: who is signed in, navigation, formats, asset addresses."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, session, url_for
from flask_babel import get_locale, gettext

from engine.clock import SHANGHAI
from engine.models import OrgKind, Role
from engine.operations.drafts import may_read
from engine.people import Actor
from web import decision_words
from web.login import actor, organisation
from web.visitor import current_user

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Entry:
    """An area in the top bar."""

    label: str
    url: str
    current: bool
    count: int | None = None


def register(app: Flask) -> None:
    """Attach filters, globals and the context of base.html."""
    app.jinja_env.filters.update(
        wan=wan,
        yuan=yuan,
        day=day,
        day_week=day_week,
        moment=moment,
        clock=clock_time,
        pct=pct,
        given=decision_words.given,
        cell=decision_words.cell,
    )
    app.jinja_env.globals.update(asset=asset, navigation=navigation)
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    base = {"locale": language(), "theme": theme()}
    if not current_user.is_authenticated:
        return base
    acting = actor()
    return {**base, "me": acting, "org": organisation(), "me_roles": role_names(acting)}


def language() -> str:
    """zh or en."""
    return "en" if str(get_locale() or "zh").startswith("en") else "zh"


def theme() -> str:
    """light or dark; the server sets it, so that a page never flashes."""
    chosen = session.get("theme") or getattr(current_user, "theme", "light")
    return chosen if chosen in ("light", "dark") else "light"


def role_words() -> dict[str, str]:
    """Roles in words, in the order in which they are offered."""
    return {
        Role.MAKER.value: gettext("经办"),
        Role.CHECKER.value: gettext("复核"),
        Role.HEAD.value: gettext("负责人"),
        Role.AUDITOR.value: gettext("只读"),
        Role.ADMIN.value: gettext("系统管理"),
        Role.OWNER.value: gettext("流程管理"),
    }


def role_names(acting: Actor) -> str:
    """The posts held, in words."""
    return "、".join(name for role, name in role_words().items() if role in acting.roles)


def navigation() -> list[Entry]:
    """The areas of the person's organisation, in one order everywhere (ui.md 6)."""
    from engine.queries.inbox import open_count
    from web.unit import reading

    acting = actor()
    areas: list[tuple[str, str, int | None]] = [
        (gettext("首页"), "home.index", None),
        (gettext("待办"), "inbox.index", open_count(reading(), acting)),
        (gettext("案件"), "cases.index", None),
    ]
    if acting.org_kind in (OrgKind.REFERRER.value, OrgKind.BANK.value):
        areas.append((gettext("报送名单"), "referrals.index", None))
    elif acting.org_kind == OrgKind.FINANCE.value:
        areas.append((gettext("推荐名单"), "referrals.index", None))
    if acting.org_kind != OrgKind.TREASURY.value:
        areas.append((gettext("白名单"), "whitelist.index", None))
        if acting.org_kind != OrgKind.REFERRER.value:
            areas.append((gettext("合作银行"), "banks.index", None))
            areas.append((gettext("贷款备案"), "filings.index", None))
    if acting.org_kind in (OrgKind.FINANCE.value, OrgKind.TREASURY.value, OrgKind.GUARANTOR.value):
        areas.append((gettext("补贴"), "subsidies.index", None))
    if Role.AUDITOR.value in acting.roles or acting.org_kind == OrgKind.FINANCE.value:
        areas.append((gettext("审计"), "audit.index", None))
    if may_read(acting):
        areas.append((gettext("流程"), "studio.index", None))
    if (unsettled := _incidents(acting)) is not None:
        areas.append((gettext("异常"), "incidents.index", unsettled))
    if Role.ADMIN.value in acting.roles:
        areas.append((gettext("管理"), "admin.index", None))
    here = (request.endpoint or "").split(".")[0]
    return [
        Entry(label, url_for(endpoint), endpoint.split(".")[0] == here, count)
        for label, endpoint, count in areas
        if endpoint in current_app.view_functions
    ]


def _incidents(acting: Actor) -> int | None:
    """How many incidents there are for those who settle them; None where there is none to see."""
    from engine.operations.incidents import is_settler
    from engine.queries.incidents import unsettled_count
    from web.unit import reading

    if not is_settler(acting):
        return None
    here = (request.endpoint or "").startswith("incidents.")
    return unsettled_count(reading(), acting) or (0 if here else None)


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file with its digest, so that browsers may keep it."""
    static = Path(current_app.static_folder or "")
    return url_for("static", filename=name, v=_digest(static / name))


def wan(amount: Decimal | None, places: int = 2) -> str:
    """元 as 万元: 1,350.00 (English pages: CNY m)."""
    if amount is None:
        return "—"
    divisor = Decimal(1_000_000) if language() == "en" else Decimal(10_000)
    step = Decimal(1).scaleb(-places)
    return f"{(Decimal(amount) / divisor).quantize(step, ROUND_HALF_UP):,}"


def yuan(amount: Decimal | None) -> str:
    """元 to 分: 20,000.00."""
    return "—" if amount is None else f"{Decimal(amount).quantize(Decimal('0.01')):,}"


def pct(rate: Decimal | None, places: int = 2) -> str:
    """A rate already in percent, 2.90."""
    return "—" if rate is None else f"{Decimal(rate).quantize(Decimal(1).scaleb(-places))}"


def _local(value: date | datetime) -> date:
    return value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value


def day(value: date | datetime | None) -> str:
    """9月24日; the year only if it is another one (ui.md, Money and dates)."""
    from web.unit import now

    if value is None:
        return "—"
    found = _local(value)
    same_year = found.year == _local(now()).year
    if language() == "en":
        short = f"{found.day} {MONTHS[found.month - 1]}"
        return short if same_year else f"{short} {found.year}"
    short = f"{found.month}月{found.day}日"
    return short if same_year else f"{found.year}年{short}"


def day_week(value: date | datetime | None) -> str:
    """9月24日 周四."""
    if value is None:
        return "—"
    found = _local(value)
    week = DAYS[found.weekday()] if language() == "en" else WEEKDAYS[found.weekday()]
    return f"{week} {day(found)}" if language() == "en" else f"{day(found)} {week}"


def clock_time(value: datetime) -> str:
    """15:05 in Shanghai."""
    return value.astimezone(SHANGHAI).strftime("%H:%M")


def moment(value: datetime | None) -> str:
    """9月21日15:05."""
    if value is None:
        return "—"
    gap = " " if language() == "en" else ""
    return f"{day(value)}{gap}{clock_time(value)}"
