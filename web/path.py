"""The way of a case or another matter on its diagrams: picture, steps, and why decisions fell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from markupsafe import Markup

from engine.errors import NotFound
from engine.models import Instance, WorkItem
from engine.queries.evaluations import Answered, answers_of
from engine.queries.path import Leg, Stop, path_of, sees_tasks_only
from engine.runtime.picture import ElementRow, element_table, render_svg
from engine.runtime.picture_marks import state_swatches
from web.due import Due, due_badge
from web.login import actor
from web.unit import now, reading


@dataclass(frozen=True)
class StepLine:
    """An element in the table: here now, passed or not, by whom, and when due."""

    row: ElementRow
    state: str  # current, done or nothing
    stop: Stop | None
    people: tuple[str, ...]
    dues: tuple[Due, ...]
    answers: tuple[Answered, ...]

    @property
    def at(self) -> datetime | None:
        return self.stop.at if self.stop else None


@dataclass(frozen=True)
class Back:
    """Where the page leads back to: the address and its name."""

    url: str
    name: str


def path_page(instance: Instance, key: str | None, back: Back, url_of: Callable[[str], str]) -> str:
    """The diagram `key`, else where the instance stands. Raises NotFound for one not on the way."""
    legs = path_of(reading(), instance, actor())
    leg = _chosen(legs, key or "")
    if leg is None and key:
        raise NotFound()
    return render_template(
        "path/page.html",
        back=back,
        legs=legs,
        leg=leg,
        svg=_picture(leg) if leg else None,
        lines=_lines(leg, answers_of(reading(), instance.id, actor())) if leg else [],
        swatches={state: Markup(svg) for state, svg in state_swatches().items()},  # noqa: S704
        url_of=url_of,
        is_partial=sees_tasks_only(actor()),
    )


def _chosen(legs: Sequence[Leg], key: str) -> Leg | None:
    if key:
        return next((leg for leg in legs if leg.definition.key == key), None)
    # what was called lately stands before what called it
    return next((leg for leg in reversed(legs) if leg.waiting), legs[-1] if legs else None)


def _picture(leg: Leg) -> Markup:
    late = {key: (0, sum(map(_is_late, items))) for key, items in leg.waiting.items()}
    svg = render_svg(
        leg.definition.source, current=leg.waiting, done={*leg.passed, *leg.flows}, counts=late
    )
    return Markup(svg)  # noqa: S704 (drawn by us from a checked file, every text of it escaped)


def _is_late(item: WorkItem) -> bool:
    return item.due_at is not None and item.due_at < now()


def _lines(leg: Leg, answers: Sequence[Answered]) -> list[StepLine]:
    return [
        _line(leg, row, tuple(one for one in answers if one.element_id == row.id))
        for row in element_table(leg.definition.source)
    ]


def _line(leg: Leg, row: ElementRow, answers: tuple[Answered, ...]) -> StepLine:
    here, last = leg.waiting.get(row.id), leg.done.get(row.id)
    people = [one.organisation.short_name for one in here or ()]
    if not people and last is not None:
        name = last.performer.name if last.performer else ""
        people = [f"{last.organisation.short_name} {name}".strip()]
    badges = (due_badge(one.due_at, now(), provisional=one.provisional) for one in here or ())
    state = "current" if here is not None else "done" if row.id in leg.passed else ""
    dues = tuple(badge for badge in badges if badge is not None)
    return StepLine(row, state, leg.passed.get(row.id), tuple(people), dues, answers)
