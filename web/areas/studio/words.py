"""The texts that the scripts of the studio show, in the language of the page."""

from web.areas.studio.drawing_words import drawing_words
from web.areas.studio.panel_words import panel_words


def words() -> dict[str, str]:
    """Every text by its key."""
    return {**drawing_words(), **panel_words()}
