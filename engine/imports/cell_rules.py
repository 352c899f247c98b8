"""Rules about one value: how large a need may be, when a date may lie."""

from datetime import date
from decimal import Decimal

from engine.imports.cells import CellRefused, Group, day, money, words
from engine.imports.columns import BY_FIELD
from engine.imports.context import ListContext
from engine.imports.model import Cell
from engine.imports.tidy import Tidied
from engine.text import Text, text

TEN_THOUSAND = Decimal(10_000)
SHORTEST_NAME = 4


def need(cell: Cell, unit: str, context: ListContext) -> Tidied[Decimal]:
    """need_amount in 元, above 0, and not of a size that betrays the wrong unit."""
    amount = money(cell, unit)
    if amount.value <= 0:
        raise _amount(text("须大于0"), text("填实际需求数额"))
    if amount.value < context.suspicious_below:
        raise _too_small(amount.value, unit)
    if amount.value >= context.suspicious_above:
        raise _too_large(amount.value, unit)
    return amount


def _too_small(yuan: Decimal, unit: str) -> CellRefused:
    if unit == "元":
        remedy = text(
            "本列单位是元。{n}万元应填{yuan}", n=plain(yuan), yuan=plain(yuan * TEN_THOUSAND)
        )
        return _amount(text("不足1万元，疑按万元填写"), remedy)
    return _amount(text("不足1万元"), text("本列单位是{unit}，核对数额", unit=unit))


def _too_large(yuan: Decimal, unit: str) -> CellRefused:
    if unit == "万元":
        written = yuan / TEN_THOUSAND
        remedy = text(
            "本列单位是万元。{n}万元应填{n}", n=plain((written / TEN_THOUSAND).normalize())
        )
        return _amount(text("超过10亿元，疑按元填写"), remedy)
    return _amount(text("超过10亿元"), text("本列单位是{unit}，核对数额", unit=unit))


def turnover(cell: Cell, unit: str) -> Tidied[Decimal]:
    """Revenue or assets in 万元, 0 or more."""
    amount = money(cell, unit)
    if amount.value < 0:
        raise _amount(text("不能小于0"), text("填上年财务报表的数额"))
    return Tidied((amount.value / TEN_THOUSAND).quantize(Decimal("0.01")), amount.kinds)


def company(cell: Cell) -> Tidied[str]:
    """A registered name: not a number, not an abbreviation of a few characters."""
    name = words(cell, BY_FIELD["name"].most or 100)
    if len(name.value) < SHORTEST_NAME or name.value.isdigit():
        raise CellRefused(Group.OTHER, text("不是企业全称"), text("照营业执照填写全称"))
    return name


def established(cell: Cell, context: ListContext) -> Tidied[date]:
    """established_on, not after today."""
    found = day(cell)
    if found.value > context.today:
        raise _date(text("晚于今天"), text("对照营业执照改正"))
    return found


def needed_by(cell: Cell, context: ListContext) -> Tidied[date]:
    """need_by, not before the period begins."""
    found = day(cell)
    if found.value < context.period_start:
        month = context.period_start.month
        raise _date(
            text("早于本期{month}月1日", month=month), text("填{month}月1日或以后", month=month)
        )
    return found


def plain(number: Decimal) -> str:
    """Digits without exponent or needless zeros."""
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def _amount(reason: Text, remedy: Text) -> CellRefused:
    return CellRefused(Group.AMOUNT, reason, remedy)


def _date(reason: Text, remedy: Text) -> CellRefused:
    return CellRefused(Group.OTHER, reason, remedy)
