"""Serving the pages: forwarded headers only from declared proxies, a taken port said plainly."""

import json
import socket
import sys
import types
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection

import pytest
from waitress.server import create_server

from engine.config import Settings
from engine.errors import DanbaoError
from tests.house.conftest import settings_with
from web.commands import serve

SEEN = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_X_FORWARDED_FOR")


def echo(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: environ.get(name) for name in SEEN}).encode()]


def ask(port: int) -> dict[str, str]:
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with closing(client):
        client.request("GET", "/", headers=headers)
        return dict(json.load(client.getresponse()))


def asked_through_a_proxy(settings: Settings) -> dict[str, str]:
    server = create_server(echo, host="127.0.0.1", port=0, **serve.proxy_options(settings))
    # The server's loop runs here, so that it is never closed while it waits for something.
    with ThreadPoolExecutor(1) as pool, closing(server):
        answer = pool.submit(ask, server.effective_port)
        while not answer.done() or len(server.active_channels) > 0:
            server.asyncore.loop(timeout=0.05, map=server._map, count=1)
        server.task_dispatcher.shutdown()
    return answer.result()


def test_a_visitor_cannot_pretend_to_come_from_elsewhere() -> None:
    seen = asked_through_a_proxy(settings_with())
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["wsgi.url_scheme"] == "http"
    assert seen["HTTP_X_FORWARDED_FOR"] is None


def test_a_declared_proxy_is_believed() -> None:
    seen = asked_through_a_proxy(replace(settings_with(), proxies=1))
    assert seen["REMOTE_ADDR"] == "203.0.113.9"
    assert seen["wsgi.url_scheme"] == "https"


def test_a_taken_port_is_reported_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    app = types.SimpleNamespace(create_app=lambda settings: echo)
    monkeypatch.setitem(sys.modules, "web.app", app)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DanbaoError, match="不能监听") as refused:
            serve.run(settings_with(), "127.0.0.1", taken.getsockname()[1], threads=1)
    assert "--port" in str(refused.value.remedy)
