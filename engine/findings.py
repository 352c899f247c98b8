"""What a check of a file says: where, what is wrong, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.text import Text, text


class Level(StrEnum):
    """An error keeps a file from being published; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One mistake. `element` is the id in the diagram and `name` its name, both empty where the
    file is not even readable; `line` counts from 1."""

    level: Level
    element: str
    name: str
    line: int
    message: Text
    remedy: Text

    def to_dict(self, say: Callable[[Text], str] = str) -> dict[str, object]:
        """For JSON; `say` puts the texts into a language."""
        return {
            "level": self.level.value,
            "element": self.element,
            "name": self.name,
            "line": self.line,
            "message": say(self.message),
            "remedy": say(self.remedy),
        }


@dataclass(frozen=True)
class Report:
    """All findings of a file, in the order of its lines."""

    file: str
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the file from being published."""
        return tuple(one for one in self.findings if one.level is Level.ERROR)

    @property
    def ok(self) -> bool:
        """Whether the file can be published."""
        return not self.errors


def whole_file(message: Text, remedy: Text | None = None, line: int = 1) -> Finding:
    """An error of the file as a whole."""
    return Finding(
        Level.ERROR, "", "", max(line, 1), message, remedy or text("用建模工具打开，改正后重新保存")
    )


def short(value: object, length: int = 60) -> str:
    """A value as it is quoted in a message: no control characters, not endless."""
    plain = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return plain if len(plain) <= length else plain[: length - 1] + "…"
