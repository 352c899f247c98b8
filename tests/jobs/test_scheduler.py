"""Jobs run in one process at a time, by the Shanghai calendar, and failures stay in the job."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select

from engine import logs
from engine.audit.keys import public_keys
from engine.audit.verify import verify
from engine.config import Settings
from engine.db import unit_of_work
from engine.errors import RuleRefused
from engine.jobs import scheduler as scheduling
from engine.jobs.agreements import expire_agreements
from engine.jobs.routine import quarter_before, seal_trail
from engine.jobs.scheduler import Job, build, every, exclusive, run
from engine.models import Agreement, AuditCheckpoint, AuditEvent, DomainEvent, OrgKind
from notifications import jobs as mail_jobs
from tests.jobs.conftest import NOW, Factory, World, organisation


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path, secret_key="k" * 32)


def test_only_one_process_runs_a_job_at_a_time(factory: Factory) -> None:
    with exclusive(factory, "deadlines") as first:
        assert first
        with exclusive(factory, "deadlines") as second, exclusive(factory, "timers") as other:
            assert not second
            assert other
    with exclusive(factory, "deadlines") as again:
        assert again


def test_a_job_that_fails_gives_its_lock_back(factory: Factory) -> None:
    def fail(_factory: Factory, _now: datetime) -> None:
        raise RuleRefused("no", "no")

    job = Job("deadlines", every(30), fail)
    assert not run(factory, job)
    with exclusive(factory, "deadlines") as mine:
        assert mine


def test_a_job_elsewhere_is_not_run_here(factory: Factory) -> None:
    seen: list[datetime] = []
    job = Job("deadlines", every(30), lambda _factory, now: seen.append(now))
    with exclusive(factory, "deadlines"):
        assert not run(factory, job, lambda: NOW)
    assert run(factory, job, lambda: NOW)
    assert seen == [NOW]


def test_the_calendar_is_shanghai_s(factory: Factory, settings: Settings) -> None:
    found = {job.name: job.trigger for job in scheduling.jobs(settings)}
    before = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai

    def following(name: str) -> datetime:
        moment: datetime = found[name].get_next_fire_time(None, before)
        return moment.astimezone(UTC)

    assert following("referral_opening") == datetime(2026, 3, 31, 16, 5, tzinfo=UTC)
    assert following("subsidy_start") == datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
    assert following("audit_seal") == datetime(2026, 3, 31, 15, 7, tzinfo=UTC)


def test_a_scheduler_runs_engine_jobs_and_registered_ones(
    factory: Factory, settings: Settings
) -> None:
    built = build(factory, settings)
    mail_jobs.register(built, factory, settings)
    done = threading.Event()
    job = Job("probe", every(1), lambda _factory, _now: done.set())
    scheduling.add(built, factory, job)
    names = {found.id for found in built.get_jobs()}
    assert {"deadlines", "timers", "outbox_make", "outbox_send", "audit_seal"} <= names
    built.start()
    try:
        assert done.wait(10)
    finally:
        built.shutdown()


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 1, 1), "2025Q4"),
        (date(2026, 4, 1), "2026Q1"),
        (date(2026, 4, 10), "2026Q1"),
        (date(2026, 7, 1), "2026Q2"),
        (date(2026, 12, 31), "2026Q3"),
    ],
)
def test_the_quarter_that_is_over(day: date, quarter: str) -> None:
    assert quarter_before(day) == quarter


def test_sealing_makes_its_key_once_and_keeps_it_private(
    factory: Factory, world: World, tmp_path: Path
) -> None:
    from engine.audit.trail import record
    from engine.people import SYSTEM
    from engine.text import text

    for _ in range(2):
        with unit_of_work(factory) as session:
            record(session, chain="system", action="x", summary=text("甲"), actor=SYSTEM, now=NOW)
        assert seal_trail(factory, NOW, tmp_path) is not None
    assert seal_trail(factory, NOW, tmp_path) is None
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    with factory() as session:
        assert len(set(session.scalars(select(AuditCheckpoint.key_id)))) == 1
        assert verify(session, public_keys(tmp_path)).ok


def agreement(factory: Factory, world: World, effective_to: date) -> int:
    with unit_of_work(factory) as session:
        guarantor = organisation(session, OrgKind.GUARANTOR, "担保中心")
        found = Agreement(
            agr_no="XY-1",
            programme="JD_KCD",
            guarantor_id=guarantor.id,
            bank_id=world.bank.id,
            finance_id=world.finance.id,
            status="EFFECTIVE",
            effective_from=date(2025, 1, 1),
            effective_to=effective_to,
            created_at=NOW,
        )
        session.add(found)
        session.flush()
        return found.id


def test_an_agreement_is_told_at_90_and_30_days_and_closed_after_its_last_day(
    factory: Factory, world: World
) -> None:
    agreement_id = agreement(factory, world, date(2026, 6, 30))
    for day in range(140):
        with unit_of_work(factory) as session:
            expire_agreements(session, NOW + timedelta(days=day))
    with factory() as session:
        events = session.scalars(select(DomainEvent).order_by(DomainEvent.id)).all()
        assert [(event.kind, event.payload["days"]) for event in events] == [
            ("agreement_expiring", 90),
            ("agreement_expiring", 30),
        ]
        closed = session.scalars(select(AuditEvent)).one()
        assert closed.at.astimezone(UTC).date() == date(2026, 7, 1)
        assert session.get_one(Agreement, agreement_id).status == "EXPIRED"


@pytest.fixture
def plain_logs() -> Iterator[io.StringIO]:
    """Logging as the application sets it up, into a string; put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("apscheduler").setLevel(logging.NOTSET)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_log_line_carries_its_request_and_no_personal_data(plain_logs: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="r1")
    log = structlog.get_logger("danbao.test")
    log.info("mail", action="mail", mail_id=7, recipient="a@b.cn", row={"contact_phone": "1"})
    try:
        secret_of_a_person = "张三"
        raise ValueError(len(secret_of_a_person))
    except ValueError:
        log.exception("failed")
    logging.getLogger("waitress").warning("old style %s", 1)
    mail, failed, old = [json.loads(line) for line in plain_logs.getvalue().splitlines()]
    assert (mail["event"], mail["mail_id"], mail["request_id"]) == ("mail", 7, "r1")
    assert mail["recipient"] == mail["row"]["contact_phone"] == "***"
    assert failed["exception"][0]["exc_type"] == "ValueError"
    assert "张三" not in json.dumps(failed, ensure_ascii=False).replace("secret_of_a_person", "")
    assert (old["event"], old["level"], old["request_id"]) == ("old style 1", "warning", "r1")
