"""A district with pages (tests/web/referrals)."""

from tests.web.referrals.conftest import app, sign_in, world

__all__ = ["app", "sign_in", "world"]
