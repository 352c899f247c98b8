"""Reads a regular expression into a tree; what it is run with is in regex.py."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from engine.feel.errors import FeelError
from engine.text import Text, text

MAX_PATTERN = 500
MAX_REPEAT = 1_000
_MAX_GROUPS = 30  # groups inside each other
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_LITERAL = frozenset("\\|.-^?*+{}()[]$ /\"'")
_SPACED = re.compile(r"(?P<kept>\[(?:\\.|[^\]\\])*\]|\\\S)|\s+", re.DOTALL)
_CLASSES = "dDsSwWpP"
_BLOCKS = {
    "IsBasicLatin": (0x00, 0x7F),
    "IsLatin-1Supplement": (0x80, 0xFF),
    "IsLatinExtended-A": (0x100, 0x17F),
    "IsGreek": (0x370, 0x3FF),
    "IsCyrillic": (0x400, 0x4FF),
    "IsCJKSymbolsandPunctuation": (0x3000, 0x303F),
    "IsHiragana": (0x3040, 0x309F),
    "IsKatakana": (0x30A0, 0x30FF),
    "IsCJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "IsHangulSyllables": (0xAC00, 0xD7A3),
}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One sign out of a set: single signs and ranges, classes such as `d` or `p:Lu`, subsets."""

    ranges: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()
    negated: bool = False
    without: "AnyOf | None" = None
    ignore_case: bool = False

    def holds(self, sign: str) -> bool:
        if self.without is not None and self.without.holds(sign):
            return False
        return self._member(sign) != self.negated

    def effort(self) -> int:
        """What one test costs at most, in small operations."""
        signs = 4 if self.ignore_case else 1
        own = 2 + (signs * len(self.ranges) >> 2) + len(self.classes) + signs // 2
        return own + (self.without.effort() if self.without else 0)

    def _member(self, sign: str) -> bool:
        for one in {sign, *sign.lower(), *sign.upper()} if self.ignore_case else sign:
            for low, high in self.ranges:
                if low <= one <= high:
                    return True
        return any([_in_class(sign, name) for name in self.classes])


def _in_class(sign: str, name: str) -> bool:
    kind = name[0]
    if kind == ".":
        return sign not in "\n\r"
    if name[2:] in _BLOCKS:
        low, high = _BLOCKS[name[2:]]
        return (low <= ord(sign) <= high) == (kind == "p")
    if kind in "pP":
        return unicodedata.category(sign).startswith(name[2:]) == (kind == "p")
    if kind in "dD":
        return (unicodedata.category(sign) == "Nd") == (kind == "d")
    if kind in "sS":
        return (sign in " \t\n\r") == (kind == "s")
    # XSD: a word's sign is anything but punctuation, separators and others.
    return (unicodedata.category(sign)[0] not in "PZC") == (kind == "w")


