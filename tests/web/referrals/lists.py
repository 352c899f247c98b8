"""What the tests of list pages begin with."""

import io
from time import monotonic, sleep

import openpyxl
from sqlalchemy import func, select

from engine.models import ListUpload, ReferralItem
from tests.operations.world import World
from tests.web.visitor import Visitor


def begun(world: World, code: str = "nanxiang") -> int:
    """An open batch, committed, so that the pages see it."""
    number = world.batch(code).id
    world.session.commit()
    return number


def count(world: World, table: type[ListUpload] | type[ReferralItem]) -> int:
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(table)) or 0


def uploaded(visitor: Visitor, batch: int, content: bytes, name: str = "名单.xlsx") -> str:
    """Upload a list; returns the address of its check page, once the check has run."""
    answer = visitor.upload(f"/referrals/{batch}/upload", f"/referrals/{batch}", name, content)
    assert answer.status_code == 303, answer.text[-1500:]
    until = monotonic() + 20
    while "HX-Redirect" not in visitor.get(f"{answer.location}/progress").headers:
        assert monotonic() < until, "the check never ended"
        sleep(0.05)
    return str(answer.location)


def rows_of(content: bytes) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return list(sheet.iter_rows(values_only=True))
