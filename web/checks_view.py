"""The automatic checks as shown: what is open first, each judgement with its question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from engine.models import CheckResult
from engine.queries.case_facts import Referred
from web.forms import Raw
from web.i18n import render_text
from web.rendering import wan
from web.working import Line, lines

JUDGES = "first_review"  # the form whose operation takes the answers


@dataclass(frozen=True)
class Question:
    """A radio group within a check: `name` as posted."""

    name: str
    words: str
    choices: tuple[tuple[str, str], ...]
    chosen: str | None


@dataclass(frozen=True)
class CheckView:
    """A check with its words in the request's language."""

    code: str
    outcome: str
    title: str
    detail: str
    clause: str
    answer: str
    questions: tuple[Question, ...]
    for_head: bool
    working: list[Line]


def check_views(
    results: Sequence[CheckResult],
    referred: Sequence[Referred],
    raw: Raw,
    items: Mapping[str, str],
    *,
    asking: bool,
) -> list[CheckView]:
    """The checks; with their questions where the reader is the one who answers."""
    return [_view(one, referred, raw, items, asking=asking) for one in results]


def _view(
    one: CheckResult,
    referred: Sequence[Referred],
    raw: Raw,
    items: Mapping[str, str],
    *,
    asking: bool,
) -> CheckView:
    asked = one.detail.get("question") is not None
    for_head = bool(one.detail.get("needs_head"))
    open_ = asking and asked and not for_head
    return CheckView(
        code=one.code,
        outcome=_outcome(one, asking=open_),
        title=render_text(one.title),
        detail=render_text(one.detail),
        clause=one.clause,
        answer=_said(one, items) if one.answer else "",
        questions=_questions(one, referred, raw, items) if open_ else (),
        for_head=for_head and one.outcome == "JUDGE",
        working=lines(one.trace),
    )


def _outcome(one: CheckResult, *, asking: bool) -> str:
    if asking and one.outcome == "PASS":
        return "JUDGE"  # it stays open to be changed until the step is done
    return "PASS" if one.outcome == "JUDGE" and one.answer else one.outcome


def _questions(
    one: CheckResult, referred: Sequence[Referred], raw: Raw, items: Mapping[str, str]
) -> tuple[Question, ...]:
    if one.code == "E1_CHECKLIST":
        return tuple(_item_question(one, code, name, raw) for code, name in items.items())
    name = f"judge_{one.code}"
    words, choices = _asked(one.code, referred)
    given = next(iter(raw.get(name, ())), one.answer)
    return (Question(name, words, choices, given),)


def _item_question(one: CheckResult, code: str, name: str, raw: Raw) -> Question:
    verdict, _, denied = (one.answer or "").partition(":")
    stored = {"OK": "OK", "NOT_OK": "NOT_OK" if code in denied.split(",") else "OK"}.get(verdict)
    given = next(iter(raw.get(f"judge_{code}", ())), stored)
    choices = (("OK", gettext("符合")), ("NOT_OK", gettext("不符合")))
    return Question(f"judge_{code}", name, choices, given)


def _asked(code: str, referred: Sequence[Referred]) -> tuple[str, tuple[tuple[str, str], ...]]:
    if code == "NEED_CONFLICT":
        offers = [(f"{one.org}:{one.amount}", f"{wan(one.amount)} {one.org}") for one in referred]
        return gettext("采用哪一个？"), (*offers, ("OTHER", gettext("另行核定")))
    question, fine, wrong = {
        "N1": (gettext("依法经营吗？"), gettext("依法经营"), gettext("否，不予通过")),
        "N2": (gettext("有严重不良信用记录吗？"), gettext("没有"), gettext("有，不予通过")),
        "N3": (gettext("影响偿付能力吗？"), gettext("没有或不影响"), gettext("影响，不予通过")),
        "N4": (gettext("符合担保运作规则吗？"), gettext("符合"), gettext("不符合，不予通过")),
        "N5": (gettext("有重大违法违约吗？"), gettext("没有"), gettext("有，不予通过")),
    }.get(code, (gettext("符合吗？"), gettext("符合"), gettext("不符合")))
    return question, (("OK", fine), ("NOT_OK", wrong))


def _said(one: CheckResult, items: Mapping[str, str]) -> str:
    verdict, _, rest = (one.answer or "").partition(":")
    if one.code == "NEED_CONFLICT":
        return (
            gettext("另行核定") if verdict == "OTHER" else gettext("采用%(who)s所报", who=verdict)
        )
    if verdict == "OK":
        return gettext("经判断：符合")
    denied = "、".join(items.get(code, code) for code in rest.split(",") if code)
    return gettext("经判断：不符合") + (f"（{denied}）" if denied else "")


def tally(views: Sequence[CheckView]) -> dict[str, int]:
    """How many of each outcome."""
    found: dict[str, int] = {}
    for one in views:
        found[one.outcome] = found.get(one.outcome, 0) + 1
    return found


def labels(views: Sequence[CheckView]) -> dict[str, Any]:
    """The names of the judgements, for the error summary."""
    return {f"judge_{one.code}": one.title for one in views}
