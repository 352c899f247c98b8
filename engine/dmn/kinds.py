"""What is known of the value of each element of a file before anything is evaluated."""

from collections.abc import Mapping

from engine.dmn.graph import Element, plan
from engine.dmn.infer import infer, narrower
from engine.dmn.model import Model
from engine.feel.values import TypeOf


def element_kinds(model: Model) -> dict[str, TypeOf | None]:
    """The types of all elements by key: declared, and narrower where their tables say more."""
    found: dict[str, TypeOf | None] = {}
    for key in plan(model.elements, model.elements, ()):
        element = model.elements[key]
        made = None
        if element.role == "decision" and element.node is not None:
            made = infer(element.node, names_of(model, element, found))
        found[key] = narrower(element.type, made)
    return found


def names_of(
    model: Model, element: Element, kinds: Mapping[str, TypeOf | None]
) -> dict[str, TypeOf | None]:
    """The types of the names that an element may use."""
    found: dict[str, TypeOf | None] = {}
    for key, path in element.requires.items():
        plain = len(path) == 1 and model.elements[key].role in ("input", "decision")
        found[path[0]] = kinds.get(key) if plain else None
    return found
