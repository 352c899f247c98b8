"""English is complete: every Chinese text of the program has a translation that fits."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask, session
from flask_babel import gettext
from sqlalchemy.orm import Session, sessionmaker

from engine.text import Text, text
from tests.web.visitor import make_app
from web import translate
from web.catalogue import po_file, translations
from web.i18n import raw_unit, render_text
from web.rendering import wan

HINT = "python -m web.translate missing > x.json, fill it in, python -m web.translate update x.json"


@pytest.fixture
def app(factory: sessionmaker[Session], tmp_path: Path) -> Flask:
    return make_app(factory, datetime(2025, 12, 8, 2, 0, tzinfo=UTC), tmp_path)


def test_every_text_has_an_english_translation() -> None:
    assert translate.missing() == [], HINT


def test_nothing_is_translated_that_is_not_used_any_more() -> None:
    assert translate.obsolete() == [], HINT


def test_translations_keep_the_values_of_their_text() -> None:
    assert translate.mismatched() == []


def test_no_translation_is_chinese_where_a_reader_of_english_would_not_expect_it() -> None:
    # examples of what has to be written in Chinese files, and the words of a command's answer
    kept = {"长期", "名称", "凭证成立", "用例", "情形", "决策", "给定", "应得", "依据"}
    found = {
        chinese: english
        for chinese, english in translate.translated().items()
        if translate.CHINESE.search(_without(english, kept)) and "“、”" not in english
    }
    assert found == {}


def _without(words: str, kept: set[str]) -> str:
    for one in kept:
        words = words.replace(one, "")
    return words


def test_writing_the_same_translations_again_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = po_file("en").read_bytes()
    monkeypatch.setattr("web.catalogue.FOLDER", tmp_path)
    copy = po_file("en")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(kept)
    translate.merge({})
    assert copy.read_bytes() == kept


def test_a_changed_catalogue_is_read_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.catalogue.FOLDER", tmp_path)
    assert translations("en").gettext("待办") == "待办", "no file yet: Chinese stays"
    translate.merge({"待办": "Inbox"})
    assert translations("en").gettext("待办") == "Inbox"


def test_engine_texts_are_put_into_the_readers_language(app: Flask) -> None:
    refusal = text("银行{name}：{why}", name="申城银行", why=Text("已到期"))
    with app.test_request_context():
        session["lang"] = "en"
        assert render_text(Text("已到期")) == "Ended"
        assert "Ended" in render_text(refusal)
        assert gettext("待办") == "Inbox"
    with app.test_request_context():
        session["lang"] = "zh"
        assert gettext("待办") == "待办"


def test_what_is_typed_in_tens_of_thousands_is_never_called_millions(app: Flask) -> None:
    with app.test_request_context():
        session["lang"] = "en"
        assert raw_unit("万元") == "CNY 10k"
        assert (wan(Decimal("3000000")), gettext("万元")) == ("3.00", "CNY m")
    with app.test_request_context():
        session["lang"] = "zh"
        assert (raw_unit("万元"), wan(Decimal("3000000"))) == ("万元", "300.00")
