"""What happens on which day of the demonstration, counted back from today."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.clock import SHANGHAI, local_date
from engine.config import ROOT, Settings
from engine.db import unit_of_work
from engine.domain.dates import add_months
from engine.jobs.routine import seal_trail
from engine.models import (
    Agreement,
    Membership,
    Organisation,
    Person,
    ReferralBatch,
    Role,
    SubsidyRow,
)
from engine.operations.agreement_start import start_agreement
from engine.operations.batches import open_batch, open_period
from engine.operations.lists import confirm_upload, upload_list
from engine.operations.selection import start_selection
from engine.operations.subsidies import confirm_account, start_batch
from engine.people import SYSTEM, Actor
from engine.runtime.definitions import publish, read_files
from web.demo.play import Event, Play, next_working_day
from web.demo.world import make_world

LISTS = Path(__file__).parent / "lists"
PROGRAMME = "JD_KCD"
MINHANG = "MH_PARK_CHAMBER"
Told = Callable[[str], None]


def act(factory: sessionmaker[Session], settings: Settings, now: datetime, tell: Told) -> None:
    """Build the world and play the months up to `now`."""
    today = local_date(now)
    quarter = _quarter_to_pay(today)
    first = next_working_day(add_months(quarter, -5))
    began = datetime.combine(first, time(8), SHANGHAI).astimezone(UTC)
    with unit_of_work(factory) as session:
        make_world(session, began)
        publish(session, read_files(ROOT / "bpmn"), SYSTEM, began, "演示")
    tell("单位、人员和流程已就绪")
    play = Play(factory, settings, tell, _events(first, quarter, today))
    play.run(first, now)
    seal_trail(factory, now, settings.var)


def _quarter_to_pay(today: date) -> date:
    """First day after the last quarter whose subsidy can have been paid by today."""
    start = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return start if (today - start).days >= 35 else add_months(start, -3)


def _events(first: date, quarter: date, today: date) -> dict[date, list[Event]]:
    found: dict[date, list[Event]] = {}

    def on(day: date, event: Event) -> None:
        found.setdefault(next_working_day(day), []).append(event)

    on(first, _selection("centre"))
    on(first, _minhang_agreement)
    on(add_months(quarter, -3) + timedelta(days=4), list_event("kewei", "区科委"))
    on(today - timedelta(days=52), list_event("nanxiang", "南翔镇"))
    on(today - timedelta(days=50), list_event("xinzhuang", "莘庄工业区", MINHANG))
    on(_recent(today), list_event("shencheng", "申城银行"))
    on(quarter, _subsidy)
    on(min(today.replace(day=1), _recent(today)), _open_month)
    on(today - timedelta(days=12), _selection("jdguarantee"))
    on(today - timedelta(days=9), _renewal)
    for days in range(5, 60):
        on(quarter + timedelta(days=days), _accounts)
    return found


def _recent(today: date) -> date:
    """A day of the month that is open now, not in the future."""
    return max(today.replace(day=1), today - timedelta(days=6))


def _open_month(session: Session, now: datetime) -> None:
    for programme in (PROGRAMME, MINHANG):
        open_period(session, programme, f"{local_date(now):%Y-%m}", now)


def _selection(guarantor: str) -> Event:
    def event(session: Session, now: datetime) -> object:
        org = _org(session, guarantor)
        return start_selection(session, org.id, PROGRAMME, _person(session, "finance"), now)

    return event


def _minhang_agreement(session: Session, now: datetime) -> object:
    bank, centre = _org(session, "mhbank"), _org(session, "centre")
    actor = _person(session, "mhfinance")
    return start_agreement(session, bank.id, centre.id, MINHANG, actor, now)


def _renewal(session: Session, now: datetime) -> object:
    """A new version of an agreement, on its way through the three parties."""
    newest = select(Agreement).where(Agreement.programme == PROGRAMME).order_by(Agreement.id)
    agreement = session.scalars(newest.limit(1)).one()
    actor = _person(session, "finance")
    parties = (agreement.bank_id, agreement.guarantor_id)
    return start_agreement(session, *parties, PROGRAMME, actor, now)


def list_event(code: str, name: str, programme: str = PROGRAMME) -> Event:
    def event(session: Session, now: datetime) -> ReferralBatch:
        path = next(LISTS.glob(f"*_{name}_*"))
        actor = _person(session, code)
        period = f"{local_date(now):%Y-%m}"
        org = _org(session, code)
        batch = open_batch(session, org.id, programme, period, actor, now)
        upload = upload_list(session, batch.id, path.name, path.read_bytes(), actor, now)
        confirm_upload(session, upload.id, actor, now)
        return batch

    return event


def _subsidy(session: Session, now: datetime) -> object:
    day = local_date(now)
    last = day.replace(day=1) - timedelta(days=1)
    period = f"{last.year}Q{(last.month - 1) // 3 + 1}"
    return start_batch(session, PROGRAMME, period, SYSTEM, now)


def _accounts(session: Session, now: datetime) -> None:
    """Some enterprises open their link and confirm the account each day; a few never do."""
    rows = session.scalars(
        select(SubsidyRow).where(
            SubsidyRow.account_confirmed_at.is_(None), SubsidyRow.status == "PROPOSED"
        )
    )
    for row in rows:
        if row.id % 9 and row.batch.status == "PUBLICISED":
            confirm_account(
                session,
                row.id,
                account_name=row.enterprise.name,
                account_no=f"3100{row.enterprise_id:012d}",
                account_bank="申城银行嘉定支行",
                now=now,
            )


def _org(session: Session, code: str) -> Organisation:
    return session.scalars(select(Organisation).where(Organisation.code == code)).one()


def _person(session: Session, code: str) -> Actor:
    org = _org(session, code)
    query = (
        select(Person)
        .join(Membership)
        .where(Membership.org_id == org.id, Membership.role == Role.MAKER.value)
        .order_by(Person.id)
    )
    person = session.scalars(query).first()
    assert person is not None  # noqa: S101 (make_world gave every organisation a maker)
    return Actor(person.id, org.id, person.name, frozenset({"maker"}), org.kind)
