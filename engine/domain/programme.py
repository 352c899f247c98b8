"""A programme: its rules by date, each value with the clause it comes from (bpmn/programmes)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from engine.domain.calendar import Period
from engine.domain.codes import SupportClass
from engine.domain.dates import last_day_of_years
from engine.domain.guarantee import lpr_on
from engine.domain.parameter_kinds import CodeList
from engine.domain.parameter_names import KNOWN
from engine.errors import NotFound, RuleRefused
from engine.text import text

Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Parameter:
    """A value with its clause; `inferred` where no policy text gives it (an [I] of the spec)."""

    name: str
    value: object
    clause: str
    inferred: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Parameters:
    """The values in force on a day. `version` and `programme` go into every trace and record."""

    programme: str
    version: str
    values: Mapping[str, Parameter] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def parameter(self, name: str) -> Parameter:
        """The parameter with its clause; NotFound if the programme does not set it."""
        found = self.values.get(name)
        if found is None:
            raise NotFound(text("方案{code}没有参数{name}", code=self.programme, name=name))
        return found

    def clause(self, name: str) -> str:
        """Where the value comes from, e.g. J3.5."""
        return self.parameter(name).clause

    def _typed(self, name: str, kind: type[Wanted]) -> Wanted:
        value = self.parameter(name).value
        if not isinstance(value, kind):
            raise NotFound(text("参数{name}不是{kind}", name=name, kind=kind.__name__))
        return value

    def money(self, name: str) -> Decimal:
        """An amount in 元."""
        return self._typed(name, Decimal)

    def ratio(self, name: str) -> Decimal:
        """A ratio, 0.85 for 85%."""
        return self._typed(name, Decimal)

    def integer(self, name: str) -> int:
        """A whole number."""
        return self._typed(name, int)

    def flag(self, name: str) -> bool:
        """A switch; one that the programme does not set is off."""
        return name in self and self._typed(name, bool)

    def period(self, name: str) -> Period:
        """A period, e.g. approval_period."""
        return self._typed(name, Period)

    def day(self, name: str) -> date:
        """A date."""
        return self._typed(name, date)

    def code(self, name: str) -> str:
        """A single code, e.g. fee_basis."""
        return self._typed(name, str)

    def codes(self, name: str) -> tuple[str, ...]:
        """A list of codes or durations."""
        return tuple(self._typed(name, tuple))

    def code_list(self, name: str) -> CodeList:
        """A code list, e.g. qualifications."""
        return self._typed(name, CodeList)

    def table(self, name: str) -> Mapping[str, Decimal]:
        """Numbers by code."""
        return dict(self._typed(name, dict))

    def matrix(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """Lists of codes by code."""
        return dict(self._typed(name, dict))

    def ceilings(self) -> Mapping[SupportClass, Decimal]:
        """The ceilings by support class (J4.1)."""
        return {
            SupportClass.NORMAL: self.money("ceiling_normal"),
            SupportClass.KEY: self.money("ceiling_key"),
        }

    def lpr_table(self) -> Mapping[date, Decimal]:
        """The published 1-year LPRs in percent."""
        return dict(self._typed("lpr_1y", dict))

    def lpr_on(self, day: date) -> Decimal:
        """The LPR of a day; RuleRefused no_lpr_published before the first."""
        return lpr_on(day, self.lpr_table())[1]

    def required_missing(self) -> list[str]:
        """Names of required parameters that are not set."""
        return [name for name, one in KNOWN.items() if one.required and name not in self]


@dataclass(frozen=True)
class Version:
    """What changed on a day. `effective_from` None is a draft: not in force (J6)."""

    version: str
    effective_from: date | None
    effective_to: date | None
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True)
class Programme:
    """A scheme with its versions in order of date; a later one replaces only what it names."""

    code: str
    name: str
    district: str
    district_code: str
    abbreviation: str
    versions: tuple[Version, ...]
    common: Mapping[str, Parameter] = field(default_factory=dict)

    def at(self, day: date) -> Parameters:
        """The parameters of a day. After the scheme's end the last ones go on for old cases (J6).

        RuleRefused programme_not_in_force before the first version.
        """
        in_force = [v for v in self.versions if v.effective_from and v.effective_from <= day]
        if not in_force:
            raise RuleRefused(
                "programme_not_in_force",
                text("{name}在{day}还没有生效", name=self.name, day=day.isoformat()),
                text("在方案参数里填写生效日期，或核对业务日期"),
            )
        values = dict(self.common)
        for version in in_force:
            values.update(version.parameters)
        return Parameters(self.code, in_force[-1].version, values)

    @property
    def last_day(self) -> date | None:
        """Last day for new cases: the latest version's end, else by scheme_years; None: open."""
        starts = [v.effective_from for v in self.versions if v.effective_from]
        if not starts:
            return None
        parameters = self.at(starts[-1])
        ends = [v.effective_to for v in self.versions if v.effective_from == starts[-1]]
        if ends[-1] or "scheme_years" not in parameters:
            return ends[-1]
        return last_day_of_years(starts[0], parameters.integer("scheme_years"))

    def accepts_new_on(self, day: date) -> bool:
        """Whether new cases may begin on the day."""
        first = next((v.effective_from for v in self.versions if v.effective_from), None)
        end = self.last_day
        return first is not None and first <= day and (end is None or day <= end)
