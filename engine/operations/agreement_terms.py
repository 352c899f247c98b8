"""What a tripartite agreement may say (P5 parameters; J3.5, J4.1, J4.5, J4.6)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from engine.domain.calendar import MAX_LENGTH
from engine.domain.codes import FeeBasis
from engine.domain.money import plain
from engine.domain.programme import Parameters
from engine.errors import InvalidInput, RuleRefused
from engine.models import Agreement
from engine.text import Text, text

# form field -> column; the two parties and the claim rules are handled apart
FIELDS = (
    *("effective_from", "effective_to", "ceiling_normal", "ceiling_key", "override_reason"),
    *("guarantee_ratio", "fee_rate", "fee_basis", "risk_cap_guarantor", "risk_cap_total"),
    *("approval_days", "day_type", "filing_days", "batch_quota"),
)
SHOWN = (*FIELDS, "agr_no", "version", "status", "claim_rules")
DAY_TYPES = ("CALENDAR", "WORKING")


def apply_terms(
    agreement: Agreement, values: Mapping[str, Any], parameters: Parameters, today: date
) -> None:
    """Write the form's terms into the draft. A field that the form leaves out stays as it is.

    Raises RuleRefused `ratio_above_cap` (hard, I.10), InvalidInput for every other wrong term.
    """
    terms = {name: getattr(agreement, name) for name in FIELDS}
    terms.update({name: values[name] for name in FIELDS if name in values})
    terms["override_reason"] = str(terms["override_reason"] or "").strip()
    overdue = values.get("claim_overdue_days", _overdue_days(agreement))
    wrong = _problems(agreement, {**terms, "claim_overdue_days": overdue, **_parties(values)})
    wrong |= _ceiling_problems(terms, parameters)
    wrong |= _date_problems(terms, today)
    if wrong:
        raise InvalidInput(wrong)
    refuse_high_ratio(terms["guarantee_ratio"], parameters)
    _refuse_high_caps(terms, parameters)
    for name, value in terms.items():
        setattr(agreement, name, value)
    if overdue is not None:
        rules = agreement.claim_rules or {}
        agreement.claim_rules = {**rules, "overdue_trigger_days": int(overdue)}


def _overdue_days(agreement: Agreement) -> int | None:
    return (agreement.claim_rules or {}).get("overdue_trigger_days")


def _parties(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values.get(name) for name in ("bank", "guarantor")}


def _problems(agreement: Agreement, terms: Mapping[str, Any]) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    if terms["bank"] not in (None, agreement.bank_id):
        wrong["bank"] = text("与本协议的银行{name}不一致", name=agreement.bank.short_name)
    if terms["guarantor"] not in (None, agreement.guarantor_id):
        name = agreement.guarantor.short_name
        wrong["guarantor"] = text("与本协议的担保机构{name}不一致", name=name)
    wrong |= {
        name: text("须大于0")
        for name in ("ceiling_normal", "ceiling_key", "guarantee_ratio", "fee_rate")
        if terms[name] is None or terms[name] <= 0
    }
    if terms["batch_quota"] is not None and terms["batch_quota"] <= 0:
        wrong["batch_quota"] = text("须大于0；不限额度时留空")
    for name in ("approval_days", "filing_days", "claim_overdue_days"):
        days = terms[name]
        if days is not None and not 0 < days <= MAX_LENGTH:
            wrong[name] = text("写大于0的整天数")
    if terms["fee_basis"] not in list(FeeBasis):
        wrong["fee_basis"] = text("选按笔或按年")
    if terms["day_type"] not in DAY_TYPES:
        wrong["day_type"] = text("选自然日或工作日")
    return wrong


def _ceiling_problems(terms: Mapping[str, Any], parameters: Parameters) -> dict[str, Text]:
    normal, key = terms["ceiling_normal"], terms["ceiling_key"]
    if normal is None or key is None:
        return {}
    wrong: dict[str, Text] = {}
    if normal > key:
        wrong["ceiling_key"] = text("重点类上限不得低于普通类")
    higher = normal > parameters.money("ceiling_normal") or key > parameters.money("ceiling_key")
    if higher and not terms["override_reason"]:
        wrong["override_reason"] = text("单户上限高于方案，写明理由（J4.1）")
    return wrong


def _date_problems(terms: Mapping[str, Any], today: date) -> dict[str, Text]:
    first, last = terms["effective_from"], terms["effective_to"]
    if first is None or last is None:
        names = ("effective_from", "effective_to")
        return {name: text("填写日期") for name in names if terms[name] is None}
    if first >= last:
        return {"effective_to": text("到期日须晚于生效日")}
    return {"effective_to": text("到期日已过")} if last <= today else {}


def refuse_high_ratio(ratio: Decimal, parameters: Parameters) -> None:
    """Raises RuleRefused `ratio_above_cap` (J3.5, hard)."""
    cap = parameters.ratio("guarantee_ratio_cap")
    if ratio > cap:
        raise RuleRefused(
            "ratio_above_cap",
            text("担保比例{ratio}高于上限{cap}", ratio=plain(ratio), cap=plain(cap)),
            text("按J3.5把担保比例改到上限以内"),
        )


def _refuse_high_caps(terms: Mapping[str, Any], parameters: Parameters) -> None:
    own, total = terms["risk_cap_guarantor"], terms["risk_cap_total"]
    limit = parameters.ratio("risk_cap_total")
    if not 0 < own <= total <= limit:
        raise RuleRefused(
            "risk_cap",
            text(
                "代偿上限须满足：担保机构{own} ≤ 合计{total} ≤ {limit}",
                own=plain(own),
                total=plain(total),
                limit=plain(limit),
            ),
            text("按J4.6改正两个代偿上限"),
        )
