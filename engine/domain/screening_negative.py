"""E2: who is not admitted, as the decision tables say, and whether we may look."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from engine.domain.codes import Outcome
from engine.domain.programme import Parameters
from engine.domain.screening_said import Ask, Words, read
from engine.domain.screening_types import AdverseEvent, Applicant, Check
from engine.text import Text, text


def negative_checks(
    applicant: Applicant, on: date, parameters: Parameters, ask: Ask
) -> list[Check | None]:
    """N1 to N5. What nobody knows yet is a question to the reviewer, who has the last word."""
    checks = (
        _lawful(applicant, ask),
        _credit(applicant, on, parameters, ask),
        _litigation(applicant, ask),
        _fund_rules(applicant, parameters, ask),
        _breach(applicant, ask),
    )
    return [check and _answered(check, applicant.answers) for check in checks]


_ANSWERS: Mapping[str, tuple[Text, Text]] = {  # in order, not in order
    "N1": (text("依法经营"), text("不能依法经营")),
    "N2": (text("近年没有严重不良信用记录"), text("近年有严重不良信用记录")),
    "N3": (text("没有影响债务偿付能力的未决诉讼"), text("有影响债务偿付能力的未决诉讼")),
    "N4": (text("不在担保运作规则的排除范围"), text("不符合担保运作规则")),
    "N5": (text("没有重大违法违约记录"), text("有重大违法违约记录")),
}


def _answered(check: Check, answers: Mapping[str, bool]) -> Check:
    """A question of the table that the reviewer has answered."""
    if check.outcome is not Outcome.JUDGE or check.code not in answers:
        return check
    fine = answers[check.code]
    detail = _ANSWERS[check.code][0 if fine else 1]
    return replace(check, outcome=Outcome.PASS if fine else Outcome.FAIL, detail=detail)


def _words(code: str, name: str, question: Text, rows: tuple[int, int, int]) -> Words:
    """`rows` of the table say in order, not in order, and not known."""
    fine, wrong, unknown = (f"{name}_{row}" for row in rows)
    yes, no = _ANSWERS[code]
    return {(fine, "PASS"): yes, (wrong, "FAIL"): no, (unknown, "JUDGE"): question}


_LAWFUL = _words("N1", "lawful_check", text("核实是否依法经营"), (1, 2, 3))
_LITIGATION = _words(
    "N3", "litigation_check", text("核实是否有影响债务偿付能力的未决诉讼"), (2, 1, 3)
)
_BREACH = _words("N5", "breach_check", text("核实是否有重大违法违约记录"), (2, 1, 3))


def _lawful(applicant: Applicant, ask: Ask) -> Check | None:
    said = read(ask("lawful_check", {"lawful": applicant.lawful}))
    return said.check("N1", text("依法经营"), _LAWFUL, negative=True)


def _litigation(applicant: Applicant, ask: Ask) -> Check | None:
    said = read(ask("litigation_check", {"litigation": applicant.litigation}))
    return said.check("N3", text("未决诉讼"), _LITIGATION, negative=True)


def _breach(applicant: Applicant, ask: Ask) -> Check | None:
    said = read(ask("breach_check", {"major_breach": applicant.major_breach}))
    return said.check("N5", text("重大违法违约"), _BREACH, negative=True)


def _credit(applicant: Applicant, on: date, parameters: Parameters, ask: Ask) -> Check | None:
    """N2: serious adverse credit of the firm or those behind it, within the lookback."""
    months = "lookback_months_agricultural" if applicant.agricultural else "lookback_months"
    events = applicant.adverse
    facts = {
        "adverse": None if events is None else [{"event_on": one.event_on} for one in events],
        "screened_on": on,
        "programme_lookback_months": parameters.integer(months),
    }
    found = ask("credit_check", facts)
    said = read(found, working=found)
    words = {
        ("credit_check_1", "JUDGE"): text("尚未查询信用记录"),
        ("credit_check_4", "PASS"): text("回溯期内没有严重不良信用记录"),
    }
    if said.outcome is Outcome.FAIL:
        words["credit_check_2", "FAIL"] = _hit(events or (), facts, ask)
    elif said.outcome is Outcome.MISSING:
        undated = next((one.kind for one in events or () if one.event_on is None), "")
        words["credit_check_3", "MISSING"] = text("不良信用记录缺少日期：{kind}", kind=undated)
    return said.check("N2", text("信用记录"), words, negative=True)


def _hit(events: tuple[AdverseEvent, ...], facts: Mapping[str, Any], ask: Ask) -> Text:
    """The first event that counts, and since when events do."""
    since = date.fromisoformat(str(ask("lookback_since", facts).required()))
    one = next(each for each in events if each.event_on is not None and each.event_on >= since)
    return text(
        "{subject}{kind}，{day}，在回溯期（{since}起）内",
        subject=one.subject,
        kind=one.kind,
        day=str(one.event_on),
        since=since.isoformat(),
    )


def _fund_rules(applicant: Applicant, parameters: Parameters, ask: Ask) -> Check | None:
    """N4: the fund's rules, by the table's list of excluded industries."""
    said = read(ask("fund_rule_check", {"excluded_by": applicant.excluded_by}))
    words = {
        ("fund_rule_check_1", "JUDGE"): text("对照担保运作规则核实"),
        ("fund_rule_check_2", "PASS"): text("不在担保运作规则的排除范围"),
    }
    if applicant.excluded_by:
        name = parameters.code_list("negative_industries").name(applicant.excluded_by)
        words[said.row, "FAIL"] = text("属于不予担保的行业：{name}", name=name)
    return said.check("N4", text("担保运作规则"), words, negative=True)


def authorisation_check(applicant: Applicant, on: date) -> Check:
    """P2: no screening without a valid authorisation; it holds the case for the hold period."""
    code, title, clause = "AUTHORISATION", text("征信授权"), "C.P2"
    until = applicant.authorised_until
    if until is None:
        return Check(code, Outcome.MISSING, title, text("没有征信授权书"), clause)
    if until < on:
        detail = text("征信授权已于{day}到期", day=until.isoformat())
        return Check(code, Outcome.MISSING, title, detail, clause)
    detail = text("征信授权有效至{day}", day=until.isoformat())
    return Check(code, Outcome.PASS, title, detail, clause)
