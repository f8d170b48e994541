"""The way of browsers to the broker, through the coordinator's port: who gets in, and that nothing is lost on it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from brokers import MOSQUITTO_PASSWD, Broker, free_port
from msgflo_host.wire import frames
from systems import Coordinator

SECRET = "the-owner-of-the-house"
AFAR = {"X-Forwarded-For": "203.0.113.7"}
ELSEWHERE = {"Origin": "https://pages.example"}
ACCEPTED, UNAVAILABLE, NOT_AUTHORISED = b"\x20\x02\0\0", b"\x20\x02\0\3", b"\x20\x02\0\5"


@pytest.fixture(scope="module", params=["127.0.0.1", "0.0.0.0"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """With a Mosquitto of its own, which knows an account."""
    folder = tmp_path_factory.mktemp("house")
    (folder / ".msgflo").mkdir(mode=0o700)
    passwords = folder / ".msgflo/passwords"
    passwords.touch(mode=0o600)
    subprocess.run([MOSQUITTO_PASSWD, "-b", passwords, "page", "open-sesame"], check=True, capture_output=True)
    ports = ("--mqtt-port", str(free_port()), "--mqtt-host", request.param)
    with Coordinator("--plain", *ports, "--secret", SECRET, broker=None, cwd=folder) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield coordinator


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Coordinator]:
    """On a broker of others."""
    folder = tmp_path_factory.mktemp("guest")
    with Coordinator("--plain", "--secret", SECRET, broker=shared_broker.url, cwd=folder) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield coordinator


@asynccontextmanager
async def browser(
    coordinator: Coordinator, *, secret: str | None = None, **headers: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    protocols = ["mqtt", *([f"secret.{secret}"] if secret else [])]
    url = f"http://127.0.0.1:{coordinator.port}/mqtt"
    async with (
        asyncio.timeout(30),
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=protocols, headers=headers, max_msg_size=0) as socket,
    ):
        assert socket.protocol == "mqtt"
        yield socket


def connect(name: str = "page", **account: str) -> bytes:
    return frames.connect(name, keepalive=60, clean_session=True, **account)


async def received(socket: aiohttp.ClientWebSocketResponse, length: int) -> bytes:
    """So many bytes, in however many messages they come."""
    data = b""
    while len(data) < length:
        data += await socket.receive_bytes()
    return data


def answer(coordinator: Coordinator, packet: bytes, **options: Any) -> bytes | int:
    """The CONNACK, or the status of HTTP where it is refused."""

    async def ask() -> bytes:
        async with browser(coordinator, **options) as socket:
            await socket.send_bytes(packet)
            return await received(socket, 4)

    try:
        return asyncio.run(ask())
    except aiohttp.WSServerHandshakeError as error:
        return error.status


def test_our_own_page_needs_no_account(house: Coordinator, guest: Coordinator) -> None:
    for system in (house, guest):
        assert answer(system, connect()) == ACCEPTED
        assert answer(system, connect(), Origin=f"http://127.0.0.1:{system.port}") == ACCEPTED
        assert answer(system, connect(), secret=SECRET, **AFAR) == ACCEPTED


@pytest.mark.parametrize("headers", [AFAR, ELSEWHERE, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=str)
def test_others_need_an_account_of_our_own_broker_and_get_to_no_other(
    house: Coordinator, guest: Coordinator, headers: dict[str, str]
) -> None:
    assert answer(house, connect(), **headers) == NOT_AUTHORISED
    assert answer(house, connect(), secret="a-guess", **headers) == NOT_AUTHORISED
    assert answer(house, connect(user="page", password="guess"), **headers) == NOT_AUTHORISED
    assert answer(house, connect(user="page", password="open-sesame"), **headers) == ACCEPTED
    assert answer(guest, connect(), **headers) == 403
    assert answer(guest, connect(user="page", password="any"), **headers) == 403


async def test_packets_pass_both_ways_whole_or_in_pieces(house: Coordinator) -> None:
    payload = bytes(range(256)) * 20_000  # 5 MB
    publish = frames.publish(frames.text("big"), payload, qos=0, retain=False)
    async with browser(house) as socket:
        for byte in connect():
            await socket.send_bytes(bytes((byte,)))
        assert await received(socket, 4) == ACCEPTED
        await socket.send_bytes(frames.subscribe(1, [("big", 0)]) + publish[:1000])
        assert await received(socket, 5) == b"\x90\x03\0\x01\0"
        for start in range(1000, len(publish), 999_983):
            await socket.send_bytes(publish[start : start + 999_983])
        assert await received(socket, len(publish)) == publish
        await socket.send_bytes(frames.DISCONNECT)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


def test_while_the_broker_is_away_a_browser_gets_a_refusal(tmp_path: Path) -> None:
    with Broker() as broker, Coordinator("--plain", broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        assert answer(coordinator, connect()) == ACCEPTED
        broker.kill()
        coordinator.wait(lambda status: not status["connected"])
        assert answer(coordinator, connect()) == UNAVAILABLE
        broker.start()
        assert answer(coordinator, connect()) == ACCEPTED
