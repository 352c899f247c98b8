"""Every form can be shown in both languages and says what its button does."""

import json
from typing import Any

import pytest

from engine.errors import InvalidInput
from engine.feel import compile_expression
from engine.forms import Field, Form, bind, load_form
from tests.diagrams.files import FORMS, ROOT

TONES = {"ok", "back", "no", "neutral"}
EVERY_OUTCOME = ("tone_", "submit_", "submit_en_", "next_", "next_en_", "value_en_")
every_form = pytest.mark.parametrize("key", FORMS)


def read(key: str) -> Form:
    return load_form((ROOT / "forms" / f"{key}.form").read_bytes())


def schema(key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "forms" / f"{key}.form").read_bytes())
    return found


def fields() -> list[tuple[str, Field]]:
    return [(key, field) for key in FORMS for field in read(key).fields]


@every_form
def test_the_id_is_the_name_of_the_file_and_component_ids_are_unique(key: str) -> None:
    found = schema(key)
    assert (found["id"], found["type"], found["schemaVersion"]) == (key, "default", 17)
    ids = [component["id"] for component in found["components"]]
    assert len(ids) == len(set(ids))
    assert read(key).name


@every_form
def test_every_field_and_choice_is_named_in_both_languages(key: str) -> None:
    for field in read(key).fields:
        assert field.label, field.key
        assert field.label_en.isascii(), field.key
        assert field.label_en, field.key
        assert not field.description or field.properties["description_en"], field.key
        assert all(option.label and option.label_en for option in field.options), field.key


@every_form
def test_the_button_names_the_act_and_what_follows(key: str) -> None:
    form = read(key)
    if form.outcome is None:
        assert all(form.properties[k] for k in ("submit", "submit_en", "next", "next_en"))
        return
    assert form.outcome.type == "radio"
    assert form.outcome.required
    for option in form.outcome.options:
        assert form.outcome.properties[f"tone_{option.value}"] in TONES
        assert all(form.outcome.properties[f"{name}{option.value}"] for name in EVERY_OUTCOME)


@every_form
def test_the_outcome_comes_first_because_conditions_read_what_stands_above_them(key: str) -> None:
    form = read(key)
    above: set[str] = set()
    for field in form.fields:
        for expression in filter(None, (field.hide, field.required_when)):
            assert expression.startswith("="), field.key
            compile_expression(expression.removeprefix("="))
            below = {other.key for other in form.fields} - above
            assert not [name for name in below if f"{name} " in expression], field.key
        above.add(field.key)
    assert form.outcome is None or form.fields[0].key == "outcome"


@pytest.mark.parametrize(("key", "field"), fields(), ids=lambda v: getattr(v, "key", v))
def test_choices_come_from_the_form_or_from_a_source(key: str, field: Field) -> None:
    chooses = field.type in ("select", "radio", "checklist", "taglist")
    assert chooses == bool(field.options or field.source)
    assert not (field.options and field.source)


@pytest.mark.parametrize(("key", "field"), fields(), ids=lambda v: getattr(v, "key", v))
def test_money_says_its_unit_and_numbers_have_bounds(key: str, field: Field) -> None:
    if field.kind == "money":
        assert field.unit in ("万元", "元")
    if field.type == "number":
        assert "min" in field.rules


def test_no_wording_pleads_or_shouts() -> None:
    for key in FORMS:
        words = (ROOT / "forms" / f"{key}.form").read_text(encoding="utf-8")
        assert not [bad for bad in ("您", "请注意", "抱歉", "！") if bad in words], key


def test_a_passing_first_review_needs_an_amount_and_a_class() -> None:
    form = read("first_review")
    values = bind(
        form, {"outcome": ["PASS"], "suggested_amount": ["600"], "support_class": ["KEY"]}
    )
    assert str(values["suggested_amount"]) == "6000000"
    assert "reasons" not in values
    assert "reject_reason" not in values


def test_other_reasons_have_to_be_put_into_words() -> None:
    from engine.errors import InvalidInput

    form = read("first_review")
    with pytest.raises(InvalidInput) as refused:
        bind(form, {"outcome": ["RETURN"], "reasons": ["R99"]})
    assert list(refused.value.fields) == ["note"]
    assert bind(form, {"outcome": ["RETURN"], "reasons": ["R02"]})["reasons"] == ["R02"]


def test_where_a_source_offers_nothing_nothing_is_taken() -> None:
    found = read("subsidy_verify")
    for given in ("7", "²", "9" * 30):
        with pytest.raises(InvalidInput) as why:
            bind(found, {"outcome": ["SUBMIT"], "excluded": [given]}, {"subsidy_rows": ()})
        assert set(why.value.fields) == {"excluded"}
