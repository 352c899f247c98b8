"""The overview, and the simple verbs: suspend, resume, cancel, reassign."""

from collections.abc import Callable
from datetime import datetime

from flask import abort, flash, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.models import Instance, InstanceStatus
from engine.operations import interventions as verbs
from engine.operations import tasks
from engine.operations.access import open_item
from engine.people import Actor
from engine.queries import interventions as queries
from web.areas.interventions.blueprint import area, back, instance_of, page, reason, words_of
from web.login import actor
from web.unit import changing, now, reading

Verb = Callable[[Session, int, str, Actor, datetime], Instance]
VERBS: dict[str, Verb] = {
    "suspend": verbs.suspend,
    "resume": verbs.resume,
    "cancel": verbs.cancel,
}
RUNNING = (InstanceStatus.RUNNING.value, InstanceStatus.SUSPENDED.value)


def _told(verb: str) -> str:
    return {
        "suspend": gettext("已暂停办理，计时停止"),
        "resume": gettext("已恢复办理，期限已顺延"),
        "cancel": gettext("案件已撤销，未办的任务已撤销"),
    }[verb]


@area.get("/<int:instance_id>")
def overview(instance_id: int) -> str:
    """Where it stands, and what may be done."""
    instance = instance_of(instance_id)
    running = instance.status in RUNNING
    here = queries.standings(reading(), instance, actor(), now()) if running else []
    parts = queries.parts(reading(), instance) if running else []
    return page("overview", instance, {}, here=here, parts=parts)


@area.get("/<int:instance_id>/<any(suspend, resume, cancel):verb>")
def ask(instance_id: int, verb: str) -> str:
    """What will happen, before it does."""
    return _ask(instance_id, verb, {})


def _ask(instance_id: int, verb: str, errors: dict[str, str]) -> str:
    instance = instance_of(instance_id)
    here = queries.standings(reading(), instance, actor(), now())
    return page("ask", instance, errors, verb=verb, here=here)


@area.post("/<int:instance_id>/<any(suspend, resume, cancel):verb>")
def do(instance_id: int, verb: str) -> Response | tuple[str, int]:
    """Do it."""
    try:
        with changing() as session:
            VERBS[verb](session, instance_id, reason(), actor(), now())
    except InvalidInput as wrong:
        return _ask(instance_id, verb, words_of(wrong)), 422
    flash(_told(verb))
    return back(instance_id)


@area.get("/<int:instance_id>/tasks/<int:item_id>")
def person(instance_id: int, item_id: int) -> str:
    """To whom an open task could be given."""
    return _person(instance_id, item_id, {})


def _person(instance_id: int, item_id: int, errors: dict[str, str]) -> str:
    instance, item = instance_of(instance_id), open_item(reading(), item_id, actor())
    if item.instance_id != instance.id:
        abort(404)
    able = [one for one in tasks.colleagues(reading(), item) if one.id != item.assignee_id]
    return page("person", instance, errors, item=item, able=able)


@area.post("/<int:instance_id>/tasks/<int:item_id>")
def reassign_person(instance_id: int, item_id: int) -> Response | tuple[str, int]:
    """Give it to somebody, or back to the organisation."""
    typed = request.form.get("person", "")
    if not (typed == "pool" or typed.isdecimal()):
        return _person(instance_id, item_id, {"person": gettext("选择接办人")}), 422
    to = None if typed == "pool" else int(typed[:18])
    try:
        with changing() as session:
            verbs.reassign_person(session, item_id, to, reason(), actor(), now())
    except InvalidInput as wrong:
        return _person(instance_id, item_id, words_of(wrong)), 422
    flash(gettext("已改派"))
    return back(instance_id)


@area.get("/<int:instance_id>/parties/<party>")
def party(instance_id: int, party: str) -> str:
    """To whom a party's part could be given."""
    return _party(instance_id, party, {})


def _party(instance_id: int, party: str, errors: dict[str, str]) -> str:
    instance = instance_of(instance_id)
    part = next((one for one in queries.parts(reading(), instance) if one.party == party), None)
    if part is None:
        abort(404)
    here = queries.standings(reading(), instance, actor(), now())
    moved = [one.item for one in here if one.item is not None and one.item.party == party]
    return page("party", instance, errors, part=part, moved=moved)


@area.post("/<int:instance_id>/parties/<party>")
def reassign_party(instance_id: int, party: str) -> Response | tuple[str, int]:
    """Give the part to another organisation."""
    org_id = request.form.get("org", type=int)
    if not org_id:
        return _party(instance_id, party, {"org": gettext("选择单位")}), 422
    try:
        with changing() as session:
            verbs.reassign_party(session, instance_id, party, org_id, reason(), actor(), now())
    except InvalidInput as wrong:
        return _party(instance_id, party, words_of(wrong)), 422
    flash(gettext("已改派，新的承办单位会收到任务"))
    return back(instance_id)
