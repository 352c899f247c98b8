"""One cell to one value: amounts, counts, terms, dates, yes or no, phone numbers, words."""

import calendar
import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from engine.imports.model import Cell, shown
from engine.imports.tidy import Tidied, Tidy, compacted, narrowed, worded
from engine.text import Text, text

YUAN = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
SUFFIX_YUAN = {"": None, "元": "元", "万": "万元", "万元": "万元", "亿": "亿元", "亿元": "亿元"}
AMOUNT = re.compile(r"(?:人民币|RMB|CNY|[¥￥])?([+-]?[\d,.]+)(亿元|亿|万元|万|元)?(?:整|人民币)?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
RANGE = re.compile(r"\d+(\.\d+)?[万亿元]*[-~—至到]\d")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00)?)?")
COMPACT_DAY = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?(?:底|末)?")
SERIAL = range(20_000, 80_000)
EPOCH = date(1899, 12, 30)
NEVER = ("长期", "永久", "长期有效", "无固定期限", "永久有效", "无期限")
YES = {"是", "y", "yes", "true", "1", "√", "✓", "有", "涉农"}
NO = {"否", "n", "no", "false", "0", "×", "x", "无", "非", "不是", "没有"}
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"(0\d{2,3}-?)?\d{7,8}(-\d{1,6})?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12
MOST_PEOPLE = 10_000_000


class Group(StrEnum):
    """The filter above the refused rows: 信用代码, 金额, 必填未填, 其他."""

    CODE = "CODE"
    AMOUNT = "AMOUNT"
    MISSING = "MISSING"
    OTHER = "OTHER"


class CellRefused(Exception):
    """A cell that cannot be taken over, with what to do about it."""

    def __init__(self, group: Group, reason: Text, remedy: Text) -> None:
        super().__init__(str(reason))
        self.group, self.reason, self.remedy = group, reason, remedy


def money(cell: Cell, unit: str) -> Tidied[Decimal]:
    """An amount in 元 to 分. `unit` is the column's; a unit inside the cell goes before it."""
    number, inside = _amount(cell)
    yuan = number.value * YUAN[inside or unit]
    if abs(yuan) >= LARGEST:
        raise _amount_refused(text("数额过大"), text("核对单位，按{unit}填写", unit=unit))
    rounded = yuan.quantize(CENT, ROUND_HALF_UP)
    return Tidied(rounded, number.kinds).also(Tidy.UNIT, inside not in (None, unit))


def _amount(cell: Cell) -> tuple[Tidied[Decimal], str | None]:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Tidied(_decimal(shown(cell))), None
    if isinstance(cell, date):
        raise _amount_refused(text("是日期，不是数额"), text("把单元格改为数值格式，重填数额"))
    compact = compacted(shown(cell))
    found = AMOUNT.fullmatch(compact.value)
    if not found:
        raise _not_an_amount(compact.value)
    digits, separated = _ungrouped(found[1])
    number = Tidied(_decimal(digits), compact.kinds).also(Tidy.SEPARATOR, separated)
    return number, SUFFIX_YUAN[found[2] or ""]


def _ungrouped(digits: str) -> tuple[str, bool]:
    """Without thousands separators; "1,20" is refused, for nobody knows what it means."""
    if "," in digits and not GROUPED.fullmatch(digits):
        raise _amount_refused(text("逗号的位置不对，看不出数额"), text("去掉逗号，只填数字"))
    return digits.replace(",", ""), "," in digits


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise _not_an_amount(digits) from None
    if not number.is_finite():
        raise _not_an_amount(digits)
    return number


def _not_an_amount(written: str) -> CellRefused:
    if RANGE.match(written):
        return _amount_refused(text("是一个区间，不是一个数"), text("只填一个确定的数额"))
    if "%" in written:
        return _amount_refused(text("是百分数，不是数额"), text("填数额，不填比例"))
    return _amount_refused(text("不是一个数"), text("填一个确定的数额，只写数字"))


def _amount_refused(reason: Text, remedy: Text) -> CellRefused:
    return CellRefused(Group.AMOUNT, reason, remedy)


def count(cell: Cell) -> Tidied[int]:
    """A whole number of people, 0 or more; "120人" is read as 120."""
    compact = compacted(shown(cell))
    digits, separated = _ungrouped(compact.value.removesuffix("人") or "-")
    if not PLAIN.fullmatch(digits) or (number := _decimal(digits)) != int(number):
        raise _other(text("不是人数"), text("填0或正整数"))
    if not 0 <= number <= MOST_PEOPLE:
        raise _other(text("不是人数"), text("填0或正整数"))
    return Tidied(int(number), compact.kinds).also(Tidy.SEPARATOR, separated)


