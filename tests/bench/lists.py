"""A long referral list."""

from datetime import date
from io import BytesIO

from openpyxl import Workbook
from stdnum.cn import uscc

from engine.imports import ListContext, list_context


def big_list(rows: int) -> bytes:
    """A clean list of many rows as xlsx."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(
        ["企业名称", "统一社会信用代码", "推荐类别", "融资需求（万元）", "期限（月）", "资金用途"]
    )
    for number in range(rows):
        body = f"91310114MA{number:07d}"
        code = body + uscc.calc_check_digit(body)
        sheet.append([f"上海样本{number}号有限公司", code, "街镇推荐", 300, 12, "支付货款"])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def big_list_context() -> ListContext:
    """The context of a sub-district's list."""
    return list_context("SUBDISTRICT", "2025-12", date(2025, 12, 8))
