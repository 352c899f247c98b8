"""Texts as JSON: they stay templates, so that they can still be translated where they are shown."""

from collections.abc import Mapping
from typing import Any

from engine.audit.encoding import native
from engine.text import Text


def text_json(text: Text) -> dict[str, Any]:
    """{template, params}; the params JSON-native."""
    return {"template": text.template, "params": native(text.params)}


def text_of(stored: Mapping[str, Any]) -> Text:
    """The Text that `text_json` stored."""
    return Text(str(stored["template"]), dict(stored["params"]))
