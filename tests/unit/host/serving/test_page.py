"""What a browser gets from the port of a running coordinator: files, headers, and the page's account of the broker."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from brokers import free_port
from editors import run
from msgflo_host.serving.policy import Policy
from systems import Coordinator

SECRET = "the-owner-of-the-house"
VIEWER = "who-may-only-look"


@pytest.fixture(scope="module")
def usual_port_is_taken() -> Iterator[None]:
    """Each Mosquitto takes a free port for WebSockets then: of two that begin at once both would take the usual one."""
    with socket.socket() as holder:
        with suppress(OSError):
            holder.bind(("127.0.0.1", 9001))
            holder.listen()
        yield


def own_broker(folder: Path, *options: str) -> Coordinator:
    """A coordinator with a Mosquitto of its own, not yet started."""
    secrets = folder / "secrets.yaml"
    secrets.write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    secrets.chmod(0o600)
    made = Coordinator(
        "--plain", "--mqtt-port", str(free_port()), "--secrets", "secrets.yaml", *options, broker=None, cwd=folder
    )
    made.environment = {"MSGFLO_SECRET": SECRET}
    return made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, usual_port_is_taken: None) -> Iterator[Coordinator]:
    """One that runs for all tests that change nothing in it."""
    with own_broker(tmp_path_factory.mktemp("house")) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield coordinator


def connect(port: int, user: str, password: str) -> int:
    """The broker's answer to a browser with this account: 0, or why not."""
    import paho.mqtt.client as paho

    codes: list[int] = []
    browser = paho.Client(paho.CallbackAPIVersion.VERSION2, transport="websockets", reconnect_on_failure=False)
    browser.on_connect = lambda client, userdata, flags, reason, properties: codes.append(reason.value)
    browser.username_pw_set(user, password)
    browser.connect("127.0.0.1", port)
    deadline = time.monotonic() + 20
    while not codes and time.monotonic() < deadline:
        browser.loop(0.1)
    browser.disconnect()
    return codes[0]


# --- The page's account ---


# --- Files ---


def test_a_file_that_has_changed_is_sent_at_the_next_visit(tmp_path: Path) -> None:
    from aiohttp.test_utils import make_mocked_request

    from msgflo_host.serving.files import Files

    file = tmp_path / "a.js"
    file.write_text("1;\n")

    async def main() -> None:
        files = Files(tmp_path)
        first = await files.serve(make_mocked_request("GET", "/a.js"), "a.js")
        file.write_text("22;\n")
        known = {"If-None-Match": first.headers["ETag"]}
        second = await files.serve(make_mocked_request("GET", "/a.js", headers=known), "a.js")
        assert (second.status, second.body) == (200, b"22;\n")

    run(main)


# --- The policy ---


@pytest.mark.parametrize(
    ("host", "connect"),
    [
        ("pi:3569", "'self' ws://pi:3569 wss://pi:3569 ws://pi:9001 wss://pi:9001"),
        ("192.168.1.9", "'self' ws://192.168.1.9 wss://192.168.1.9 ws://192.168.1.9:9001 wss://192.168.1.9:9001"),
        # No policy can name an IPv6 address: there it is the ports.
        ("[fd00::9]:3569", "'self' ws://*:3569 wss://*:3569 ws://*:9001 wss://*:9001"),
        ("[::1]", "'self' ws://* wss://* ws://*:9001 wss://*:9001"),
        ("[::1]; script-src *", "'self'"),
        ("a b", "'self'"),
        ("a; script-src *", "'self'"),
        ("*", "'self'"),
    ],
)
def test_a_host_name_adds_nothing_else_to_the_policy(host: str, connect: str) -> None:
    assert Policy(9001)._connections(host) == connect


def test_a_broker_on_an_address_of_its_own_is_reached_there() -> None:
    assert "ws://192.168.1.9:9001" in Policy(9001, "192.168.1.9")._connections("pi:3569")
    assert Policy(9001, "fd00::9")._connections("pi").endswith(" ws://*:9001 wss://*:9001")
