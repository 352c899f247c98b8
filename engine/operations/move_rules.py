"""Which steps may be passed over or gone back behind, in one table, with the reasons.

Conservative: what later steps, money or others rely on is neither left out nor done twice. Where a
diagram itself leads back, a move may lead back too; where an operation keeps a status, `UNDO` puts
it to what the diagram's own way back would have left.
"""

from collections.abc import Callable

from engine.models import BatchStatus, ReferralBatch, SubsidyBatch
from engine.operations.subsidy_rows import CALCULATED, PUBLICISED
from engine.runtime.context import StepContext, operation
from engine.runtime.moves_rules import Rule
from engine.text import Text, text

RECORDS = text("后面的步骤要用这一步的记录，不能跳过")
PAIR = text("复核不能跳过：经办和复核须是两个人")
ALONE = text("复核不能单独重办，退回到经办的步骤")
DECIDES = text("这一步的审定不能跳过")
ENDED = text("结果已经生效，不能回到之前")
TOLD = text("不予纳入已通知推荐单位，由其提出异议")
ASSIGNED = text("已推荐给银行，由银行答复；逾期不答复的推荐下一家")
LISTED = text("已在白名单上，不能回到发布之前；可暂停或取消资格")
QUEUED = text("已在待发布之列，由编制白名单的经办处理")
IN_FORCE = text("授信已生效并占用批次额度，不能回到审批")
PAID_OUT = text("放款已复核，不能回到放款之前")
FILED = text("备案已生效并算定担保费，不能回到备案之前")
AGREED = text("三方已审阅一致，改文本的另起新版本")
SIGNED = text("已签署的不能重签，改文本的另起新版本")
OPENED = text("申请已开启，不能回到截止之前")
APPLIED = text("已有银行申请，不能重新开始")
PUBLIC = text("已公示，由处理异议的步骤选择重新测算")
APPROVED = text("支付已批准，不能回到审批之前")
SENT = text("名单已报送，不能回到报送之前")

_RECORD = Rule(over=RECORDS)
_CHECK = Rule(over=PAIR, again=ALONE)
_DECISION = Rule(over=DECIDES)
_FREE = Rule()


def _final(why: Text, over: Text = RECORDS) -> Rule:
    return Rule(over=over, back=why, again=why)


