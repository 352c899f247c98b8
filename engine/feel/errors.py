"""The one exception of the expression language."""

from engine.errors import DanbaoError
from engine.text import Text

Pos = tuple[int, int]
"""Line and column, both counted from 1."""


class FeelError(DanbaoError):
    """An expression that cannot be read or evaluated.

    `code` is `feel_syntax`, `feel_limit`, `feel_function`, `feel_input`, `feel_null` or
    `feel_type`; `line` and `column` count from 1 (None when the text is not to blame);
    `expected` lists what could have stood there, for people.
    """

    status = 422

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        pos: Pos | None = None,
        expected: tuple[Text, ...] = (),
        remedy: Text | None = None,
    ) -> None:
        super().__init__(code, message, remedy)
        self.line: int | None = pos[0] if pos else None
        self.column: int | None = pos[1] if pos else None
        self.expected = expected

    def place(self, pos: Pos | None) -> None:
        """Say where, unless somebody nearer to the fault has said so before."""
        if pos is not None and self.line is None:
            self.line, self.column = pos
