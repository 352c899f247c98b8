"""Whitelist: cases wait, a release is compiled, checked and frozen under a number (P3, G1)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from engine.audit.encoding import native
from engine.domain.dates import add_months
from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import (
    CaseStatus,
    GuaranteeCase,
    Instance,
    Whitelist,
    WhitelistEntry,
)
from engine.operations import locks
from engine.operations.decisions import note_of, require_note
from engine.operations.numbers import next_number
from engine.operations.parties import finance_of
from engine.operations.same_person import refuse_same_person
from engine.people import Actor
from engine.runtime import step
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.in_force import programme_of
from engine.runtime.registry import TEXT
from engine.text import text

CLAUSE = "J3.2"
OPEN = "OPEN"
RELEASED = "RELEASED"
MESSAGE = "whitelist.released"


def candidates(session: Session, programme: str) -> Sequence[GuaranteeCase]:
    """The cases that the centre has passed and no release holds yet, by case number."""
    query = (
        select(GuaranteeCase)
        .where(
            GuaranteeCase.programme == programme,
            GuaranteeCase.status == CaseStatus.OPEN.value,
            GuaranteeCase.approved_amount.is_not(None),
            ~exists().where(WhitelistEntry.case_id == GuaranteeCase.id),
        )
        .options(joinedload(GuaranteeCase.enterprise))
        .order_by(GuaranteeCase.case_no)
    )
    return session.scalars(query).all()


@service_operation("whitelist.queue_release", "列入待发布白名单")
def queue_release(ctx: StepContext, *, case_id: int) -> Routing:
    """The case waits for a release; one is opened unless the programme has an open one.

    Under a lock of the programme, so that two cases passed at once open one release, and a case
    passed while another release is being published is not forgotten.
    """
    case = ctx.session.get_one(GuaranteeCase, case_id)
    _lock(ctx.session, case.programme)
    whitelist = _ensure_open(ctx.session, case.programme, ctx.actor, ctx.now)
    after = {"whitelist": whitelist.id}
    ctx.audit("whitelist.queued", text("列入待发布白名单"), after=after, clause=CLAUSE)
    return {}


def _lock(session: Session, programme: str) -> None:
    locks.take(session, f"whitelist_release:{programme}")


def _ensure_open(session: Session, programme: str, actor: Actor, now: datetime) -> Whitelist:
    query = select(Whitelist).where(Whitelist.programme == programme, Whitelist.status == OPEN)
    return session.scalar(query.limit(1)) or _open(session, programme, actor, now)


def _open(session: Session, programme: str, actor: Actor, now: datetime) -> Whitelist:
    whitelist = Whitelist(programme=programme, created_at=now)
    session.add(whitelist)
    session.flush()
    scheme = programme_of(session, programme)
    instance = step.start_instance(
        session,
        "whitelist_release",
        subject=f"whitelist:{whitelist.id}",
        title=f"白名单发布 {scheme.name}",
        programme=programme,
        data={"release_id": whitelist.id},
        parties={"finance": finance_of(session, scheme.district_code)},
        actor=actor,
        now=now,
    )
    whitelist.instance_id = instance.id
    session.flush()
    return whitelist


@form_operation("whitelist.record_compiled", "记录白名单编制")
def record_compiled(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """`cases`: ids of the cases to be released now; all must be waiting. The rest go on waiting.

    Raises InvalidInput (none chosen), RuleRefused `not_waiting`.
    """
    whitelist = _release(ctx)
    chosen = list(dict.fromkeys(int(each) for each in values.get("cases") or []))
    if not chosen:
        raise InvalidInput({"cases": text("至少选一家企业")})
    _refuse_not_waiting(ctx.session, whitelist.programme, chosen)
    before = {"case_ids": whitelist.case_ids}
    whitelist.case_ids = chosen
    message = text("编制白名单{n}家", n=len(chosen))
    after = {"case_ids": chosen, "note": note_of(values)}
    ctx.audit("whitelist.compiled", message, before=before, after=after, clause=CLAUSE)
    return {}


def _release(ctx: StepContext) -> Whitelist:
    """The release of the instance, locked while it is not published. Raises Conflict."""
    return _unreleased(ctx.session, int(ctx.data["release_id"]))


def _unreleased(session: Session, release_id: int) -> Whitelist:
    query = select(Whitelist).where(Whitelist.id == release_id).with_for_update()
    whitelist = session.scalars(query.execution_options(populate_existing=True)).one()
    if whitelist.status != OPEN:
        raise Conflict("already_released", text("白名单{no}已发布", no=whitelist.wl_no))
    return whitelist


def _refuse_not_waiting(session: Session, programme: str, chosen: Sequence[int]) -> None:
    waiting = {case.id for case in candidates(session, programme)}
    gone = [each for each in chosen if each not in waiting]
    if gone:
        query = select(GuaranteeCase.case_no).where(GuaranteeCase.id.in_(gone))
        numbers = "、".join(session.scalars(query.order_by(GuaranteeCase.case_no)))
        raise RuleRefused(
            "not_waiting",
            text("有{n}件不在待发布之列：{numbers}", n=len(gone), numbers=numbers),
            text("从名单里去掉后重新提交；已交复核的，退回编制"),
        )


@form_operation("whitelist.record_confirmed", "记录白名单复核发布")
def record_confirmed(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM lets the release be published, RETURN gives it back to the maker with a note.

    Raises NotAllowed for the maker, RuleRefused `not_waiting` (a case was withdrawn meanwhile).
    """
    refuse_same_person(ctx, "compile_release")
    whitelist, note = _release(ctx), note_of(values)
    if values["outcome"] == "RETURN":
        require_note(note)
        ctx.audit("whitelist.returned", text("白名单退回编制"), reason=note, clause=CLAUSE)
        return {}
    _refuse_not_waiting(ctx.session, whitelist.programme, whitelist.case_ids)
    message = text("复核白名单{n}家", n=len(whitelist.case_ids))
    after = {"case_ids": whitelist.case_ids}
    ctx.audit("whitelist.confirmed", message, after=after, clause=CLAUSE)
    return {}


