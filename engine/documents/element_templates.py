"""Element templates for Camunda Modeler: our vocabulary as its fields and lists.

The format is Camunda's for platform 7 (element-templates-json-schema): what a field writes is its
`binding`. Who draws on the desktop puts the file into `resources/element-templates` of the Modeler.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

SCHEMA = "https://unpkg.com/@camunda/element-templates-json-schema/resources/schema.json"
Vocabulary = Mapping[str, Any]
Field = dict[str, Any]
MAPPINGS = ("singleEntry", "singleResult", "collectEntries", "resultList")


def element_templates(words: Vocabulary, texts: Mapping[str, str]) -> bytes:
    """The file. `words` lists what exists (web.areas.studio.vocabulary), `texts` names the fields
    by their keys (template_words)."""
    found = [_user(words, texts), _decision(words, texts), _call(words, texts)]
    found += [_service(one, texts) for one in words["operations"] if one["kind"] == "service"]
    return json.dumps(found, ensure_ascii=False, indent=2).encode()


def _template(key: str, name: str, kind: str, fields: list[Field]) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "name": name,
        "id": f"danbao.{key}",
        "version": 1,
        "appliesTo": [f"bpmn:{kind}"],
        "properties": fields,
    }


def _user(words: Vocabulary, texts: Mapping[str, str]) -> dict[str, Any]:
    posts = list(_posts(words))
    periods = [_choice(one["label"], one["name"]) for one in words["parameters"]]
    recording = [one for one in words["operations"] if one["kind"] == "form"]
    forms = [_choice(one["name"], one["key"]) for one in words["forms"]]
    clauses = [_choice(one["label"], one["id"]) for one in words["clauses"]]
    fields = [
        _list(texts["party"], posts, _attribute("candidateGroups"), needed=True),
        _list(texts["form"], forms, _attribute("formKey"), needed=True),
        _list(texts["deadline"], periods, _property("deadline"), needed=True),
        _list(texts["operation"], [_choice(o["title"], o["name"]) for o in recording],
              _property("operation")),
        _text(texts["reminders"], "-P3D,-P1D,P0D", _property("reminders")),
        _list(texts["escalate"], posts, _property("escalateTo")),
        _text(texts["excludes"], "", _property("excludes")),
        _list(texts["clause"], clauses, _property("clause")),
    ]  # fmt: skip
    return _template("user_task", texts["user_task"], "UserTask", fields)


def _decision(words: Vocabulary, texts: Mapping[str, str]) -> dict[str, Any]:
    tables = [_choice(one["name"], one["id"]) for one in words["decisions"]]
    fields = [
        _list(texts["decision"], tables, _attribute("decisionRef"), needed=True),
        _text(texts["result"], "", _attribute("resultVariable")),
        _list(texts["mapping"], [_choice(one, one) for one in MAPPINGS],
              _attribute("mapDecisionResult")),
    ]  # fmt: skip
    return _template("decision", texts["decision_task"], "BusinessRuleTask", fields)


def _call(words: Vocabulary, texts: Mapping[str, str]) -> dict[str, Any]:
    called = [_choice(one["name"], one["key"]) for one in words["processes"]]
    binding = {"type": "property", "name": "calledElement"}
    fields = [_list(texts["called"], called, binding, needed=True)]
    return _template("call", texts["call_activity"], "CallActivity", fields)


def _service(operation: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    name = operation["name"]
    fields: list[Field] = [
        {"type": "Hidden", "value": "external", "binding": _attribute("type")},
        {"type": "Hidden", "value": name, "binding": _attribute("topic")},
    ]
    for one in operation["inputs"]:
        if one["required"]:
            binding = {"type": "camunda:inputParameter", "name": one["name"]}
            fields.append(_text(f"{texts['input']} {one['name']}", f"={one['name']}", binding))
    key = f"service.{name}"
    return _template(key, f"{texts['service']} {operation['title']}", "ServiceTask", fields)


def _posts(words: Vocabulary) -> Iterator[dict[str, str]]:
    for party in words["parties"]:
        for role in words["roles"]:
            yield _choice(f"{party['label']} {role['label']}", f"{party['id']}:{role['id']}")


def _choice(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _attribute(name: str) -> dict[str, str]:
    return {"type": "property", "name": f"camunda:{name}"}


def _property(name: str) -> dict[str, str]:
    return {"type": "camunda:property", "name": name}


def _list(
    label: str, choices: list[dict[str, str]], binding: dict[str, str], *, needed: bool = False
) -> Field:
    found: Field = {"label": label, "type": "Dropdown", "choices": choices, "binding": binding}
    return {**found, "constraints": {"notEmpty": True}} if needed else {**found, "optional": True}


def _text(label: str, value: str, binding: dict[str, str]) -> Field:
    return {"label": label, "type": "String", "value": value, "binding": binding, "optional": True}
