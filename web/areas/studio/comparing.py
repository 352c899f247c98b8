"""Two versions of a process side by side, and what differs in plain words."""

from flask import render_template
from markupsafe import Markup

from engine.errors import NotFound
from engine.models import DefinitionKind
from engine.queries import definitions as published
from engine.queries import drafts as lists
from engine.runtime.compare import Comparison, Marks, contrast
from engine.runtime.picture import element_table, render_svg
from engine.runtime.picture_marks import Marked, swatches
from engine.runtime.picture_text import attribute
from engine.runtime.same import is_same
from web.areas.studio.api import ACTS, person
from web.areas.studio.blueprint import area
from web.areas.studio.values import Values
from web.extensions import limiter
from web.i18n import render_text
from web.login import actor
from web.params import key_arg
from web.unit import reading

ANCHORS = ("old-", "new-")


@area.get("/drafts/<int:draft_id>/compare")
@limiter.limit(ACTS, key_func=person)
def compare_draft(draft_id: int) -> str:
    """A draft beside the version it was begun from, or beside a state saved earlier (`with`)."""
    draft = lists.find(reading(), draft_id, actor())
    kept_id = key_arg("with")
    if kept_id is not None:
        kept = lists.revision(reading(), draft_id, kept_id)
        pair = (kept.source, draft.source)
        return _page(draft.name, draft_id, pair, ("", ""), revision=kept.revision)
    old = draft.base.source if draft.base else None
    version = f"v{draft.base.version}" if draft.base else ""
    return _page(draft.name, draft_id, (old, draft.source), (version, ""))


@area.get("/processes/<key>/compare/<int:old_id>/<int:new_id>")
@limiter.limit(ACTS, key_func=person)
def compare_versions(key: str, old_id: int, new_id: int) -> str:
    """Two published versions of a process."""
    pair = [published.find(reading(), one) for one in (old_id, new_id)]
    if any((one.kind, one.key) != (DefinitionKind.PROCESS.value, key) for one in pair):
        raise NotFound()
    old, new = pair
    names = (f"v{old.version}", f"v{new.version}")
    return _page(new.name, None, (old.source, new.source), names, key=key)


def _page(
    name: str,
    draft_id: int | None,
    sources: tuple[bytes | None, bytes],
    names: tuple[str, str],
    *,
    key: str = "",
    revision: int | None = None,
) -> str:
    old, new = sources
    seen = contrast(old, new, Values(reading())) if old is not None else Comparison([], {}, {})
    words = _words(seen)
    before = _picture(old, seen.old, words, ANCHORS[0]) if old is not None else None
    after = _picture(new, seen.new, words, ANCHORS[1])
    return render_template(
        "studio/compare.html",
        name=name,
        key=key,
        draft_id=draft_id,
        names=names,
        revision=revision,
        differences=seen.differences,
        anchors=ANCHORS,
        drawn=(_drawn(before or "", seen.old, ANCHORS[0]), _drawn(after, seen.new, ANCHORS[1])),
        redrawn=old is not None and not seen.differences and not is_same(old, new),
        old=before,
        new=after,
        used={one for marks in (seen.old, seen.new) for found in marks.values() for one in found},
        swatches={mark: Markup(svg) for mark, svg in swatches().items()},  # noqa: S704
        steps=element_table(new),
    )


def _picture(source: bytes, marks: Marks, words: dict[str, str], anchor: str) -> Markup:
    marked = {key: Marked(found, words.get(key, "")) for key, found in marks.items()}
    # drawn by us from a checked diagram, every text of it escaped
    return Markup(render_svg(source, marks=marked, anchor=anchor))  # noqa: S704


def _drawn(picture: str, marks: Marks, anchor: str) -> set[str]:
    """The marked elements that a link finds: a diagram may have some that nobody drew."""
    return {key for key in marks if f" id={attribute(anchor + key)}" in picture}


def _words(seen: Comparison) -> dict[str, str]:
    """What is said of each element, for a pointer that rests on it."""
    found: dict[str, list[str]] = {}
    for one in seen.differences:
        found.setdefault(one.element, []).append(render_text(one.words))
    return {key: "\n".join(words) for key, words in found.items()}
