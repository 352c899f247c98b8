"""The page of a case: amounts, stages, time, working, files, what comes next, receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template
from flask_babel import gettext

from engine.clock import local_date
from engine.errors import NotAllowed, NotFound
from engine.models import Instance, OrgKind, Role, WorkItem
from engine.operations.access import case_for
from engine.operations.cases import may_withdraw
from engine.operations.interventions import may_intervene
from engine.queries.case_facts import Facts, facts_of, parameters_of
from engine.queries.case_page import Money, money_of, receipt_of, versions_of
from engine.queries.clock import Run
from engine.queries.files import files_of_subject
from engine.queries.history import CLOSED_TO, Step, is_rivals, steps_of
from engine.queries.inbox import open_items
from engine.runtime.in_force import programme_of
from engine.text import text
from web.areas.cases.words import loan_words, status_words
from web.areas.inbox.lists import may_urge
from web.areas.inbox.page import size_names
from web.areas.incidents import panels_of
from web.due import Due, due_badge
from web.login import actor
from web.rendering import day
from web.unit import now, reading
from web.working import Line, working_of

BAR = 70  # percent of the bar's width that is the time allowed
WITHDRAWERS = (Role.MAKER.value, Role.HEAD.value)


@dataclass(frozen=True)
class TimeBar:
    """Used against allowed: widths in percent, and the words."""

    used: str
    over: str
    words: str
    paused: int
    over_by: int


@dataclass(frozen=True)
class StepRow:
    """A step of the table; `span` is how many rows its stage has, 0 for all but the first."""

    step: Step
    bar: TimeBar | None
    span: int


def case_page(case_id: int, errors: dict[str, str] | None = None) -> str:
    """The page. Raises NotFound when the organisation does not take part."""
    case = case_for(reading(), case_id, actor())
    parameters = parameters_of(reading(), case.programme, local_date(now()))
    facts = facts_of(reading(), case_id, actor(), parameters)
    if facts is None or case.instance_id is None:
        raise NotFound()
    instance = reading().get_one(Instance, case.instance_id)
    money = money_of(reading(), case, actor())
    steps = steps_of(reading(), case.instance_id, actor(), now())
    waits = [one for one in open_items(reading(), case.instance_id) if not is_rivals(one, actor())]
    return render_template(
        "cases/case.html",
        case=case,
        facts=facts,
        money=money,
        steps=steps,
        rows=_rows(steps),
        waits=[(item, _badge(item, suspended=instance.suspended_at is not None)) for item in waits],
        instance=instance,
        knows_why=_knows_why(waits),
        may_intervene=may_intervene(actor()) and case.status == "OPEN",
        working=_working(money),
        files=files_of_subject(reading(), f"case:{case.id}"),
        receipt=receipt_of(reading(), f"case:{case.id}"),
        versions=versions_of(reading(), instance),
        programme=programme_of(reading(), case.programme),
        parameters=parameters,
        ahead=_ahead(facts, money),
        stage_notes=_stage_notes(facts, steps),
        took=_took(facts, money),
        late=sum(step.late for step in steps),
        status=status_words(),
        loan_status=loan_words(),
        SIZES=size_names(),
        troubles=panels_of(reading(), instance.id),
        may_withdraw=may_give_up(case_id),
        may_urge=may_urge(),
        own=actor().org_id,
        errors=errors or {},
        printed_at=now(),
    )


def _knows_why(waits: list[WorkItem]) -> bool:
    """Whether the reader may know why the case stands: who brings or funds it only while it stands
    with them, as they are told then; the reason may be about a review or about a rival."""
    acting = actor()
    return acting.org_kind not in CLOSED_TO or any(one.org_id == acting.org_id for one in waits)


def _badge(item: WorkItem, *, suspended: bool) -> Due | None:
    paused = suspended and item.due_at is not None
    return due_badge(item.due_at, now(), paused=paused, provisional=item.provisional)


def may_give_up(case_id: int) -> bool:
    """Whether the actor may give the case up now."""
    case = case_for(reading(), case_id, actor())
    return bool(actor().roles & set(WITHDRAWERS)) and may_withdraw(reading(), case, actor())


def check_may_withdraw(case_id: int) -> None:
    """Raise NotFound or NotAllowed for those who have no say."""
    case_for(reading(), case_id, actor())
    if not actor().roles & set(WITHDRAWERS):
        raise NotAllowed("wrong_role", text("撤回案件由经办或负责人办理"))


def _rows(steps: Sequence[Step]) -> list[StepRow]:
    found = []
    for n, step in enumerate(steps):
        first = n == 0 or steps[n - 1].stage != step.stage
        span = 0
        if first:
            span = next(
                (m for m, one in enumerate(steps[n:]) if one.stage != step.stage), len(steps) - n
            )
        found.append(StepRow(step, _bar(step.run, late=step.late), span))
    return found


def _bar(run: Run | None, *, late: bool) -> TimeBar | None:
    if run is None or not run.allowed:
        return None
    used = min(run.used, run.allowed) if not late else run.allowed
    over = max(run.used - run.allowed, 1) if late else 0
    unit = gettext("个工作日") if run.working else gettext("日")
    words = f"{run.used} / {run.allowed}{unit}"
    width = BAR * used / run.allowed
    beyond = min(BAR * over / run.allowed, 100 - BAR)
    return TimeBar(f"{width:.1f}%", f"{beyond:.1f}%", words, run.paused, over)


def _working(money: Money) -> list[Line]:
    if actor().org_kind == OrgKind.REFERRER.value:
        return []
    found: list[Line] = []
    for loan in money.loans:
        found += working_of(loan.traces)
    if money.filing is not None:
        found += working_of(money.filing.trace)
    if money.subsidy is not None:
        found += working_of(money.subsidy.trace)
    return found


def _ahead(facts: Facts, money: Money) -> list[tuple[str, str]]:
    days: list[tuple[date, str]] = []
    if money.listed is not None and facts.case.status == "OPEN" and not money.paid:
        days.append((money.listed.valid_to, gettext("白名单有效期满")))
    for paid in money.paid:
        days.append((paid.maturity_on, gettext("贷款到期")))
    if money.agreement is not None and money.agreement.effective_to:
        days.append((money.agreement.effective_to, gettext("三方协议到期")))
    if facts.authorised_until and facts.case.status == "OPEN":
        days.append((facts.authorised_until, gettext("征信授权到期")))
    today = local_date(now())
    return [(day(at), words) for at, words in sorted(days) if at >= today]


def _stage_notes(facts: Facts, steps: Sequence[Step]) -> dict[int, str]:
    last: dict[int, datetime] = {1: facts.case.referred_at}
    for step in steps:
        if step.stage:
            last[step.stage] = step.at
    return {stage: day(at) for stage, at in last.items()}


def _took(facts: Facts, money: Money) -> int | None:
    if not money.paid:
        return None
    return (money.paid[0].disbursed_on - local_date(facts.case.referred_at)).days
