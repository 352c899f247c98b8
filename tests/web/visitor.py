"""Somebody at a browser: signed in on a fresh application, with the page's own CSRF token."""

import re
from datetime import datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from flask_login.utils import _create_identifier
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from engine.config import Settings
from engine.models import Person
from engine.people import Actor
from web.app import create_app

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def make_app(factory: sessionmaker[Session], now: datetime, var: Path) -> Flask:
    """The application on the test's database, at a fixed moment."""
    app = create_app(Settings(var=var, secret_key="t" * 40), factory, lambda: now)
    app.config["TESTING"] = False  # refusals must become pages, as they do for people
    return app


class Visitor:
    """A person with a session; `get` and `post` answer as a browser would see it."""

    def __init__(self, app: Flask, session: Session, actor: Actor) -> None:
        self.client = app.test_client()
        person = session.get_one(Person, actor.person_id)
        with app.test_request_context(environ_base=self.client.environ_base):
            identifier = _create_identifier()
        with self.client.session_transaction() as kept:
            kept["_user_id"] = f"{person.id}:{person.session_salt}"
            kept["_fresh"] = True
            kept["_id"] = identifier
            kept["lang"] = "zh"

    def get(self, path: str, **headers: str) -> TestResponse:
        """A page."""
        return self.client.get(path, headers=headers)

    def page(self, path: str) -> str:
        """The words of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return unescape(answer.text)

    def token(self, path: str) -> str:
        """The CSRF token of a page."""
        found = TOKEN.search(self.get(path).text)
        assert found, f"{path} has no token"
        return found[1]

    def post(self, path: str, page: str, **values: Any) -> TestResponse:
        """Send a form from a page (whose token is used); follows nothing."""
        data = {"csrf_token": self.token(page), **values}
        answer = self.client.post(path, data=data)
        # a large body is kept in a file, which the client leaves open
        answer.request.environ["wsgi.input"].close()
        return answer

    def upload(self, path: str, page: str, name: str, content: bytes) -> TestResponse:
        """Send a file as the field `file`."""
        return self.post(path, page, file=(BytesIO(content), name))
