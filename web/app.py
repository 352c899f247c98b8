"""The Flask application: configuration, extensions, blueprints, error pages."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, Response, abort, g, request
from flask_talisman import Talisman
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.clock import utc_now
from engine.config import Settings
from web import errors, i18n, login, pages, rendering
from web.csp import STRICT
from web.extensions import csrf, limiter
from web.params import KeyConverter
from web.sessions import Sessions
from web.unit import close_reading

IDLE = timedelta(minutes=30)
MAX_UPLOAD = 25 * 1024 * 1024


def create_app(
    settings: Settings,
    factory: sessionmaker[Session],
    clock: Callable[[], datetime] = utc_now,
) -> Flask:
    """The application on a database. `clock` is the time that every request uses."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.session_interface = Sessions()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="danbao",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=IDLE,
        MAX_CONTENT_LENGTH=MAX_UPLOAD,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # a form may be open as long as the session lives
        SETTINGS=settings,
        FACTORY=factory,
        CLOCK=clock,
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        RATELIMIT_STORAGE_URI="memory://",
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=7),
    )
    _extend(app, settings)
    _register(app)
    return app


def _extend(app: Flask, settings: Settings) -> None:
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    Talisman(
        app,
        content_security_policy=STRICT,
        force_https=False,  # the proxy's work; the demo is plain http on the loopback
        strict_transport_security=settings.secure_cookies,
        session_cookie_secure=settings.secure_cookies,
        referrer_policy="same-origin",
    )
    i18n.init_app(app)
    login.init_app(app)


def _register(app: Flask) -> None:
    app.url_map.converters["int"] = KeyConverter
    app.before_request(_begin)
    app.before_request(_refuse_nul)
    app.after_request(_no_store)
    app.teardown_appcontext(close_reading)
    errors.register(app)
    rendering.register(app)
    for blueprint in pages.blueprints():
        app.register_blueprint(blueprint)


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, path=request.path)


def _refuse_nul() -> None:
    # no browser sends it, and no table can hold it
    if any("\x00" in word for key, many in request.form.lists() for word in (key, *many)):
        abort(400)


def _no_store(response: Response) -> Any:
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
