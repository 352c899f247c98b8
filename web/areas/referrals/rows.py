"""A single firm keyed into a batch, corrected or taken out, under the rules of a list."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engine.errors import InvalidInput, NotFound
from engine.imports.columns import BY_FIELD
from engine.imports.context import ListContext
from engine.models import ReferralBatch
from engine.operations import list_items
from engine.operations.list_context import context_of
from engine.operations.list_items import parameters_of
from engine.queries import referral_rows, referrals
from engine.queries.referrals import BatchLine
from web.areas.referrals.common import area, maker, may_edit
from web.forms import Choice, Widget, in_wan
from web.i18n import render_text
from web.login import actor
from web.unit import changing, now, reading

FIRM = (
    *("name", "uscc", "category", "qualification", "qualification_expires", "sub_district"),
    *("biz_address", "legal_rep", "controller", "industry", "employees", "revenue", "assets"),
    "is_agri",
)
NEED = ("need_amount", "need_term", "purpose", "pref_bank", "target_settle", "remark")
CONTACT = ("contact", "phone", "email")
REQUIRED = {
    *("name", "uscc", "category", "sub_district", "biz_address", "need_amount", "need_term"),
    *("purpose", "contact", "phone"),
}
UNITS = {
    "need_amount": "万元",
    "need_term": "月",
    "revenue": "万元",
    "assets": "万元",
    "employees": "人",
}
LONG = {"remark"}
YES_NO = ("is_agri", "target_settle")


@area.route("/<int:batch_id>/row", methods=["GET", "POST"])
def add_row(batch_id: int) -> str | Response | tuple[str, int]:
    """Key in one firm."""
    return _keyed(_editable(batch_id), None, {})


@area.route("/rows/<int:item_id>", methods=["GET", "POST"])
def edit_row(item_id: int) -> str | Response | tuple[str, int]:
    """Correct a firm that is in the batch already."""
    line = _editable(_batch_of(item_id))
    found = referral_rows.item_line(reading(), item_id)
    if found is None:
        raise NotFound()
    return _keyed(line, item_id, typed(found.values, _context(line)))


@area.post("/rows/<int:item_id>/remove")
def remove_row(item_id: int) -> Response:
    """Take a firm out."""
    acting = maker()
    batch_id = _batch_of(item_id)
    with changing() as session:
        list_items.remove_item(session, item_id, acting, now())
    flash(gettext("已移出名单"), "success")
    return redirect(url_for("referrals.batch", batch_id=batch_id), 303)


def _batch_of(item_id: int) -> int:
    found = referral_rows.batch_of_item(reading(), item_id)
    if found is None:
        raise NotFound()
    return found


def _editable(batch_id: int) -> BatchLine:
    line = referrals.batch_line(reading(), batch_id, actor())
    if not may_edit(line):
        raise NotFound()
    return line


def _keyed(
    line: BatchLine, item_id: int | None, kept: Mapping[str, str]
) -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _form(line, item_id, kept, {})
    fields = (*FIRM, *NEED, *CONTACT)
    values = {**kept, **{name: request.form.get(name, "").strip() for name in fields}}
    try:
        with changing() as session:
            list_items.add_row(
                session, line.id, values, maker(), now(), need_unit="万元", item_id=item_id
            )
    except InvalidInput as wrong:
        errors = {key: render_text(said) for key, said in wrong.fields.items()}
        return _form(line, item_id, values, errors), wrong.status
    flash(gettext("已录入%(name)s", name=values["name"]), "success")
    if request.form.get("then") == "next":
        return redirect(url_for("referrals.add_row", batch_id=line.id), 303)
    return redirect(url_for("referrals.batch", batch_id=line.id), 303)


def _form(
    line: BatchLine, item_id: int | None, values: Mapping[str, str], errors: Mapping[str, str]
) -> str:
    context = _context(line)
    parts = (
        (gettext("企业"), FIRM),
        (gettext("融资需求"), NEED),
        (gettext("联系人"), CONTACT),
    )
    widgets = [
        (title, [_widget(name, values, context) for name in names]) for title, names in parts
    ]
    return render_template(
        "referrals/row.html",
        line=line,
        item_id=item_id,
        parts=widgets,
        errors=errors,
        labels={name: BY_FIELD[name].label for name in BY_FIELD},
    )


def _context(line: BatchLine) -> ListContext:
    session = reading()
    batch = session.get_one(ReferralBatch, line.id)
    return context_of(session, batch, parameters_of(session, batch, now()), now().date())


def _options(name: str, context: ListContext) -> tuple[Choice, ...]:
    lists = {
        "category": context.categories.names,
        "sub_district": context.sub_districts.names,
        "pref_bank": context.banks.names,
    }
    if name in YES_NO:
        return (Choice("否", gettext("否")), Choice("是", gettext("是")))
    return tuple(Choice(one, one) for one in lists.get(name, ()))


def _hints() -> dict[str, str]:
    return {
        "qualification": gettext("有几项填几项，用“、”隔开；没有的留空"),
        "qualification_expires": gettext("年-月-日；没有期限的填“长期”"),
        "biz_address": gettext("实际经营地址，填到门牌号"),
        "need_term": gettext("1到36的整数"),
        "purpose": gettext("只支持流动资金用途，如采购原材料、支付工资"),
        "pref_bank": gettext("没有意向的留空，由系统派单"),
        "target_settle": gettext("只由银行填“是”"),
        "remark": gettext("类别为“其他”时必填，不超过500字"),
    }


def _widget(name: str, values: Mapping[str, str], context: ListContext) -> Widget:
    options = _options(name, context)
    kind = "select" if options else ("textarea" if name in LONG else "textfield")
    given = values.get(name, "")
    return Widget(
        key=name,
        type=kind,
        label=str(gettext(BY_FIELD[name].label)),
        unit=str(gettext(UNITS[name])) if name in UNITS else "",
        options=options,
        values=(given,) if given else (),
        required=name in REQUIRED,
        hint=_hints().get(name, ""),
        numeric=name in UNITS,
        max_length=BY_FIELD[name].most or 200,
    )


def typed(row: Mapping[str, Any], context: ListContext) -> dict[str, str]:
    """A stored row as it would be typed: names for codes, 万元 for the need.

    Fields that the form does not show (a registered address, say) stay as they were.
    """
    plain = {name: str(value) for name, value in row.items() if isinstance(value, str | int)}
    lists = {"category": context.categories, "sub_district": context.sub_districts}
    for name, codes in lists.items():
        found = codes.find(plain.get(name, ""))
        plain[name] = found.name if found else plain.get(name, "")
    for name in (*YES_NO, "has_loan"):
        if row.get(name) is not None:
            plain[name] = "是" if row[name] else "否"
    purpose = context.purposes.find(plain.get("purpose", ""))
    plain["purpose"] = purpose.name if purpose else ""  # the words of a free purpose are not kept
    bank = context.banks.find(plain.get("pref_bank", ""))
    plain["pref_bank"] = bank.name if bank else plain.get("pref_bank_text", "")
    plain["need_amount"] = in_wan(Decimal(str(row["need_amount"])))
    plain.update(_qualifications(row, context))
    return plain


def _qualifications(row: Mapping[str, Any], context: ListContext) -> dict[str, str]:
    held = row.get("qualifications") or []
    names = [
        found.name if (found := context.qualifications.find(str(each["code"]))) else each["code"]
        for each in held
    ]
    ends = {_end(each) for each in held}
    return {
        "qualification": "、".join(names),
        "qualification_expires": ends.pop() if len(ends) == 1 else "、".join(map(_end, held)),
    }


def _end(held: Mapping[str, Any]) -> str:
    return "长期" if held.get("open_ended") else str(held.get("expires_on") or "")
