"""白名单 (G1): a released list as published, with its version hash and room for the seal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.documents.sheet import Sheet, Value
from engine.domain.programme import Parameters
from engine.errors import Conflict
from engine.models import (
    Enterprise,
    GuaranteeCase,
    Organisation,
    ReferralBatch,
    ReferralItem,
    Whitelist,
    WhitelistEntry,
)
from engine.runtime.in_force import programme_of
from engine.text import text

HEADINGS = (
    *("序号", "企业名称", "统一社会信用代码", "经营地址", "街镇", "行业", "企业规模", "支持类别"),
    *("资质", "推荐单位", "融资需求（万元）", "建议金额（万元）", "担保机构", "意向或承办银行"),
    *("有效期至", "状态"),
)
WIDTHS = (6, 30, 21, 30, 10, 16, 9, 9, 22, 20, 13, 13, 18, 18, 12, 8)
WAN = Decimal(10_000)
SIZES = {"LARGE": "大型", "MEDIUM": "中型", "SMALL": "小型", "MICRO": "微型"}
CLASSES = {"NORMAL": "一般类", "KEY": "重点类"}
STATES = {"ACTIVE": "有效", "SUSPENDED": "暂停", "REMOVED": "移出", "EXPIRED": "到期"}


def whitelist_sheet(session: Session, whitelist: Whitelist, now: datetime) -> bytes:
    """A released list as xlsx. Raises Conflict when it is not released yet."""
    if whitelist.released_on is None:
        raise Conflict("not_released", text("白名单还没有发布"))
    scheme = programme_of(session, whitelist.programme)
    rules, entries = scheme.at(whitelist.released_on), _entries(session, whitelist.id)
    referrers = _referrers(session, [entry.case_id for entry in entries])
    names = _names(session, entries)
    sheet = Sheet("白名单", WIDTHS)
    sheet.line(f"{scheme.name}白名单", size=16, bold=True, middle=True)
    sheet.line(f"编号：{whitelist.wl_no}　发布日期：{whitelist.released_on}　共{len(entries)}家")
    sheet.heading(HEADINGS)
    for entry in entries:
        sheet.cells(_values(entry, referrers.get(entry.case_id, []), names, rules))
    sheet.line(f"版本哈希（SHA-256）：{whitelist.digest}")
    sheet.line("哈希锁定编号、日期和各行的企业、类别、金额、有效期；其余各栏为导出时的登记。")
    sheet.line("区财政局（盖章）　　　　　　　　　　　　市融资担保中心（盖章）")
    return sheet.saved(now)


def _entries(session: Session, whitelist_id: int) -> Sequence[WhitelistEntry]:
    query = (
        select(WhitelistEntry)
        .where(WhitelistEntry.whitelist_id == whitelist_id)
        .options(joinedload(WhitelistEntry.case), joinedload(WhitelistEntry.enterprise))
        .order_by(WhitelistEntry.seq)
    )
    return session.scalars(query).all()


def _referrers(session: Session, case_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """Who referred each case, the first submission first."""
    query = (
        select(ReferralItem.case_id, Organisation.short_name)
        .join(ReferralBatch, ReferralBatch.id == ReferralItem.batch_id)
        .join(Organisation, Organisation.id == ReferralBatch.org_id)
        .where(ReferralItem.case_id.in_(case_ids))
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    found: dict[int, list[str]] = {}
    for case_id, name in session.execute(query).tuples():
        if case_id is not None and name not in found.setdefault(case_id, []):
            found[case_id].append(name)
    return found


def _names(session: Session, entries: Sequence[WhitelistEntry]) -> Mapping[int, str]:
    """The organisations that the cases name, by id."""
    cases = [entry.case for entry in entries]
    wanted = {key for case in cases for key in (case.guarantor_id, _bank(case)) if key}
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
    return dict(session.execute(query).tuples().all())


def _bank(case: GuaranteeCase) -> int | None:
    return case.bank_id or case.pref_bank_id


def _values(
    entry: WhitelistEntry, referrers: Sequence[str], names: Mapping[int, str], rules: Parameters
) -> list[Value]:
    case, firm = entry.case, entry.enterprise
    return [
        entry.seq,
        firm.name,
        firm.uscc,
        firm.biz_address or firm.reg_address or "",
        rules.code_list("sub_districts").name(firm.sub_district or ""),
        firm.industry or "",
        SIZES.get(case.size_class or firm.size_class or "", ""),
        CLASSES.get(entry.support_class, entry.support_class),
        _qualifications(firm, rules),
        "、".join(referrers),
        case.need_amount / WAN,
        entry.suggested_amount / WAN,
        names.get(case.guarantor_id or 0, ""),
        names.get(_bank(case) or 0, ""),
        entry.valid_to,
        STATES.get(entry.status, entry.status),
    ]


def _qualifications(firm: Enterprise, rules: Parameters) -> str:
    known = rules.code_list("qualifications")
    return "、".join(known.name(str(each.get("code", ""))) for each in firm.qualifications)
