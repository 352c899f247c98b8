"""流程干预: what may be done to something that is running, each on a page of its own."""

from web.areas.interventions import moving, pages
from web.areas.interventions.blueprint import area

__all__ = ["area", "moving", "pages"]
