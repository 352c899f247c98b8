"""Every mail renders in both languages."""

from typing import Any

import pytest

from notifications.render import render
from notifications.rules import KINDS
from notifications.tasks import KINDS as TASK_KINDS

LINE = {
    "title": "某科技公司",
    "name": "授信审批",
    "organisation": "上海银行",
    "due": "2026年3月5日（周四）前办结，还有3天",
    "by": "李科长",
    "url": "https://danbao.example.gov.cn/tasks/7",
}
COMMON: dict[str, Any] = {
    "recipient": "张三",
    "url": "https://danbao.example.gov.cn/inbox",
}
ABOUT = {
    "enterprise": "某科技公司",
    "case_no": "JD-2026-0001",
    "reasons": ["R01", "R02"],
    "note": "地址不符",
    "by": "李科长",
    "wl_no": "JD-WL-202603-01",
    "count": 12,
    "released_on": "2026-03-02",
    "filing_no": "F-1",
    "fee_due": "40000.00",
    "pay_by": None,
    "linked": True,
    "amount": "40000.00",
    "publicity_to": "2026-03-09",
    "valid_to": "2026-04-01",
    "period": "2026-03",
    "closing_on": "2026-03-25",
    "agr_no": "XY-1",
    "bank": "上海银行",
    "effective_to": "2026-06-01",
    "days": 90,
    "status": "SUSPENDED",
    "title": "某科技公司",
    "name": "列入白名单",
    "reference": "INC-7F3K2Q",
    "attempts": 4,
    "process": "银行审批放款",
    "version": 3,
}


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_mail_reads_well(kind: str, locale: str) -> None:
    tasks = {"count": 2, "lines": [LINE, {**LINE, "by": ""}], "more": 3}
    mail = render(kind, locale, {**COMMON, **(tasks if kind in TASK_KINDS else ABOUT)})
    assert mail.subject.startswith("【担保通】" if locale == "zh" else "【Danbao】")
    assert "\n\n\n" not in mail.body
    assert mail.body.rstrip().endswith(("无需回复。", "No reply is needed."))
    assert "None" not in mail.body + mail.html
    assert mail.html.startswith("<!doctype html>")
    if locale == "en":
        assert "【担保通】" not in mail.subject
        assert "办结" not in mail.body.replace(LINE["due"], "")
