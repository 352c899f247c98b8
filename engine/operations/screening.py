"""The automatic checks of a case: run, stored with their working, answers kept (P2, E1-E4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.encoding import native
from engine.domain.codes import Outcome
from engine.domain.screening import DECISIONS, Check, Screening, screen
from engine.models import CheckResult, Enterprise, GuaranteeCase
from engine.operations import answers
from engine.operations.plain import text_json
from engine.operations.screening_facts import applicant_of
from engine.people import Actor
from engine.runtime.context import Routing, StepContext, service_operation
from engine.runtime.in_force import programme_of
from engine.runtime.registry import BOOLEAN
from engine.text import text

AUTHORISATION = "AUTHORISATION"


@dataclass(frozen=True)
class Judged:
    """The checks with the answers that still hold, and the stored form of both."""

    screening: Screening
    answers: Mapping[str, str]
    questions: Mapping[str, Check]  # by code, what is asked when nothing is answered

    @property
    def unanswered(self) -> tuple[Check, ...]:
        """Questions to the reviewer without an answer; those for the head are not among them."""
        return tuple(
            check
            for check in self.screening.of(Outcome.JUDGE)
            if not check.needs_head and check.code not in self.answers
        )


@service_operation(
    "screening.run_checks",
    "自动核查",
    sets={"authorisation_present": BOOLEAN, "review_result": (None,)},
    asks=DECISIONS,
)
def run_checks(ctx: StepContext, *, case_id: int) -> Routing:
    """Ask the decision tables E1-E4, store what they say, classify the enterprise (P2).

    Returns {"authorisation_present", "review_result": None}.
    """
    case = ctx.session.get_one(GuaranteeCase, case_id)
    found = refresh_checks(ctx, case).screening
    case.size_class, case.support_class = found.size.value, found.support_class.value
    firm = ctx.session.get_one(Enterprise, case.enterprise_id)
    if firm.size_class != found.size.value:
        firm.size_class = found.size.value
    ctx.audit(
        "screening.checked",
        text("自动核查{n}项", n=len(found.checks)),
        after={
            "checks": {check.code: check.outcome for check in found.checks},
            "proposed": found.proposed,
            "size_class": found.size,
            "support_class": found.support_class,
        },
        clause="C.P2",
    )
    return {"authorisation_present": is_authorised(found), "review_result": None}


def is_authorised(found: Screening) -> bool:
    """Whether a valid credit authorisation is there."""
    missing = (check.code for check in found.of(Outcome.MISSING))
    return AUTHORISATION not in missing


def refresh_checks(
    ctx: StepContext, case: GuaranteeCase, given: Mapping[str, str] | None = None
) -> Judged:
    """Run the checks again and store them; `given` are new answers of who acts, by check code.

    `ctx` is of the case's own instance, whose version of the tables is asked.
    """
    results = {each.code: each for each in results_of(ctx.session, case.id)}
    judged = _judge(ctx, case, results.values(), given)
    by = ctx.actor if given is not None else None
    for check in judged.screening.checks:
        result = results.pop(check.code, None)
        if result is None:
            result = CheckResult(case_id=case.id, code=check.code)
            ctx.session.add(result)
        _store(result, check, judged, ctx.now, by)
    for gone in results.values():
        ctx.session.delete(gone)
    ctx.session.flush()
    return judged


def results_of(session: Session, case_id: int) -> list[CheckResult]:
    """The stored checks of a case, in the order of the rules."""
    query = select(CheckResult).where(CheckResult.case_id == case_id)
    return list(session.scalars(query.order_by(CheckResult.id)))


def _judge(
    ctx: StepContext,
    case: GuaranteeCase,
    results: Iterable[CheckResult],
    given: Mapping[str, str] | None,
) -> Judged:
    """The checks as they stand; an old answer holds while what was asked is still the same."""
    programme = programme_of(ctx.session, case.programme)
    blank = applicant_of(ctx.session, case, programme, ctx.parameters)
    consulted = ctx.consult()
    unanswered = screen(blank, ctx.today, ctx.parameters, consulted)
    questions = {check.code: check for check in unanswered.of(Outcome.JUDGE)}
    held = {**_still_valid(results, questions), **(given or {})}
    # what is the head's to decide is no question to the reviewer
    open_ = {code for code, check in questions.items() if not check.needs_head}
    held = {code: answer for code, answer in held.items() if code in open_}
    if not held:
        consulted.keep()
        return Judged(unanswered, held, questions)
    answered = replace(blank, answers=answers.as_facts(held, ctx.parameters))
    return Judged(screen(answered, ctx.today, ctx.parameters, ctx.decide), held, questions)


def _still_valid(results: Iterable[CheckResult], questions: Mapping[str, Check]) -> dict[str, str]:
    return {
        each.code: each.answer
        for each in results
        if each.answer
        and each.code in questions
        and each.detail.get("question") == text_json(questions[each.code].detail)
    }


def _store(
    result: CheckResult, check: Check, judged: Judged, now: datetime, actor: Actor | None
) -> None:
    answer = judged.answers.get(check.code)
    if answer is None:
        result.answered_by = None
    elif answer != result.answer and actor is not None:
        result.answered_by = actor.person_id
    result.outcome, result.answer = check.outcome.value, answer
    result.title, result.detail = text_json(check.title), _detail(check, judged)
    result.clause, result.checked_at = check.clause, now
    result.trace = native(check.trace.to_dict()) if check.trace else None


def _detail(check: Check, judged: Judged) -> dict[str, Any]:
    """{template, params} with what a page needs: the question asked, who may override."""
    asked = judged.questions.get(check.code)
    return {
        **text_json(check.detail),
        "question": text_json(asked.detail) if asked else None,
        "overridable": check.overridable,
        "needs_head": check.needs_head,
        "negative": check.negative,
    }
