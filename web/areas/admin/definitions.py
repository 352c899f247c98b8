"""Published definitions: what is in force, its versions, diagrams as picture and as steps."""

from flask import render_template
from flask_babel import gettext
from markupsafe import Markup

from engine.forms import load_form
from engine.models import Definition, DefinitionKind
from engine.operations.access import sees_all
from engine.operations.migrations import reach
from engine.queries import definitions as published
from engine.queries.migrations import running_on
from engine.runtime.picture import element_table, render_svg
from web.areas.admin.blueprint import area
from web.login import actor
from web.unit import now, reading


def kind_words() -> dict[str, str]:
    """Kinds of definitions in words."""
    return {
        DefinitionKind.PROCESS.value: gettext("流程"),
        DefinitionKind.FORM.value: gettext("表单"),
        DefinitionKind.PROGRAMME.value: gettext("方案"),
    }


@area.get("/definitions")
def definitions() -> str:
    """Everything that new cases run on."""
    found = published.in_force(reading())
    groups = {kind: [one for one in found if one.kind == kind] for kind in kind_words()}
    return render_template("admin/definitions.html", groups=groups, words=kind_words())


@area.get("/definitions/<int:definition_id>")
def definition(definition_id: int) -> str:
    """One definition: a diagram with open work, a form's fields, or a programme's file."""
    found = published.find(reading(), definition_id)
    is_process = found.kind == DefinitionKind.PROCESS.value
    return render_template(
        "admin/definition.html",
        found=found,
        words=kind_words(),
        versions=published.versions(reading(), found.kind, found.key),
        svg=_picture(found) if is_process else None,
        steps=element_table(found.source) if is_process else [],
        form=load_form(found.source) if found.kind == DefinitionKind.FORM.value else None,
        source=found.source.decode("utf-8-sig") if not is_process else None,
        running=_running(found) if is_process and sees_all(actor()) else None,
    )


def _running(found: Definition) -> dict[int, int]:
    return running_on(reading(), found.key, reach(reading(), actor()))


def _picture(found: Definition) -> Markup:
    # drawn by us from a checked diagram, every text of it escaped
    counts = published.open_work(reading(), found.key, now())
    return Markup(render_svg(found.source, counts=counts))  # noqa: S704
