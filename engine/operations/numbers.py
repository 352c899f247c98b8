"""Numbers in series without gaps: JD-WL-202512-01."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.models import NumberSeries


def next_number(session: Session, series: str) -> int:
    """The next number of a series, from 1. Holds the series' row until the transaction ends."""
    row = insert(NumberSeries).values(series=series, last=1)
    upsert = row.on_conflict_do_update(
        index_elements=["series"], set_={"last": NumberSeries.last + 1}
    ).returning(NumberSeries.last)
    return session.execute(upsert).scalar_one()
