"""The organisations and people of a district, and the steps that most tests begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.imports.model import Cell
from engine.models import (
    AuditEvent,
    DomainEvent,
    Enterprise,
    GuaranteeCase,
    Membership,
    Organisation,
    Person,
    ReferralBatch,
    WorkItem,
)
from engine.operations import tasks
from engine.operations.batches import open_batch
from engine.operations.list_items import Confirmed
from engine.operations.lists import confirm_upload, upload_list
from engine.people import SYSTEM, Actor
from engine.runtime.definitions import publish, read_files
from tests.imports.builders import listed, xlsx

PROGRAMME = "JD_KCD"
PERIOD = "2025-12"
NOW = datetime(2025, 12, 8, 2, 0, tzinfo=UTC)
Values = Mapping[str, Any]
ROLES = ("maker", "checker", "head")


@dataclass
class Office:
    """One organisation with a maker, a checker and a head."""

    org: Organisation
    maker: Actor
    checker: Actor
    head: Actor


def office(session: Session, code: str, name: str, kind: str, **more: Any) -> Office:
    """Add an organisation and its three people."""
    org = Organisation(code=code, name=name, short_name=name, kind=kind, **more)
    session.add(org)
    session.flush()
    return Office(org, *(person(session, org, f"{code}-{role}", role) for role in ROLES))


def person(session: Session, org: Organisation, username: str, *roles: str) -> Actor:
    """Add somebody who holds roles in an organisation."""
    one = Person(
        username=username, name=username, email=f"{username}@danbao.test", password_hash="x"
    )
    session.add(one)
    session.flush()
    session.add_all(Membership(person_id=one.id, org_id=org.id, role=role) for role in roles)
    session.flush()
    return Actor(one.id, org.id, one.name, frozenset(roles), org.kind)


@dataclass
class World:
    """A district with everything published. `now` may be moved on."""

    session: Session
    now: datetime = NOW
    offices: dict[str, Office] = field(default_factory=dict)

    def found(self) -> "World":
        """Publish bpmn/ and add the organisations."""
        publish(self.session, read_files(ROOT / "bpmn"), SYSTEM, self.now)
        add = self._add
        add("finance", "区财政局", "FINANCE")
        add("centre", "市融资担保中心", "GUARANTOR", guarantor_code="CITY_CENTRE")
        add("nanxiang", "南翔镇", "REFERRER", source_type="SUBDISTRICT")
        add("kewei", "区科委", "REFERRER", source_type="DEPT_SCIENCE")
        add("bank", "申城银行", "BANK", source_type="BANK")
        self.session.commit()
        return self

    def _add(self, code: str, name: str, kind: str, **more: Any) -> None:
        self.offices[code] = office(self.session, code, name, kind, **more)

    def __getitem__(self, code: str) -> Office:
        return self.offices[code]

    def batch(self, code: str, period: str = PERIOD) -> ReferralBatch:
        """The referrer's open batch of the month."""
        one = self[code]
        return open_batch(self.session, one.org.id, PROGRAMME, period, one.maker, self.now)

    def fill(self, code: str, *rows: Sequence[Cell], period: str = PERIOD) -> Confirmed:
        """Upload a list to the referrer's batch and confirm its good rows."""
        batch, maker = self.batch(code, period), self[code].maker
        data = xlsx(listed(*rows))
        upload = upload_list(self.session, batch.id, "名单.xlsx", data, maker, self.now)
        return confirm_upload(self.session, upload.id, maker, self.now)

    def send(self, code: str, *rows: Sequence[Cell], authorised: bool = True) -> ReferralBatch:
        """Fill a list, check it, and submit it."""
        self.fill(code, *rows)
        batch = self.batch(code)
        subject = f"batch:{batch.id}"
        self.do(subject, "prepare_list", self[code].maker, outcome="SUBMIT")
        checked = {"outcome": "PASS", "authorisations_signed": authorised}
        self.do(subject, "check_list", self[code].checker, **checked)
        return batch

    def task(self, subject: str, element: str) -> WorkItem:
        """The open task of an element."""
        found = {item.element_id: item for item in self.open_tasks(subject)}
        assert element in found, f"{element} is not open, but {sorted(found)}"
        return found[element]

    def open_tasks(self, subject: str) -> list[WorkItem]:
        """What is open for a case, a batch or a release."""
        query = select(WorkItem).where(
            WorkItem.instance.has(subject=subject), WorkItem.status == "OPEN"
        )
        return list(self.session.scalars(query))

    def do(self, subject: str, element: str, actor: Actor, **values: Any) -> tasks.Completed:
        """Complete an open task."""
        item = self.task(subject, element)
        done = tasks.complete(self.session, item.id, actor, values, self.now)
        self.session.flush()
        return done

    def case(self, uscc: str) -> GuaranteeCase:
        """The newest case of an enterprise."""
        query = select(GuaranteeCase).join(Enterprise).where(Enterprise.uscc == uscc)
        found = self.session.scalar(query.order_by(GuaranteeCase.id.desc()).limit(1))
        assert found is not None
        return found

    def review(self, case: GuaranteeCase, **values: Any) -> None:
        """The maker's first review; passes with all judgements unless told otherwise."""
        given = {"outcome": "PASS", "suggested_amount": Decimal("3000000"), **ALL_FINE, **values}
        self.do(f"case:{case.id}", "first_review", self["finance"].maker, **given)

    def pass_first(self, case: GuaranteeCase, **values: Any) -> None:
        """A first review, confirmed."""
        self.review(case, **values)
        self.do(f"case:{case.id}", "first_check", self["finance"].checker, outcome="CONFIRM")

    def pass_centre(self, case: GuaranteeCase, amount: str = "3000000") -> None:
        """The centre's review, confirmed."""
        centre, subject = self["centre"], f"case:{case.id}"
        values = {"outcome": "PASS", "approved_amount": Decimal(amount)}
        self.do(subject, "centre_review", centre.maker, **values)
        self.do(subject, "centre_check", centre.checker, outcome="CONFIRM")

    def events(self, kind: str) -> list[DomainEvent]:
        """The domain events of a kind."""
        query = select(DomainEvent).where(DomainEvent.kind == kind).order_by(DomainEvent.id)
        return list(self.session.scalars(query))

    def actions(self, chain: str) -> list[str]:
        """The actions of an audit chain, in order."""
        query = select(AuditEvent.action).where(AuditEvent.chain == chain)
        return list(self.session.scalars(query.order_by(AuditEvent.seq)))


ALL_FINE = {
    **{f"judge_{code}": "OK" for code in ("N1", "N2", "N3", "N4", "N5")},
    "judge_E1_CHECKLIST": "OK",
}
