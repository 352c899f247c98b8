"""Whether two BPMN files say the same, however they were written down (engine.runtime.said)."""

from lxml import etree

from engine.runtime.said import Said, local, read_said
from engine.text import Text, text


def is_same(old: bytes, new: bytes, *, drawing: bool = True) -> bool:
    """Whether two files say the same. Raises DiagramRefused for what is no XML."""
    return first_difference(old, new, drawing=drawing) is None


def first_difference(old: bytes, new: bytes, *, drawing: bool = True) -> Text | None:
    """Where two files differ first, for people who look into files; None when nowhere.

    Without `drawing` only the model counts, not where and how its elements are drawn.
    """
    if old == new:
        return None
    return difference(*(read_said(one, drawing=drawing) for one in (old, new)))


def difference(old: Said, new: Said) -> Text | None:
    """Where two elements differ first."""
    if old.tag != new.tag:
        return _told(new, text("元素{old}成了{new}", old=local(old), new=local(new)))
    if old.attributes != new.attributes:
        changed = sorted(set(old.attributes) ^ set(new.attributes))
        return _told(new, text("属性{name}不同", name=etree.QName(changed[0][0]).localname))
    if old.words != new.words:
        return _told(new, text("文字不同"))
    for one, other in zip(old.children, new.children, strict=False):
        found = difference(one, other)
        if found is not None:
            return found
    counts = (len(old.children), len(new.children))
    if counts[0] != counts[1]:
        what = text("里面的元素由{old}个成了{new}个", old=counts[0], new=counts[1])
        return _told(new, what)
    return None


def _told(where: Said, what: Text) -> Text:
    identity = next((value for key, value in where.attributes if key == "id"), "")
    place = {"line": where.line, "name": local(where), "id": identity}
    return text("第{line}行{name} {id}：{what}", **place, what=what)
