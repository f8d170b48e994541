"""The page's server when something of ours fails."""

from __future__ import annotations

import logging
import socket
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from msgflo_host.http.server import Server


async def test_a_fault_of_ours_is_logged_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers: list[Any] = [ZeroDivisionError("of the test"), ZeroDivisionError("of the test"), {"connected": True}]

    async def answer_status(request: web.Request) -> web.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return web.json_response(answer)

    listener = socket.create_server(("127.0.0.1", 0))
    editors: Any = SimpleNamespace(is_for=lambda request: False)
    server = Server(listener, editors, own_names=("127.0.0.1",), routes=[web.get("/status.json", answer_status)])
    await server.start()
    async with aiohttp.ClientSession() as session:
        for expected in (500, 500, 200):
            async with session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/status.json") as answer:
                assert answer.status == expected
                assert "test" not in await answer.text()
    await server.stop()
    assert [record.getMessage() for record in caplog.records] == ["an HTTP request has failed: ZeroDivisionError"]
    assert caplog.records[0].exc_info is not None
