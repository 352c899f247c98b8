"""The words of the drawing page: tools, menus, saving, who edits, results. Its script has none."""

from flask_babel import gettext


def drawing_words() -> dict[str, str]:
    """Every text of the drawing by its key; {name} is filled in by the script."""
    return {**_tools(), **_acts(), **_keys(), **_saving(), **_presence(), **_results(), **_marks()}


def _tools() -> dict[str, str]:
    return {
        "canvas": gettext("流程图"),
        "canvas_help": gettext("按问号看按键，按右方括号到下一个"),
        "tool_hand": gettext("移动画布"),
        "tool_event": gettext("事件"),
        "tool_task": gettext("任务"),
        "tool_gateway": gettext("网关"),
        "tool_connect": gettext("连线"),
        "tool_annotation": gettext("注释"),
        "tool_things": gettext("泳池、数据、分组"),
        "tool_lasso": gettext("框选"),
        "tool_space": gettext("腾出或收回空间"),
        "undo": gettext("撤销"),
        "redo": gettext("重做"),
        "find": gettext("在图中查找"),
        "zoom_in": gettext("放大"),
        "zoom_out": gettext("缩小"),
        "zoom_fit": gettext("适合窗口"),
        "zoom_level": gettext("显示比例"),
        "group_task": gettext("任务"),
        "group_gateway": gettext("网关"),
        "group_event": gettext("事件"),
        "group_boundary": gettext("附着在这一步上"),
        "none_found": gettext("没有可选的"),
        "close": gettext("关闭"),
    }


def _acts() -> dict[str, str]:
    return {
        "acts": gettext("对所选的操作"),
        "act_follow": gettext("接一步"),
        "act_connect": gettext("连到"),
        "act_type": gettext("换类型"),
        "act_lane": gettext("换泳道"),
        "act_remove": gettext("删除"),
    }


def _keys() -> dict[str, str]:
    return {
        "keys": gettext("画图的按键"),
        "key_follow": gettext("在所选之后接一步"),
        "key_connect": gettext("从所选连到另一处"),
        "key_type": gettext("换类型"),
        "key_lane": gettext("换泳道"),
        "key_name": gettext("改名称"),
        "key_remove": gettext("删除"),
        "key_step": gettext("上一个、下一个"),
        "key_panel": gettext("到属性栏"),
        "key_back": gettext("从属性栏回到图上"),
        "key_move": gettext("移动，按住Shift移得多些"),
        "key_tools": gettext("移动画布、框选、空间、连线"),
        "key_undo": gettext("撤销"),
        "key_redo": gettext("重做"),
        "key_find": gettext("在图中查找"),
        "key_save": gettext("马上保存"),
        "key_copy": gettext("复制、粘贴"),
    }


def _saving() -> dict[str, str]:
    return {
        "save_saved": gettext("已保存{at}"),
        "save_dirty": gettext("有改动，稍后保存"),
        "save_saving": gettext("正在保存"),
        "save_failed": gettext("没有保存：{why}"),
        "save_stopped": gettext("没有保存"),
        "save_offline": gettext("网络断开，接通后自动保存"),
        "save_unreachable": gettext("连不上服务器，稍后自动再试"),
        "save_server": gettext("服务器出错，稍后自动再试"),
        "save_signed_out": gettext("登录已失效，登录后重新打开这一页，改动还在"),
        "save_refused": gettext("这份流程图不能保存"),
        "save_again": gettext("再试一次"),
        "save_download": gettext("下载"),
        "left_current": gettext("上次有改动没有保存，浏览器里留着一份"),
        "left_stale": gettext("上次有改动没有保存，此后草稿又有新的修改。可下载那一份对照"),
        "left_restore": gettext("恢复"),
        "left_download": gettext("下载那一份"),
        "left_drop": gettext("放弃"),
        "load_failed": gettext("草稿没有打开：连不上服务器"),
        "open_failed": gettext("草稿打不开：文件不是完整的流程图。可下载后用建模工具修复，再上传"),
        "open_unread": gettext(
            "文件里有{n}处绘图工具读不懂，改了再存会丢，所以这里只能看。多为编号重复，或含空格、汉字：{ids}。"
            "下载后改正编号，再上传"
        ),
        "open_warnings": gettext("文件里有{n}处画不出来，或指向不存在的东西。保存前先看检查结果"),
        "narrow": gettext("屏幕太窄，这里只能看。画图要用宽度768像素以上的屏幕"),
        "submit": gettext("提请发布"),
        "submit_errors": gettext("先改正{n}处错误"),
        "submit_unsaved": gettext("还没有保存，不能提交"),
    }


def _presence() -> dict[str, str]:
    return {
        "presence_other": gettext("{name}在编辑，{since}开始。这里只能看"),
        "presence_free": gettext("现在没有人在编辑"),
        "presence_settled": gettext("草稿已提交，只能看"),
        "presence_newer": gettext("有新的修改，重新打开"),
        "presence_take": gettext("接手编辑"),
        "presence_begin": gettext("开始编辑"),
        "presence_confirm": gettext("{name}正在编辑。接手后，对方没有保存的改动只能下载。接手？"),
        "presence_refused": gettext("没有接手，稍后再试"),
        "lost": gettext("这份草稿已由别处接手，这里不再保存"),
        "lost_to": gettext("{name}{at}接手了这份草稿，这里不再保存"),
        "lost_download": gettext("下载我的一份"),
        "lost_reload": gettext("重新打开"),
    }


def _results() -> dict[str, str]:
    return {
        "results": gettext("结果"),
        "tab_checks_open": gettext("检查"),
        "tab_checks": gettext("检查{n}"),
        "tab_compare_open": gettext("与v{version}比较"),
        "tab_compare": gettext("与v{version}比较{n}处"),
        "tab_compare_new": gettext("新内容{n}处"),
        "tab_versions": gettext("版本与签发"),
        "checking": gettext("正在检查"),
        "found": gettext("检查完：{errors}处错误，{warnings}处提示"),
        "found_nothing": gettext("没有发现问题"),
        "level_error": gettext("错误"),
        "level_warning": gettext("提示"),
        "whole_file": gettext("整个文件"),
        "comparing": gettext("正在比较"),
        "compare_failed": gettext("没有比较：连不上服务器"),
        "differs_nothing": gettext("没有不同"),
        "side_by_side": gettext("并排看两个版本"),
    }


def _marks() -> dict[str, str]:
    return {
        "kind_ADDED": gettext("增加"),
        "kind_REMOVED": gettext("删去"),
        "kind_RENAMED": gettext("改名"),
        "kind_CHANGED": gettext("改动"),
        "kind_MOVED": gettext("移动"),
        "kind_FLOW": gettext("连线"),
        "kind_CONDITION": gettext("条件"),
        "mark_added": gettext("增加"),
        "mark_removed": gettext("删去"),
        "mark_moved": gettext("移动"),
        "mark_changed": gettext("已改"),
        "length_hours": gettext("{n}小时"),
        "length_days": gettext("{n}日"),
        "length_weeks": gettext("{n}周"),
        "length_months": gettext("{n}个月"),
    }
