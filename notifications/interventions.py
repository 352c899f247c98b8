"""Mails about interventions: a task that went away, an instance that stands or goes on."""

from collections.abc import Iterator
from typing import Any

from engine.models import DomainEvent, WorkItem
from notifications import links, people
from notifications.drafts import Post, Told
from notifications.people import Recipient


def about_task(post: Post, event: DomainEvent) -> Iterator[Told]:
    """task_gone, instance_suspended, instance_resumed: {work_item_id, by, reason, person_id?}.

    To whoever has or had the task; with `person_id` to that person.
    """
    item = post.session.get(WorkItem, int(event.payload["work_item_id"]))
    if item is None:
        return
    values: dict[str, Any] = {
        "title": item.instance.title,
        "name": item.name,
        "note": str(event.payload.get("reason") or ""),
        "by": str(event.payload.get("by") or ""),
    }
    yield Told(_recipients(post, event, item), values, links.INBOX)


def _recipients(post: Post, event: DomainEvent, item: WorkItem) -> list[Recipient]:
    person = event.payload.get("person_id")
    if person is not None:
        return people.persons(post.session, [int(person)])
    return people.doers(post.session, item)


KINDS = ("task_gone", "instance_suspended", "instance_resumed")
