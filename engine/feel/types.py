"""`instance of`: does a value have a type?"""

from engine.feel.limits import Budget
from engine.feel.nodes import TypeOf
from engine.feel.values import TYPE_NAMES, Function, Range, kind_of


def is_instance(value: object, kind: TypeOf, budget: Budget) -> bool | None:
    """True or False; None for a type that does not exist. Null is of type Null and Any only."""
    budget.charge(1)
    if kind.name == "Any":
        return value is not None
    if kind.name not in TYPE_NAMES:
        return None
    if isinstance(value, Function):
        return kind.name == "function"
    return kind_of(value) == kind.name and _parts_fit(value, kind, budget)


def _parts_fit(value: object, kind: TypeOf, budget: Budget) -> bool:
    if not kind.parts:
        return True
    if isinstance(value, list):
        return all(_fits(item, kind.parts[0], budget) for item in value)
    if isinstance(value, dict):
        fields = zip(kind.keys, kind.parts, strict=True)
        return all(key in value and _fits(value[key], part, budget) for key, part in fields)
    if isinstance(value, Range):
        ends = [end for end in (value.start, value.end) if end is not None]
        return all(_fits(end, kind.parts[0], budget) for end in ends)
    return False


def _fits(value: object, kind: TypeOf, budget: Budget) -> bool:
    return value is None or bool(is_instance(value, kind, budget))
