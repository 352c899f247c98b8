"""What can go wrong that a person should be told. Turned into pages and JSON in one place (web)."""

from engine.text import Text, text


class DanbaoError(Exception):
    """A refusal: `code` for programs, `message` says what and why, `remedy` what to do next.

    Nothing has been changed when one is raised: the unit of work is rolled back.
    """

    status = 400

    def __init__(self, code: str, message: Text | str, remedy: Text | str | None = None) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = message if isinstance(message, Text) else Text(message.replace("{", "{{"))
        self.remedy = Text(remedy) if isinstance(remedy, str) else remedy


class RuleRefused(DanbaoError):
    """A business rule says no (a ceiling, the LPR, an ineligible loan). The case stays as is."""

    status = 422


class InvalidInput(DanbaoError):
    """Values that cannot be accepted: `fields` maps each field's name to its own message."""

    status = 422

    def __init__(self, fields: dict[str, Text], message: Text | None = None) -> None:
        super().__init__("invalid_input", message or text("有{n}处需要改正", n=len(fields)))
        self.fields = fields


class NotAllowed(DanbaoError):
    """The person may not do this; what they may not see is answered with NotFound instead."""

    status = 403


class NotFound(DanbaoError):
    """It does not exist, or the person's organisation may not know that it does."""

    status = 404

    def __init__(self, message: Text | None = None) -> None:
        super().__init__(
            "not_found",
            message or text("没有找到，或不在本单位的范围内"),
            text("核对编号，或返回待办"),
        )


class Conflict(DanbaoError):
    """Somebody else was first, or the page is older than the case."""

    status = 409