def months(cell: Cell, unit: str) -> Tidied[int]:
    """A term of 1 to 36 whole months (fields.csv need_term); "1年" is read as 12."""
    compact = compacted(shown(cell))
    found = re.fullmatch(r"([+-]?[\d.]+)(个月|月|年|个月整)?", compact.value)
    if not found or not PLAIN.fullmatch(found[1]):
        raise _other(text("不是月数"), text("填1到36的整数"))
    inside = {"年": "年", "月": "月", "个月": "月"}.get(found[2] or "")
    term = _decimal(found[1]) * (12 if (inside or unit) == "年" else 1)
    if not 1 <= term <= 36:
        raise _other(text("超出1至36个月"), text("填1到36的整数"))
    if term != int(term):
        raise _other(text("不是整月数"), text("填1到36的整数"))
    return Tidied(int(term), compact.kinds).also(Tidy.UNIT, inside not in (None, unit))


def day(cell: Cell) -> Tidied[date]:
    """A date; a month alone means its last day, which is noted as tidied."""
    if isinstance(cell, datetime):
        return Tidied(cell.date())
    if isinstance(cell, date):
        return Tidied(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and int(cell) in SERIAL:
        return Tidied(EPOCH + timedelta(days=int(cell)), (Tidy.DATE,))
    narrow = narrowed(shown(cell))
    parsed = _written_day(re.sub(r"(?<=[年月])\s+|\s+(?=[年月日])", "", narrow.value))
    return Tidied(parsed, narrow.kinds).also(Tidy.DATE, parsed.isoformat() != narrow.value)


def expiry(cell: Cell) -> Tidied[date | None]:
    """A date, or None for 长期, which stands for no end at all."""
    compact = compacted(shown(cell))
    if compact.value in NEVER:
        return Tidied(None, compact.kinds)
    found = day(cell)
    return Tidied(found.value, found.kinds)


def _written_day(written: str) -> date:
    try:
        if found := DAY.fullmatch(written) or COMPACT_DAY.fullmatch(written):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := MONTH.fullmatch(written):
            year, month = int(found[1]), int(found[2])
            return date(year, month, calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        raise _other(text("没有这一天"), text("核对年月日")) from None
    raise _other(text("不是日期"), text("按2027-03-31的样子填写"))


def yes_no(cell: Cell) -> Tidied[bool]:
    """是 or 否, with the usual marks for either."""
    if isinstance(cell, bool):
        return Tidied(cell)
    compact = compacted(shown(cell))
    if compact.value.lower() in YES | NO:
        return Tidied(compact.value.lower() in YES, compact.kinds)
    raise _other(text("看不出是或否"), text("填“是”或“否”"))


def phone(cell: Cell) -> Tidied[str]:
    """A mobile number or a landline (fields.csv contact_phone)."""
    compact = compacted(shown(cell))
    number = compact.value.replace("(", "").replace(")", "-").removeprefix("+86")
    bare = number.replace("-", "")
    if MOBILE.fullmatch(bare):
        return Tidied(bare, compact.kinds)
    if LANDLINE.fullmatch(number) and not re.fullmatch(r"1[3-9]\d{6,}", bare):
        return Tidied(number, compact.kinds)
    raise _wrong_phone(bare)


def _wrong_phone(digits: str) -> CellRefused:
    if re.fullmatch(r"1[3-9]\d{5,13}", digits):
        off = len(digits) - 11
        reason = text("手机号少{n}位", n=-off) if off < 0 else text("手机号多{n}位", n=off)
        return _other(reason, text("填11位手机号，或填固定电话"))
    return _other(text("不是电话号码"), text("填一个11位手机号或固定电话"))


def email(cell: Cell) -> Tidied[str]:
    """An address with one @ and a dot behind it."""
    compact = compacted(shown(cell))
    if not EMAIL.fullmatch(compact.value):
        raise _other(text("不是邮箱地址"), text("核对后改正，没有的留空"))
    return compact


def words(cell: Cell, most: int) -> Tidied[str]:
    """Words of at most `most` characters."""
    tidy = worded(shown(cell))
    if len(tidy.value) > most:
        reason = text("有{n}个字，超过{most}字", n=len(tidy.value), most=most)
        raise _other(reason, text("删减到{most}字以内", most=most))
    return tidy


def _other(reason: Text, remedy: Text) -> CellRefused:
    return CellRefused(Group.OTHER, reason, remedy)
