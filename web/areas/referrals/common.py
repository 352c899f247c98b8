"""What the pages of referral lists share: the blueprint, who may change, words."""

from flask import Blueprint, current_app
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.errors import NotAllowed
from engine.forms import bind
from engine.models import BatchStatus, Role, WorkItem
from engine.operations import tasks
from engine.people import Actor
from engine.queries.forms import form_of
from engine.queries.referrals import BatchLine
from engine.runtime.in_force import programmes
from engine.text import text
from web.list_checks import ListChecks
from web.login import actor
from web.rendering import MONTHS, language
from web.unit import now, reading

area = Blueprint("referrals", __name__, url_prefix="/referrals")


@area.record_once
def _start(state: BlueprintSetupState) -> None:
    state.app.extensions["list_checks"] = ListChecks(state.app.config["FACTORY"])


def maker() -> Actor:
    """The person, if they may prepare lists for the organisation. Raises NotAllowed."""
    acting = actor()
    if Role.MAKER.value not in acting.roles:
        raise NotAllowed(
            "makers_only", text("名单由本单位经办编报"), text("请本单位经办办理，或切换岗位")
        )
    return acting


def may_edit(batch: BatchLine) -> bool:
    """Whether the person may change the rows of a batch now."""
    acting = actor()
    return (
        batch.status == BatchStatus.DRAFT.value
        and batch.org_id == acting.org_id
        and Role.MAKER.value in acting.roles
    )


def hand_on(session: Session, item_id: int, outcome: str, acting: Actor) -> None:
    """办结 the task 编报 with this outcome, under the rules of its form."""
    item = session.get_one(WorkItem, item_id)
    values = bind(form_of(session, item), {"outcome": [outcome]})
    tasks.complete(session, item.id, acting, values, now())


@area.app_template_filter("month")
def month(period: str) -> str:
    """2026-09 as 9月, with the year when it is another one."""
    year, number = int(period[:4]), int(period[5:7])
    same = local_date(now()).year == year
    if language() == "en":
        return MONTHS[number - 1] if same else f"{MONTHS[number - 1]} {year}"
    return f"{number}月" if same else f"{year}年{number}月"


@area.app_template_filter("batch_status")
def batch_status(batch: BatchLine) -> tuple[str, str]:
    """(words, tone of the tag) of a batch."""
    known = {
        BatchStatus.DRAFT.value: (gettext("编报中"), "pri"),
        BatchStatus.CHECKING.value: (gettext("待复核"), "pri"),
        BatchStatus.SUBMITTED.value: (gettext("已报送"), "green"),
        BatchStatus.WITHDRAWN.value: (gettext("已撤回"), ""),
    }
    if batch.status == BatchStatus.SUBMITTED.value and batch.nil_return:
        return gettext("本月无新增"), "green"
    return known[batch.status]


def programme_names() -> dict[str, str]:
    """The programmes' names by code."""
    return {code: one.name for code, one in programmes(reading()).items()}


def checks() -> ListChecks:
    """The checks of the current application."""
    found: ListChecks = current_app.extensions["list_checks"]
    return found
