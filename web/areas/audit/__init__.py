"""The trail for people: searched, verified, exported, and proved one row at a time."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from engine.audit import queries
from engine.audit.keys import PublicKeys, public_keys
from engine.audit.queries import Entry, Period, Search
from engine.audit.receipt import receipt as make_receipt
from engine.audit.sheet import workbook
from engine.audit.trail import record
from engine.audit.verify import Report, verify, verify_chain
from engine.clock import local_date
from engine.errors import NotFound
from engine.queries import audit as about
from engine.text import text
from notifications.links import case as case_url
from web.areas.audit.labels import published_labels
from web.areas.audit.rows import Reader, Row, action_name
from web.extensions import limiter
from web.login import actor, organisation
from web.unit import changing, now, reading, settings

area = Blueprint("audit", __name__, url_prefix="/audit")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILTERS = ("case", "person", "organisation", "first", "last", "action", "changed")
MAX_ID = 2**63 - 1


@area.get("")
def index() -> str:
    """The rows that match, newest first; a single case's chain is verified on the way."""
    scope, wanted = _scope(), wanted_of(request.args)
    found = queries.search(
        reading(), wanted, **limits(scope), before=_id("before"), after=_id("after")
    )
    chain = queries.only_chain(reading(), wanted, **limits(scope))
    report = verify_chain(reading(), chain, _keys()) if chain else None
    return _page(scope, wanted, found, report, chain)


@area.post("/verify")
@limiter.limit("6 per minute")
def verify_all() -> str:
    """Check every chain and every seal now; for those who see everything."""
    scope = _scope()
    if scope.visible_org is not None:
        abort(403)
    found = queries.search(reading(), Search(), **limits(scope))
    return _page(scope, Search(), found, verify(reading(), _keys()), None)


@area.post("/export")
@limiter.limit("20 per minute")
def export() -> Response:
    """The matching rows as a workbook. That somebody took them along is recorded too."""
    scope, wanted = _scope(), wanted_of(request.form)
    rows = queries.count(reading(), wanted, **limits(scope))
    rows = min(rows, queries.EXPORT_LIMIT)
    with changing() as unit:
        record(
            unit,
            chain="system:audit",
            action="audit.exported",
            summary=text("导出审计记录{n}条", n=rows),
            actor=actor(),
            now=now(),
            after={"filters": _given(request.form), "rows": rows},
        )
    data = workbook(queries.stream(reading(), wanted, **limits(scope)))
    name = f"audit-{local_date(now()).isoformat()}.xlsx"
    return _file(data, XLSX, name)


@area.get("/receipts/<int:event_id>.json")
@limiter.limit("60 per minute")
def receipt(event_id: int) -> Response:
    """Proof of one row, to be checked without this system. 404 outside one's scope."""
    scope = _scope()
    if event_id > MAX_ID or not queries.may_read(reading(), event_id, **limits(scope)):
        raise NotFound()
    made = make_receipt(reading(), event_id, _keys())
    data = orjson.dumps(made, option=orjson.OPT_INDENT_2)
    return _file(data, "application/json", f"danbao-receipt-{event_id}.json")


@area.get("/how")
def how() -> str:
    """How a receipt is checked, and the public keys to check it with."""
    keys = {name: key.public_bytes_raw().hex() for name, key in _keys().items()}
    return render_template("audit/how.html", keys=keys)


def _page(
    scope: about.Scope,
    wanted: Search,
    found: queries.Page,
    report: Report | None,
    chain: str | None,
) -> str:
    total = queries.count(reading(), wanted, **limits(scope))
    opened = next((entry for entry in found.entries if entry.id == _id("open")), None)
    reader = Reader(published_labels(reading()))
    return render_template(
        "audit/index.html",
        page=found,
        rows=_rows(reader, found.entries),
        opened=opened.id if opened else None,
        all_changes=reader.changes(opened.before, opened.after) if opened else [],
        total=min(total, queries.EXPORT_LIMIT),
        capped=total > queries.EXPORT_LIMIT,
        report=report,
        chain=chain,
        seal=about.seal_state(reading()) if scope.visible_org is None else None,
        organisations=about.organisations(reading(), scope),
        actions=_actions(),
        given=_given(request.values),
        case_url=case_url,
    )


def _rows(reader: Reader, entries: Iterable[Entry]) -> list[Row]:
    listed = list(entries)
    subjects = about.subjects(reading(), {entry.chain for entry in listed})
    seals = about.seals(reading(), [entry.id for entry in listed])
    return [reader.row(one, subjects.get(one.chain), seals.get(one.id)) for one in listed]


def _actions() -> list[tuple[str, str]]:
    """The acts that occur, each area before its acts."""
    found = queries.actions(reading())
    areas = dict.fromkeys(action.split(".", 1)[0] for action in found)
    listed = [(head, action_name(head) + gettext("（全部）")) for head in areas]
    listed += [(action, action_name(action)) for action in found if "." in action]
    return sorted(listed)


def wanted_of(given: MultiDict[str, str]) -> Search:
    """The search that a form or an address asks for; what makes no sense is left out."""
    case, person = given.get("case", "").strip()[:100], given.get("person", "").strip()[:60]
    return Search(
        case=case or None,
        person=person or None,
        organisation=_number(given.get("organisation", "")),
        period=Period(_day(given.get("first", "")), _day(given.get("last", ""))),
        action=given.get("action", "").strip()[:60] or None,
        changed=given.get("changed") == "1",
    )


def _given(values: MultiDict[str, str]) -> dict[str, str]:
    return {key: values[key][:100] for key in FILTERS if values.get(key)}


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and int(value) <= MAX_ID else None


def _id(name: str) -> int | None:
    return _number(request.args.get(name, ""))


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _scope() -> about.Scope:
    return about.scope_of(reading(), actor(), organisation().district_code)


def limits(scope: about.Scope) -> dict[str, Any]:
    """The scope as arguments of the queries."""
    return {name: getattr(scope, name) for name in ("visible_org", "district")}


def _keys() -> PublicKeys:
    return public_keys(settings().var)


def _file(data: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, mimetype=kind, headers=headers)
