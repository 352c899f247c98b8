"""What a programme and a referrer give a list to be checked against (P1, E3)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain.programme import Parameters
from engine.imports.context import ListContext, programme_context
from engine.imports.vocabulary import CodeItem, CodeList
from engine.models import Organisation, OrgKind, ReferralBatch


def context_of(
    session: Session, batch: ReferralBatch, parameters: Parameters, today: date
) -> ListContext:
    """The context of a batch: its referrer's channel, its month, the programme's own lists."""
    context = programme_context(parameters, batch.source_type, batch.period, today)
    return replace(context, banks=CodeList(tuple(_named(bank) for bank in banks(session))))


def banks(session: Session) -> Sequence[Organisation]:
    """The banks that take part, by id."""
    wanted = (Organisation.kind == OrgKind.BANK.value, Organisation.active)
    return session.scalars(select(Organisation).where(*wanted).order_by(Organisation.id)).all()


def _named(bank: Organisation) -> CodeItem:
    names = (each.strip() for each in [bank.short_name, *bank.synonyms.splitlines()])
    other = tuple(dict.fromkeys(name for name in names if name and name != bank.name))
    return CodeItem(bank.code, bank.name, other)
