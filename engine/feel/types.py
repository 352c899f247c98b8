"""Types: `instance of`, and the conversions that DMN makes where a type is declared."""

from collections.abc import Mapping
from datetime import UTC, date, time

from engine.feel.limits import Budget
from engine.feel.values import KINDS, TYPE_NAMES, Function, Range, SignedFunction, TypeOf, kind_of
from engine.feel.wide import WideDate, combine
from engine.text import text

Types = Mapping[str, TypeOf]
"""Types that are defined outside, by name."""

_OLD_NAMES = {
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
}
ANY = TypeOf("Any")


def resolve(kind: TypeOf, types: Types) -> TypeOf:
    """The type with all names of `types` in it replaced by what they stand for."""
    if kind.name in types and not kind.parts:
        return types[kind.name]
    if not kind.parts:
        return TypeOf(_OLD_NAMES[kind.name]) if kind.name in _OLD_NAMES else kind
    parts = tuple(resolve(part, types) for part in kind.parts)
    return TypeOf(kind.name, kind.keys, parts, kind.allows)


def size(kind: TypeOf) -> int:
    """How many types a type is made of."""
    return 1 + sum(map(size, kind.parts))


def without_values(kind: TypeOf) -> TypeOf:
    """The type without the tests of its values, which `instance of` does not ask."""
    return TypeOf(kind.name, kind.keys, tuple(map(without_values, kind.parts)))


def is_instance(value: object, kind: TypeOf, budget: Budget) -> bool | None:
    """True or False; None for a type that does not exist. Null is of type Null only."""
    budget.charge(1)
    if kind.name == "Any":
        return value is not None and _allowed(value, kind)
    if kind.name not in TYPE_NAMES:
        return None
    if isinstance(value, Function):
        return kind.name == "function" and _signature_fits(value, kind)
    return kind_of(value) == kind.name and _parts_fit(value, kind, budget) and _allowed(value, kind)


def _allowed(value: object, kind: TypeOf) -> bool:
    return kind.allows is None or kind.allows(value)


def _parts_fit(value: object, kind: TypeOf, budget: Budget) -> bool:
    if not kind.parts:
        return True
    if isinstance(value, list):
        return all(fits(item, kind.parts[0], budget) for item in value)
    if isinstance(value, dict):
        fields = zip(kind.keys, kind.parts, strict=True)
        return all(key in value and fits(value[key], part, budget) for key, part in fields)
    if isinstance(value, Range):
        ends = [end for end in (value.start, value.end) if end is not None]
        return all(fits(end, kind.parts[0], budget) for end in ends)
    return False


def _signature_fits(function: Function, kind: TypeOf) -> bool:
    """Whether it takes what the type gives, and gives what the type promises."""
    if not kind.parts:
        return True
    *params, result = kind.parts
    if not isinstance(function, SignedFunction):
        return function.takes(params)
    if len(function.params) != len(params):
        return False
    takes = all(conforms(p, k or ANY) for p, k in zip(params, function.kinds, strict=True))
    return takes and (function.result is None or conforms(function.result, result))


def conforms(kind: TypeOf, target: TypeOf) -> bool:
    """Whether every value of one type is of the other (DMN 10.3.2.9)."""
    if target.name == "Any" or kind is target or kind.name == "Null":
        return True
    if kind.name != target.name:
        return False
    if not target.parts:
        return True
    if kind.name == "context":
        own = dict(zip(kind.keys, kind.parts, strict=True))
        wanted = zip(target.keys, target.parts, strict=True)
        return all(key in own and conforms(own[key], part) for key, part in wanted)
    if kind.name == "function":
        return _function_conforms(kind, target)
    return bool(kind.parts) and conforms(kind.parts[0], target.parts[0])


def _function_conforms(kind: TypeOf, target: TypeOf) -> bool:
    if len(kind.parts) != len(target.parts):
        return False
    pairs = zip(target.parts[:-1], kind.parts[:-1], strict=True)
    return all(conforms(a, b) for a, b in pairs) and conforms(kind.parts[-1], target.parts[-1])


def fits(value: object, kind: TypeOf, budget: Budget) -> bool:
    """Whether a value may stand where a type is declared; null always may."""
    return value is None or bool(is_instance(value, kind, budget))


def coerce(value: object, kind: TypeOf, budget: Budget) -> object:
    """The value as the declared type, by the implicit conversions; None when none makes it fit.

    One element stands for the list of it and back, a date for its midnight (DMN 10.3.2.9.4).
    """
    if value is None or (
        kind.name == KINDS.get(type(value)) and not kind.parts and not kind.allows
    ):
        return value
    if fits(value, kind, budget):
        return value
    if kind.name == "list" and not isinstance(value, list):
        if fits([value], kind, budget):
            return [value]
    elif isinstance(value, list) and len(value) == 1 and value[0] is not None:
        if fits(value[0], kind, budget):
            return value[0]
    elif kind.name == "date and time" and isinstance(value, date | WideDate):
        return combine(value, time(tzinfo=UTC))
    found, wanted = kind_of(value), kind.name
    budget.note(None, text("{found}不是要求的{wanted}", found=found, wanted=wanted))
    return None
