"""What is wrong with a unified social credit code, in words an official can act on (GB 32100)."""

import re

from engine.domain.enterprise import USCC_CHARACTERS, uscc_check_character, uscc_valid
from engine.imports.cells import CellRefused, Group
from engine.imports.model import Cell, shown
from engine.imports.tidy import Tidied, Tidy, compacted
from engine.text import Text, text

REGION = range(2, 8)
SCIENTIFIC = re.compile(r"\d(\.\d+)?E[+-]?\d{1,3}", re.IGNORECASE)
LENGTH = 18


def tidy_code(cell: Cell) -> Tidied[str]:
    """The code as it may be compared: narrow, upper case, no spaces or hyphens."""
    compact = compacted(shown(cell))
    bare = compact.value.replace("-", "")
    hyphen = bare != compact.value and Tidy.SPACE not in compact.kinds
    upper = Tidied(bare.upper(), compact.kinds).also(Tidy.SPACE, hyphen)
    return upper.also(Tidy.CASE, bare != bare.upper())


def checked_code(cell: Cell, known: dict[str, list[int]], row: int) -> Tidied[str]:
    """A valid code, or CellRefused. `known`: every valid code of the file and its rows."""
    tidy = tidy_code(cell)
    if _is_damaged(cell, tidy.value):
        raise _refused(
            text("Excel把代码存成了数字，后几位已丢失"),
            text("先把这一列设为文本格式，再按营业执照重录18位"),
        )
    if len(tidy.value) != LENGTH:
        raise _wrong_length(tidy.value)
    bad = _bad_positions(tidy.value)
    if bad:
        raise _refused(_bad_characters(tidy.value, bad), _remedy(tidy.value, bad, known, row))
    if uscc_check_character(tidy.value[:17]) != tidy.value[17]:
        reason = text("第18位“{found}”与前17位对不上", found=tidy.value[17])
        raise _refused(reason, _remedy(tidy.value, [17], known, row))
    return tidy


def _is_damaged(cell: Cell, code: str) -> bool:
    stored = isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= 1e15
    return stored or SCIENTIFIC.fullmatch(code) is not None


def _bad_positions(code: str) -> list[int]:
    return [
        index
        for index, character in enumerate(code)
        if character not in (USCC_CHARACTERS[:10] if index in REGION else USCC_CHARACTERS)
    ]


def _refused(reason: Text, remedy: Text) -> CellRefused:
    return CellRefused(Group.CODE, reason, remedy)


def _wrong_length(code: str) -> CellRefused:
    reason = text("代码是{n}位，应为18位", n=len(code))
    if len(code) == 15 and code.isdigit():
        return _refused(text("这是15位的旧注册号"), text("填营业执照上的18位统一社会信用代码"))
    return _refused(reason, text("对照营业执照补全18位"))


def _bad_characters(code: str, bad: list[int]) -> Text:
    if len(bad) == 1:
        return text("第{n}位“{found}”不是可用字符", n=bad[0] + 1, found=code[bad[0]])
    places = "、".join(str(index + 1) for index in bad)
    return text("第{places}位不是可用字符", places=places)


def _remedy(code: str, bad: list[int], known: dict[str, list[int]], row: int) -> Text:
    if len(bad) > 1:
        return text("对照营业执照重录。代码不用字母I、O、S、V、Z")
    right = _completed(code, bad[0])
    if right is None:
        return text("对照营业执照改正")
    twins = [each for each in known.get(right, []) if each != row]
    values = {"right": right[bad[0]], "n": bad[0] + 1}
    if twins:
        return text(
            "对照营业执照。其余各位若无误，第{n}位应为{right}，但那样就与第{twin}行是同一家企业",
            twin=twins[0],
            **values,
        )
    if bad[0] == LENGTH - 1:
        return text("对照营业执照。前17位若无误，末位应为{right}", right=right[-1])
    return text("对照营业执照。其余各位若无误，第{n}位应为{right}", **values)


def _completed(code: str, place: int) -> str | None:
    """The code with the one character at `place` that makes it valid, if there is one.

    The weights are coprime to 31, so at most one character fits at any position.
    """
    tries = (code[:place] + character + code[place + 1 :] for character in USCC_CHARACTERS)
    return next((each for each in tries if uscc_valid(each)), None)
