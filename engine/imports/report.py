"""What came of a list: rows taken over, cells refused, hints, and what was put in order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.domain.enterprise import Qualification
from engine.imports.cells import Group
from engine.imports.limits import ListRefused
from engine.imports.tidy import Tidy
from engine.text import Text


@dataclass(frozen=True)
class RefusedCell:
    """`row` as the spreadsheet numbers it, `column` as labelled in the file, `value` as written."""

    row: int
    column: str
    field: str
    value: str
    reason: Text
    remedy: Text
    group: Group
    enterprise: str

    def as_json(self) -> dict[str, object]:
        """The five keys of `danbao import --json`."""
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "reason": str(self.reason),
            "remedy": str(self.remedy),
        }


@dataclass(frozen=True)
class Hint:
    """Something to know; it does not hold the row back."""

    row: int
    column: str
    field: str
    value: str
    message: Text
    enterprise: str


@dataclass(frozen=True)
class TidiedCell:
    """One thing that was put in order in one cell."""

    row: int
    column: str
    field: str
    before: str
    after: str
    kind: Tidy


@dataclass(frozen=True)
class ReferralRow:
    """A row that can be taken over. Needs in 元; revenue and assets in 万元 (fields.csv)."""

    row: int
    uscc: str
    name: str
    category: str
    qualifications: tuple[Qualification, ...]
    sub_district: str | None
    biz_address: str | None
    industry: str | None
    employees: int | None
    revenue: Decimal | None
    assets: Decimal | None
    is_agri: bool
    need_amount: Decimal
    need_term: int
    purpose: str
    pref_bank: str | None
    pref_bank_text: str | None
    target_settle: bool
    contact: str | None
    phone: str | None
    remark: str | None
    legal_rep: str | None = None
    controller: str | None = None
    reg_address: str | None = None
    established_on: date | None = None
    need_by: date | None = None
    has_loan: bool | None = None
    email: str | None = None
    note: str | None = None
    hints: tuple[Hint, ...] = ()
    tidied: tuple[TidiedCell, ...] = ()


@dataclass(frozen=True)
class ListReport:
    """`rows` counts the data rows of the file; `unit` is the one its needs were read in."""

    file: str
    rows: int
    accepted: tuple[ReferralRow, ...]
    refused: tuple[RefusedCell, ...]
    hints: tuple[Hint, ...]
    tidied: tuple[TidiedCell, ...]
    unit: str
    notes: tuple[Text, ...] = ()

    @property
    def refused_rows(self) -> tuple[int, ...]:
        """The numbers of rows with at least one refused cell, in order."""
        return tuple(sorted({each.row for each in self.refused}))

    @property
    def tidied_counts(self) -> dict[Tidy, int]:
        """How often each kind of tidying was needed, most frequent first."""
        return dict(Counter(each.kind for each in self.tidied).most_common())

    @property
    def groups(self) -> dict[Group, int]:
        """Refused cells by filter: 信用代码, 金额, 必填未填, 其他."""
        return dict(Counter(each.group for each in self.refused))

    @property
    def need_total(self) -> Decimal:
        """Σ need_amount of the accepted rows, 元."""
        return sum((each.need_amount for each in self.accepted), Decimal(0))

    def as_json(self) -> dict[str, object]:
        """{file, rows, accepted, refused: [{row, column, value, reason, remedy}]}."""
        return {
            "file": self.file,
            "rows": self.rows,
            "accepted": len(self.accepted),
            "refused": [each.as_json() for each in self.refused],
        }


@dataclass(frozen=True)
class Overlap:
    """One enterprise that several lists name: `places` are (file, row); first list first."""

    uscc: str
    names: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """Distinct enterprises over all accepted rows, and those that more than one list names."""

    enterprises: int
    overlaps: tuple[Overlap, ...]

    @property
    def merged(self) -> int:
        """How many enterprises were named by more than one list (P1: all are credited)."""
        return len(self.overlaps)


COMPARED = ("name", "sub_district", "biz_address", "industry", "employees", "revenue", "assets")


def merge(reports: Sequence[ListReport]) -> Merged:
    """Puts the accepted rows of several lists together by credit code (P1)."""
    named: dict[str, list[tuple[str, ReferralRow]]] = {}
    for report in reports:
        for row in report.accepted:
            named.setdefault(row.uscc, []).append((report.file, row))
    several = [each for each in named.values() if len(each) > 1]
    return Merged(len(named), tuple(_overlap(each) for each in several))


def _overlap(entries: list[tuple[str, ReferralRow]]) -> Overlap:
    rows = [row for _, row in entries]
    return Overlap(
        uscc=rows[0].uscc,
        names=tuple(dict.fromkeys(row.name for row in rows)),
        places=tuple((file, row.row) for file, row in entries),
        conflicts=tuple(field for field in COMPARED if _differ(rows, field)),
    )


def _differ(rows: list[ReferralRow], field: str) -> bool:
    return len({getattr(row, field) for row in rows} - {None}) > 1


def refusal_as_json(file: str, refusal: ListRefused) -> dict[str, object]:
    """A file refused as a whole, in the same shape: row 0 stands for the file itself."""
    whole = {
        "row": 0,
        "column": "",
        "value": "",
        "reason": str(refusal.message),
        "remedy": str(refusal.remedy or ""),
    }
    return {"file": file, "rows": 0, "accepted": 0, "refused": [whole]}
