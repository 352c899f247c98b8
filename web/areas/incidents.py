"""异常: what the system could not do by itself, and what is done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, NotAllowed
from engine.models.running import Incident, IncidentStatus
from engine.operations import incidents
from engine.operations.access import sees_all
from engine.operations.incident_values import editable, kind_of, shown
from engine.people import Actor
from engine.queries import incidents as queries
from engine.runtime.registry import BOOLEAN, INTEGER, LIST, Domain
from engine.text import text
from web.i18n import render_text
from web.login import actor
from web.params import page_arg
from web.unit import changing, now, reading

area = Blueprint("incidents", __name__, url_prefix="/incidents")
MAX_ID = 2**63 - 1
INPUT, VALUE = "in_", "set_"


@dataclass(frozen=True)
class Field:
    """A value to be typed: `kind` select, number, json or text."""

    key: str
    label: str
    kind: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Panel:
    """An incident as the panel shows it. Without `may_settle` only that it is being handled."""

    incident: Incident
    name: str
    message: str
    may_settle: bool
    inputs: tuple[Field, ...] = ()
    routing: tuple[Field, ...] = ()
    may_skip: bool = False
    may_end: bool = False
    suspended: bool = False


@area.before_request
def _guard() -> None:
    if any(isinstance(one, int) and one > MAX_ID for one in (request.view_args or {}).values()):
        abort(404)  # no table has such a number


def status_words() -> dict[str, str]:
    """Where an incident stands."""
    return {
        IncidentStatus.OPEN.value: gettext("待处理"),
        IncidentStatus.RETRYING.value: gettext("自动重试中"),
        IncidentStatus.RESOLVED.value: gettext("已处理"),
    }


def resolution_words() -> dict[str, str]:
    """How it was settled."""
    return {
        "RETRIED": gettext("重试办成"),
        "EDITED": gettext("改参数后办成"),
        "SKIPPED": gettext("跳过"),
        "ENDED": gettext("已终止或离开这一步"),
    }


def panels_of(session: Session, instance_id: int) -> list[Panel]:
    """The unsettled failures of an instance, for its page."""
    return [panel(session, found) for found in queries.unsettled_of(session, instance_id)]


def panel(session: Session, found: Incident) -> Panel:
    """What the actor is shown of an incident, and may do."""
    acting, instance = actor(), found.instance
    # others take part in a case without knowing all of it: what failed may be about a rival
    message = render_text(found.message) if sees_all(acting) else ""
    if not incidents.is_settler(acting):
        return Panel(found, step_name(found), message, may_settle=False)
    case = incidents.case_of(session, instance)
    return Panel(
        found,
        step_name(found),
        message,
        may_settle=found.status != IncidentStatus.RESOLVED.value,
        inputs=_inputs(found, acting),
        routing=_routing(found),
        may_skip=incidents.can_be_skipped(found),
        may_end=case is not None and case.status == "OPEN",
        suspended=instance.status == "SUSPENDED",
    )


def step_name(found: Incident) -> str:
    """The step in words; a step that failed as a whole is named by what set it going."""
    if found.task_id:
        return found.name
    return gettext("收到消息后的步骤") if found.inputs else gettext("到期后的步骤")


def _inputs(found: Incident, acting: Actor) -> tuple[Field, ...]:
    return tuple(
        _field(INPUT + key, gettext("参数%(name)s", name=key), kind_of(value), shown(value))
        for key, value in editable(found.inputs, acting).items()
    )


def _routing(found: Incident) -> tuple[Field, ...]:
    return tuple(
        _field(VALUE + key, gettext("结果%(name)s", name=key), domain)
        for key, domain in incidents.routing_of(found).items()
        if domain != (None,)  # it clears the value: nothing to choose
    )


def _field(key: str, label: str, domain: Domain, value: str = "") -> Field:
    value = request.form.get(key, value)
    if isinstance(domain, tuple):
        return Field(key, label, "select", value, tuple((one, one) for one in domain if one))
    if domain is BOOLEAN:
        choices = (("true", gettext("是")), ("false", gettext("否")))
        return Field(key, label, "select", value, choices)
    kinds = {INTEGER: "number", LIST: "json"}
    return Field(key, label, kinds.get(domain, "text"), value)


@area.get("")
def index() -> str:
    """What waits for a person first, then what is being retried, then what was settled."""
    _require_settler()
    status = next((one for one in IncidentStatus if one.value == request.args.get("status")), None)
    return render_template(
        "incidents/index.html",
        page=queries.page(reading(), actor(), status, page_arg()),
        counts=queries.counts(reading(), actor()),
        status=status.value if status else "",
        words=status_words(),
        resolutions=resolution_words(),
        step_name=step_name,
        case_id=_case_id,
        url_page=lambda number: url_for(
            "incidents.index", status=status.value if status else None, page=number
        ),
    )


@area.get("/<int:incident_id>")
def incident(incident_id: int) -> str:
    """One incident, with its traceback for administrators."""
    return _page(incident_id, {}, "")


def _page(incident_id: int, errors: dict[str, str], form: str) -> str:
    found = queries.incident_for(reading(), actor(), incident_id)
    _require_settler()
    return render_template(
        "incidents/incident.html",
        panel=panel(reading(), found),
        incident=found,
        errors=errors,
        opened=form,
        labels=_labels(),
        words=status_words(),
        resolutions=resolution_words(),
        case_id=_case_id(found),
        traceback=found.traceback if incidents.sees_traceback(actor()) else None,
    )


def _labels() -> dict[str, str]:
    prefixed = (key for key in request.form if key.startswith((INPUT, VALUE)))
    names = {key: key.removeprefix(INPUT).removeprefix(VALUE) for key in prefixed}
    return {"reason": gettext("原因"), "inputs": gettext("参数"), **names}


def _require_settler() -> None:
    if not incidents.is_settler(actor()):
        raise NotAllowed("may_not_settle", text("异常由区财政局负责人或系统管理员处理"))


def _case_id(found: Incident) -> int | None:
    kind, _, key = found.instance.subject.partition(":")
    return int(key) if kind == "case" and key.isdigit() else None


@area.post("/<int:incident_id>/retry")
def retry(incident_id: int) -> Response:
    """Try again as it was."""
    with changing() as session:
        tried = incidents.retry(session, incident_id, actor(), now())
    return _tell(tried)


@area.post("/<int:incident_id>/edit")
def edit(incident_id: int) -> Response | tuple[str, int]:
    """Try again with other inputs."""

    def change(session: Session) -> incidents.Tried:
        given = _given(INPUT)
        return incidents.retry_with(session, incident_id, actor(), given, _reason(), now())

    return _with_errors(incident_id, "edit", INPUT, change, _tell)


@area.post("/<int:incident_id>/skip")
def skip(incident_id: int) -> Response | tuple[str, int]:
    """Go on without it."""

    def change(session: Session) -> Incident:
        given = _given(VALUE)
        return incidents.skip(session, incident_id, actor(), given, _reason(), now())

    def told(found: Incident) -> Response:
        flash(gettext("已跳过“%(name)s”，流程继续", name=step_name(found)))
        return _back(found)

    return _with_errors(incident_id, "skip", VALUE, change, told)


@area.post("/<int:incident_id>/end")
def end(incident_id: int) -> Response | tuple[str, int]:
    """End the case."""

    def change(session: Session) -> int:
        return incidents.end_case(session, incident_id, actor(), _reason(), now()).id

    def told(case_id: int) -> Response:
        flash(gettext("案件已终止，未办的任务已撤销"))
        return redirect(url_for("cases.case", case_id=case_id), 303)

    return _with_errors(incident_id, "end", "", change, told)


def _with_errors(
    incident_id: int,
    form: str,
    prefix: str,
    change: Callable[[Session], Any],
    told: Callable[[Any], Response],
) -> Response | tuple[str, int]:
    try:
        with changing() as session:
            done = change(session)
    except InvalidInput as wrong:
        own = ("reason", "inputs")
        errors = {
            key if key in own else prefix + key: render_text(word)
            for key, word in wrong.fields.items()
        }
        return _page(incident_id, errors, form), 422
    return told(done)


def _given(prefix: str) -> dict[str, str]:
    return {
        key.removeprefix(prefix): value
        for key, value in request.form.items()
        if key.startswith(prefix)
    }


def _reason() -> str:
    return request.form.get("reason", "").strip()[:500]


def _tell(tried: incidents.Tried) -> Response:
    name = step_name(tried.incident)
    if tried.done:
        flash(gettext("“%(name)s”已办成，流程继续", name=name))
    elif tried.incident.status == IncidentStatus.RESOLVED.value:
        flash(gettext("流程已经离开“%(name)s”这一步，异常已结", name=name), "warning")
    else:
        why = render_text(tried.incident.message)
        flash(gettext("“%(name)s”又没有办成：%(why)s", name=name, why=why), "error")
    return _back(tried.incident)


def _back(found: Incident) -> Response:
    case_id = _case_id(queries.incident_for(reading(), actor(), found.id))
    if case_id is not None:
        return redirect(url_for("cases.case", case_id=case_id), 303)
    return redirect(url_for("incidents.incident", incident_id=found.id), 303)
