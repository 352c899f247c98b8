"""Chinese first, English complete: which language, and how engine texts are translated."""

from typing import Any

from flask import Flask, request, session
from flask_babel import Babel, force_locale, get_locale, gettext

from engine.text import Text
from web.catalogue import PoDomain
from web.visitor import current_user

LANGUAGES = ("zh", "en")


def init_app(app: Flask) -> None:
    """Attach Babel; `render_text` becomes the template filter `t`."""
    babel = Babel(app, locale_selector=choose_locale, timezone_selector=lambda: "Asia/Shanghai")
    make_domain: Any = PoDomain  # Flask-Babel has no annotations
    babel.domain_instance = make_domain()
    app.jinja_env.filters["t"] = render_text


def choose_locale() -> str:
    """What was chosen here, else the person's own setting, else the browser's, else Chinese."""
    chosen = session.get("lang") or getattr(current_user, "locale", None)
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "zh"


def render_text(message: Text | dict[str, Any] | str | None) -> str:
    """A Text (or its stored form {template, params}) in the request's language."""
    if message is None:
        return ""
    if isinstance(message, dict):
        message = Text(message.get("template", ""), message.get("params", {}))
    if isinstance(message, str):
        return message
    params = {key: _param(value) for key, value in message.params.items()}
    return str(gettext(message.template)).format(**params)


def raw_unit(unit: str) -> str:
    """The unit of a number that is typed or kept as it is, in the page's language.

    Amounts shown through `wan` turn from 万元 into millions in English; what is typed does not.
    """
    if unit == "万元":
        return "CNY 10k" if str(get_locale() or "zh").startswith("en") else unit
    return str(gettext(unit)) if unit else ""


def _param(value: object) -> object:
    return render_text(value) if isinstance(value, Text) else value


__all__ = ["LANGUAGES", "choose_locale", "force_locale", "init_app", "raw_unit", "render_text"]
