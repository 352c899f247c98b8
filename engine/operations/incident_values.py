"""What is typed for an incident: inputs of the kind they had, routing values as declared."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from engine.errors import InvalidInput
from engine.operations.access import everywhere
from engine.people import Actor
from engine.runtime.registry import BOOLEAN, DATE, INTEGER, LIST, TEXT, Domain, Sets
from engine.text import Text, text

REFERENCE = re.compile(r"(^|_)ids?$")
LONGEST = 2000
TRUTHS = {"true": True, "false": False}
Raw = Mapping[str, str]


class Wrong(ValueError):
    """A value that does not fit; `words` say why."""

    def __init__(self, words: Text) -> None:
        super().__init__(str(words))
        self.words = words


def editable(inputs: Mapping[str, Any] | None, actor: Actor) -> dict[str, Any]:
    """The inputs that the actor may change. What an operation works on is named by an id: it may
    lie in another district, so only the platform's administrators change one."""
    found = inputs or {}
    return {
        key: value
        for key, value in found.items()
        if key != "messages" and (everywhere(actor) or not REFERENCE.search(key))
    }


def edited(inputs: Mapping[str, Any] | None, raw: Raw, actor: Actor) -> dict[str, Any]:
    """The inputs with what was typed in place of what the actor may change.

    Raises InvalidInput for what may not be changed, or is not of the kind it was.
    """
    allowed = editable(inputs, actor)
    wrong: dict[str, Text] = {key: text("这个参数不能改") for key in raw if key not in allowed}
    given = {key: value for key, value in raw.items() if key in allowed}
    kinds = {key: kind_of(allowed[key]) for key in given}
    values = _parsed(given, kinds, wrong)
    return {**(inputs or {}), **values}


def routing(sets: Sets, raw: Raw) -> dict[str, Any]:
    """The routing values typed in place of an operation's result; what is empty stays unset.

    Raises InvalidInput for a key that the operation does not set, or a value it cannot have.
    """
    wrong = {key: text("这一步不给出这个值") for key in raw if key not in sets}
    given = {key: value for key, value in raw.items() if key in sets and value.strip()}
    return _parsed(given, sets, wrong)


def _parsed(given: Raw, kinds: Mapping[str, Domain], wrong: dict[str, Text]) -> dict[str, Any]:
    values = {}
    for key, value in given.items():
        try:
            values[key] = parse(value, kinds[key])
        except Wrong as refusal:
            wrong[key] = refusal.words
    if wrong:
        raise InvalidInput(wrong)
    return values


def kind_of(value: Any) -> Domain:
    """How a value of this kind is typed."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, list | dict):
        return LIST
    return TEXT


def shown(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def parse(raw: str, domain: Domain) -> Any:
    """What was typed, as a JSON-native value of the domain. Raises Wrong."""
    typed = raw.strip()
    if len(typed) > LONGEST or "\x00" in typed:
        raise Wrong(text("最多{n}个字", n=LONGEST))
    if isinstance(domain, tuple):
        return _one_of(typed, domain)
    if domain is BOOLEAN:
        return _truth(typed)
    if domain is INTEGER:
        return _integer(typed)
    if domain is LIST:
        return _json(typed)
    return _date(typed) if domain is DATE else typed


def _one_of(typed: str, domain: tuple[str | None, ...]) -> str:
    if typed not in domain:
        choices = "、".join(one for one in domain if one)
        raise Wrong(text("只能是{choices}", choices=choices))
    return typed


def _truth(typed: str) -> bool:
    if typed not in TRUTHS:
        raise Wrong(text("只能是true或false"))
    return TRUTHS[typed]


def _integer(typed: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", typed):
        raise Wrong(text("填整数"))
    return int(typed)


def _json(typed: str) -> Any:
    try:
        found = orjson.loads(typed)
    except orjson.JSONDecodeError:
        raise Wrong(text("不是JSON")) from None
    if not isinstance(found, list | dict):
        raise Wrong(text("填JSON的列表或对象"))
    return found


def _date(typed: str) -> str:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise Wrong(text("日期写作2026-09-24")) from None
