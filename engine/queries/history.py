"""What has been done in an instance, step by step, as far as the reader may know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session, joinedload

from engine.forms import Form
from engine.models import Clock, Organisation, OrgKind, WorkItem, WorkStatus
from engine.operations.access import sees_all
from engine.people import Actor
from engine.queries.clock import Run, run_with
from engine.queries.forms import forms_of
from engine.text import Text

# What is meant for the other side, with its reasons; the True ones only once a checker confirmed.
SHARED = {
    ("first_review", "RETURN"): False,
    ("first_review", "HOLD"): False,
    ("first_review", "REJECT"): True,
    ("centre_review", "REJECT"): True,
    ("accept_case", "REFUSE"): False,
    ("approve_loan", "RETURN"): False,
    ("approve_loan", "DECLINED"): True,
    ("late_filing", "REJECT"): False,
    ("review_filing", "RETURNED"): True,
    ("review_filing", "REJECTED"): True,
}
CLOSED_TO = {OrgKind.REFERRER.value, OrgKind.BANK.value}


@dataclass(frozen=True)
class Reason:
    """A reason chosen on a form."""

    code: str
    label: Text


@dataclass(frozen=True)
class Step:
    """A task that was done. `outcome` and what follows are None where they are not the reader's."""

    item_id: int
    element_id: str
    name: str
    stage: int | None
    org: str
    person: str
    outcome: str | None
    label: tuple[str, str] | None  # Chinese, English
    tone: str
    note: str
    reasons: tuple[Reason, ...]
    opened_at: datetime
    at: datetime
    late: bool
    run: Run | None


def steps_of(session: Session, instance_id: int, actor: Actor, now: datetime) -> list[Step]:
    """The steps done in an instance, the oldest first."""
    query = (
        select(WorkItem)
        .where(
            WorkItem.instance_id == instance_id,
            WorkItem.status == WorkStatus.DONE.value,
            not_a_rivals(actor),
        )
        .options(
            joinedload(WorkItem.performer),
            joinedload(WorkItem.organisation),
            joinedload(WorkItem.instance),
        )
        .order_by(WorkItem.completed_at, WorkItem.id)
    )
    items = list(session.scalars(query))
    if not items:
        return []
    forms = forms_of(session, items[0].instance.deployment_id, {one.form_key for one in items})
    clocks = {
        clock.name: clock
        for clock in session.scalars(select(Clock).where(Clock.instance_id == instance_id))
    }
    return [
        _step(item, actor, _confirmed(items[n + 1 :]), forms.get(item.form_key), clocks, now)
        for n, item in enumerate(items)
    ]


def not_a_rivals(actor: Actor) -> ColumnElement[bool]:
    """A bank does not learn which other banks were asked, and what they did."""
    if actor.org_kind != OrgKind.BANK.value:
        return true()
    banks = select(Organisation.id).where(Organisation.kind == OrgKind.BANK.value)
    return or_(WorkItem.org_id == actor.org_id, WorkItem.org_id.not_in(banks))


def is_rivals(item: WorkItem, actor: Actor) -> bool:
    """The same of one task: whether it is another bank's, for a bank."""
    bank = OrgKind.BANK.value
    other = item.org_id != actor.org_id and item.organisation.kind == bank
    return actor.org_kind == bank and other


def _confirmed(later: Sequence[WorkItem]) -> bool:
    return any(item.role == "checker" and item.outcome == "CONFIRM" for item in later)


def may_know(item: WorkItem, actor: Actor, *, confirmed: bool) -> bool:
    """Whether the reader may know what was decided and why: their own organisation, who oversees,
    guarantors; others what is meant for them, once it is final."""
    if item.org_id == actor.org_id or sees_all(actor) or actor.org_kind not in CLOSED_TO:
        return True
    needs = SHARED.get((item.element_id, item.outcome or ""))
    return needs is not None and (confirmed or not needs)


def _step(
    item: WorkItem,
    actor: Actor,
    confirmed: bool,
    form: Form | None,
    clocks: dict[str, Clock],
    now: datetime,
) -> Step:
    known = may_know(item, actor, confirmed=confirmed)
    values = (item.values or {}) if known else {}
    at = item.completed_at or now
    outcome = item.outcome if known else None
    return Step(
        item_id=item.id,
        element_id=item.element_id,
        name=item.name,
        stage=item.stage,
        org=item.organisation.short_name,
        person=item.performer.name if item.performer else "",
        outcome=outcome,
        label=outcome_label(form, outcome),
        tone=tone_of(form, outcome),
        note=_note(values),
        reasons=reasons_of(form, values),
        opened_at=item.opened_at,
        at=at,
        late=item.due_at is not None and at > item.due_at,
        run=run_with(item, clocks.get(item.clock or ""), now),
    )


def _note(values: dict[str, Any]) -> str:
    words = [values.get(key) for key in ("note", "statement", "override_reason", "late_reason")]
    return " ".join(str(word) for word in words if word)


def outcome_label(form: Form | None, outcome: str | None) -> tuple[str, str] | None:
    """The outcome in the form's words, Chinese and English."""
    field = form.outcome if form else None
    if field is None or outcome is None:
        return None
    found = (one for one in field.options if one.value == outcome)
    return next(((one.label, one.label_en) for one in found), (outcome, ""))


def tone_of(form: Form | None, outcome: str | None) -> str:
    """ok, back, no or neutral."""
    field = form.outcome if form else None
    return field.properties.get(f"tone_{outcome}", "neutral") if field else "neutral"


def reasons_of(form: Form | None, values: dict[str, Any]) -> tuple[Reason, ...]:
    """The reasons chosen, in the form's words."""
    found = []
    for key in ("reasons", "reject_reason", "refuse_reason", "decline_reason"):
        given = values.get(key) or []
        field = form.field(key) if form else None
        labels = {one.value: one.label for one in field.options} if field else {}
        codes = given if isinstance(given, list) else [given]
        found += [Reason(str(code), Text(labels.get(str(code), str(code)))) for code in codes]
    return tuple(found)
