"""Organisations: listed, added, changed. Code, kind and district stay as they were made."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.domain.programme import Programme
from engine.errors import InvalidInput
from engine.models import Organisation, OrgKind
from engine.operations import administration
from engine.operations.access import OVERSEERS, everywhere
from engine.operations.people import create_organisation
from engine.queries import administration as lists
from engine.runtime.in_force import programmes
from web.areas.admin.blueprint import area, scheme_only
from web.areas.admin.people import in_words
from web.login import actor
from web.login import organisation as own_organisation
from web.unit import changing, now, reading

TEXTS = ("code", "name", "short_name", "source_type", "guarantor_code", "synonyms")
GUARANTORS = ("CITY_CENTRE", "DISTRICT_CO")


def kind_words() -> dict[str, str]:
    """Kinds of organisations in words."""
    return {
        OrgKind.REFERRER.value: gettext("推荐单位"),
        OrgKind.BANK.value: gettext("合作银行"),
        OrgKind.FINANCE.value: gettext("区财政局"),
        OrgKind.TREASURY.value: gettext("国库支付"),
        OrgKind.GUARANTOR.value: gettext("担保机构"),
        OrgKind.PLATFORM.value: gettext("平台与审计"),
    }


def offered_kinds() -> dict[str, str]:
    """What an administrator may add: who oversees others only the platform's."""
    words = kind_words()
    if everywhere(actor()):
        return words
    return {key: word for key, word in words.items() if key not in OVERSEERS}


def channels() -> dict[str, str]:
    """Referral channels of every programme, by code."""
    found: dict[str, str] = {}
    for programme in programmes(reading()).values():
        found |= _channels_of(programme)
    return found


def _channels_of(programme: Programme) -> dict[str, str]:
    for version in reversed(programme.versions):
        listed = version.parameters.get("source_types")
        if listed is not None:
            items = getattr(listed.value, "items", ())
            return {item.code: item.name for item in items}
    return {}


@area.get("/organisations")
def organisations() -> str:
    """All organisations in reach."""
    return render_template(
        "admin/organisations.html",
        organisations=lists.organisations(reading(), actor()),
        staff=lists.staff_counts(reading()),
        kinds=kind_words(),
        channels=channels(),
    )


@area.get("/organisations/new")
@scheme_only
def new_organisation() -> str:
    """An empty form."""
    return _form(None, {}, {})


@area.post("/organisations/new")
@scheme_only
def new_organisation_post() -> Response | tuple[str, int]:
    """Add an organisation."""
    given = _given()
    wrong = _missing(given)
    if not wrong:
        try:
            return _create(given)
        except InvalidInput as refused:
            wrong = in_words(refused)
    return _form(None, given, wrong), 422


def _create(given: dict[str, str]) -> Response:
    with changing() as unit:
        made = create_organisation(
            unit,
            code=given["code"],
            name=given["name"],
            kind=OrgKind(given["kind"]),
            short_name=given["short_name"] or None,
            source_type=given["source_type"] or None,
            guarantor_code=given["guarantor_code"] or None,
            district_code=own_organisation().district_code,
            synonyms=tuple(given["synonyms"].splitlines()),
            actor=actor(),
            now=now(),
        )
    flash(gettext("单位已新增"))
    return redirect(url_for("admin.organisation", org_id=made.id), 303)


def _missing(given: dict[str, str]) -> dict[str, str]:
    wrong = {key: gettext("必填") for key in ("code", "name") if not given[key]}
    if given["kind"] not in offered_kinds():
        wrong["kind"] = gettext("选择类别")
    if given["kind"] in (OrgKind.REFERRER.value, OrgKind.BANK.value) and not given["source_type"]:
        wrong["source_type"] = gettext("选择推荐渠道")
    if given["kind"] == OrgKind.GUARANTOR.value and given["guarantor_code"] not in GUARANTORS:
        wrong["guarantor_code"] = gettext("选择担保机构的层级")
    return wrong


@area.get("/organisations/<int:org_id>")
def organisation(org_id: int) -> str:
    """One organisation."""
    found = _found(org_id)
    given = {key: getattr(found, key) or "" for key in TEXTS}
    return _form(found, {**given, "kind": found.kind, "active": found.active}, {})


@area.post("/organisations/<int:org_id>")
def change_organisation(org_id: int) -> Response | tuple[str, int]:
    """Change names, channel, other names, or close it."""
    given = _given()
    values: dict[str, str | bool | None] = {
        "name": given["name"],
        "short_name": given["short_name"],
        "source_type": given["source_type"] or None,
        "synonyms": "\n".join(line.strip() for line in given["synonyms"].splitlines() if line),
        "active": request.form.get("active") == "on",
    }
    try:
        with changing() as unit:
            administration.change_organisation(unit, org_id, values, actor(), now())
    except InvalidInput as wrong:
        return _form(_found(org_id), {**given, "active": values["active"]}, in_words(wrong)), 422
    flash(gettext("已保存"))
    return redirect(url_for("admin.organisation", org_id=org_id), 303)


def _found(org_id: int) -> Organisation:
    return lists.organisation(reading(), actor(), org_id)


def _given() -> dict[str, str]:
    return {key: request.form.get(key, "").strip()[:500] for key in (*TEXTS, "kind")}


def _form(found: Organisation | None, given: object, errors: dict[str, str]) -> str:
    return render_template(
        "admin/organisation.html",
        found=found,
        given=given,
        errors=errors,
        kinds=kind_words() if found else offered_kinds(),
        channels=channels(),
        guarantors={
            "CITY_CENTRE": gettext("市融资担保中心"),
            "DISTRICT_CO": gettext("区担保公司"),
        },
    )
