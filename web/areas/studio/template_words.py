"""What the fields of the element templates are called, in the language of the page."""

from flask_babel import gettext


def template_words() -> dict[str, str]:
    """Labels by key (engine.documents.element_templates)."""
    return {
        "user_task": gettext("担保通：人办"),
        "decision_task": gettext("担保通：决策表"),
        "call_activity": gettext("担保通：调用流程"),
        "service": gettext("担保通："),
        "party": gettext("谁来办"),
        "form": gettext("表单"),
        "deadline": gettext("期限"),
        "operation": gettext("登记方式"),
        "reminders": gettext("提醒"),
        "escalate": gettext("逾期上报"),
        "excludes": gettext("不得是同一人（任务编号，逗号分开）"),
        "clause": gettext("依据条款"),
        "decision": gettext("决策表"),
        "result": gettext("结果存到"),
        "mapping": gettext("结果取法"),
        "called": gettext("调用的流程"),
        "input": gettext("输入"),
    }
