"""User tasks: who does it, with what, by when, and what becomes of it."""

import re
from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.moments import is_time
from engine.runtime.lint.page import Page, child_text, properties
from engine.runtime.lint.services import unasked
from engine.runtime.normalise.source import CAMUNDA
from engine.text import Text, text

_REMINDER = re.compile(r"-?P\d{1,3}D")
NO_DEADLINE = "none"


def candidates(page: Page) -> Iterator[Finding]:
    """A user task is for a role of a party, both of which exist."""
    for node in page.nodes("userTask"):
        group = properties(node).get("candidateGroups", "")
        if not group:
            yield page.error(
                node,
                text("“{name}”没有承办方：谁都看不到这项任务", name=page.name(node)),
                text("在candidateGroups写上 承办方:岗位，例如 finance:maker"),
            )
        else:
            yield from _party_and_role(page, node, group, text("承办方"))
        escalate = properties(node).get("escalateTo")
        if escalate:
            yield from _party_and_role(page, node, escalate, text("催办对象"))


def _party_and_role(page: Page, node: etree._Element, group: str, what: Text) -> Iterator[Finding]:
    party, colon, role = group.partition(":")
    if party not in page.known.parties:
        yield page.error(
            node,
            text("{what}“{party}”不存在", what=what, party=short(party)),
            text("可以写：{names}", names="、".join(sorted(page.known.parties))),
        )
    if colon and role not in page.known.roles:
        yield page.error(
            node,
            text("岗位“{role}”不存在", role=short(role)),
            text("可以写：{names}", names="、".join(sorted(page.known.roles))),
        )


def forms(page: Page) -> Iterator[Finding]:
    """A user task shows a form that is published."""
    for node in page.nodes("userTask"):
        form = properties(node).get("formKey", "")
        if not form:
            yield page.error(
                node,
                text("“{name}”没有表单", name=page.name(node)),
                text("在formKey写上表单的代码"),
            )
        elif form not in page.known.forms:
            yield page.error(
                node,
                text("表单“{form}”不存在", form=short(form)),
                text("先发布这张表单，或改正formKey"),
            )


def recording(page: Page) -> Iterator[Finding]:
    """What records a form is a registered form operation."""
    for node in page.nodes("userTask"):
        name = properties(node).get("operation")
        found = page.known.operations.get(name) if name else None
        if name and (found is None or found.kind != "form"):
            yield page.error(
                node,
                text("没有名为“{name}”的登记操作", name=short(name)),
                text("改正operation，或请开发人员登记这个操作"),
            )
        elif found is not None:
            yield from unasked(page, node, found)


def deadlines(page: Page) -> Iterator[Finding]:
    """Every hand-over has a deadline, or says why it has none."""
    for node in page.nodes("userTask"):
        period = properties(node).get("deadline", "")
        if not period:
            yield page.error(
                node,
                text("“{name}”没有时限", name=page.name(node)),
                text(
                    "写上deadline：方案参数名、P5D这样的期限或 =表达式；确无时限的写none并注明依据"
                ),
            )
        elif period == NO_DEADLINE:
            yield from _without_deadline(page, node)
        elif not period.startswith("="):
            yield from _period(page, node, period)


def _without_deadline(page: Page, node: etree._Element) -> Iterator[Finding]:
    if not properties(node).get("clause") and not child_text(node, "documentation"):
        yield page.error(
            node,
            text("“{name}”不设时限，但没有说明依据", name=page.name(node)),
            text("在clause写上条款，或在说明里写上理由"),
        )


def _period(page: Page, node: etree._Element, period: str) -> Iterator[Finding]:
    if period in page.known.parameters or is_time(period):
        return
    yield page.error(
        node,
        text("时限“{period}”不是方案参数，也不是期限", period=short(period)),
        text("写方案里的期限参数名，或P5D、P2W、P1M；表达式以=开头"),
    )


def reminders(page: Page) -> Iterator[Finding]:
    """Reminders are days before or after the deadline."""
    for node in page.nodes("userTask"):
        for one in _list(properties(node).get("reminders")):
            if not _REMINDER.fullmatch(one):
                yield page.error(
                    node,
                    text("催办时间“{one}”无法理解", one=short(one)),
                    text("写成-P3D,-P1D,P0D这样的天数，用逗号分开"),
                )


def excludes(page: Page) -> Iterator[Finding]:
    """Who must be somebody else did a task of this process."""
    tasks = {node.get("id") for node in page.nodes("userTask")}
    for node in page.nodes("userTask"):
        for other in _list(properties(node).get("excludes")):
            if other not in tasks - {node.get("id")}:
                yield page.error(
                    node,
                    text("excludes里的“{id}”不是本流程的另一项任务", id=short(other)),
                    text("写上不得由同一人办理的那项任务的id"),
                )


def clocks(page: Page) -> Iterator[Finding]:
    """A clock that is stopped is one that runs, and runs to one deadline."""
    found = [(node, properties(node)) for node in page.nodes("userTask")]
    periods: dict[str, set[str]] = {}
    for _, props in found:
        if props.get("clock"):
            periods.setdefault(props["clock"], set()).add(props.get("deadline", ""))
    for node, props in found:
        pauses, clock = props.get("pauses"), props.get("clock", "")
        if pauses and pauses not in periods:
            yield page.error(
                node,
                text("暂停的计时“{clock}”不存在", clock=short(pauses)),
                text("pauses写上另一项任务的clock"),
            )
        if len(periods.get(clock, ())) > 1:
            yield page.error(
                node,
                text("共用计时“{clock}”的任务时限不同", clock=short(clock)),
                text("给它们写同一个时限，或分成两个计时"),
            )


def ignored(page: Page) -> Iterator[Finding]:
    """Attributes of other engines that would be left aside without a word."""
    for node in page.nodes("userTask"):
        for name in ("candidateUsers", "dueDate", "followUpDate"):
            if node.get(f"{{{CAMUNDA}}}{name}"):
                yield page.error(
                    node,
                    text("属性{name}不会生效", name=name),
                    text("承办人用candidateGroups，时限用deadline"),
                )


def _list(value: str | None) -> list[str]:
    return [part.strip() for part in (value or "").split(",") if part.strip()]


RULES = (
    candidates,
    forms,
    recording,
    deadlines,
    reminders,
    excludes,
    clocks,
    ignored,
)
