"""What a browser may load and run: nothing but this host's files, no inline script anywhere."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

STRICT = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
DRAWING = {**STRICT, "style-src": "'self' 'unsafe-inline'"}
"""The drawing page's: its library places things with style attributes."""
NOTHING = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
"""For files that people wrote: whatever is in them is data."""


def policy(allowed: Mapping[str, str]) -> Callable[[View], View]:
    """Give a view a policy of its own; stands right below its route."""

    def give(view: View) -> View:
        vars(view)["talisman_view_options"] = {"content_security_policy": allowed}
        return view

    return give
