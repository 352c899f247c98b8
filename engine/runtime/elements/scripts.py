"""The body of a script task: lines `name = expression`, nothing else. Pure."""

import re

_ASSIGNMENT = re.compile(r"(?P<name>[^\W\d]\w*)\s*=(?!=)(?P<expression>.*)", re.DOTALL)


def assignments(source: str) -> list[tuple[str, str]]:
    """The names and FEEL expressions of a script, in order.

    An assignment begins a line; lines that begin none, or are indented deeper, go on with it.
    Empty lines and `//` comments are left out. Raises ValueError with what is no assignment.
    """
    found: list[list[str]] = []
    lines = [line for line in source.splitlines() if not _is_idle(line)]
    # the first line may have lost its indentation on the way here
    margin = min((_indent(line) for line in lines[1:] if _begins(line)), default=0)
    for line in lines:
        if not found or (_begins(line) and _indent(line) <= margin):
            found.append([line])
        else:
            found[-1].append(line)
    return [_parsed("\n".join(statement).strip()) for statement in found]


def _is_idle(line: str) -> bool:
    return not line.strip() or line.strip().startswith("//")


def _begins(line: str) -> bool:
    return _ASSIGNMENT.fullmatch(line.strip()) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(statement: str) -> tuple[str, str]:
    matched = _ASSIGNMENT.fullmatch(statement)
    if matched is None or not matched["expression"].strip():
        raise ValueError(statement)
    return matched["name"], matched["expression"].strip()
