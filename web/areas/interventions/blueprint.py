"""The area's blueprint, its guard, and what its pages share."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine.errors import InvalidInput
from engine.models import Instance
from engine.operations.interventions import instance_for
from web.i18n import render_text
from web.login import actor
from web.unit import now, reading

MAX_ID = 2**63 - 1
area = Blueprint("interventions", __name__, url_prefix="/interventions")


@area.before_request
def _guard() -> None:
    if any(isinstance(one, int) and one > MAX_ID for one in (request.view_args or {}).values()):
        abort(404)  # no table has such a number


def instance_of(instance_id: int) -> Instance:
    """The instance, for one who may intervene in it. Raises NotFound, NotAllowed."""
    return instance_for(reading(), instance_id, actor())


def case_id_of(instance: Instance) -> int | None:
    """The case that the instance is the process of."""
    kind, _, key = instance.subject.partition(":")
    return int(key) if kind == "case" and key.isdigit() else None


def reason() -> str:
    """The reason as typed."""
    return request.form.get("reason", "").strip()[:500]


def page(template: str, instance: Instance, errors: dict[str, str], **more: Any) -> str:
    """A page about an instance; `errors` by field."""
    return render_template(
        f"interventions/{template}.html",
        instance=instance,
        case_id=case_id_of(instance),
        errors=errors,
        reason=reason() if request.method == "POST" else "",
        moment_=now(),
        **more,
    )


def words_of(wrong: InvalidInput) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    return {key: render_text(word) for key, word in wrong.fields.items()}


def back(instance_id: int) -> Response:
    """To the case, or to the overview of what is no case."""
    case_id = case_id_of(instance_of(instance_id))
    if case_id is not None:
        return redirect(url_for("cases.case", case_id=case_id), 303)
    return redirect(url_for("interventions.overview", instance_id=instance_id), 303)
