"""The area's blueprint, its guard, and its sections. Every view needs the role admin."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext

from engine.operations.access import sees_all
from engine.operations.administration import require_admin
from engine.operations.incidents import is_settler
from web.login import actor
from web.rendering import Entry

MAX_ID = 2**63 - 1
area = Blueprint("admin", __name__, url_prefix="/admin")


@area.before_request
def _guard() -> None:
    require_admin(actor())
    if any(isinstance(one, int) and one > MAX_ID for one in (request.view_args or {}).values()):
        abort(404)  # no table has such a number


def scheme_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """For what concerns every organisation: administrators of the bureau or the platform."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not sees_all(actor()):
            abort(403)
        return view(*args, **kwargs)

    return guarded


@area.context_processor
def _sections() -> dict[str, Any]:
    sections = [
        (gettext("人员"), "people"),
        (gettext("单位"), "organisations"),
        (gettext("表单、方案与决策表"), "definitions"),
        (gettext("方案参数"), "parameters"),
        (gettext("工作日历"), "calendar"),
    ]
    if sees_all(actor()):
        sections += [(gettext("邮件"), "mails"), (gettext("运行状况"), "status")]
    here = (request.endpoint or "").split(".")[-1]
    section = SECTION_OF.get(here, here)
    entries = [Entry(label, url_for(f"admin.{name}"), name == section) for label, name in sections]
    if is_settler(actor()):
        entries.append(Entry(gettext("异常"), url_for("incidents.index"), current=False))
    return {
        "sections": entries,
        "scheme_admin": sees_all(actor()),
    }


SECTION_OF = {
    "index": "people",
    "person": "people",
    "new_person": "people",
    "organisation": "organisations",
    "new_organisation": "organisations",
    "definition": "definitions",
    "migrate": "definitions",
    "migrate_post": "definitions",
    "migration": "definitions",
    "undo_migration": "definitions",
    "undo_migration_post": "definitions",
    "mail": "mails",
}
