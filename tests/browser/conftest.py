"""A real server, a real Chromium, and a clock that the test moves."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from waitress import wasyncore
from waitress.server import create_server

from engine.config import ROOT, Settings
from engine.db import unit_of_work
from engine.jobs.deadlines import sweep_deadlines
from engine.jobs.pending_cases import sweep_pending_cases
from engine.jobs.timers import sweep_timers
from engine.models import Agreement, DefinitionKind, GuaranteeCase, Instance, Organisation, Person
from engine.operations.accounts import hash_password
from engine.people import SYSTEM
from engine.runtime.definitions import definition_in, publish, read_files
from notifications.outbox import make_mails
from tests.operations.banking import district, sign, subject, take_on
from tests.operations.world import World, person
from web.app import create_app
from web.demo.world import PASSWORD, make_world

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BEGAN = datetime(2026, 6, 8, 2, 0, tzinfo=UTC)


def chromium() -> str | None:
    """The browser to use: DANBAO_TEST_BROWSER, else the first that is installed."""
    wanted = os.environ.get("DANBAO_TEST_BROWSER")
    return wanted or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one the test is skipped and says so."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium, or set DANBAO_TEST_BROWSER")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()


@dataclass
class Site:
    """The running pages. `now` is the time of every request and sweep."""

    url: str
    factory: sessionmaker[Session]
    settings: Settings
    now: datetime = field(default=BEGAN)

    def sweep(self) -> None:
        """What the scheduler does, at the test's own time."""
        sweep_pending_cases(self.factory, self.now)
        sweep_timers(self.factory, self.now)
        sweep_deadlines(self.factory, self.now)
        with unit_of_work(self.factory) as session:
            make_mails(session, self.now, self.settings, quiet=timedelta(0))

    def wait(self, **length: int) -> None:
        """Let time pass, then sweep."""
        self.now += timedelta(**length)
        self.sweep()


@contextmanager
def served(factory: sessionmaker[Session], folder: Path, began: datetime = BEGAN) -> Iterator[Site]:
    """Serve the pages of a database; the clock stands at `began`."""
    settings = Settings(var=folder, secret_key="browser-test-" + "x" * 32)
    found = Site("", factory, settings, began)
    app = create_app(settings, factory, lambda: found.now)
    server = create_server(app, host="127.0.0.1", port=0, threads=4, ident=None)
    found.url = f"http://127.0.0.1:{server.effective_port}"
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield found
    # requests that are being answered are answered; the loop closes its own sockets
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture
def site(factory: sessionmaker[Session], tmp_path: Path) -> Iterator[Site]:
    """Pages on a fresh database with organisations, people and the published diagrams."""
    with unit_of_work(factory) as session:
        make_world(session, BEGAN)
        publish(session, read_files(ROOT / "bpmn"), SYSTEM, BEGAN)
    with served(factory, tmp_path) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, in Chinese, that fails on any script error or refused resource."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    found = context.new_page()
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on(
        "console",
        lambda message: wrong.append(message.text) if message.type == "error" else None,
    )
    yield found
    context.close()
    assert not wrong, wrong


PEOPLE = ("owner", "owner2", "bank-maker", "bank-checker", "bank-head")


@dataclass
class Bureau:
    """A district with two owners of processes, its pages, and an agreement to lend under."""

    world: World
    site: Site
    agreement: Agreement

    def case(self) -> GuaranteeCase:
        """A case that the bank has just begun to approve."""
        case = take_on(self.world, "bank", self.agreement)
        self.world.session.commit()
        return case

    def open(self, case: GuaranteeCase) -> list[str]:
        """The open steps of a case."""
        self.world.session.expire_all()
        return [item.element_id for item in self.world.open_tasks(subject(case))]

    def version(self, case: GuaranteeCase) -> int:
        """The version of the process that a case goes by."""
        query = select(Instance).where(Instance.subject == subject(case))
        session = self.world.session
        deployment = session.scalars(query).one().deployment_id
        kind = DefinitionKind.PROCESS
        return definition_in(session, deployment, kind, "bank_approval").version


@pytest.fixture
def bureau(session: Session, factory: sessionmaker[Session], tmp_path: Path) -> Iterator[Bureau]:
    """Pages of a district in which two owners change processes."""
    world = district(World(session).found())
    finance: Organisation = world["finance"].org
    for name in ("owner", "owner2"):
        person(session, finance, name, "owner")
    hashed = hash_password(PASSWORD)
    for one in session.scalars(select(Person).where(Person.username.in_(PEOPLE))):
        one.password_hash = hashed
    agreement = sign(world, "bank")
    session.commit()
    with served(factory, tmp_path, world.now) as site:
        yield Bureau(world, site, agreement)
