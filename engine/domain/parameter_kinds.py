"""Kinds of programme parameters: how each is read from YAML, and what it may be.

A reader takes the raw value and returns the typed one, or raises BadValue with reason and remedy.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from engine.domain.calendar import Period, Unit
from engine.domain.money import plain
from engine.domain.reader import parse_day, parse_decimal
from engine.text import Text, text

REMINDER = re.compile(r"-?P[0-9]{1,3}D", re.ASCII)


class BadValue(ValueError):
    """A parameter's value cannot be used: why, and what to write instead."""

    def __init__(self, reason: Text, remedy: Text) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class CodeItem:
    """An entry of a code list: its code, its Chinese name, other ways people write it.

    `data` holds further attributes, e.g. an industry's size_industry and scope.
    """

    code: str
    name: str
    synonyms: tuple[str, ...] = ()
    data: Mapping[str, str] | None = None

    def get(self, name: str) -> str | None:
        """A further attribute, or None."""
        return (self.data or {}).get(name)


@dataclass(frozen=True)
class CodeList:
    """Codes in the order of the file."""

    items: tuple[CodeItem, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes."""
        return tuple(item.code for item in self.items)

    def get(self, code: str) -> CodeItem | None:
        """The entry of a code, or None."""
        return next((item for item in self.items if item.code == code), None)

    def find(self, written: str) -> CodeItem | None:
        """The entry meant by a code, a name or a synonym; quotes and blanks do not count."""
        wanted = squeeze(written)
        return next((item for item in self.items if wanted in _ways(item)), None)

    def name(self, code: str) -> str:
        """The Chinese name of a code; the code itself when the list does not have it."""
        item = self.get(code)
        return item.name if item else code


def squeeze(written: str) -> str:
    """What is compared when a name is looked up."""
    return re.sub(r"[\s“”\"'‘’《》()（）]", "", written).upper()


def _ways(item: CodeItem) -> set[str]:
    return {squeeze(way) for way in (item.code, item.name, *item.synonyms)}


def _decimal(raw: object) -> Decimal:
    value = parse_decimal(raw)
    if value is None:
        raise BadValue(text("不是精确的数"), text('把数写在引号里，如"0.85"'))
    return value


def _between(low: Decimal, high: Decimal, raw: object) -> Decimal:
    value = _decimal(raw)
    if not low <= value <= high:
        reason = text("{value}超出范围", value=plain(value))
        raise BadValue(reason, text("写{low}到{high}之间的数", low=plain(low), high=plain(high)))
    return value


def ratio(top: str = "1") -> "Reader":
    """A ratio from 0 to `top`."""
    return partial(_between, Decimal(0), Decimal(top))


def money(raw: object) -> Decimal:
    """An amount in 元, above 0, at most two decimals."""
    value = _between(Decimal("0.01"), Decimal("99999999999999.99"), raw)
    if value % Decimal("0.01"):
        raise BadValue(text("金额超过两位小数"), text("金额以元为单位，最多两位小数"))
    return value


def integer(low: int, high: int) -> "Reader":
    """A whole number from `low` to `high`."""
    return partial(_integer, low, high)


def _integer(low: int, high: int, raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        reason = text("不是{low}到{high}之间的整数", low=low, high=high)
        raise BadValue(reason, text("写不带引号的整数，如{low}", low=low))
    return raw


def flag(raw: object) -> bool:
    """true or false."""
    if not isinstance(raw, bool):
        raise BadValue(text("不是true或false"), text("写true或false"))
    return raw


def period(raw: object) -> Period:
    """{amount, unit}, e.g. 10 DAY."""
    remedy = text("写成{{amount: 10, unit: DAY}}，单位为DAY、WORKING_DAY或MONTH")
    if not isinstance(raw, Mapping) or set(raw) != {"amount", "unit"}:
        raise BadValue(text("不是一段期限"), remedy)
    if raw["unit"] not in list(Unit):
        raise BadValue(text("不认识的期限单位"), remedy)
    return Period(_integer(1, 4000, raw["amount"]), Unit(raw["unit"]))


def day(raw: object) -> date:
    """A date."""
    found = raw if isinstance(raw, date) else parse_day(raw)
    if found is None:
        raise BadValue(text("不是日期"), text("写成2025-12-01的形式"))
    return found


def one_of(*codes: str) -> "Reader":
    """One of the codes."""
    return partial(_one_of, codes)


def _one_of(codes: tuple[str, ...], raw: object) -> str:
    if raw not in codes:
        raise BadValue(text("不在可选的代码里"), text("写{codes}之一", codes="、".join(codes)))
    return str(raw)


def codes(raw: object) -> tuple[str, ...]:
    """A list of codes."""
    if not isinstance(raw, list) or not all(isinstance(one, str) and one for one in raw):
        raise BadValue(text("不是代码列表"), text("写成[CODE_A, CODE_B]的形式"))
    return tuple(raw)


def reminders(raw: object) -> tuple[str, ...]:
    """Days around a deadline as ISO durations, e.g. -P3D, P0D."""
    found = codes(raw)
    if not all(REMINDER.fullmatch(one) for one in found):
        raise BadValue(text("不是以天计的提醒时间"), text("写成[-P3D, -P1D, P0D]的形式"))
    return found


def code_list(raw: object) -> CodeList:
    """A list of {code, name, synonyms?, …}; no code and no way of writing appears twice."""
    remedy = text("每项写成{{code: CODE, name: 名称}}，可加synonyms")
    if not isinstance(raw, list):
        raise BadValue(text("不是代码表"), remedy)
    items = tuple(_code_item(one, remedy) for one in raw)
    seen: set[str] = set()
    for item in items:
        if seen & _ways(item):
            raise BadValue(text("{code}与前面的项重复", code=item.code), text("合并重复的名称"))
        seen |= _ways(item)
    return CodeList(items)


def _code_item(raw: object, remedy: Text) -> CodeItem:
    if not isinstance(raw, Mapping) or not {"code", "name"} <= set(raw):
        raise BadValue(text("代码表里有一项缺少code或name"), remedy)
    rest = {k: v for k, v in raw.items() if k not in ("code", "name", "synonyms")}
    strings = [raw["code"], raw["name"], *rest.values(), *rest]
    if not all(isinstance(one, str) and one for one in strings):
        raise BadValue(text("代码表的值应为非空文字"), remedy)
    return CodeItem(raw["code"], raw["name"], codes(raw.get("synonyms", [])), rest or None)


def lpr_table(raw: object) -> Mapping[date, Decimal]:
    """Dates of publication and the 1-year LPR in percent."""
    if not isinstance(raw, Mapping) or not raw:
        raise BadValue(text("不是LPR表"), text('每行写公布日期和数值，如2025-05-20: "3.00"'))
    top = Decimal(30)
    return {day(key): _between(Decimal(0), top, value) for key, value in raw.items()}


def ratio_table(raw: object) -> Mapping[str, Decimal]:
    """Codes and ratios from 0 to 1, e.g. the interest ratio by support class."""
    if not isinstance(raw, Mapping) or not raw:
        raise BadValue(text("不是比例表"), text('每行写代码和比例，如KEY: "0.50"'))
    return {_key(key): _between(Decimal(0), Decimal(1), value) for key, value in raw.items()}


def number_table(raw: object) -> Mapping[str, Decimal]:
    """Codes and numbers from 0 to 100, e.g. weights and grades."""
    if not isinstance(raw, Mapping) or not raw:
        raise BadValue(text("不是数值表"), text("每行写代码和数值，如GOOD: 80"))
    return {_key(key): _between(Decimal(0), Decimal(100), value) for key, value in raw.items()}


def code_matrix(raw: object) -> Mapping[str, tuple[str, ...]]:
    """Codes and the codes that go with them; ["*"] means any."""
    if not isinstance(raw, Mapping) or not raw:
        raise BadValue(
            text("不是对应表"), text("每行写代码和代码列表，如DEPT_SCIENCE: [HIGH_TECH]")
        )
    return {_key(key): codes(value) for key, value in raw.items()}


def _key(raw: object) -> str:
    if not isinstance(raw, str):
        raise BadValue(text("键应为文字代码"), text("写大写英文代码"))
    return raw


Reader = Callable[[object], object]
KINDS: Mapping[str, Reader] = {
    "money": money,
    "ratio": ratio(),
    "integer": integer(0, 1_000_000),
    "flag": flag,
    "period": period,
    "date": day,
    "codes": codes,
    "code_list": code_list,
    "ratio_table": ratio_table,
    "number_table": number_table,
    "code_matrix": code_matrix,
}
