"""Mails about tasks: one to each address and kind of event, however many tasks it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.models import DomainEvent, WorkItem, WorkStatus
from notifications import links, people
from notifications.drafts import Draft, Post
from notifications.people import Recipient
from notifications.words import due_words

KINDS = frozenset(
    {
        *("task_opened", "task_reminder", "task_overdue", "task_escalated"),
        *("task_urged", "task_transferred"),
    }
)
MOST_LINES = 50


@dataclass(frozen=True)
class Notice:
    """One event about one open task, for one recipient."""

    event: DomainEvent
    item: WorkItem


def task_drafts(post: Post, events: Iterable[DomainEvent]) -> list[Draft]:
    """Drafts for task events (payload work_item_id). Tasks that are closed by now are left out."""
    found = [event for event in events if event.kind in KINDS]
    items = _open_items(post, {_item_id(event) for event in found})
    groups: dict[tuple[str, str], tuple[Recipient, list[Notice]]] = {}
    for event in found:
        item = items.get(_item_id(event))
        for recipient in _recipients(post, event, item) if item else []:
            assert item is not None  # noqa: S101 (the loop above)
            # By address: an office may share one mailbox between maker and checker.
            group = groups.setdefault((event.kind, recipient.address.lower()), (recipient, []))
            group[1].append(Notice(event, item))
    return [_draft(post, kind, *group) for (kind, _address), group in groups.items()]


def _item_id(event: DomainEvent) -> int:
    return int(event.payload.get("work_item_id") or 0)


def _open_items(post: Post, ids: set[int]) -> Mapping[int, WorkItem]:
    query = (
        select(WorkItem)
        .where(WorkItem.id.in_(ids), WorkItem.status == WorkStatus.OPEN.value)
        .options(joinedload(WorkItem.instance), joinedload(WorkItem.organisation))
    )
    return {item.id: item for item in post.session.scalars(query)}


def _recipients(post: Post, event: DomainEvent, item: WorkItem) -> list[Recipient]:
    if event.kind == "task_transferred":
        return people.persons(post.session, [int(event.payload["person_id"])])
    to = str(event.payload.get("to", "doers"))
    # Eighty tasks of one office ask for the same people: looked up once a round.
    where = item.instance_id if to == "finance" else None
    key = (to, item.org_id, item.role, item.assignee_id, tuple(item.excluded), where)
    if key not in post.known:
        post.known[key] = _look_up(post, to, item)
    return post.known[key]


def _look_up(post: Post, to: str, item: WorkItem) -> list[Recipient]:
    if to == "head":
        return people.holders(post.session, [item.org_id], people.HEAD)
    if to == "finance":
        return people.finance_heads(post.session, item)
    return people.doers(post.session, item)


def _draft(post: Post, kind: str, recipient: Recipient, notices: list[Notice]) -> Draft:
    by_item = {notice.item.id: notice for notice in notices}
    ordered = sorted(by_item.values(), key=lambda notice: _urgency(notice.item))
    lines = [_line(post, notice, recipient.locale) for notice in ordered[:MOST_LINES]]
    first = min(notice.event.id for notice in notices)
    context = {
        "recipient": recipient.name,
        "count": len(ordered),
        "lines": lines,
        "more": len(ordered) - len(lines),
        "url": post.url(links.INBOX),
    }
    return Draft(f"{kind}:{first}", recipient, kind, context)


def _urgency(item: WorkItem) -> tuple[bool, float, int]:
    return (item.due_at is None, item.due_at.timestamp() if item.due_at else 0.0, item.id)


def _line(post: Post, notice: Notice, locale: str) -> dict[str, Any]:
    item = notice.item
    return {
        "title": item.instance.title,
        "name": item.name,
        "organisation": item.organisation.short_name,
        "due": due_words(item.due_at, post.now, locale),
        "by": str(notice.event.payload.get("by", "")),
        "url": post.url(links.task(item.id)),
    }
