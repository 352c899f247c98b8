"""Messages that are written once in Chinese and translated where they are shown.

The engine knows nothing of languages: it makes a `Text`, a Chinese template with its values.
`str(text)` is the Chinese sentence; the web layer looks the template up in its catalogue.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """A sentence: `template` in str.format style (the gettext message id), `params` its values."""

    template: str
    params: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.params)


def text(template: str, **params: object) -> Text:
    """Make a Text. Named so that Babel extracts the first argument (see babel.cfg)."""
    return Text(template, params)
