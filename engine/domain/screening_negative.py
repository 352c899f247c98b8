"""E2: who is not admitted, and whether we may look."""

from datetime import date

from engine.domain.codes import Outcome
from engine.domain.enterprise import lookback
from engine.domain.programme import Parameters
from engine.domain.screening_types import AdverseEvent, Applicant, Check
from engine.text import Text, text


def negative_checks(applicant: Applicant, on: date, parameters: Parameters) -> list[Check]:
    """N1 to N5. What nobody knows yet is a question to the reviewer, who has the last word."""
    return [
        _fact(
            applicant,
            "N1",
            applicant.lawful,
            text("依法经营"),
            "J2.2.1",
            (text("依法经营"), text("不能依法经营"), text("核实是否依法经营")),
        ),
        _credit(applicant, on, parameters),
        _fact(
            applicant,
            "N3",
            _not(applicant.litigation),
            text("未决诉讼"),
            "J2.2.2",
            (
                text("没有影响债务偿付能力的未决诉讼"),
                text("有影响债务偿付能力的未决诉讼"),
                text("核实是否有影响债务偿付能力的未决诉讼"),
            ),
        ),
        _fund_rules(applicant, parameters),
        _fact(
            applicant,
            "N5",
            _not(applicant.major_breach),
            text("重大违法违约"),
            "J2.1.3",
            (
                text("没有重大违法违约记录"),
                text("有重大违法违约记录"),
                text("核实是否有重大违法违约记录"),
            ),
        ),
    ]


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _fact(
    applicant: Applicant,
    code: str,
    fine: bool | None,
    title: Text,
    clause: str,
    says: tuple[Text, Text, Text],
) -> Check:
    """`says` are the details for in order, not in order, and not known."""
    known = applicant.answers.get(code) if fine is None else fine
    if known is None:
        return Check(code, Outcome.JUDGE, title, says[2], clause, negative=True)
    outcome = Outcome.PASS if known else Outcome.FAIL
    return Check(code, outcome, title, says[0] if known else says[1], clause, negative=True)


def _credit(applicant: Applicant, on: date, parameters: Parameters) -> Check:
    """N2: serious adverse credit of the firm or those behind it, within the lookback."""
    code, title, clause = "N2", text("信用记录"), "J2.2.1"
    if applicant.adverse is None:
        says = (
            text("近年没有严重不良信用记录"),
            text("近年有严重不良信用记录"),
            text("尚未查询信用记录"),
        )
        return _fact(applicant, code, None, title, clause, says)
    undated = [event for event in applicant.adverse if event.event_on is None]
    hits = [
        found for event in applicant.adverse if (found := _hit(applicant, event, on, parameters))
    ]
    if hits:
        return hits[0]
    if undated:
        detail = text("不良信用记录缺少日期：{kind}", kind=undated[0].kind)
        return Check(code, Outcome.MISSING, title, detail, clause, negative=True)
    detail = text("回溯期内没有严重不良信用记录")
    return Check(code, Outcome.PASS, title, detail, clause, negative=True)


def _hit(
    applicant: Applicant, event: AdverseEvent, on: date, parameters: Parameters
) -> Check | None:
    if event.event_on is None:
        return None
    name = "lookback_months_agricultural" if applicant.agricultural else "lookback_months"
    found = lookback(
        on,
        event.event_on,
        agricultural=applicant.agricultural,
        months=parameters.integer(name),
        version=parameters.version,
    )
    if not found.hit:
        return None
    detail = text(
        "{subject}{kind}，{day}，在回溯期（{since}起）内",
        subject=event.subject,
        kind=event.kind,
        day=event.event_on.isoformat(),
        since=found.since.isoformat(),
    )
    title = text("信用记录")
    return Check("N2", Outcome.FAIL, title, detail, "J2.2.1", found.trace, negative=True)


def _fund_rules(applicant: Applicant, parameters: Parameters) -> Check:
    """N4: the fund's rules, by the centre's list of excluded industries."""
    code, title, clause = "N4", text("担保运作规则"), "J2.2.3"
    if applicant.excluded_by:
        name = parameters.code_list("negative_industries").name(applicant.excluded_by)
        detail = text("属于不予担保的行业：{name}", name=name)
        return Check(code, Outcome.FAIL, title, detail, clause, negative=True)
    fine = None if applicant.excluded_by is None else True
    says = (
        text("不在担保运作规则的排除范围"),
        text("不符合担保运作规则"),
        text("对照担保运作规则核实"),
    )
    return _fact(applicant, code, fine, title, clause, says)


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
