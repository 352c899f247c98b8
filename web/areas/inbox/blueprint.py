"""The blueprint that the modules of this area add their views to."""

from flask import Blueprint

from engine.queries.clauses import Clause, clause_of

area = Blueprint("inbox", __name__)


@area.app_template_filter("clause")
def clause(key: str | None) -> Clause | None:
    """The clause of an id, where the index has it."""
    return clause_of(key or "")
