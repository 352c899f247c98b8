"""Moving: the steps to choose from, and what a move does before it is confirmed."""

from dataclasses import dataclass

from flask import abort, flash, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, RuleRefused
from engine.operations import interventions as verbs
from engine.operations.incident_values import routing
from engine.queries import interventions as queries
from engine.runtime.moves import Target
from engine.runtime.registry import BOOLEAN, INTEGER, Domain
from web.areas.interventions.blueprint import area, back, instance_of, page, reason, words_of
from web.i18n import render_text
from web.login import actor
from web.unit import changing, now, reading

VALUE = "set_"


@dataclass(frozen=True)
class Field:
    """A routing value that is asked for: `choices` when they are few."""

    key: str
    name: str
    choices: tuple[tuple[str, str], ...]
    numeric: bool
    value: str


@area.get("/<int:instance_id>/move/<task_id>")
def choose(instance_id: int, task_id: str) -> str:
    """Where an open step could go: back, on, and where not and why."""
    instance = instance_of(instance_id)
    found = verbs.destinations(reading(), instance, task_id, actor(), now())
    able = [one for one in found if one.refusal is None]
    token = _token(found)
    return page(
        "choose",
        instance,
        {},
        task_id=task_id,
        token=token,
        names=queries.process_names(reading(), instance),
        again=[one for one in able if one.current],
        earlier=[one for one in able if one.earlier],
        later=[one for one in able if not (one.earlier or one.current)],
        refused=[one for one in found if one.refusal is not None],
    )


def _token(found: list[Target]) -> object:
    return found[0].gone[0] if found else None


@area.get("/<int:instance_id>/move/<task_id>/<process_key>/<element_id>")
def confirm(instance_id: int, task_id: str, process_key: str, element_id: str) -> str:
    """What the move does: which steps go away, which opens, what is asked for."""
    return _confirm(instance_id, task_id, (process_key, element_id), {})


def _confirm(instance_id: int, task_id: str, place: tuple[str, str], errors: dict[str, str]) -> str:
    instance = instance_of(instance_id)
    target = _target(instance_id, task_id, place)
    here = {one.token.task_id: one for one in _standings(instance_id)}
    return page(
        "confirm",
        instance,
        errors,
        task_id=task_id,
        target=target,
        names=queries.process_names(reading(), instance),
        gone=[here[one.task_id] for one in target.gone if one.task_id in here],
        stays=[one for key, one in here.items() if key not in _ids(target)],
        fields=[_field(name, domain) for name, domain in target.missing.items()],
    )


def _standings(instance_id: int) -> list[queries.Standing]:
    return queries.standings(reading(), instance_of(instance_id), actor(), now())


def _ids(target: Target) -> set[str]:
    return {one.task_id for one in target.gone}


def _target(instance_id: int, task_id: str, place: tuple[str, str]) -> Target:
    found = verbs.destinations(reading(), instance_of(instance_id), task_id, actor(), now())
    for one in found:
        if (one.process_key, one.element_id) == place:
            return one
    abort(404)


def _field(name: str, domain: Domain | None) -> Field:
    choices: tuple[tuple[str, str], ...] = ()
    if isinstance(domain, tuple):
        choices = tuple((one, one) for one in domain if one)
    elif domain is BOOLEAN:
        choices = (("true", gettext("是")), ("false", gettext("否")))
    key = VALUE + name
    return Field(key, name, choices, domain is INTEGER, request.form.get(key, ""))


@area.post("/<int:instance_id>/move/<task_id>/<process_key>/<element_id>")
def move(
    instance_id: int, task_id: str, process_key: str, element_id: str
) -> Response | tuple[str, int]:
    """Move it."""
    place = (process_key, element_id)
    target = _target(instance_id, task_id, place)
    given = {
        name: request.form.get(VALUE + name, "")[:500]
        for name in target.missing
        if request.form.get(VALUE + name)
    }
    try:
        sets = {name: domain for name, domain in target.missing.items() if domain is not None}
        values = routing(sets, given)
        with changing() as session:
            verbs.move(
                session,
                instance_id,
                task_id,
                *place,
                reason(),
                actor(),
                now(),
                beside=request.form.get("beside") == "on",
                values=values,
            )
    except InvalidInput as wrong:
        errors = {
            key if key == "reason" else VALUE + key: word for key, word in words_of(wrong).items()
        }
        return _confirm(instance_id, task_id, place, errors), 422
    except RuleRefused as refused:
        if refused.code != "move_beside":
            raise
        errors = {"beside": render_text(refused.message)}
        return _confirm(instance_id, task_id, place, errors), 422
    flash(gettext("已转到“%(name)s”", name=target.name))
    return back(instance_id)
