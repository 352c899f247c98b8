"""Everything that the page of a task shows, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from flask_babel import gettext
from markupsafe import Markup

from engine.clock import local_date
from engine.domain.programme import Parameters
from engine.errors import DanbaoError
from engine.forms import Choices, Form
from engine.models import CheckResult, OrgKind, WorkItem
from engine.operations import tasks
from engine.operations.access import check_may_do, is_open, open_item, sees_all
from engine.operations.interventions import may_intervene
from engine.queries import inbox as queries
from engine.queries.case_facts import Facts, checks_of, facts_of, parameters_of, room_of
from engine.queries.clauses import Clause, clause_of
from engine.queries.clock import run_of
from engine.queries.files import files_of_subject
from engine.queries.forms import form_of
from engine.queries.history import CLOSED_TO, steps_of
from engine.queries.inbox_views import case_id_of
from engine.queries.task_data import task_data
from engine.runtime.run import require_running
from web import checks_view
from web.areas.inbox.lists import may_urge, view_names
from web.areas.inbox.wanted import Wanted, wanted
from web.choices import choices_for
from web.due import due_badge
from web.exposure_view import ExposureView, exposure_view
from web.forms import Raw, draft_of, sheet, typed
from web.i18n import render_text
from web.login import actor
from web.params import keys
from web.prefill import Prefill, prefilled
from web.task_panels import panel_of
from web.unit import now, reading

MOST_CLAUSES = 4


@dataclass
class Task:
    """A task with its form and what conditions may read."""

    item: WorkItem
    form: Form
    choices: Choices
    data: dict[str, Any]
    prefill: Prefill
    refusal: DanbaoError | None  # why the actor may not work on it

    @property
    def editable(self) -> bool:
        """Whether the actor may fill in the form."""
        return is_open(self.item) and self.refusal is None


def load(item_id: int) -> Task:
    """The task, if the actor's organisation may know of it. Raises NotFound."""
    item = open_item(reading(), item_id, actor())
    form = form_of(reading(), item)
    data = task_data(reading(), item)
    return Task(item, form, choices_for(form, item), data, prefilled(item), _refusal(item))


def _refusal(item: WorkItem) -> DanbaoError | None:
    try:
        check_may_do(actor(), item)
        if is_open(item):
            require_running(item.instance)
    except DanbaoError as refused:
        return refused
    return None


@dataclass
class Trouble:
    """Why nothing was submitted: fields with their words, or a rule that refused."""

    fields: dict[str, str] = field(default_factory=dict)
    message: str = ""
    remedy: str = ""


def shown(task: Task, raw: Raw | None = None, trouble: Trouble | None = None) -> str:
    """The page; `raw` is what was typed, so that nothing is lost."""
    item, trouble = task.item, trouble or Trouble()
    typed_ = raw if raw is not None else _begun(task)
    case_id = case_id_of(item)
    parameters = parameters_of(reading(), item.instance.programme, local_date(now()))
    facts = facts_of(reading(), case_id, actor(), parameters) if case_id else None
    panel = panel_of(item)
    inner = {"item": item, "task": task, "raw": typed_, "errors": trouble.fields}
    return render_template(
        "inbox/task.html",
        task=task,
        item=item,
        form=sheet(
            task.form,
            typed_,
            task.choices,
            task.prefill.hints,
            panel.handles if panel else frozenset(),
        ),
        raw=typed_,
        trouble=trouble,
        scope=_scope(task),
        panel=panel and Markup(render_template(panel.template, **inner, **panel.context)),  # noqa: S704 (escaped in it)
        panel_labels=panel.context.get("labels", {}) if panel else {},
        parameters=parameters,
        files=files_of_subject(reading(), item.instance.subject),
        my_files=_uploaded(task.form, typed_),
        steps=list(reversed(steps_of(reading(), item.instance_id, actor(), now()))),
        run=run_of(reading(), item, now()),
        due=due_badge(item.due_at, now(), provisional=item.provisional),
        **_case_context(task, facts, parameters, typed_),
        SIZES=size_names(),
        **_around(item),
        **_may(task),
    )


def _scope(task: Task) -> dict[str, Any]:
    """What conditions of the form read of the task's data; no other word of it leaves for the page
    (it holds what others have decided)."""
    asked = " ".join(f"{one.hide} {one.required_when}" for one in task.form.fields)
    return {
        key: value
        for key, value in task.data.items()
        if isinstance(value, str | int | bool | float) and key in asked
    }


def _begun(task: Task) -> Raw:
    """The draft, for who may go on with it; else what the case suggests."""
    if not task.editable:
        return typed(task.form, task.item.values or {})
    if task.item.draft:
        return draft_of(task.form, task.item.draft)
    return typed(task.form, task.prefill.values)


def _uploaded(form: Form, raw: Raw) -> dict[str, list[int]]:
    pickers = (one.key for one in form.fields if one.type == "filepicker")
    return {key: keys(raw.get(key, [])) for key in pickers}


