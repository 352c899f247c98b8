"""Process owners draw, compare and publish diagrams."""

from web.areas.studio import api, comparing, drafting, pages, settling
from web.areas.studio.blueprint import area

__all__ = ["api", "area", "comparing", "drafting", "pages", "settling"]
