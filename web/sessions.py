"""Sessions are renewed by pages, never by the files that pages consist of.

A style sheet whose answer comes late would otherwise sign in again who has just signed out.
"""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, not sent with static files."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        return request.endpoint != "static" and super().should_set_cookie(app, session)
