"""Putting in order what a person typed, and saying what was put in order."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from engine.text import Text, text

T = TypeVar("T")
INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff]")
FULL_WIDTH_WORDS = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+")
FULL_WIDTH = re.compile(r"[\uff01-\uff5e\u3000]")


class Tidy(StrEnum):
    """What was put in order; counted on the page as 系统已代为整理."""

    WIDTH = "WIDTH"
    SPACE = "SPACE"
    CASE = "CASE"
    DATE = "DATE"
    SEPARATOR = "SEPARATOR"
    UNIT = "UNIT"


TIDY_LABELS: dict[Tidy, Text] = {
    Tidy.WIDTH: text("全角转半角"),
    Tidy.SPACE: text("去空格"),
    Tidy.CASE: text("小写转大写"),
    Tidy.DATE: text("统一日期"),
    Tidy.SEPARATOR: text("去千分位"),
    Tidy.UNIT: text("换算单位"),
}


@dataclass(frozen=True)
class Tidied(Generic[T]):
    """A value and the kinds of tidying it took."""

    value: T
    kinds: tuple[Tidy, ...] = ()

    def also(self, kind: Tidy, condition: bool = True) -> "Tidied[T]":
        """The same with one more kind, when `condition` holds."""
        return Tidied(self.value, (*self.kinds, kind)) if condition else self


def narrowed(raw: str) -> Tidied[str]:
    """NFKC and no space at either end: for codes, amounts, dates, phone numbers."""
    plain = INVISIBLE.sub("", unicodedata.normalize("NFKC", raw))
    bare = plain.strip()
    wide = FULL_WIDTH.search(raw.strip("\u3000")) is not None
    return Tidied(bare).also(Tidy.WIDTH, wide).also(Tidy.SPACE, bare != plain)


def compacted(raw: str) -> Tidied[str]:
    """As `narrowed`, and no space inside either."""
    narrow = narrowed(raw)
    compact = re.sub(r"\s+", "", narrow.value)
    spaced = compact != narrow.value and Tidy.SPACE not in narrow.kinds
    return Tidied(compact, narrow.kinds).also(Tidy.SPACE, spaced)


def worded(raw: str) -> Tidied[str]:
    """Words: outer spaces go, digits and letters become narrow, Chinese punctuation stays."""
    visible = INVISIBLE.sub("", raw).replace("\xa0", " ").replace("\u3000", " ")
    bare = " ".join(visible.split())
    plain = FULL_WIDTH_WORDS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), bare)
    return Tidied(plain).also(Tidy.WIDTH, plain != bare).also(Tidy.SPACE, bare != visible)
