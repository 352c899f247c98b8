"""Values and cells of decision tables in the words that officials use."""

import re

from flask_babel import gettext

CODE = re.compile(r'"([A-Z][A-Z_0-9]*)"')
GROUPED = 10_000  # amounts from here on are read with separators


def words() -> dict[str, str]:
    """The codes that tables are written with."""
    return {
        "APPROVED": gettext("同意授信"),
        "PARTIAL": gettext("部分授信"),
        "DECLINED": gettext("不予授信"),
        "BATCH": gettext("批次担保"),
        "CASE_BY_CASE": gettext("个案担保"),
        "KEY": gettext("重点类"),
        "NORMAL": gettext("普通类"),
        "MICRO": gettext("微型"),
        "SMALL": gettext("小型"),
        "MEDIUM": gettext("中型"),
        "LARGE": gettext("大型"),
        "PASS": gettext("通过"),
        "FAIL": gettext("不通过"),
        "JUDGE": gettext("人工判断"),
        "MISSING": gettext("缺资料"),
        "INSUFFICIENT_DATA": gettext("缺资料"),
        "REJECT": gettext("不予通过"),
        "RETURN": gettext("退回"),
        "HOLD": gettext("暂缓"),
        "MAKER": gettext("经办"),
        "CHECKER": gettext("复核"),
        "HEAD": gettext("负责人"),
        "PREFERENCE": gettext("按企业意向"),
        "RELATIONSHIP": gettext("存量关系"),
        "SCORE": gettext("按遴选排序"),
        "COORDINATION": gettext("融资服务协调"),
        "WITHIN": gettext("限额以内"),
        "OVER": gettext("超过限额"),
    }


def given(value: object) -> str:
    """A value that a decision was given or gave."""
    if value is None:
        return gettext("空")
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list):
        return "、".join(map(given, value))
    if isinstance(value, int) and abs(value) >= GROUPED:
        return f"{value:,}"
    return words().get(str(value), str(value))


def cell(written: str) -> str:
    """A cell as it is written, its codes in words."""
    known = words()
    said = CODE.sub(lambda found: known.get(found[1], found[0]), written)
    return said.replace("not(null)", gettext("不为空")).replace("null", gettext("空"))
