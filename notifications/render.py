"""Mails from templates: subject.txt, body.txt, body.html in notifications/templates/<template>."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

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
def environment() -> Environment:
    """Missing values are mistakes and are told; values are escaped in .html, never in .txt."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
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
    parts = (_part(template, name, values) for name in ("subject.txt", "body.txt", "body.html"))
    subject, body, html = parts
    return Rendered(one_line(subject), body, html)


def _part(template: str, name: str, values: Mapping[str, Any]) -> str:
    text = environment().get_template(f"{template}/{name}").render(values).strip()
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def one_line(value: str) -> str:
    """No line ends or control characters (they would begin a new header), and not too long."""
    line = "".join(" " if not sign.isprintable() else sign for sign in value)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"
