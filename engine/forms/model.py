"""A form as its owner drew it in form-js, read into fields. Unknown components are refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from engine.errors import DanbaoError
from engine.text import text

INPUTS = {
    "textfield",
    "textarea",
    "number",
    "select",
    "radio",
    "checkbox",
    "checklist",
    "taglist",
    "datetime",
    "filepicker",
}
SHOWN_ONLY = {"text", "separator", "spacer", "html", "image"}
HOLDERS = {"group", "columns"}


class FormRefused(DanbaoError):
    """A form file that cannot be used: which component, why."""

    status = 422


@dataclass(frozen=True)
class Option:
    """A choice of a select, radio or checklist."""

    value: str
    label: str
    label_en: str = ""


@dataclass(frozen=True)
class Field:
    """An input. `kind` says what it means (money, rate, date, person …), `unit` what is typed."""

    key: str
    type: str
    label: str
    label_en: str = ""
    kind: str = ""
    unit: str = ""
    description: str = ""
    required: bool = False
    required_when: str = ""
    hide: str = ""
    options: tuple[Option, ...] = ()
    source: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def many(self) -> bool:
        """Whether several values may be chosen."""
        return self.type in ("checklist", "taglist") or self.kind in ("case_rows", "subsidy_rows")


@dataclass(frozen=True)
class Form:
    """The fields of a form in their order. `outcome` is the field that decides what follows.

    `properties` of a form without an outcome: `submit`, `next` and their `_en`, as an outcome's.
    """

    key: str
    fields: tuple[Field, ...]
    name: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> Field | None:
        """The decision field, if the form has one."""
        return next((one for one in self.fields if one.key == "outcome"), None)

    def field(self, key: str) -> Field | None:
        """The field of that key."""
        return next((one for one in self.fields if one.key == key), None)


@lru_cache(maxsize=512)
def load_form(source: bytes) -> Form:
    """Read a `.form` file (form-js schema). Raises FormRefused with the component."""
    try:
        schema = json.loads(source)
        components = schema["components"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormRefused(
            "not_a_form", text("不是form-js表单文件"), text("用表单编辑器打开并重新保存")
        ) from error
    fields = tuple(_fields(components))
    keys = [one.key for one in fields]
    for key in keys:
        if keys.count(key) > 1:
            raise FormRefused("duplicate_key", text("字段{key}出现了两次", key=key))
    properties = {k: str(v) for k, v in (schema.get("properties") or {}).items()}
    return Form(str(schema.get("id", "")), fields, str(schema.get("name") or ""), properties)


def _fields(components: Any) -> list[Field]:
    found: list[Field] = []
    for component in components:
        kind = component.get("type")
        if kind in HOLDERS:
            found += _fields(component.get("components", []))
        elif kind in INPUTS:
            found.append(_field(component))
        elif kind not in SHOWN_ONLY:
            raise FormRefused(
                "unknown_component",
                text("组件{kind}不支持（{id}）", kind=str(kind), id=component.get("id", "")),
                text("改用文本、数字、选择、日期或附件"),
            )
    return found


def _field(component: Mapping[str, Any]) -> Field:
    if not component.get("key"):
        raise FormRefused("no_key", text("组件{id}没有键", id=component.get("id", "")))
    properties = {k: str(v) for k, v in (component.get("properties") or {}).items()}
    rules = component.get("validate") or {}
    return Field(
        key=str(component["key"]),
        type=str(component["type"]),
        label=str(component.get("label") or component.get("dateLabel") or component["key"]),
        label_en=properties.get("label_en", ""),
        kind=properties.get("kind", "date" if component["type"] == "datetime" else ""),
        unit=properties.get("unit", ""),
        description=str(component.get("description") or ""),
        required=bool(rules.get("required")),
        required_when=properties.get("required_when", ""),
        hide=str((component.get("conditional") or {}).get("hide") or ""),
        options=tuple(_options(component, properties)),
        source=properties.get("source", ""),
        rules=rules,
        properties=properties,
    )


def _options(component: Mapping[str, Any], properties: Mapping[str, str]) -> list[Option]:
    return [
        Option(
            str(one["value"]),
            str(one["label"]),
            properties.get(f"value_en_{one['value']}", ""),
        )
        for one in component.get("values") or []
    ]