@service_operation("whitelist.release", "发布白名单", sets={"wl_no": TEXT})
def release(ctx: StepContext, *, release_id: int) -> Routing:
    """Publish: number, entries, digest; from then on only an entry's status can change (G1).

    Every released case goes on; those not chosen wait for the next release, which is opened.
    Raises Conflict when it is published already, RuleRefused `not_waiting`.
    """
    whitelist = _unreleased(ctx.session, release_id)
    _lock(ctx.session, whitelist.programme)
    cases = _lock_cases(ctx, whitelist)
    whitelist.released_on, whitelist.released_at = ctx.today, ctx.now
    whitelist.wl_no = _number(ctx, whitelist)
    entries = _entries(ctx, whitelist, cases)
    whitelist.digest = digest(whitelist, entries, cases)
    whitelist.status = RELEASED
    ctx.session.flush()
    _tell(ctx, whitelist, entries)
    for case in cases:
        ctx.send(MESSAGE, case.id)
    if candidates(ctx.session, whitelist.programme):
        _ensure_open(ctx.session, whitelist.programme, ctx.actor, ctx.now)
    return {"wl_no": whitelist.wl_no}


def _lock_cases(ctx: StepContext, whitelist: Whitelist) -> Sequence[GuaranteeCase]:
    """The compiled cases, by number. Their instances are locked first, as every step does, so that
    none is withdrawn while it is being published."""
    ids = whitelist.case_ids
    instances = select(GuaranteeCase.instance_id).where(GuaranteeCase.id.in_(ids))
    query = select(Instance.id).where(Instance.id.in_(instances)).order_by(Instance.id)
    ctx.session.execute(query.with_for_update())
    _refuse_not_waiting(ctx.session, whitelist.programme, ids)
    wanted = {int(each) for each in ids}
    return [case for case in candidates(ctx.session, whitelist.programme) if case.id in wanted]


def _number(ctx: StepContext, whitelist: Whitelist) -> str:
    scheme = programme_of(ctx.session, whitelist.programme)
    series = f"{scheme.abbreviation}-WL-{ctx.today:%Y%m}"
    return f"{series}-{next_number(ctx.session, series):02}"


def _entries(
    ctx: StepContext, whitelist: Whitelist, cases: Sequence[GuaranteeCase]
) -> list[WhitelistEntry]:
    valid_to = add_months(ctx.today, ctx.parameters.integer("whitelist_valid_months"))
    entries = [
        WhitelistEntry(
            whitelist_id=whitelist.id,
            seq=seq,
            case_id=case.id,
            enterprise_id=case.enterprise_id,
            support_class=case.support_class,
            suggested_amount=case.approved_amount,
            valid_to=valid_to,
        )
        for seq, case in enumerate(cases, start=1)
    ]
    ctx.session.add_all(entries)
    return entries


def digest(
    whitelist: Whitelist, entries: Sequence[WhitelistEntry], cases: Sequence[GuaranteeCase]
) -> str:
    """SHA-256 over the number, the day and the frozen columns of all entries, hexadecimal.

    The status is left out: it may change, the list as published may not.
    """
    rows = [_row(entry, case) for entry, case in zip(entries, cases, strict=True)]
    content = {"wl_no": whitelist.wl_no, "released_on": whitelist.released_on, "entries": rows}
    return hashlib.sha256(orjson.dumps(native(content), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _row(entry: WhitelistEntry, case: GuaranteeCase) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "case_no": case.case_no,
        "uscc": case.enterprise.uscc,
        "name": case.enterprise.name,
        "support_class": entry.support_class,
        "suggested_amount": f"{entry.suggested_amount:.2f}",
        "valid_to": entry.valid_to,
    }


def _tell(ctx: StepContext, whitelist: Whitelist, entries: Sequence[WhitelistEntry]) -> None:
    message = text("发布白名单{no}，{n}家", no=whitelist.wl_no, n=len(entries))
    after = {
        "wl_no": whitelist.wl_no,
        "digest": whitelist.digest,
        "case_ids": [entry.case_id for entry in entries],
    }
    ctx.audit("whitelist.released", message, after=after, clause=CLAUSE)
    ctx.emit(
        "whitelist_released",
        whitelist_id=whitelist.id,
        wl_no=whitelist.wl_no,
        programme=whitelist.programme,
        count=len(entries),
    )


@service_operation("whitelist.mark_listed", "列入白名单", sets={"review_result": ("WHITELISTED",)})
def mark_listed(ctx: StepContext, *, case_id: int) -> Routing:
    """The case is on a released list. Returns {"review_result": "WHITELISTED"}."""
    query = (
        select(WhitelistEntry, Whitelist.wl_no)
        .join(Whitelist)
        .where(WhitelistEntry.case_id == case_id)
    )
    found = ctx.session.execute(query).first()
    if found is None:
        raise Conflict("not_listed", text("案件不在已发布的白名单里"))
    entry, wl_no = found
    message = text("列入白名单{no}第{seq}号", no=wl_no, seq=entry.seq)
    after = {"wl_no": wl_no, "seq": entry.seq, "valid_to": entry.valid_to}
    ctx.audit("whitelist.listed", message, after=after, clause=CLAUSE)
    ctx.emit("case_whitelisted", case_id=case_id, wl_no=wl_no, org_id=ctx.party("referrer"))
    return {"review_result": "WHITELISTED"}
