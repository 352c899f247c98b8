"""The words of the panel of properties. Its script has none."""

from flask_babel import gettext

from engine.runtime.kinds import KINDS
from web.i18n import render_text


def panel_words() -> dict[str, str]:
    """Every text of the panel by its key; {name} is filled in by the script."""
    return {**_groups(), **_people(), **_times(), **_doing(), **_ways(), **_many(), **_kinds()}


def _groups() -> dict[str, str]:
    return {
        "p_about": gettext("名称和说明"),
        "p_name": gettext("名称"),
        "p_text": gettext("注释"),
        "p_documentation": gettext("说明"),
        "p_documentation_hint": gettext("这一步为什么、怎么办，给以后的人看"),
        "p_process": gettext("流程"),
        "p_data": gettext("从外面带来的数据"),
        "p_data_hint": gettext("名称用逗号分开，只写登记操作和表单都不产生的"),
        "p_none": gettext("不选"),
        "p_nothing": gettext("没有可选的"),
        "p_stray": gettext("未登记：{value}"),
        "p_sep": gettext("；"),
        "p_many_chosen": gettext("选了几个元素，只选一个看属性"),
    }


def _people() -> dict[str, str]:
    return {
        "p_who": gettext("谁来办"),
        "p_party": gettext("谁来办"),
        "p_party_hint": gettext("本案这一方单位里任此岗的人，他人看不到"),
        "p_excludes": gettext("不得是同一人"),
        "p_organisation": gettext("办理单位"),
        "p_organisation_hint": gettext("表达式，例如 =bidder；不写就是本案这一方"),
        "p_assignee": gettext("办理人"),
        "p_assignee_hint": gettext("表达式，例如 =scorer；不写就是岗位上任一人"),
        "p_form": gettext("表单"),
        "p_what": gettext("办什么"),
        "p_operation": gettext("登记方式"),
        "p_operation_none": gettext("只记录表单结果"),
        "p_sets": gettext("产生：{names}"),
        "p_clause": gettext("依据条款"),
    }


def _times() -> dict[str, str]:
    return {
        "p_when": gettext("时间"),
        "p_deadline": gettext("期限"),
        "p_way_unset": gettext("没有写"),
        "p_way_parameter": gettext("方案参数"),
        "p_way_length": gettext("固定时长"),
        "p_way_feel": gettext("表达式"),
        "p_way_none": gettext("不设期限"),
        "p_none_hint": gettext("须在依据条款或说明里写明为什么不设"),
        "p_parameter": gettext("参数"),
        "p_see_parameters": gettext("看参数"),
        "p_feel": gettext("表达式"),
        "p_feel_hint": gettext("以=开头的FEEL"),
        "p_amount": gettext("数量"),
        "p_unit": gettext("单位"),
        "p_days": gettext("日"),
        "p_weeks": gettext("周"),
        "p_months": gettext("个月"),
        "p_years": gettext("年"),
        "p_hours": gettext("小时"),
        "p_reminders": gettext("提醒"),
        "p_reminders_hint": gettext("都不选时按方案参数“到期提醒”"),
        "p_before5": gettext("提前5日"),
        "p_before3": gettext("提前3日"),
        "p_before1": gettext("提前1日"),
        "p_on_day": gettext("到期当日"),
        "p_after1": gettext("逾期1日"),
        "p_after3": gettext("逾期3日"),
        "p_escalate": gettext("逾期上报"),
        "p_clock": gettext("共用的计时"),
        "p_clock_hint": gettext("几步合用一个期限时，写同一个名称"),
        "p_pauses": gettext("暂停的计时"),
        "p_pauses_hint": gettext("办这一步期间，那个计时停住"),
    }


def _doing() -> dict[str, str]:
    return {
        "p_does": gettext("做什么"),
        "p_service": gettext("自动操作"),
        "p_inputs": gettext("输入"),
        "p_input_needed": gettext("必填"),
        "p_input_free": gettext("选填"),
        "p_input_unknown": gettext("这个操作不接受，清空即删去"),
        "p_decision": gettext("决策表"),
        "p_result": gettext("结果存到"),
        "p_result_hint": gettext("变量名，后面的条件用它"),
        "p_mapping": gettext("结果取法"),
        "p_map_singleEntry": gettext("一个值"),
        "p_map_singleResult": gettext("一行"),
        "p_map_collectEntries": gettext("一列值"),
        "p_map_resultList": gettext("各行"),
        "p_script": gettext("赋值"),
        "p_script_hint": gettext("每行一个：名称 = 表达式"),
        "p_script_result_hint": gettext("填了就只写一个表达式，结果存到这个变量"),
        "p_called": gettext("调用的流程"),
        "p_stage": gettext("环节"),
        "p_stage_hint": gettext("七个环节中的哪一个，显示在案件页"),
        "p_message": gettext("消息"),
        "p_message_name": gettext("消息名称"),
        "p_correlation": gettext("对应的编号"),
        "p_correlation_hint": gettext("表达式，例如 =case_id：消息与哪件事对应"),
        "p_signal": gettext("信号"),
        "p_error": gettext("错误"),
        "p_escalation": gettext("升级"),
        "p_refer_hint": gettext("选已有的，或写一个新名称"),
    }


def _ways() -> dict[str, str]:
    return {
        "p_ways": gettext("走向"),
        "p_default": gettext("默认出口"),
        "p_default_hint": gettext("别的条件都不成立时走这里"),
        "p_is_default": gettext("这是默认出口"),
        "p_condition": gettext("条件"),
        "p_condition_hint": gettext('以=开头的FEEL，例如 =check_outcome = "RETURN"'),
        "p_names": gettext("可以用的名称{n}个"),
        "p_event": gettext("事件"),
        "p_interrupts": gettext("中断所在的步骤"),
        "p_interrupts_hint": gettext("不中断时，那一步照常继续"),
        "p_timer_group": gettext("时间"),
        "p_timer": gettext("种类"),
        "p_timeDuration": gettext("过多久"),
        "p_timeDate": gettext("到某一刻"),
        "p_timeCycle": gettext("每隔多久"),
        "p_time": gettext("时间"),
        "p_cycle": gettext("周期"),
        "p_cycle_hint": gettext("R3/P1D：每天一次共三次；R/P1W：每周一次"),
    }


def _many() -> dict[str, str]:
    return {
        "p_loop": gettext("逐项办理"),
        "p_collection": gettext("逐项的名单"),
        "p_collection_hint": gettext("一个变量名，里面是各项"),
        "p_item": gettext("每一项存到"),
        "p_cardinality": gettext("办几次"),
        "p_enough": gettext("提前结束的条件"),
        "p_enough_hint": gettext("选填，成立时其余的不再办"),
        "p_sequential": gettext("一项办完再办下一项"),
    }


def _kinds() -> dict[str, str]:
    return {f"p_kind_{tag[0].upper()}{tag[1:]}": render_text(kind) for tag, kind in KINDS.items()}
