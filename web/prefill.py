"""What a form holds before anything is typed, and hints that depend on the case.

    @prefill("disbursement")
    def _disbursement(item: WorkItem) -> Prefill: ...

Never the outcome: no door is chosen in advance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from engine.clock import local_date
from engine.models import GuaranteeCase, LoanCase, WorkItem
from engine.queries.case_facts import parameters_of, room_of
from engine.queries.inbox_views import case_id_of
from web.forms import in_wan
from web.rendering import wan
from web.unit import now, reading


@dataclass(frozen=True)
class Prefill:
    """Typed values by field key (amounts in 元), and hints."""

    values: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)


Source = Callable[[WorkItem], Prefill]
_SOURCES: dict[str, Source] = {}


def prefill(*form_keys: str) -> Callable[[Source], Source]:
    """Register what one or more forms begin with."""

    def register(source: Source) -> Source:
        _SOURCES.update(dict.fromkeys(form_keys, source))
        return source

    return register


def prefilled(item: WorkItem) -> Prefill:
    """What the item's form begins with."""
    source = _SOURCES.get(item.form_key)
    return source(item) if source else Prefill()


def case_of(item: WorkItem) -> GuaranteeCase | None:
    """The case an item is about; the page has made sure that the actor may see the item."""
    key = case_id_of(item)
    return reading().get(GuaranteeCase, key) if key else None


@prefill("first_review")
def _first_review(item: WorkItem) -> Prefill:
    case = case_of(item)
    if case is None:
        return Prefill()
    room = room_of(reading(), case, parameters_of(reading(), case.programme, local_date(now())))
    amount = min(case.need_amount, room.most) if room else case.need_amount
    values = {"suggested_amount": amount, "support_class": case.support_class or "NORMAL"}
    if room is None:
        return Prefill(values)
    hint = gettext(
        "最多%(most)s = 上限%(ceiling)s − 已占用%(taken)s",
        most=wan(room.most),
        ceiling=wan(room.ceiling),
        taken=wan(room.taken.total),
    )
    return Prefill(values, {"suggested_amount": hint})


@prefill("centre_review")
def _centre_review(item: WorkItem) -> Prefill:
    case = case_of(item)
    if case is None or case.suggested_amount is None:
        return Prefill()
    hint = gettext("初审建议%(n)s", n=wan(case.suggested_amount))
    return Prefill({"approved_amount": case.suggested_amount}, {"approved_amount": hint})


@prefill("bank_decision")
def _bank_decision(item: WorkItem) -> Prefill:
    case = case_of(item)
    if case is None:
        return Prefill()
    amount = case.approved_amount or case.suggested_amount
    hints = {"credit_line": gettext("需求%(n)s", n=wan(case.need_amount))}
    return Prefill({"credit_line": amount, "term_months": case.need_term}, hints)


@prefill("disbursement")
def _disbursement(item: WorkItem) -> Prefill:
    key = case_id_of(item)
    query = select(LoanCase).where(LoanCase.case_id == key).order_by(LoanCase.attempt.desc())
    loan = reading().scalar(query.limit(1))
    if loan is None or loan.credit_line is None:
        return Prefill()
    return Prefill(
        {"amount": loan.credit_line, "loan_type": loan.loan_type},
        {"amount": gettext("授信额度%(n)s", n=in_wan(loan.credit_line))},
    )
