"""Global search: enterprises, case, whitelist and filing numbers, within the scope."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from engine.queries.cases import search
from web.areas.cases import status_words
from web.login import actor
from web.params import text_arg
from web.unit import reading

area = Blueprint("search", __name__, url_prefix="/search")


@area.get("")
def index() -> str | Response:
    """What was found; a single case opens at once."""
    words = text_arg("q")
    hits = search(reading(), actor(), words)
    if len(hits) == 1 and words.upper() in (hits[0].case_no, hits[0].uscc, hits[0].number):
        return redirect(url_for("cases.case", case_id=hits[0].case_id))
    return render_template("search/index.html", words=words, hits=hits, status=status_words())
