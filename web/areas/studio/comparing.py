"""Two versions of a process side by side, and what differs in plain words."""

from collections.abc import Collection

from flask import render_template
from markupsafe import Markup

from engine.errors import NotFound
from engine.models import DefinitionKind
from engine.queries import definitions as published
from engine.queries import drafts as lists
from engine.runtime.compare import Difference, compare
from engine.runtime.picture import element_table, render_svg
from web.areas.studio.blueprint import area
from web.login import actor
from web.params import key_arg
from web.unit import reading


@area.get("/drafts/<int:draft_id>/compare")
def compare_draft(draft_id: int) -> str:
    """A draft beside the version it was begun from, or beside a state saved earlier (`with`)."""
    draft = lists.find(reading(), draft_id, actor())
    kept_id = key_arg("with")
    if kept_id is not None:
        kept = lists.revision(reading(), draft_id, kept_id)
        return _page(draft.name, draft_id, (kept.source, draft.source), ("", ""), kept.revision)
    old = draft.base.source if draft.base else None
    version = f"v{draft.base.version}" if draft.base else ""
    return _page(draft.name, draft_id, (old, draft.source), (version, ""))


@area.get("/processes/<key>/compare/<int:old_id>/<int:new_id>")
def compare_versions(key: str, old_id: int, new_id: int) -> str:
    """Two published versions of a process."""
    pair = [published.find(reading(), one) for one in (old_id, new_id)]
    if any((one.kind, one.key) != (DefinitionKind.PROCESS.value, key) for one in pair):
        raise NotFound()
    old, new = pair
    names = (f"v{old.version}", f"v{new.version}")
    return _page(new.name, None, (old.source, new.source), names)


def _page(
    name: str,
    draft_id: int | None,
    sources: tuple[bytes | None, bytes],
    names: tuple[str, str],
    revision: int | None = None,
) -> str:
    old, new = sources
    found = compare(old, new) if old is not None else []
    touched = {one.element for one in found}
    return render_template(
        "studio/compare.html",
        name=name,
        draft_id=draft_id,
        names=names,
        revision=revision,
        differences=found,
        old=_picture(old, touched) if old is not None else None,
        new=_picture(new, touched),
        steps=element_table(new),
        touched=_by_element(found),
    )


def _picture(source: bytes, touched: Collection[str]) -> Markup:
    # drawn by us from a checked diagram, every text of it escaped
    return Markup(render_svg(source, current=touched))  # noqa: S704


def _by_element(found: list[Difference]) -> dict[str, list[Difference]]:
    by_element: dict[str, list[Difference]] = {}
    for one in found:
        by_element.setdefault(one.element, []).append(one)
    return by_element