def _case_context(
    task: Task, facts: Facts | None, parameters: Parameters | None, raw: Raw
) -> dict[str, Any]:
    if facts is None:
        return {"facts": None, "checks": [], "tally": {}, "expo": None, "clauses": _clauses(task)}
    items = _judgement_items(parameters)
    asking = task.editable and task.item.form_key == checks_view.JUDGES
    results = _readable(checks_of(reading(), facts.case.id))
    views = checks_view.check_views(results, facts.referred, raw, items, asking=asking)
    room = _room(facts, parameters)
    return {
        "facts": facts,
        "checks": views,
        "tally": checks_view.tally(views),
        "checked_at": max((one.checked_at for one in results), default=None),
        "judgements": checks_view.labels(views),
        "expo": room,
        "clauses": _clauses(task, [one.clause for one in views if one.outcome != "PASS"]),
    }


def _readable(results: list[CheckResult]) -> list[CheckResult]:
    """What was found of a firm is for those who review; others learn what is theirs to mend."""
    if actor().org_kind not in CLOSED_TO:
        return results
    return [one for one in results if one.outcome in ("MISSING", "NOTICE")]


def _room(facts: Facts, parameters: Parameters | None) -> ExposureView | None:
    """The exposure; a referrer has no business with it, a bank none with other banks' names."""
    if actor().org_kind == OrgKind.REFERRER.value:
        return None
    room = room_of(reading(), facts.case, parameters)
    names = actor().org_kind != OrgKind.BANK.value
    return exposure_view(room, names=names) if room and room.ceiling else None


def _judgement_items(parameters: Parameters | None) -> Mapping[str, str]:
    if parameters is None or "judgement_items" not in parameters:
        return {}
    return {one.code: one.name for one in parameters.code_list("judgement_items").items}


def _clauses(task: Task, more: Sequence[str] = ()) -> list[Clause]:
    found = [clause_of(key) for key in dict.fromkeys([task.item.clause, *more]) if key]
    return list({one.id: one for one in found if one is not None}.values())[:MOST_CLAUSES]


def _around(item: WorkItem) -> dict[str, Any]:
    """Where the task stands in the list it was opened from."""
    asked = wanted()
    ids = list(queries.ids(reading(), actor(), asked.view, asked.filters, now()))
    place = ids.index(item.id) if item.id in ids else None
    return {
        "asked": asked,
        "view_name": view_names()[asked.view][0],
        "place": place + 1 if place is not None else None,
        "total": len(ids),
        "before": ids[place - 1] if place else None,
        "after": ids[place + 1] if place is not None and place + 1 < len(ids) else None,
    }


def size_names() -> dict[str, str]:
    """Sizes of enterprises in words."""
    return {
        "LARGE": gettext("大型"),
        "MEDIUM": gettext("中型"),
        "SMALL": gettext("小型"),
        "MICRO": gettext("微型"),
    }


def next_id(item_id: int, asked: Wanted) -> int | None:
    """The task after this one in the list it was opened from; asked before it is done."""
    ids = list(queries.ids(reading(), actor(), asked.view, asked.filters, now()))
    place = ids.index(item_id) if item_id in ids else -1
    return ids[place + 1] if 0 <= place < len(ids) - 1 else None


def _may(task: Task) -> dict[str, Any]:
    """Which other things the actor may do with the task."""
    item, acting = task.item, actor()
    moving = is_open(item) and item.instance.suspended_at is None
    own = moving and item.org_id == acting.org_id and item.role in acting.roles
    held = item.assignee_id is None or item.assignee_id == acting.person_id
    head = "head" in acting.roles
    return {
        "may_claim": task.editable and item.assignee_id is None,
        "may_release": moving and item.assignee_id is not None and (own or head) and held,
        "colleagues": _colleagues(item) if own and (held or head) else [],
        "may_urge": moving and item.org_id != acting.org_id and may_urge(),
        "may_take_back": takes_back(item),
        "may_intervene": is_open(item) and may_intervene(acting),
        "oversees": sees_all(acting) and item.org_id != acting.org_id,
        "refusal": _words(task.refusal) if is_open(item) else "",
    }


def _colleagues(item: WorkItem) -> list[tuple[int, str]]:
    return [
        (one.id, one.name)
        for one in tasks.colleagues(reading(), item)
        if one.id not in (actor().person_id, item.assignee_id)
    ]


def takes_back(item: WorkItem) -> bool:
    """Whether the actor may take this done task back now."""
    mine = item.performer_id == actor().person_id and item.outcome is not None
    moved = item.instance.undo_item_id != item.id
    if not mine or is_open(item) or moved:
        return False
    return all(not one.first_read_at and not one.assignee_id for one in followers(item))


def followers(item: WorkItem) -> list[WorkItem]:
    """The open tasks of the same instance."""
    return queries.open_items(reading(), item.instance_id)


def _words(refused: DanbaoError | None) -> str:
    return render_text(refused.message) if refused else ""
