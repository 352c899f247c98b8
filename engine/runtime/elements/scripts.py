"""The body of a script task: lines `name = expression`, nothing else. Pure."""

import re

_ASSIGNMENT = re.compile(r"(?P<name>[^\W\d]\w*)\s*=(?!=)(?P<expression>.*)", re.DOTALL)


def assignments(source: str) -> list[tuple[str, str]]:
    """The names and FEEL expressions of a script, in order.

    An assignment begins a line; indented lines go on with it. Empty lines and `//` comments are
    left out. Raises ValueError with the line that is no assignment.
    """
    found: list[str] = []
    for line in source.strip("\n").splitlines():
        if not line.strip() or line.strip().startswith("//"):
            continue
        if found and line[0] in " \t" and not _begins_together(source, line):
            found[-1] += "\n" + line
        else:
            found.append(line.strip())
    return [_parsed(statement) for statement in found]


def _begins_together(source: str, line: str) -> bool:
    """Whether the line is indented as the first one is (editors indent the whole body)."""
    first = next(one for one in source.splitlines() if one.strip())
    return _indent(line) <= _indent(first)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(statement: str) -> tuple[str, str]:
    matched = _ASSIGNMENT.fullmatch(statement)
    if matched is None or not matched["expression"].strip():
        raise ValueError(statement)
    return matched["name"], matched["expression"].strip()
