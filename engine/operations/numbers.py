"""Numbers in series without gaps: JD-WL-202512-01."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.models import NumberSeries


def next_number(session: Session, series: str) -> int:
    """The next number of a series, from 1. Holds the series' row until the transaction ends."""
    return next_numbers(session, series, 1)[0]


def next_numbers(session: Session, series: str, count: int) -> range:
    """The next `count` numbers of a series, in one statement."""
    row = insert(NumberSeries).values(series=series, last=count)
    upsert = row.on_conflict_do_update(
        index_elements=["series"], set_={"last": NumberSeries.last + count}
    ).returning(NumberSeries.last)
    last = session.execute(upsert).scalar_one()
    return range(last - count + 1, last + 1)
