"""What the bench measures: instances with a loop of user tasks, and a long list."""

from datetime import date
from io import BytesIO

from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from stdnum.cn import uscc

from engine.clock import utc_now
from engine.config import ROOT
from engine.db import unit_of_work
from engine.imports import ListContext, list_context
from engine.models import DefinitionKind, Membership, Organisation, Person, WorkItem
from engine.operations import tasks
from engine.people import SYSTEM, Actor
from engine.runtime.definitions import SourceFile, publish, read_files
from engine.runtime.step import start_instance
from tests.runtime.diagrams import chain, event, flow, process, user

LOOP = process(
    "bench",
    event("start", "s")
    + user("a", deadline="first_review_period", clock="c")
    + user("b", deadline="first_review_period", clock="c")
    + '<bpmn:exclusiveGateway id="g" default="g_a"/>'
    + event("end", "e")
    + chain("s", "a", "b", "g")
    + flow("g", "a")
    + flow("g", "e", 'b_outcome = "STOP"'),
)


class Work:
    """A published looping process, its organisation, and one running instance."""

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self.factory = factory
        with unit_of_work(factory) as session:
            org = Organisation(code="f", name="f", short_name="f", kind="FINANCE")
            person = Person(username="p", name="p", email="p@x.test", password_hash="x")
            session.add_all([org, person])
            session.flush()
            session.add(Membership(person_id=person.id, org_id=org.id, role="maker"))
            programmes = [
                f for f in read_files(ROOT / "bpmn") if f.kind is DefinitionKind.PROGRAMME
            ]
            source = SourceFile(DefinitionKind.PROCESS, "bench", "bench", LOOP)
            publish(session, [source, *programmes], SYSTEM, utc_now())
            self.org_id = org.id
            self.actor = Actor(person.id, org.id, "p", frozenset({"maker"}), "FINANCE")
        self.instance_id = self.start()

    def start(self) -> int:
        """Start an instance."""
        with unit_of_work(self.factory) as session:
            instance = start_instance(
                session,
                "bench",
                subject="bench:1",
                title="bench",
                programme="JD_KCD",
                data={},
                parties={"finance": self.org_id},
                actor=self.actor,
                now=utc_now(),
            )
            return instance.id

    def complete(self) -> None:
        """Complete the open task of the running instance; the loop opens the next."""
        with unit_of_work(self.factory) as session:
            query = select(WorkItem.id).where(
                WorkItem.instance_id == self.instance_id, WorkItem.status == "OPEN"
            )
            item_id = session.scalars(query).one()
            tasks.complete(session, item_id, self.actor, {"outcome": "GO"}, utc_now())


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