@dataclass(frozen=True, slots=True)
class Anchor:
    """`^` or `$`; in multi-line mode also at line breaks."""

    kind: Literal["^", "$"]
    multiline: bool

    def holds(self, value: str, at: int) -> bool:
        if self.kind == "^":
            return at == 0 or (self.multiline and value[at - 1] == "\n")
        return at == len(value) or (self.multiline and value[at] == "\n")


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple["Item", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    parts: tuple["Item", ...]


@dataclass(frozen=True, slots=True)
class Group:
    """`place` counts the groups that capture, from 1; None for those that do not."""

    body: "Item"
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """What the group at `place` matched, once more."""

    place: int
    ignore_case: bool

    def end(self, value: str, at: int, found: str) -> int | None:
        """Where it ends if it stands at `at`."""
        there = value[at : at + len(found)]
        same = there.lower() == found.lower() if self.ignore_case else there == found
        return at + len(found) if same else None


@dataclass(frozen=True, slots=True)
class Repeat:
    """`body` from `low` to `high` times (None: without end); lazy prefers fewer."""

    body: "Item"
    low: int
    high: int | None
    lazy: bool


Item = AnyOf | Anchor | Back | Sequence | Choice | Group | Repeat


def refuse(reason: Text) -> FeelError:
    """The error for a pattern that cannot be used."""
    return FeelError(
        "feel_function",
        text("样式不能使用：{reason}", reason=reason),
        remedy=text("样式可用字符、[…]、(…|…)、. ^ $ 和 * + ? {{m,n}}"),
    )


def parse_pattern(pattern: str, flags: str) -> Item:
    """The tree of a pattern; flags are i (ignore case), s (dot takes line ends), m, x."""
    if len(pattern) > MAX_PATTERN:
        raise refuse(text("超过{limit}个字符", limit=MAX_PATTERN))
    if set(flags) - set("ismx"):
        raise refuse(text("不认识的选项{flags}", flags=flags))
    if "x" in flags:
        pattern = _SPACED.sub(lambda found: found["kept"] or "", pattern)
    return _PatternParser(pattern, flags).parse()


class _PatternParser:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 0
        self.captures = 0
        self.closed: set[int] = set()
        self.ignore_case = "i" in flags
        self.dot_all = "s" in flags
        self.multiline = "m" in flags

    def parse(self) -> Item:
        item = self._choice()
        if self.at < len(self.pattern):
            raise refuse(text("多了右括号"))
        return item

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        sign = self._peek()
        if not sign:
            raise refuse(text("没有写完"))
        self.at += 1
        return sign

    def _choice(self) -> Item:
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Item:
        parts: list[Item] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return Sequence(tuple(parts))

    def _repeated(self, body: Item) -> Item:
        bounds = self._bounds()
        if bounds is None:
            return body
        lazy = self._peek() == "?"
        self.at += lazy
        if self._peek() and self._peek() in "*+?{":
            raise refuse(text("重复符号连写"))
        return Repeat(body, *bounds, lazy)

    def _bounds(self) -> tuple[int, int | None] | None:
        sign = self._peek()
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign in simple:
            self.at += 1
            return simple[sign]
        return self._braces() if sign == "{" else None

    def _braces(self) -> tuple[int, int | None]:
        inside, closed, _ = self.pattern[self.at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        digits = [low, high] if high else [low]
        if not closed or not all(d.isascii() and d.isdigit() and len(d) < 5 for d in digits):
            raise refuse(text("花括号里写{{m}}、{{m,}}或{{m,n}}"))
        self.at += len(inside) + 2
        most = int(high) if high else None if comma else int(low)
        if (most or 0) > MAX_REPEAT or int(low) > MAX_REPEAT or (most or MAX_REPEAT) < int(low):
            raise refuse(text("重复次数不对或太多"))
        return int(low), most

    def _atom(self) -> Item:
        sign = self._take()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._set()
        if sign == "^":
            return Anchor("^", self.multiline)
        if sign == "$":
            return Anchor("$", self.multiline)
        if sign == ".":
            return AnyOf(negated=True) if self.dot_all else AnyOf(classes=(".",))
        if sign == "\\":
            return self._escape()
        if sign in "*+?{}]":
            raise refuse(text("“{sign}”前面没有可重复的内容", sign=sign))
        return self._single(sign)

    def _single(self, sign: str) -> AnyOf:
        return AnyOf(ranges=((sign, sign),), ignore_case=self.ignore_case)

    def _group(self) -> Item:
        self.groups += 1
        if self.groups > _MAX_GROUPS:
            raise refuse(text("括号层数太多"))
        place = self._capture()
        body = self._choice()
        if self._take() != ")":
            raise refuse(text("括号没有写完"))
        self.groups -= 1
        if place is not None:
            self.closed.add(place)
        return Group(body, place)

    def _capture(self) -> int | None:
        if self.pattern.startswith("?:", self.at):
            self.at += 2
            return None
        if self._peek() == "?":
            raise refuse(text("不支持(?"))
        self.captures += 1
        return self.captures

    def _back(self, digit: str) -> Back:
        """A reference takes a second digit only if there are that many groups."""
        place = int(digit)
        if self._peek().isdecimal() and place * 10 + int(self._peek()) <= self.captures:
            place = place * 10 + int(self._take())
        if place not in self.closed:
            raise refuse(text("第{place}个括号不在它前面", place=place))
        return Back(place, self.ignore_case)

    def _escape(self) -> "AnyOf | Back":
        sign = self._take()
        if sign in "123456789":
            return self._back(sign)
        if sign in _CLASSES:
            return AnyOf(classes=(self._class(sign),))
        return self._single(self._escaped(sign))

    def _class(self, sign: str) -> str:
        if sign not in "pP":
            return sign
        inside, closed, _ = self.pattern[self.at :].partition("}")
        known = 2 <= len(inside) <= 3 or inside[1:] in _BLOCKS
        if not closed or inside[:1] != "{" or not known:
            raise refuse(text("\\p后面写花括号和类别，如\\p{{L}}"))
        self.at += len(inside) + 1
        return f"{sign}:{inside[1:]}"

    def _escaped(self, sign: str) -> str:
        if sign in _ESCAPED:
            return _ESCAPED[sign]
        if sign not in _LITERAL:
            raise refuse(text("不支持\\{sign}", sign=sign))
        return sign

    def _set(self) -> AnyOf:
        negated = self._peek() == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        classes: list[str] = []
        without: AnyOf | None = None
        while (sign := self._take()) != "]":
            if sign == "-" and self._peek() == "[":
                self.at += 1
                without = self._subset()
                continue
            self._member(sign, ranges, classes)
        return AnyOf(tuple(ranges), tuple(classes), negated, without, self.ignore_case)

    def _subset(self) -> AnyOf:
        self.groups += 1
        if self.groups > _MAX_GROUPS:
            raise refuse(text("括号层数太多"))
        found = self._set()
        self.groups -= 1
        return found

    def _member(self, sign: str, ranges: list[tuple[str, str]], classes: list[str]) -> None:
        if sign == "\\":
            sign = self._take()
            if sign in _CLASSES:
                classes.append(self._class(sign))
                return
            sign = self._escaped(sign)
        high = sign
        if self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", "[", ""):
            self.at += 1
            high = self._take()
            high = self._escaped(self._take()) if high == "\\" else high
        if high < sign:
            raise refuse(text("[{low}-{high}]的顺序反了", low=sign, high=high))
        ranges.append((sign, high))
