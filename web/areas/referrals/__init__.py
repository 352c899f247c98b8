"""需求名单: a referrer prepares its list of the month, finance sees who has sent (P1)."""

from web.areas.referrals import batch, check, index, panel, rows
from web.areas.referrals.common import area

__all__ = ["area", "batch", "check", "index", "panel", "rows"]
