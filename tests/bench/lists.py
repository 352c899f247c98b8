"""A long referral list: checked, confirmed and sent."""

from datetime import date
from io import BytesIO
from time import perf_counter

from openpyxl import Workbook
from sqlalchemy.orm import Session, sessionmaker
from stdnum.cn import uscc

from engine.imports import ListContext, check_rows, list_context, read_list
from engine.operations.lists import confirm_upload, upload_list
from tests.bench.measure import Report, measure
from tests.operations.world import NOW, World

ROWS = 2_000


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


def measure_lists(report: Report, factory: sessionmaker[Session]) -> None:
    """A list of 2,000 rows, at each click of its referrer."""
    data = big_list(ROWS)
    checked = measure(lambda: check_rows(read_list(data, "list.xlsx"), big_list_context()), 5)
    report.times("check_2000_row_list", checked, 2_000.0)
    with factory() as session:
        world = World(session).found()
        batch, office = world.batch("nanxiang"), world["nanxiang"]
        upload = upload_list(session, batch.id, "list.xlsx", data, office.maker, NOW)
        began = perf_counter()
        confirm_upload(session, upload.id, office.maker, NOW)
        session.commit()
        confirmed = perf_counter()
        world.do(f"batch:{batch.id}", "prepare_list", office.maker, outcome="SUBMIT")
        values = {"outcome": "PASS", "authorisations_signed": True}
        world.do(f"batch:{batch.id}", "check_list", office.checker, **values)
        session.commit()
        sent = perf_counter()
    report.at_most("confirm_2000_rows", (confirmed - began) * 1000, "ms", 5_000)
    report.at_most("send_2000_rows", (sent - confirmed) * 1000, "ms", 5_000)
