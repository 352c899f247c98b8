"""What is beside the form of 编报 and 复核报送: the list in figures, and what is odd about it."""

from dataclasses import dataclass

from engine.models import WorkItem
from engine.queries import referral_rows, referrals
from engine.queries.referral_rows import ItemLine
from web.areas.referrals.check import standing
from web.areas.referrals.common import may_edit
from web.login import actor
from web.task_panels import Panel, panel
from web.unit import now, reading

MOST = 50  # rows beside a form; the batch's page has them all


@dataclass(frozen=True)
class Noted:
    """A row with what should be known of it. `differs`: fields another referrer has otherwise."""

    item: ItemLine
    said: tuple[str, ...]
    differs: tuple[tuple[str, tuple[str, ...]], ...]


@panel("referral")
def _panel(item: WorkItem) -> Panel:
    session = reading()
    batch_id = int(item.instance.subject.partition(":")[2])
    line = referrals.batch_line(session, batch_id, actor())
    own = line.org_id == actor().org_id
    items = referral_rows.all_items(session, line.id) if own or not line.unsent else []
    known = referral_rows.known_of(
        session, line.org_id, line.programme, [each.values for each in items]
    )
    noted = [
        Noted(
            each,
            tuple(standing(known, each.uscc)),
            tuple(
                (other.org_name, other.labels)
                for other in known.elsewhere.get(each.uscc, ())
                if other.said
            ),
        )
        for each in items
    ]
    context = {
        "line": line,
        "items": items[:MOST],
        "noted": [one for one in noted if one.said],
        "left_over": referral_rows.left_over(session, line.id, [each.name for each in items]),
        "categories": referral_rows.category_names(session, line.programme, now()),
        "editable": may_edit(line),
    }
    return Panel("referrals/_panel.html", context)
