"""The processes with their drafts, one process with its versions, and what was published."""

from dataclasses import dataclass
from typing import Any

from flask import Response, render_template
from markupsafe import Markup

from engine.documents.element_templates import element_templates
from engine.errors import NotFound
from engine.models import Definition, DefinitionKind, Draft
from engine.operations.drafts import GONE_AFTER, in_force
from engine.operations.migrations import reach
from engine.queries import definitions as published
from engine.queries import drafts as lists
from engine.queries.migrations import running_on
from engine.runtime.in_force import current_deployment
from engine.runtime.picture import element_table, render_svg
from web.areas.studio.api import as_file
from web.areas.studio.blueprint import area, sections
from web.areas.studio.template_words import template_words
from web.areas.studio.vocabulary import vocabulary
from web.login import actor
from web.unit import now, reading


@dataclass(frozen=True)
class Line:
    """A process in the list: its version in force (None while it is new), work open, its draft."""

    key: str
    name: str
    definition: Definition | None
    open: int
    late: int
    draft: Draft | None


@area.get("/")
def index() -> str:
    """Every process, drafts that wait for one's signature first."""
    found = lists.unsettled(reading())
    return render_template(
        "studio/index.html",
        sections=sections("index"),
        lines=_lines({one.key: one for one in found}),
        waiting=[one for one in found if lists.may_sign(reading(), one, actor())],
        edits=edits,
    )


def edits(draft: Draft) -> bool:
    """Whether somebody is at a draft now."""
    return draft.editor_seen_at is not None and now() - draft.editor_seen_at <= GONE_AFTER


def _lines(drafts: dict[str, Draft]) -> list[Line]:
    lines = []
    for one in published.newest(reading(), DefinitionKind.PROCESS):
        counts = published.open_work(reading(), one.key, actor(), now()).values()
        open_, late = sum(n for n, _ in counts), sum(n for _, n in counts)
        lines.append(Line(one.key, one.name, one, open_, late, drafts.pop(one.key, None)))
    return [Line(one.key, one.name, None, 0, 0, one) for one in drafts.values()] + lines


@area.get("/processes/<key>")
def process(key: str) -> str:
    """One process: the picture with work open in it, its steps, draft and versions."""
    found, draft = in_force(reading(), key), lists.draft_of(reading(), key)
    if found is None and draft is None:
        raise NotFound()
    return render_template("studio/process.html", **_about(found, draft, key))


def _about(found: Definition | None, draft: Draft | None, key: str) -> dict[str, Any]:
    counts = published.open_work(reading(), key, actor(), now())
    return {
        "key": key,
        "found": found,
        "name": found.name if found else draft.name if draft else key,
        "svg": picture(found.source, counts) if found else None,
        "steps": element_table(found.source) if found else [],
        "counts": counts,
        "draft": draft,
        "signs": draft is not None and lists.may_sign(reading(), draft, actor()),
        "versions": lists.versions(reading(), key),
        "running": _running(key),
        "edits": edits,
    }


def picture(source: bytes, counts: dict[str, tuple[int, int]] | None = None) -> Markup:
    """A diagram; drawn by us from a checked file, every text of it escaped."""
    return Markup(render_svg(source, counts=counts))  # noqa: S704


def _running(key: str) -> dict[int, int]:
    if "admin" not in actor().roles:
        return {}
    return running_on(reading(), key, reach(reading(), actor()))


@area.get("/definitions/<int:definition_id>/file")
def definition_file(definition_id: int) -> Response:
    """A published diagram as a file."""
    found = published.find(reading(), definition_id)
    if found.kind != DefinitionKind.PROCESS.value:
        raise NotFound()
    return as_file(found.source, f"{found.key}.bpmn", f"{found.name}v{found.version}.bpmn")


@area.get("/records")
def records() -> str:
    """What became of drafts: published, or given up."""
    return render_template(
        "studio/records.html", sections=sections("records"), drafts=lists.settled(reading())
    )


@area.get("/element-template.json")
def template() -> Response:
    """Our vocabulary for Camunda Modeler on the desktop."""
    found = vocabulary(reading(), current_deployment(reading()))
    name = "danbao-element-template.json"
    content = element_templates(found, template_words())
    return as_file(content, name, name, "application/json")
