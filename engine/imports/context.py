"""What a list is checked against: who sends it, for which month, with which code lists."""

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from engine.domain.programme import Parameters
from engine.errors import DanbaoError
from engine.imports import vocabulary
from engine.imports.vocabulary import CodeList, code_list
from engine.text import text

PERIOD = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class ListContext:
    """`period` yyyy-mm, `today` in Asia/Shanghai. An empty `banks` means: do not check banks.

    `allowed_categories` None means any (E3). `strict_banks` refuses an unknown bank instead of
    hinting. Needs from `suspicious_above` on (元) are taken for 元 written in a 万元 column, needs
    below `suspicious_below` for the reverse. `ceiling` (元) only hints at P16.
    """

    source_type: str
    period: str
    today: date
    allowed_categories: frozenset[str] | None = None
    categories: CodeList = vocabulary.CATEGORIES
    qualifications: CodeList = vocabulary.QUALIFICATIONS
    sub_districts: CodeList = vocabulary.SUB_DISTRICTS
    purposes: CodeList = vocabulary.PURPOSES
    banks: CodeList = vocabulary.NO_BANKS
    strict_banks: bool = False
    fixed_asset_words: tuple[str, ...] = vocabulary.FIXED_ASSET_WORDS
    suspicious_below: Decimal = Decimal(10_000)
    suspicious_above: Decimal = Decimal(1_000_000_000)
    ceiling: Decimal | None = None

    def __post_init__(self) -> None:
        if not PERIOD.fullmatch(self.period):
            raise DanbaoError(
                "bad_period",
                text("报送月份“{period}”不对", period=self.period),
                text("按2025-12的样子填写"),
            )

    @property
    def period_start(self) -> date:
        """The first day of the period."""
        return date(int(self.period[:4]), int(self.period[5:]), 1)

    @property
    def period_end(self) -> date:
        """The last day of the period."""
        start = self.period_start
        return start.replace(day=calendar.monthrange(start.year, start.month)[1])

    @property
    def as_of(self) -> date:
        """The day on which qualifications are judged: today, kept within the period."""
        return min(max(self.today, self.period_start), self.period_end)


ANY = "*"
# the checks' name of a code list -> the programme's parameter
LISTS = {
    "referral_category": "referral_categories",
    "qualification": "qualifications",
    "sub_district": "sub_districts",
    "purpose": "purposes",
}
Entries = Iterable[Mapping[str, object]]


def list_context(
    source_type: str,
    period: str,
    today: date,
    lists: Mapping[str, Entries] | None = None,
    *,
    strict_banks: bool = False,
    ceiling: Decimal | None = None,
) -> ListContext:
    """A context with a programme's own code lists where it has them.

    `lists` may hold referral_category, qualification, sub_district, purpose and bank, each of
    {code, name, synonyms}. Which categories the referrer may name comes from E3.
    """
    own = {name: code_list(entries) for name, entries in (lists or {}).items()}
    return ListContext(
        source_type=source_type,
        period=period,
        today=today,
        allowed_categories=vocabulary.ALLOWED.get(source_type),
        categories=own.get("referral_category") or vocabulary.CATEGORIES,
        qualifications=own.get("qualification") or vocabulary.QUALIFICATIONS,
        sub_districts=own.get("sub_district") or vocabulary.SUB_DISTRICTS,
        purposes=own.get("purpose") or vocabulary.PURPOSES,
        banks=own.get("bank") or vocabulary.NO_BANKS,
        strict_banks=strict_banks,
        ceiling=ceiling,
    )


def programme_context(
    parameters: Parameters, source_type: str, period: str, today: date
) -> ListContext:
    """The context of a programme without a database: its code lists, referrer matrix (E3) and
    ceiling (J4.1). Banks are organisations, not parameters, so they are not checked.
    """
    lists = {
        ours: [vars(item) for item in parameters.code_list(name).items]
        for ours, name in LISTS.items()
        if name in parameters
    }
    ceiling = parameters.money("ceiling_key") if "ceiling_key" in parameters else None
    context = list_context(source_type, period, today, lists, ceiling=ceiling)
    if "referrer_categories" not in parameters:
        return context
    allowed = parameters.matrix("referrer_categories").get(source_type, (ANY,))
    return replace(context, allowed_categories=None if ANY in allowed else frozenset(allowed))
