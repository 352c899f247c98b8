"""Words for the states of cases and loans."""

from flask_babel import gettext


def status_words() -> dict[str, str]:
    """What has become of a case."""
    return {
        "OPEN": gettext("在办"),
        "DONE": gettext("办结"),
        "REJECTED": gettext("不予纳入"),
        "EXPIRED": gettext("已失效"),
        "WITHDRAWN": gettext("已撤回"),
        "NO_BANK": gettext("未落实银行"),
        "CASE_BY_CASE": gettext("转个案担保"),
        "LINE_EXPIRED": gettext("额度失效"),
        "FILING_REJECTED": gettext("备案未通过"),
    }


def loan_words() -> dict[str, str]:
    """Where a bank's handling of a case stands."""
    return {
        "ASSIGNED": gettext("待受理"),
        "ACCEPTED": gettext("已受理"),
        "REFUSED": gettext("未受理"),
        "SILENT": gettext("逾期未受理"),
        "APPROVED": gettext("已批准"),
        "PARTIAL": gettext("部分批准"),
        "DECLINED": gettext("未批准"),
        "CASE_BY_CASE": gettext("转个案担保"),
        "EXPIRED": gettext("额度失效"),
        "WITHDRAWN": gettext("已撤回"),
        "DISBURSED": gettext("已放款"),
        "FILED": gettext("已备案"),
        "IN_FORCE": gettext("保证已生效"),
        "FILING_REJECTED": gettext("备案未通过"),
    }
