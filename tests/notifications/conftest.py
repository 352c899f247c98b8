"""Offices with people, and a mail server on this machine."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from engine.config import Settings, Smtp
from tests.jobs.conftest import Factory, World


class Post:
    """Keeps what arrives; `refuse` holds addresses and the reply they get."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, bytes]] = []
        self.refuse: dict[str, str] = {}
        self.hang_up = 0  # so many messages are swallowed and the connection cut without an answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        if self.hang_up:
            self.hang_up -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "451 gone"
        self.arrived += [(address, content) for address in envelope.rcpt_tos]
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def post(port: int) -> Iterator[Post]:
    """A running server."""
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
def settings(port: int, tmp_path: Path) -> Settings:
    smtp = Smtp("127.0.0.1", port, "担保通 <danbao@example.gov.cn>", "none")
    return Settings(
        var=tmp_path, secret_key="k" * 32, base_url="https://danbao.example.gov.cn", smtp=smtp
    )


@pytest.fixture
def world(factory: Factory) -> World:
    return World(factory)
