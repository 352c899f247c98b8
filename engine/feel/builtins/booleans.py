"""not, all, any: with three values, true, false and null."""

from engine.feel.registry import builtin


@builtin("not", "negand: any")
def negation(value: object) -> bool | None:
    return not value if isinstance(value, bool) else None


@builtin("all", "*list: list")
def all_true(items: list[object]) -> bool | None:
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@builtin("any", "*list: list")
def any_true(items: list[object]) -> bool | None:
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None