RULES: dict[str, Rule] = {
    "screening.run_checks": _FREE,
    "referrals.record_correction": _FREE,
    "referrals.record_authorisation": Rule(over=text("征信授权须先补齐（J2.2.1），不能跳过")),
    "screening.record_first_review": _RECORD,
    "screening.record_head_opinion": Rule(over=text("须负责人审定的不能跳过（J2.1.4）")),
    "screening.record_first_check": _CHECK,
    "screening.reject": _final(TOLD),
    "screening.record_objection": _final(text("异议只受理一次，不能重办")),
    "screening.record_centre_review": _RECORD,
    "screening.record_centre_check": _CHECK,
    "cases.mark_expired": _final(ENDED),
    "cases.mark_rejected": _final(ENDED),
    "whitelist.queue_release": _final(QUEUED),
    "whitelist.mark_listed": _final(LISTED),
    "whitelist.record_compiled": _RECORD,
    "whitelist.record_confirmed": _CHECK,
    "whitelist.release": _final(LISTED),
    "banks.weigh": _DECISION,
    "banks.assign": _final(ASSIGNED),
    "banks.record_silence": _final(ASSIGNED),
    "banks.record_coordination": _final(ASSIGNED),
    "loans.record_acceptance": _final(ASSIGNED),
    "agreements.bind": Rule(over=text("三方协议须先落实，不能跳过")),
    "loans.record_decision": _RECORD,
    "loans.record_material": _FREE,
    "loans.record_decision_check": _CHECK,
    "loans.weigh_decision": _DECISION,
    "loans.settle_decision": _final(IN_FORCE),
    "loans.decline": _final(ENDED),
    "loans.mark_case_by_case": _final(ENDED),
    "loans.expire": _final(ENDED),
    "loans.record_disbursement": _RECORD,
    "loans.record_disbursement_check": _final(PAID_OUT, PAIR),
    "filings.record_submission": _RECORD,
    "filings.record_late_opinion": Rule(over=DECIDES),
    "filings.record_review": _RECORD,
    "filings.record_check": _CHECK,
    "filings.accept": _final(FILED),
    "filings.reject": _final(ENDED),
    "filings.record_fee": _final(FILED),
    "referrals.record_prepared": _RECORD,
    "referrals.record_checked": _CHECK,
    "referrals.submit": _final(SENT),
    "agreements.record_draft": _RECORD,
    "agreements.record_review": Rule(over=text("三方审阅不能跳过")),
    "agreements.collect_reviews": _final(AGREED),
    "agreements.record_signature": _final(SIGNED, text("三方须依次签署，不能跳过")),
    "agreements.take_effect": _final(ENDED),
    "selection.record_notice": _RECORD,
    "selection.record_bid": _final(APPLIED, text("申请期不能跳过")),
    "selection.close_bids": _final(OPENED),
    "selection.record_scorers": _RECORD,
    "selection.record_score": Rule(over=text("评分不能跳过")),
    "selection.rank": _RECORD,
    "selection.record_institution": Rule(over=DECIDES),
    "selection.record_finance": Rule(over=DECIDES),
    "selection.publish": _final(ENDED),
    "subsidies.calculate": _RECORD,
    "subsidies.record_verified": _RECORD,
    "subsidies.record_checked": _CHECK,
    "subsidies.publicise": _final(PUBLIC),
    "subsidies.record_resolved": _RECORD,
    "subsidies.record_approved": _final(APPROVED, DECIDES),
    "subsidies.record_payment": _RECORD,
    "subsidies.record_payment_check": _CHECK,
    "subsidies.settle": _final(ENDED),
}
EFFECTS = frozenset(
    {
        "whitelist.release",
        "whitelist.mark_listed",
        "agreements.bind",
        "agreements.collect_reviews",
        "agreements.take_effect",
        "selection.close_bids",
        "selection.rank",
        "selection.publish",
        "banks.assign",
        "loans.weigh_decision",
        "loans.settle_decision",
        "filings.accept",
        "subsidies.calculate",
        "subsidies.publicise",
        "subsidies.settle",
    }
)
"""What money or a party's right rests on: not passed by when it has failed either. A batch of
subsidies that is not settled, for one, would be paid again in the next quarter."""
WAITS: dict[tuple[str, str], Rule] = {
    ("fee_subsidy", "publicity"): Rule(over=text("公示期不能缩短（J4.7.1）")),
}


def rule_for(process_key: str, element_id: str, name: str) -> Rule:
    """The rule of an element. An operation that nobody has thought about is not passed over, and a
    service of that kind not gone back behind."""
    if not name:
        return WAITS.get((process_key, element_id), _FREE)
    known = RULES.get(name)
    if known is not None:
        return known
    found = operation(name)
    if found is None:
        return _DECISION  # a business rule task names a table, which changes nothing by itself
    is_service = found.kind == "service" or found.final
    return _final(ENDED) if is_service else _RECORD


def _key(ctx: StepContext) -> int:
    return int(ctx.instance.subject.partition(":")[2])


def _reopen_list(ctx: StepContext) -> None:
    batch = ctx.session.get_one(ReferralBatch, _key(ctx), with_for_update=True)
    batch.status, batch.nil_return = BatchStatus.DRAFT.value, False


def _unverify(ctx: StepContext) -> None:
    ctx.session.get_one(SubsidyBatch, _key(ctx), with_for_update=True).status = CALCULATED


def _unresolve(ctx: StepContext) -> None:
    from engine.operations.subsidy_payment import take_back

    batch = ctx.session.get_one(SubsidyBatch, _key(ctx), with_for_update=True)
    batch.status = PUBLICISED
    take_back(ctx, batch)


UNDO: dict[str, Callable[[StepContext], None]] = {
    "referrals.record_prepared": _reopen_list,
    "subsidies.record_verified": _unverify,
    "subsidies.record_resolved": _unresolve,
}
"""What is done to the tables when the case goes back behind an operation that had been done."""
