"""人民币大写: amounts as they are written on payment papers."""

from decimal import Decimal

from engine.domain.money import MAX_AMOUNT

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
WAN, YI = 10**4, 10**8


def capital(amount: Decimal) -> str:
    """壹仟肆佰零玖元伍角整 for 1409.50. `amount`: 元, at most two decimals, 0 to 99999999999999.99.

    整 follows 元 and 角, not 分 (支付结算办法, annex 1). Raises ValueError.
    """
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT or amount * 100 % 1:
        raise ValueError(f"{amount} cannot be written out")
    yuan, cents = divmod(int(amount * 100), 100)
    if not yuan and not cents:
        return "零元整"
    whole = f"{_integer(yuan)}元" if yuan else ""
    return whole + _fraction(cents, after=bool(yuan))


def _fraction(cents: int, *, after: bool) -> str:
    if not cents:
        return "整"
    jiao, fen = divmod(cents, 10)
    if not jiao:
        return f"{'零' if after else ''}{DIGITS[fen]}分"
    return f"{DIGITS[jiao]}角" + (f"{DIGITS[fen]}分" if fen else "整")


def _integer(number: int) -> str:
    """A positive whole number, by 亿 and 万; 万亿 is 万 of 亿."""
    for size, name in ((YI, "亿"), (WAN, "万")):
        if number >= size:
            high, low = divmod(number, size)
            return _integer(high) + name + _rest(low, size)
    return _section(number)


def _rest(low: int, size: int) -> str:
    if not low:
        return ""
    # One 零 for however many noughts stand between.
    gap = "零" if low < size // 10 else ""
    return gap + _integer(low)


def _section(number: int) -> str:
    """1 to 9999."""
    written, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            written += ("零" if gap and written else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return written
