"""Published forms, programmes and decision tables: what is in force, and its versions."""

from flask import redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.dmn.shown import tables_in
from engine.forms import load_form
from engine.models import DefinitionKind
from engine.queries import definitions as published
from web.areas.admin.blueprint import area
from web.unit import reading


def kind_words() -> dict[str, str]:
    """Kinds of definitions in words. Processes have pages of their own (studio)."""
    return {
        DefinitionKind.FORM.value: gettext("表单"),
        DefinitionKind.PROGRAMME.value: gettext("方案"),
        DefinitionKind.DECISION.value: gettext("决策表"),
    }


@area.get("/definitions")
def definitions() -> str:
    """What new cases run on, but for the processes."""
    found = published.in_force(reading())
    groups = {kind: [one for one in found if one.kind == kind] for kind in kind_words()}
    return render_template("admin/definitions.html", groups=groups, words=kind_words())


@area.get("/definitions/<int:definition_id>")
def definition(definition_id: int) -> str | Response:
    """One definition: a form's fields, the tables of a decision, or a programme's file."""
    found = published.find(reading(), definition_id)
    if found.kind == DefinitionKind.PROCESS.value:
        return redirect(url_for("studio.process", key=found.key))
    is_decision = found.kind == DefinitionKind.DECISION.value
    return render_template(
        "admin/definition.html",
        found=found,
        words=kind_words(),
        versions=published.versions(reading(), found.kind, found.key),
        form=load_form(found.source) if found.kind == DefinitionKind.FORM.value else None,
        tables=tables_in(found.source, found.name) if is_decision else [],
        source=found.source.decode("utf-8-sig"),
    )
