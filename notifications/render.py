"""Mails from templates: subject.txt and body.jinja in notifications/templates/<template>.

The body is rendered twice, as plain text and as HTML: what differs is in `_layout` and `_parts`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from notifications import words

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 150


@dataclass(frozen=True)
class Rendered:
    """A mail as it is sent."""

    subject: str
    body: str
    html: str


@cache
def environment(form: str) -> Environment:
    """Templates for "html", where values are escaped, or "txt". Missing values are mistakes."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=form == "html",  # noqa: S701 (plain text has nothing to escape)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    found.filters.update(yuan=words.yuan)
    return found


def render(template: str, locale: str, context: Mapping[str, Any]) -> Rendered:
    """A mail in zh or en. Raises jinja2.TemplateError when a value is missing."""
    en = locale == "en"
    values = {
        **context,
        "locale": locale,
        "t": lambda zh, english: english if en else zh,
        "day": lambda day: words.day_words(day, locale),
    }
    subject = environment("txt").get_template(f"{template}/subject.txt").render(values)
    return Rendered(
        one_line(subject), _body(template, "txt", values), _body(template, "html", values)
    )


def _body(template: str, form: str, values: Mapping[str, Any]) -> str:
    found = environment(form)
    parts = found.get_template(f"_parts.{form}").make_module({"t": values["t"]})
    macros = {name: getattr(parts, name) for name in ("fact", "tasks", "remark")}
    page = found.get_template(f"{template}/body.jinja")
    text = page.render({**values, **macros, "layout": f"_layout.{form}"}).strip()
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def one_line(value: str) -> str:
    """No line ends or control characters (they would begin a new header), and not too long."""
    line = "".join(" " if not sign.isprintable() else sign for sign in value)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"
