"""Signing in and out; language, theme, post and password of the person."""

from datetime import date
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from engine.clock import local_date
from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.models import Person
from engine.operations import preferences
from engine.operations.accounts import MIN_LENGTH, sign_in
from engine.queries.bulletin import holidays_after
from web.extensions import limiter
from web.i18n import LANGUAGES, render_text
from web.login import SignedIn, actor, posts
from web.rendering import DAYS, MONTHS, WEEKDAYS
from web.rendering import language as language_
from web.unit import changing, now
from web.visitor import current_user

area = Blueprint("auth", __name__)
TRIES = "10 per minute"
THEMES = ("light", "dark")


def _failed(response: Response) -> bool:
    # only failures count: a whole office may sign in from one address at nine o'clock
    return response.status_code >= 400


@area.get("/login")
def login() -> str | Response:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    return _page()


@area.post("/login")
@limiter.limit(TRIES, deduct_when=_failed)
def login_post() -> tuple[str, int] | Response:
    """Sign in. A failure is recorded too, so it is committed before it is told."""
    name, password = request.form.get("username", ""), request.form.get("password", "")
    with changing() as unit:
        found = sign_in(unit, name, password, now(), None)
    if isinstance(found, NotAllowed):
        return _page(found, name), 401
    _enter(found)
    return redirect(safe_target(request.form.get("next")), 303)


def _page(refused: NotAllowed | None = None, name: str = "") -> str:
    return render_template(
        "auth/login.html",
        refused=refused,
        username=name[:60],
        holidays=holidays_after(local_date(now())),
        short=_short,
        next=request.values.get("next", ""),
    )


def _short(day_: date) -> str:
    """10月10日 周六: the year is plain from the holiday."""
    if language_() == "en":
        return f"{DAYS[day_.weekday()]} {day_.day} {MONTHS[day_.month - 1]}"
    return f"{day_.month}月{day_.day}日 {WEEKDAYS[day_.weekday()]}"


def _enter(person: Person) -> None:
    # nothing of the session before survives: neither what somebody planted in it, nor its token
    language = session.get("lang")
    session.clear()
    session.permanent = True
    if language in LANGUAGES:
        session["lang"] = language
    login_user(SignedIn(person))


@area.post("/logout")
def logout() -> Response:
    """Sign out."""
    language = session.get("lang")
    logout_user()
    session.clear()
    if language:
        session["lang"] = language
    return redirect(url_for("auth.login"), 303)


@area.post("/language")
def language() -> Response:
    """Change the language, here and for mails."""
    chosen = request.values.get("lang", "")
    if chosen not in LANGUAGES:
        raise NotFound()
    session["lang"] = chosen
    if current_user.is_authenticated:
        with changing() as unit:
            preferences.set_locale(unit, current_user.person.id, chosen)
    return _back()


@area.post("/theme")
def theme() -> Response:
    """Change between light and dark."""
    chosen = request.values.get("theme", "")
    if chosen not in THEMES:
        raise NotFound()
    session["theme"] = chosen
    with changing() as unit:
        preferences.set_theme(unit, current_user.person.id, chosen)
    return _back()


@area.get("/profile")
def profile() -> str:
    """The person, their posts, their password."""
    return _profile({})


@area.post("/profile/password")
@limiter.limit(TRIES)
def password() -> tuple[str, int] | Response:
    """Change the password; other sessions end, this one goes on."""
    old, new, again = (request.form.get(key, "") for key in ("old", "password", "again"))
    try:
        with changing() as unit:
            person = preferences.change_password(unit, old, new, again, actor(), now())
    except InvalidInput as wrong:
        return _profile({key: render_text(word) for key, word in wrong.fields.items()}), 422
    _enter(person)
    flash(gettext("密码已更改，其他设备上的登录已失效"))
    return redirect(url_for("auth.profile"), 303)


def _profile(errors: dict[str, str]) -> str:
    held: dict[int, list[str]] = {}
    names = {}
    for post_ in posts():
        held.setdefault(post_.org_id, []).append(post_.role)
        names[post_.org_id] = post_.organisation
    return render_template(
        "auth/profile.html",
        errors=errors,
        person=current_user.person,
        posts=[(names[key], roles) for key, roles in held.items()],
        least=MIN_LENGTH,
    )


@area.post("/post")
def post() -> Response:
    """Act for another organisation in which the person holds a post."""
    wanted = request.form.get("org", "")
    if wanted not in {str(held.org_id) for held in posts()}:
        raise NotFound()
    session["org_id"] = int(wanted)
    return redirect(url_for("home.index"), 303)


def safe_target(target: str | None) -> str:
    """`target` if it is a path of this site, else the home page."""
    home = url_for("home.index")
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return home
    if any(ord(sign) < 32 for sign in target) or "\\" in target:
        return home
    parts = urlsplit(target)
    return home if parts.scheme or parts.netloc else target


def _back() -> Response:
    came = urlsplit(request.referrer or "")
    own = came.netloc == request.host
    target = f"{came.path}?{came.query}" if own and came.query else came.path
    return redirect(safe_target(target if own else None), 303)
