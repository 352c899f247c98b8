"""Who is signed in, and for which organisation they act."""

from typing import Any

from flask import Flask, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin
from sqlalchemy import select
from sqlalchemy.orm import contains_eager
from werkzeug.wrappers import Response

from engine.models import Membership, Organisation, Person
from engine.people import Actor
from web.unit import reading
from web.visitor import current_user

manager = LoginManager()
PUBLIC = {
    *("static", "auth.login", "auth.login_post", "auth.language", "health.healthz"),
    *("enterprise.account", "enterprise.account_post", "enterprise.objection"),
}


class SignedIn(UserMixin):
    """The signed-in person as Flask-Login wants it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.locale = person.locale
        self.theme = person.theme

    def get_id(self) -> str:
        """Changes with the salt, so that changing the password ends every session."""
        return f"{self.person.id}:{self.person.session_salt}"


def init_app(app: Flask) -> None:
    """Every page needs a signed-in person unless its endpoint is in PUBLIC."""
    manager.init_app(app)
    manager.login_view = "auth.login"
    manager.session_protection = "strong"
    app.before_request(_require_login)


@manager.user_loader  # type: ignore[untyped-decorator]
def _load(token: str) -> SignedIn | None:
    key, _, salt = token.partition(":")
    if not key.isdigit():
        return None
    person = reading().get(Person, int(key))
    if person is None or not person.active or person.session_salt != salt:
        return None
    return SignedIn(person)


def _require_login() -> Response | None:
    if request.endpoint is None or request.endpoint in PUBLIC:
        return None
    if current_user.is_authenticated:
        return None
    if request.headers.get("HX-Request"):
        abort(401)
    target = request.full_path if request.method == "GET" else None
    return redirect(url_for("auth.login", next=target))


def posts() -> list[Membership]:
    """The person's active posts, one row an organisation and role."""
    if "posts" not in g:
        query = (
            select(Membership)
            .join(Membership.organisation)
            .where(
                Membership.person_id == current_user.person.id,
                Membership.active,
                Organisation.active,
            )
            .options(contains_eager(Membership.organisation))
            .order_by(Membership.id)
        )
        g.posts = list(reading().scalars(query))
    found: list[Membership] = g.posts
    return found


def actor() -> Actor:
    """The person in the organisation they act for now. 403 when they hold no post any more."""
    if "actor" in g:
        acting: Actor = g.actor
        return acting
    held = posts()
    if not held:
        abort(403)
    chosen = session.get("org_id")
    org = next((m.organisation for m in held if m.org_id == chosen), held[0].organisation)
    roles = frozenset(m.role for m in held if m.org_id == org.id)
    person: Person = current_user.person
    g.actor = Actor(person.id, org.id, person.name, roles, org.kind, _request_id())
    g.org = org
    found: Actor = g.actor
    return found


def organisation() -> Any:
    """The organisation the person acts for now."""
    actor()
    return g.org


def _request_id() -> str | None:
    number: str | None = g.get("request_id")
    return number
