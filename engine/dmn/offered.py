"""What the decisions of a file ask of those who use them, and what they can answer."""

from dataclasses import dataclass

from engine.dmn.kinds import element_kinds
from engine.dmn.model import Model
from engine.dmn.regions import values_of
from engine.dmn.types import given_tests
from engine.feel.values import TypeOf


@dataclass(frozen=True)
class Offered:
    """A decision: the inputs that it rests on, and its answers where these are few words."""

    inputs: frozenset[str]
    answers: frozenset[object] | None = None


def offered(model: Model) -> dict[str, Offered]:
    """The decisions of a file by id and by name."""
    kinds, found = element_kinds(model), dict[str, Offered]()
    for one in model.decisions:
        made = Offered(frozenset(model.inputs_of(one.id)), _answers(kinds[one.key]))
        found |= {one.id: made, one.name: made}
    return found


def _answers(kind: TypeOf | None) -> frozenset[object] | None:
    given = given_tests(kind) if kind and kind.name == "string" else None
    values = values_of(given) if given and not given.negated else None
    return frozenset(values) if values and all(isinstance(one, str) for one in values) else None
