"""The filters above the list: what each offers, and what is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from flask import url_for
from flask_babel import gettext

from engine.forms.binding import WAN
from engine.queries.history import CLOSED_TO
from engine.queries.inbox import Options
from engine.queries.inbox_views import Checks, DueIn, View
from web.areas.inbox.wanted import Wanted
from web.login import actor

AMOUNTS = (100, 300, 500, 1000)  # 万元


@dataclass(frozen=True)
class Menu:
    """One filter. `chosen` are the words of what is chosen, `clear` the list without it."""

    label: str
    entries: list[tuple[str, str]]
    chosen: str | None
    clear: str


def menus(asked: Wanted, options: Options) -> list[Menu]:
    """The filters of a view, in one order everywhere."""
    f, done = asked.filters, asked.view is View.DONE
    closed = actor().org_kind in CLOSED_TO
    least = f"{(f.amount / WAN).normalize():f}" if f.amount is not None else None
    found = [
        _menu(asked, "step", gettext("环节"), f.step, [(one, one) for one in options.steps]),
        _menu(asked, "due", gettext("到期"), f.due, [] if done else due_words()),
        _menu(asked, "referrer", gettext("推荐单位"), f.referrer, options.referrers),
        _menu(asked, "bank", gettext("银行"), f.bank, options.banks),
        _menu(asked, "amount", gettext("金额"), least, _amounts(least)),
        _menu(asked, "checks", gettext("核查结果"), f.checks, [] if closed else check_words()),
    ]
    return [one for one in found if one.entries or one.chosen]


def _amounts(chosen: str | None) -> list[tuple[str, str]]:
    steps = [str(n) for n in AMOUNTS]
    if chosen is not None and chosen not in steps:
        steps.append(chosen)
    return [(n, gettext("金额 ≥ %(n)s万元", n=n)) for n in steps]


def due_words() -> list[tuple[DueIn, str]]:
    """The groups of due days."""
    return [
        (DueIn.LATE, gettext("已逾期")),
        (DueIn.TODAY, gettext("今天到期")),
        (DueIn.TOMORROW, gettext("明天到期")),
        (DueIn.WEEK, gettext("7天内到期")),
        (DueIn.LATER, gettext("以后到期")),
        (DueIn.NONE, gettext("不计时")),
    ]


def check_words() -> list[tuple[Checks, str]]:
    """What the checks may say."""
    return [
        (Checks.PASS, gettext("全部通过")),
        (Checks.JUDGE, gettext("有需判断")),
        (Checks.NOTICE, gettext("有提示")),
        (Checks.FAIL, gettext("有不通过")),
        (Checks.MISSING, gettext("有待补")),
    ]


def _menu(
    asked: Wanted,
    key: str,
    label: str,
    current: object,
    entries: Iterable[tuple[object, str]],
) -> Menu:
    offered = list(entries)
    words = next((name for value, name in offered if value == current), None)
    chosen = None if current is None else (words or str(current))
    links = [(_link(asked, key, value), name) for value, name in offered]
    return Menu(label, links, chosen, _link(asked, key, None))


def _link(asked: Wanted, key: str, value: object) -> str:
    given = Decimal(str(value)) * WAN if key == "amount" and value is not None else value
    return url_for("inbox.index", **asked.args(**{key: given}))
