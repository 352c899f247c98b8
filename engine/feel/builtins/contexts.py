"""Reading and building contexts by keys that are computed. None of them changes its argument."""

from engine.feel.limits import Budget
from engine.feel.registry import builtin

Context = dict[str, object]


@builtin("get value", "m: context", "key: string")
@builtin("get value", "context: context", "key: string")
def get_value(context: Context, key: str) -> object:
    return context.get(key)


@builtin("get value", "context: context", "keys: list")
def get_value_along(context: Context, keys: list[object]) -> object:
    """The value that a path of keys leads to."""
    found: object = context if keys else None
    for key in keys:
        if not isinstance(found, dict) or not isinstance(key, str):
            return None
        found = found.get(key)
    return found


@builtin("get entries", "m: context")
@builtin("get entries", "context: context")
def get_entries(context: Context) -> list[object]:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list")
def context_from(entries: list[object]) -> Context | None:
    """The opposite of get entries; None when an entry is incomplete or a key comes twice."""
    made: Context = {}
    for entry in entries:
        if not isinstance(entry, dict) or "value" not in entry:
            return None
        key = entry.get("key")
        if not isinstance(key, str) or key in made:
            return None
        made[key] = entry["value"]
    return made


@builtin("context put", "context: context", "key: string", "value: any")
def context_put(context: Context, key: str, value: object) -> Context:
    return {**context, key: value}


@builtin("context put", "context: context", "keys: list", "value: any", budget=True, steps=2)
def context_put_along(
    budget: Budget, context: Context, keys: list[object], value: object
) -> Context | None:
    """The context with a value deep inside; contexts on the way are made where there are none."""
    budget.charge(len(context) >> 3)
    if not keys or len(keys) > 50 or not isinstance(keys[0], str):
        return None
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0])
    if inner is not None and not isinstance(inner, dict):
        return None
    changed = context_put_along(budget, inner or {}, keys[1:], value)
    return None if changed is None else {**context, keys[0]: changed}


@builtin("context merge", "contexts: list", budget=True)
def context_merge(budget: Budget, contexts: list[object]) -> Context | None:
    """Later contexts win."""
    made: Context = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        budget.charge(len(context) >> 3)
        made.update(context)
    return made
