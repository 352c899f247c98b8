"""The signed link of a subsidy: one enterprise, one row, and nothing else."""

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from engine.models import SubsidyRow
from engine.operations.account_link import VALID, account_token
from tests.operations.lent import agreement, filed
from tests.operations.subsidised import (
    STARTED,
    began,
    close_publicity,
    confirm,
    publish,
    resolve,
    rows,
)
from tests.operations.world import World
from web.areas.enterprise import ACTS

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
GOOD = {"account_no": "6222 0000-1234 5678", "account_bank": "申城银行嘉定支行"}


@dataclass
class Link:
    """A browser with a link, and no account."""

    client: FlaskClient
    path: str

    def post(self, rest: str = "", **values: str) -> int:
        page = self.client.get(self.path, headers={"Accept-Language": "zh"}).text
        found = TOKEN.search(page)
        data = {"csrf_token": found[1] if found else "", **values}
        answer = self.client.post(self.path + rest, data=data)
        self.text = answer.text
        return answer.status_code

    def page(self) -> str:
        answer = self.client.get(self.path, headers={"Accept-Language": "zh"})
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
def row(world: World) -> SubsidyRow:
    """A published row of one firm; another firm's beside it."""
    world._add("treasury", "区国库", "TREASURY")
    terms = agreement(world)
    filed(world, terms, "8000.00")
    filed(world, terms, "1234.56")
    batch = began(world)
    publish(world, batch)
    world.session.commit()
    return rows(world, batch)[0]


@pytest.fixture
def link(app: Flask, row: SubsidyRow) -> Link:
    key = app.config["SETTINGS"].secret_key
    app.config["CLOCK"] = lambda: STARTED
    return Link(app.test_client(), f"/e/{account_token(key, row.id, STARTED)}")


def test_the_page_shows_this_firms_subsidy_and_no_other(link: Link, row: SubsidyRow) -> None:
    page = link.page()
    assert row.enterprise.name in page
    assert "8,000.00" in page
    assert "补贴比例" in page
    assert "1,234.56" not in page
    others = [one.enterprise.name for one in row.batch.rows if one.id != row.id]
    assert others
    assert not any(name in page for name in others)


def test_confirming_the_account_keeps_it_and_hides_all_but_its_end(
    link: Link, row: SubsidyRow, session: Session
) -> None:
    assert link.post(account_name=row.enterprise.name, **GOOD) == 303
    session.refresh(row)
    assert row.account_no == "6222000012345678"
    page = link.page()
    assert "尾号5678" in page
    assert "6222000012345678" not in page


def test_another_name_is_refused_and_what_was_typed_stays(
    link: Link, row: SubsidyRow, session: Session
) -> None:
    assert link.post(account_name="别的公司", **GOOD) == 422
    assert "户名须与企业名称一致" in link.text
    assert 'value="别的公司"' in link.text
    session.refresh(row)
    assert row.account_no is None


def test_an_objection_is_kept(link: Link, row: SubsidyRow, session: Session) -> None:
    assert link.post("/objection", text="  ") == 422
    assert link.post("/objection", text="金额少算了<b>一笔</b>") == 303
    session.refresh(row)
    assert row.objection == "金额少算了<b>一笔</b>"
    assert "&lt;b&gt;" in link.page()


def test_once_the_result_is_settled_nothing_can_be_sent(
    link: Link, row: SubsidyRow, world: World
) -> None:
    confirm(world, rows(world, row.batch)[1])
    close_publicity(world, row.batch)
    resolve(world, row.batch)
    world.session.commit()
    page = link.page()
    assert "<textarea" not in page
    assert "account_no" not in page
    assert link.post(account_name=row.enterprise.name, **GOOD) == 303
    assert "没有再改动" in link.page()
    world.session.refresh(row)
    assert row.account_no is None


@pytest.mark.parametrize("change", ["forged", "expired", "other"])
def test_a_link_that_does_not_hold_says_what_to_do_and_shows_nothing(
    app: Flask, link: Link, row: SubsidyRow, change: str
) -> None:
    key = app.config["SETTINGS"].secret_key
    if change == "forged":
        link.path = link.path[:-3] + "abc"
    elif change == "expired":
        app.config["CLOCK"] = lambda: STARTED + VALID * 2
    else:
        link.path = f"/e/{account_token(key, 10**6, STARTED)}"
    answer = link.client.get(link.path, headers={"Accept-Language": "zh"})
    assert answer.status_code == 404
    assert "链接无效或已过期" in answer.text
    assert "区财政局" in answer.text
    assert row.enterprise.name not in answer.text
    assert link.client.get("/audit").status_code == 302, "the link opens nothing else"


def test_the_link_is_kept_from_search_engines_and_other_sites(link: Link) -> None:
    headers = link.client.get(link.path).headers
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_a_form_without_the_pages_token_is_refused(link: Link, row: SubsidyRow) -> None:
    given = {"account_name": row.enterprise.name, **GOOD}
    assert link.client.post(link.path, data=given).status_code == 400


def test_guessing_is_slowed_down(link: Link) -> None:
    most = int(ACTS.split()[0])
    answers = [link.post("/objection", text="") for _ in range(most + 1)]
    assert answers == [422] * most + [429]
