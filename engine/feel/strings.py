"""Escapes inside string literals."""

import re

from engine.feel.errors import FeelError, Pos
from engine.text import text

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


def unescape(body: str, pos: Pos) -> str:
    """The string that the text between two quotes stands for."""
    if "\\" in body:
        body = _join_surrogates(_ESCAPE.sub(_replace, body))
    if any("\ud800" <= sign <= "\udfff" for sign in body):
        # Half a character cannot be stored or sent.
        raise FeelError("feel_syntax", text("文字里有不完整的字符"), pos=pos)
    return body


def _replace(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "uU" and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number <= 0x10FFFF else found[0]
    return _SIMPLE.get(code, found[0])


def _join_surrogates(value: str) -> str:
    """\\uD83D\\uDC0E, as Java writes it, is one character."""
    return value.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
