"""合作银行: banks, tripartite agreements, selections (P4, P5)."""

from web.areas.banks import agreement, index, panels, selection  # noqa: F401 (they add views)
from web.areas.banks.common import area

__all__ = ["area"]
