"""What a list's file name tells: 2025-12_南翔镇_需求名单.xlsx is month, referrer, title."""

import re
import unicodedata
from dataclasses import dataclass

SOURCES = (
    ("BANK", ("银行", "农商行", "信用社", "村镇行")),
    ("DEPT_SCIENCE", ("科委", "科经委", "科技委")),
    ("DEPT_ECONOMY", ("经委", "经信委", "经济委")),
    ("DEPT_AGRICULTURE", ("农委", "农业农村委")),
    ("DEPT_COMMERCE_FEDERATION", ("工商联",)),
    ("DEPT_TAIWAN", ("台办",)),
    ("DEPT_OVERSEAS", ("侨联", "侨办")),
    ("GROUP", ("集团", "公司")),
    ("PARK", ("园区", "产业园", "科技园")),
    ("CHAMBER", ("商会", "协会")),
    ("CENTRE", ("服务中心",)),
)
MONTH = re.compile(r"(20\d{2})[-_.年]?(0[1-9]|1[0-2]|[1-9](?!\d))月?")


@dataclass(frozen=True)
class ListName:
    """Each part None where the name does not tell."""

    period: str | None
    organisation: str | None


def read_name(filename: str) -> ListName:
    """Month and referrer of a file name; nothing is guessed beyond what it says."""
    stem = unicodedata.normalize("NFKC", filename).rsplit(".", 1)[0]
    month = MONTH.search(stem)
    period = f"{month[1]}-{int(month[2]):02}" if month else None
    parts = [each for each in re.split(r"[_\s]+", stem) if each and not MONTH.match(each)]
    return ListName(period, parts[0] if len(parts) > 1 else None)


def source_type_of(organisation: str | None) -> str:
    """The source_type of a referrer's name; sub-districts, who may name anyone, otherwise."""
    for source, words in SOURCES:
        if organisation and any(word in organisation for word in words):
            return source
    return "SUBDISTRICT"
