"""Reading contexts by keys that are computed."""

from engine.feel.registry import builtin


@builtin("get value", "m: context", "key: string")
@builtin("get value", "context: context", "key: string")
def get_value(context: dict[str, object], key: str) -> object:
    return context.get(key)


@builtin("get entries", "m: context")
@builtin("get entries", "context: context")
def get_entries(context: dict[str, object]) -> list[object]:
    return [{"key": key, "value": value} for key, value in context.items()]
