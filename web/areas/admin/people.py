"""People: found, added, corrected, given and relieved of posts, let in again."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, NotFound
from engine.models import Person, Role
from engine.operations import administration
from engine.queries import administration as lists
from web.areas.admin.blueprint import area
from web.i18n import render_text
from web.login import actor
from web.rendering import role_words
from web.unit import changing, now, reading

MAX_ID = 2**63 - 1


@area.get("")
def index() -> Response:
    """The first section."""
    return redirect(url_for("admin.people"))


@area.get("/people")
def people() -> str:
    """Everybody in reach, by name or organisation."""
    wanted = request.args.get("q", "").strip()[:60]
    org_id = number_of(request.args.get("org", ""))
    page_number = number_of(request.args.get("page", "")) or 1
    found = lists.people(reading(), actor(), wanted=wanted, org_id=org_id, number=page_number)
    return render_template(
        "admin/people.html",
        page=found,
        wanted=wanted,
        org_id=org_id,
        organisations=lists.organisations(reading(), actor()),
        roles=role_words(),
        now=now(),
    )


@area.get("/people/new")
def new_person() -> str:
    """An empty form."""
    return _new({}, {})


@area.post("/people/new")
def new_person_post() -> str | tuple[str, int]:
    """Add a person; the password is on the answer and nowhere else."""
    given = {key: request.form.get(key, "").strip() for key in ("username", "name", "email")}
    org_id, role = number_of(request.form.get("org", "")), role_of(request.form.get("role", ""))
    if org_id is None or role is None:
        return _new(given, {"org": gettext("选择单位和岗位")}), 422
    try:
        with changing() as unit:
            made, password = administration.new_person(
                unit, **given, org_id=org_id, role=role, actor=actor(), now=now()
            )
    except InvalidInput as wrong:
        return _new(given, in_words(wrong)), 422
    return _password(made, password, gettext("账号已建立"))


def _new(given: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "admin/new_person.html",
        given={**given, "org": request.values.get("org", ""), "role": request.values.get("role")},
        errors=errors,
        org_options=_org_options(),
        roles=role_words(),
    )


def _org_options() -> list[tuple[int, str]]:
    return [
        (org.id, org.short_name) for org in lists.organisations(reading(), actor()) if org.active
    ]


@area.get("/people/<int:person_id>")
def person(person_id: int) -> str:
    """One person: address, posts, account."""
    return _person(person_id, {})


def _person(person_id: int, errors: dict[str, str]) -> str:
    found = lists.person(reading(), actor(), person_id) if person_id <= MAX_ID else None
    if found is None:
        raise NotFound()
    return render_template(
        "admin/person.html",
        person=found,
        errors=errors,
        given=request.form,
        org_options=_org_options(),
        roles=role_words(),
        locked=found.locked_until is not None and found.locked_until > now(),
        own=found.id == actor().person_id,
    )


@area.post("/people/<int:person_id>")
def change_person(person_id: int) -> Response | tuple[str, int]:
    """Correct the name or the address."""
    name, email = request.form.get("name", ""), request.form.get("email", "")
    try:
        with changing() as unit:
            administration.change_person(unit, person_id, name, email, actor(), now())
    except InvalidInput as wrong:
        return _person(person_id, in_words(wrong)), 422
    return _back(person_id, gettext("已保存"))


@area.post("/people/<int:person_id>/posts")
def add_post(person_id: int) -> Response | tuple[str, int]:
    """Give a post."""
    org_id, role = number_of(request.form.get("org", "")), role_of(request.form.get("role", ""))
    if org_id is None or role is None:
        return _person(person_id, {"org": gettext("选择单位和岗位")}), 422
    try:
        with changing() as unit:
            administration.add_post(unit, person_id, org_id, role, actor(), now())
    except InvalidInput as wrong:
        return _person(person_id, {"org": in_words(wrong)["role"]}), 422
    return _back(person_id, gettext("岗位已增加"))


@area.post("/posts/<int:membership_id>/end")
def end_post(membership_id: int) -> Response:
    """End a post."""
    with changing() as unit:
        found = administration.remove_post(unit, membership_id, actor(), now())
    return _back(found.id, gettext("岗位已结束，认领的任务已退回本单位"))


@area.post("/people/<int:person_id>/active")
def set_active(person_id: int) -> Response:
    """Close or open the account."""
    active = request.form.get("active") == "1"
    with changing() as unit:
        administration.set_active(unit, person_id, active, actor(), now())
    return _back(person_id, gettext("账号已恢复") if active else gettext("账号已停用，登录已失效"))


@area.post("/people/<int:person_id>/password")
def reset_password(person_id: int) -> str:
    """A new password, on the answer and nowhere else."""
    with changing() as unit:
        found, password = administration.reset_password(unit, person_id, actor(), now())
    return _password(found, password, gettext("密码已重置"))


@area.post("/people/<int:person_id>/unlock")
def unlock(person_id: int) -> Response:
    """End a lock."""
    with changing() as unit:
        administration.unlock(unit, person_id, actor(), now())
    return _back(person_id, gettext("账号已解锁"))


def _password(found: Person, password: str, title: str) -> str:
    return render_template("admin/password.html", person=found, password=password, title=title)


def _back(person_id: int, message: str) -> Response:
    flash(message)
    return redirect(url_for("admin.person", person_id=person_id), 303)


def number_of(value: str) -> int | None:
    """An id or page number that was posted; None for anything else."""
    return int(value) if value.isascii() and value.isdigit() and int(value) <= MAX_ID else None


def role_of(value: str) -> Role | None:
    """A role that was posted."""
    return next((role for role in Role if role.value == value), None)


def in_words(wrong: InvalidInput) -> dict[str, str]:
    """A refusal's fields in the page's language."""
    return {key: render_text(message) for key, message in wrong.fields.items()}
