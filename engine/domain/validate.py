"""Collects what is wrong with a rule's values, so that every field is reported at once."""

from datetime import date
from decimal import Decimal

from engine.domain.money import CENT, MAX_AMOUNT, plain
from engine.errors import InvalidInput
from engine.text import Text, text

ONE = Decimal(1)


class Problems:
    """Checks on fields; `done()` raises InvalidInput with all that failed."""

    def __init__(self) -> None:
        self.fields: dict[str, Text] = {}

    def add(self, name: str, message: Text) -> None:
        """Note a problem; the first one of a field stands."""
        self.fields.setdefault(name, message)

    def expect(self, name: str, holds: bool, message: Text) -> None:
        """Note `message` unless the condition holds."""
        if not holds:
            self.add(name, message)

    def done(self) -> None:
        """Raise InvalidInput if anything was noted."""
        if self.fields:
            raise InvalidInput(dict(self.fields))

    def _number(self, name: str, value: object) -> bool:
        # a float would bring binary fractions into sums of money, whatever its annotation said
        fine = isinstance(value, Decimal) and value.is_finite()
        self.expect(name, fine, text("应为十进制数，不能为浮点数"))
        return fine

    def amount(self, name: str, value: Decimal | None, *, zero: bool = True) -> None:
        """元 with at most two decimals, not negative, and not 0 unless `zero`. None passes."""
        if value is None or not self._number(name, value):
            return
        self.expect(name, value >= 0, text("金额不能为负"))
        self.expect(name, zero or value != 0, text("金额应大于0"))
        self.expect(name, value <= MAX_AMOUNT, text("金额过大"))
        self.expect(name, name in self.fields or value % CENT == 0, text("金额最多两位小数"))

    def ratio(
        self, name: str, value: Decimal | None, *, zero: bool = False, top: Decimal = ONE
    ) -> None:
        """A ratio in (0, top], or [0, top] when `zero`. None passes."""
        if value is None or not self._number(name, value):
            return
        self.expect(name, value > 0 or (zero and value == 0), text("比例应大于0"))
        self.expect(name, value <= top, text("比例不能大于{top}", top=plain(top)))

    def rate(self, name: str, value: Decimal | None, *, top: Decimal = Decimal(100)) -> None:
        """A yearly rate in percent, 0 to `top`. None passes."""
        if value is not None and self._number(name, value):
            fine = 0 <= value <= top
            self.expect(name, fine, text("应在0到{top}之间", top=plain(top)))

    def number(self, name: str, value: int, low: int, high: int) -> None:
        """A whole number in [low, high]."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        fine = whole and low <= value <= high
        self.expect(name, fine, text("应为{low}到{high}之间的整数", low=low, high=high))

    def order(self, name: str, first: date, second: date) -> None:
        """`second`, the field `name`, comes after `first`."""
        self.expect(name, first < second, text("应晚于{first}", first=first.isoformat()))
