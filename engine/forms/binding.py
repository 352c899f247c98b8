"""From what was typed to typed values: one validation for forms, files and tests alike."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.errors import InvalidInput
from engine.feel import FeelError, evaluate
from engine.forms.model import Field, Form, Option
from engine.text import Text, text

Raw = Mapping[str, Sequence[str]]
Choices = Mapping[str, Sequence[Option]]
MAX_TEXT = 1000
WAN = Decimal(10_000)
FREE_PREFIXES = ("judge_", "mark_", "conflict_")  # answered in the checks area or the score sheet


class _Wrong(ValueError):
    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message


def bind(
    form: Form, raw: Raw, choices: Choices | None = None, data: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The typed values of a submitted form; hidden fields are left out.

    Money comes out in 元, rates in percent as typed, dates as date, lists as lists. `choices` are
    the options of fields with a source, `data` what conditions may read besides the form itself.
    Raises InvalidInput with a message for every wrong field.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, Text] = {}
    for field in form.fields:
        scope = {**(data or {}), **values}
        if field.hide and _true(field.hide, scope):
            continue
        try:
            value = _read(field, raw.get(field.key, ()), choices or {})
        except _Wrong as error:
            wrong[field.key] = error.message
            continue
        needed = field.required or (field.required_when and _true(field.required_when, scope))
        if value in (None, "", []) or (value is False and field.required):
            if needed:
                wrong[field.key] = _missing(field)
            value = [] if field.many else value
        values[field.key] = value
    for key, given in raw.items():
        if key.startswith(FREE_PREFIXES) and given:
            values[key] = _clean(given[0])[:MAX_TEXT]
    if wrong:
        raise InvalidInput(wrong)
    return values


def visible_fields(form: Form, values: Mapping[str, Any]) -> list[Field]:
    """The fields that are not hidden with these values."""
    return [f for f in form.fields if not (f.hide and _true(f.hide, values))]


def _missing(field: Field) -> Text:
    if field.type in ("select", "radio", "checklist", "taglist"):
        return text("没有选择")
    if field.type == "checkbox":
        return text("须确认后勾选")
    return text("必填") if field.type != "filepicker" else text("没有上传文件")


def _true(expression: str, scope: Mapping[str, Any]) -> bool:
    try:
        return evaluate(expression.strip().removeprefix("="), scope) is True
    except FeelError:
        return False  # a condition about a field that is not answered yet


def _clean(value: str) -> str:
    return unicodedata.normalize("NFC", value).replace("\x00", "").strip()


def _read(field: Field, given: Sequence[str], choices: Choices) -> Any:
    if field.many:
        return _many(field, given, choices)
    value = _clean(given[0]) if given else ""
    if field.type == "checkbox":
        return value in ("on", "true", "1", "yes")
    if field.type == "filepicker":
        return [int(one) for one in given if _is_key(one)]
    if value == "":
        return None
    return _one(field, value, choices)


def _one(field: Field, value: str, choices: Choices) -> Any:
    if field.type in ("select", "radio"):
        return _chosen(field, value, choices)
    if field.kind == "date" or field.type == "datetime":
        return _date(value)
    if field.type == "number" or field.kind in ("money", "rate", "integer"):
        return _number(field, value)
    return _text(field, value)


def _options(field: Field, choices: Choices) -> Sequence[Option]:
    return choices.get(field.source, ()) if field.source else field.options


def _chosen(field: Field, value: str, choices: Choices) -> Any:
    if value not in {option.value for option in _options(field, choices)}:
        raise _Wrong(text("不在可选范围内，请重新选择"))
    return int(value) if field.kind in ("org", "person") else value


def _many(field: Field, given: Sequence[str], choices: Choices) -> list[Any]:
    known = {option.value for option in _options(field, choices)}
    chosen = list(dict.fromkeys(_clean(one) for one in given if _clean(one)))
    # what a source offers may be nothing at all
    if (known or field.source) and not set(chosen) <= known:
        raise _Wrong(text("不在可选范围内，请重新选择"))
    numeric = field.kind in ("org", "person", "case_rows", "subsidy_rows")
    if numeric and not all(map(_is_key, chosen)):
        raise _Wrong(text("不在可选范围内，请重新选择"))
    return [int(one) for one in chosen] if numeric else chosen


def _is_key(value: str) -> bool:
    # isdigit() also takes signs that int() refuses; and no key of a table is longer
    return value.isascii() and value.isdigit() and len(value) < 19


def _date(value: str) -> date:
    plain = unicodedata.normalize("NFKC", value).replace("/", "-").replace(".", "-")
    try:
        return date.fromisoformat(plain)
    except ValueError:
        raise _Wrong(text("不是有效日期，写成2026-09-24")) from None


def _number(field: Field, value: str) -> Decimal | int:
    plain = unicodedata.normalize("NFKC", value).replace(",", "").replace(" ", "")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,8})?", plain):
        raise _Wrong(text("不是数字"))
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise _Wrong(text("不是数字")) from None
    if field.unit == "万元":
        number *= WAN
    _check_digits(field, number)
    _check_bounds(field, number)
    whole = field.kind == "integer" or field.unit in ("月", "天", "个")
    return int(number) if whole else number


def _check_digits(field: Field, number: Decimal) -> None:
    places = -int(number.normalize().as_tuple().exponent)
    if field.kind == "money" and places > 2:
        raise _Wrong(text("最多精确到分"))
    if field.kind == "rate" and places > 4:
        raise _Wrong(text("最多4位小数"))
    if (field.kind == "integer" or field.unit in ("月", "天", "个")) and places > 0:
        raise _Wrong(text("须为整数"))


def _check_bounds(field: Field, number: Decimal) -> None:
    scale = WAN if field.unit == "万元" else Decimal(1)
    low, high = field.rules.get("min"), field.rules.get("max")
    if low is not None and number < Decimal(str(low)) * scale:
        raise _Wrong(text("不得小于{low}{unit}", low=low, unit=field.unit))
    if high is not None and number > Decimal(str(high)) * scale:
        raise _Wrong(text("不得大于{high}{unit}", high=high, unit=field.unit))
    if field.kind == "money" and number <= 0 and low is None:
        raise _Wrong(text("须大于0"))


_FORMATS: dict[str, tuple[Callable[[str], bool], Text]] = {
    "email": (
        lambda v: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", v) is not None,
        text("不是邮件地址"),
    ),
    "phone": (
        lambda v: re.fullmatch(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d+)?", v) is not None,
        text("不是手机或固定电话号码"),
    ),
}


def _text(field: Field, value: str) -> str:
    most = min(int(field.rules.get("maxLength") or MAX_TEXT), 5000)
    if len(value) > most:
        raise _Wrong(text("超过{n}字", n=most))
    least = int(field.rules.get("minLength") or 0)
    if len(value) < least:
        raise _Wrong(text("至少{n}字", n=least))
    pattern = field.rules.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        raise _Wrong(text("格式不对"))
    known = _FORMATS.get(field.kind) or _FORMATS.get(field.rules.get("validationType", ""))
    if known and not known[0](value):
        raise _Wrong(known[1])
    return value
