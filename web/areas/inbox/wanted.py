"""Which view and filters a page was asked for: read from the address, written into links."""

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from flask import request

from engine.forms.binding import WAN
from engine.queries.history import CLOSED_TO
from engine.queries.inbox_views import Checks, DueIn, Filters, View
from web.login import actor
from web.params import key_arg, page_arg, text_arg

Code = TypeVar("Code", bound=StrEnum)


@dataclass(frozen=True)
class Wanted:
    """A view, its filters, and the page of it."""

    view: View
    filters: Filters
    page: int = 1

    def args(self, **changes: Any) -> dict[str, Any]:
        """The arguments of a link to this list with some filters changed (None takes one away)."""
        filters = replace(self.filters, **changes)
        amount = filters.amount / WAN if filters.amount is not None else None
        found = {
            "view": self.view.value,
            "step": filters.step,
            "due": filters.due.value if filters.due else None,
            "referrer": filters.referrer,
            "bank": filters.bank,
            "amount": f"{amount.normalize():f}" if amount is not None else None,
            "checks": filters.checks.value if filters.checks else None,
        }
        return {key: value for key, value in found.items() if value is not None}


def wanted() -> Wanted:
    """What the request asks for; what makes no sense is left out."""
    args = request.args
    checks = _code(Checks, args.get("checks"))
    filters = Filters(
        step=text_arg("step") or None,
        due=_code(DueIn, args.get("due")),
        referrer=key_arg("referrer"),
        bank=key_arg("bank"),
        amount=_amount(args.get("amount")),
        checks=checks if actor().org_kind not in CLOSED_TO else None,
    )
    view = _code(View, args.get("view")) or View.MINE
    return Wanted(view, filters, page_arg())


def _code(kind: type[Code], value: str | None) -> Code | None:
    return kind(value) if value in {one.value for one in kind} else None


def _amount(value: str | None) -> Decimal | None:
    try:
        amount = Decimal(value or "") * WAN
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount < Decimal("1e13") else None
