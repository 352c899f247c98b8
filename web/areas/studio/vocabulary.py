"""What a diagram may name, in the words of the page's language: choices instead of free text."""

from collections.abc import Iterator
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.dmn import DecisionRefused, load_models
from engine.errors import RuleRefused
from engine.models import DefinitionKind, Role
from engine.queries.clauses import clauses
from engine.queries.definitions import newest
from engine.runtime.definitions import files_in
from engine.runtime.in_force import programmes
from engine.runtime.lint.gather import Source, gather
from engine.runtime.lint.known import PARTIES, PERIODS, ROLES, Known
from engine.runtime.registry import Domain, operations
from web.areas.admin.parameters import name_of, value_in_words
from web.login import actor
from web.rendering import role_words
from web.unit import now

Rows = list[dict[str, Any]]


def vocabulary(session: Session, deployment_id: int) -> dict[str, Any]:
    """Lists of what exists: parties, roles, forms, operations, decisions, parameters, clauses,
    processes, stages, and the names that an expression may use."""
    known = gather(
        Source(one.kind, one.key, one.source) for one in files_in(session, deployment_id)
    )
    return {
        "parties": _named(party_words(), PARTIES),
        "roles": _named(role_words(), ROLES),
        "forms": _forms(session, known),
        "operations": _operations(),
        "decisions": decisions(session),
        "parameters": list(periods(session)),
        "parametersUrl": url_for("admin.parameters") if _is_admin() else None,
        "clauses": [
            {"id": one.id, "label": f"{one.id} {one.number}", "words": one.words}
            for one in clauses().values()
        ],
        "processes": _processes(session),
        "stages": [{"id": str(n), "label": f"{n} {label}"} for n, label in enumerate(stages(), 1)],
        "starts": {key: sorted(names) for key, names in known.starts.items()},
    }


def _is_admin() -> bool:
    return Role.ADMIN.value in actor().roles


def _values(domain: Domain) -> list[str] | None:
    """What a name can be, when that is few."""
    return [one for one in domain if one is not None] if isinstance(domain, tuple) else None


def party_words() -> dict[str, str]:
    """The parties of a case in words."""
    return {
        "referrer": gettext("推荐单位"),
        "finance": gettext("区财政局"),
        "centre": gettext("市担保中心"),
        "guarantor": gettext("担保机构"),
        "bank": gettext("合作银行"),
        "treasury": gettext("国库"),
        "scorer": gettext("评分人"),
    }


def stages() -> tuple[str, ...]:
    """The seven stages of a case in words."""
    return (
        gettext("推荐"),
        gettext("审核"),
        gettext("选行"),
        gettext("签约"),
        gettext("审批"),
        gettext("备案"),
        gettext("补贴"),
    )


def _named(words: dict[str, str], wanted: frozenset[str]) -> Rows:
    ordered = [*(one for one in words if one in wanted), *sorted(wanted - words.keys())]
    return [{"id": one, "label": words.get(one, one)} for one in ordered]


def _forms(session: Session, known: Known) -> Rows:
    return [
        {
            "key": one.key,
            "name": one.name,
            "version": one.version,
            "outcomes": sorted(str(value) for value in known.forms.get(one.key) or ()),
        }
        for one in newest(session, DefinitionKind.FORM)
    ]


def _operations() -> Rows:
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "title": gettext(one.title),
            "final": one.final,
            "inputs": [
                {"name": name, "required": required} for name, required in one.inputs.items()
            ],
            "sets": [
                {"name": name, "values": _values(domain)} for name, domain in one.sets.items()
            ],
        }
        for one in sorted(operations().values(), key=lambda one: one.name)
    ]


def decisions(session: Session) -> Rows:
    """Every decision that a step can ask."""
    sources = {one.key: one.source for one in newest(session, DefinitionKind.DECISION)}
    try:
        models = load_models(sources)
    except DecisionRefused:
        return []
    return [
        {"id": one.id, "name": one.name, "file": key}
        for key, model in sorted(models.items())
        for one in model.decisions
    ]


def periods(session: Session) -> Iterator[dict[str, Any]]:
    """The periods that a deadline or a timer can name, with what they are today."""
    today = local_date(now())
    values: dict[str, list[dict[str, str]]] = {name: [] for name in sorted(PERIODS)}
    for one in programmes(session).values():
        try:
            found = one.at(today)
        except RuleRefused:
            continue
        for name in values.keys() & found.values.keys():
            words = value_in_words(name, found.parameter(name).value)
            values[name].append({"programme": one.name, "words": words})
    for name, said in values.items():
        if said:
            yield {"name": name, "label": name_of(name), "values": said}


def _processes(session: Session) -> Rows:
    return [{"key": one.key, "name": one.name} for one in newest(session, DefinitionKind.PROCESS)]
