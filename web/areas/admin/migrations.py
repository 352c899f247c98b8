"""Moving running cases from one version of a process to another."""

from concurrent.futures import wait

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, NotFound
from engine.operations import migration_batches, migrations
from engine.operations.migration_preview import Preview, preview
from engine.queries import definitions as published
from engine.queries import migrations as lists
from engine.runtime.closure import PROCESS, Member, members
from engine.runtime.compare import Difference
from engine.runtime.in_force import current_deployment
from web.areas.admin.blueprint import area, scheme_only
from web.areas.admin.people import in_words, number_of
from web.areas.studio import values
from web.login import actor
from web.migration_runs import MigrationRuns
from web.unit import changing, now, reading

SHORT = 0.8  # seconds that a page waits for a batch that is done in no time


@area.record_once
def _start(state: BlueprintSetupState) -> None:
    state.app.extensions["migration_runs"] = MigrationRuns(state.app.config["FACTORY"])


def _begin(batch_id: int) -> Response:
    runs: MigrationRuns = current_app.extensions["migration_runs"]
    wait([runs.start(batch_id, now())], timeout=SHORT)
    return redirect(url_for("admin.migration", batch_id=batch_id), 303)


@area.get("/processes/<key>/migrate")
@scheme_only
def migrate(key: str) -> str:
    """Which running cases can be moved to the newest version, and why others cannot."""
    return _preview_page(key, _preview(key), {})


@area.post("/processes/<key>/migrate")
@scheme_only
def migrate_post(key: str) -> Response | tuple[str, int]:
    """Ask for the chosen ones."""
    found, form = _preview(key), request.form
    ids = found.chosen(form.getlist("group"), number_of(form.get("first", "")))
    try:
        with changing() as session:
            batch = migration_batches.ask_migration(
                session, key, ids, found.to, actor(), form.get("reason", ""), now()
            )
    except InvalidInput as wrong:
        return _preview_page(key, _preview(key), in_words(wrong)), 422
    return _begin(batch.id)


def _preview(key: str) -> Preview:
    _target(key)
    return preview(reading(), key, actor())


def _target(key: str) -> Member:
    target = members(reading(), current_deployment(reading())).get((PROCESS, key))
    if target is None:
        raise NotFound()
    return target


def _preview_page(key: str, found: Preview, errors: dict[str, str]) -> str:
    target = _target(key)
    return render_template(
        "admin/migrate.html",
        target=target,
        found=found,
        able=len(found.able),
        errors=errors,
        form=request.form,
        differences=_differences(found),
        batches=lists.batches(reading(), key, actor()),
    )


def _differences(found: Preview) -> dict[tuple[str, int, int], list[Difference]]:
    """(process, old, new version) → what differs, for every pair on the page."""
    pairs = {
        (one.key, one.name, one.old, one.new)
        for group in found.groups
        for one in group.changes
        if one.kind == PROCESS and one.old is not None and one.new is not None
    }
    return {
        (name, old, new): values.differences(reading(), _source(key, old), _source(key, new))
        for key, name, old, new in sorted(pairs)
    }


def _source(key: str, version: int) -> bytes:
    versions = published.versions(reading(), PROCESS, key)
    found = next(one.id for one in versions if one.version == version)
    return published.find(reading(), found).source


@area.get("/migrations/<int:batch_id>")
@scheme_only
def migration(batch_id: int) -> str:
    """How far a batch is, then what became of each case."""
    line = lists.batch(reading(), batch_id, actor())
    return render_template(
        "admin/migration.html",
        line=line,
        items=lists.items(reading(), batch_id),
        undoable=lists.can_undo_some(reading(), batch_id),
        target=members(reading(), current_deployment(reading())).get((PROCESS, line.process_key)),
    )


@area.get("/migrations/<int:batch_id>/progress")
@scheme_only
def migration_progress(batch_id: int) -> Response | str:
    """The progress alone; tells htmx to load the page anew once it has ended."""
    line = lists.batch(reading(), batch_id, actor())
    if line.ended_at is None:
        return render_template("admin/_migration_progress.html", line=line)
    answer = make_response("")
    answer.headers["HX-Redirect"] = url_for("admin.migration", batch_id=batch_id)
    return answer


@area.post("/migrations/<int:batch_id>/stop")
@scheme_only
def stop_migration(batch_id: int) -> Response:
    """Stop; what was moved stays moved."""
    lists.batch(reading(), batch_id, actor())
    with changing() as session:
        migration_batches.stop_batch(session, batch_id, actor(), now())
    return redirect(url_for("admin.migration", batch_id=batch_id), 303)


@area.get("/migrations/<int:batch_id>/undo")
@scheme_only
def undo_migration(batch_id: int) -> str:
    """Ask why, for the whole batch or with `migration` for one case."""
    return _undo_page(batch_id, request.args.get("migration", ""), {})


@area.post("/migrations/<int:batch_id>/undo")
@scheme_only
def undo_migration_post(batch_id: int) -> Response | tuple[str, int]:
    """Move everything back that has not moved on, or one case alone."""
    lists.batch(reading(), batch_id, actor())
    wanted, reason = request.form.get("migration", ""), request.form.get("reason", "")
    one = number_of(wanted)
    try:
        with changing() as session:
            if one is None:
                asked = migration_batches.ask_undo(session, batch_id, actor(), reason, now())
            else:
                migrations.undo(session, one, actor(), reason, now())
    except InvalidInput as wrong:
        return _undo_page(batch_id, wanted, in_words(wrong)), 422
    if one is None:
        return _begin(asked.id)
    return redirect(url_for("admin.migration", batch_id=batch_id), 303)


def _undo_page(batch_id: int, wanted: str, errors: dict[str, str]) -> str:
    line, number = lists.batch(reading(), batch_id, actor()), number_of(wanted)
    found = lists.items(reading(), batch_id)
    return render_template(
        "admin/undo_migration.html",
        line=line,
        one=next((one for one in found if number and one.migration_id == number), None),
        undoable=lists.can_undo_some(reading(), batch_id),
        errors=errors,
    )
