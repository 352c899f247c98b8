"""Mails about the drafts of processes, between those who write and those who sign."""

from collections.abc import Iterator
from typing import Any

from engine.models import DomainEvent, DraftStatus, OrgKind, Role
from engine.models import Draft as DefinitionDraft
from engine.operations.access import OVERSEERS
from engine.operations.draft_settling import authors
from notifications import links, people
from notifications.drafts import Post, Told
from notifications.people import Recipient


def about_draft(post: Post, event: DomainEvent) -> Iterator[Told]:
    """draft_submitted: {draft_id, by, note}: to the owners who may sign, while it waits for them.

    draft_returned: {draft_id, by, reason}, draft_published: {draft_id, by, version}: to who wrote
    it or submitted it.
    """
    draft = post.session.get_one(DefinitionDraft, int(event.payload["draft_id"]))
    wrote = set(authors(post.session, draft))
    if event.kind != "draft_submitted":
        to = people.persons(post.session, wrote)
    elif draft.status == DraftStatus.SUBMITTED.value:
        to = [one for one in _owners(post) if one.person_id not in wrote]
    else:
        return
    yield Told(to, _values(draft, event), links.draft(draft.id))


def _owners(post: Post) -> list[Recipient]:
    kinds = map(OrgKind, OVERSEERS)
    org_ids = [one for kind in kinds for one in people.kind_ids(post.session, kind)]
    return people.holders(post.session, org_ids, (Role.OWNER.value,))


def _values(draft: DefinitionDraft, event: DomainEvent) -> dict[str, Any]:
    payload = event.payload
    return {
        "process": draft.name,
        "by": str(payload.get("by") or ""),
        "note": str(payload.get("reason") or payload.get("note") or draft.note),
        "version": payload.get("version"),
    }


KINDS = ("draft_submitted", "draft_returned", "draft_published")
