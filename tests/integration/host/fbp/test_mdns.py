"""Multicast DNS: what a browser of services finds; on loopback, where nobody else hears it."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zeroconf.asyncio
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from brokers import free_port
from event_loop import until
from msgflo_host.fbp import mdns
from msgflo_host.fbp.mdns import announce_broker, announce_runtime
from systems import Coordinator

OPEN = """
import socket
from msgflo_host.fbp import mdns
mdns.is_loopback = lambda host: False
socket.gethostname = lambda: {name!r}
"""


@pytest.fixture
def label() -> str:
    return f"msgflo.test {uuid.uuid4().hex[:12]}"


@pytest.fixture
def _open_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mdns, "is_loopback", lambda host: False)
    monkeypatch.setattr(mdns, "CHECK_S", 0.05)


@asynccontextmanager
async def announced(port: int, label: str) -> AsyncIterator[None]:
    task = asyncio.create_task(announce_broker("127.0.0.1", port, label=label))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def found(kind: str, label: str) -> AsyncServiceInfo:
    browser = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    info = AsyncServiceInfo(kind, f"{label}.{kind}")
    try:
        assert await info.async_request(browser.zeroconf, 20_000)
    finally:
        await browser.async_close()
    return info


async def test_a_run_that_is_open_announces_runtime_and_broker(tmp_path: Path) -> None:
    name = f"test-{uuid.uuid4().hex[:12]}"
    (tmp_path / "sitecustomize.py").write_text(OPEN.format(name=name))
    mqtt_port, id = free_port(), str(uuid.uuid4())
    coordinator = Coordinator("--mqtt-port", str(mqtt_port), "--runtime-id", id, broker=None, cwd=tmp_path)
    coordinator.environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}

    with coordinator:
        runtime = await found("_fbp-ws._tcp.local.", f"MsgFlo on {name}")
        broker = await found("_mqtt._tcp.local.", f"MsgFlo on {name}")
        assert (runtime.port, broker.port) == (coordinator.port, mqtt_port)
        assert runtime.decoded_properties == {
            "txtvers": "1", "id": id, "type": "msgflo", "label": f"MsgFlo on {name}",
        }  # fmt: skip
        assert runtime.server == f"{name}.local."
        assert "127.0.0.1" in runtime.parsed_addresses()


@pytest.mark.usefixtures("_open_loopback")
async def test_two_runtimes_of_one_name_are_both_found(label: str) -> None:
    async with announced(1, label):
        await found("_mqtt._tcp.local.", label)
        async with announced(2, label):
            assert (await found("_mqtt._tcp.local.", f"{label}-2")).port == 2


@pytest.mark.usefixtures("_open_loopback")
async def test_an_address_that_comes_late_is_announced(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses: list[str] = []
    checks: list[str] = []

    def check(host: str) -> list[str]:
        checks.append(host)
        return addresses

    monkeypatch.setattr(mdns, "_addresses", check)
    async with announced(1883, label):
        await until(lambda: len(checks) >= 3)
        addresses.append("127.0.0.1")
        assert (await found("_mqtt._tcp.local.", label)).port == 1883


def test_a_service_on_loopback_is_not_announced_and_costs_no_memory() -> None:
    program = (
        "import asyncio, sys; from msgflo_host.fbp.mdns import announce_broker, announce_runtime\n"
        "asyncio.run(announce_runtime('127.0.0.1', 1, runtime_id='', label=''))\n"
        "asyncio.run(announce_broker('::1', 1, label=''))\n"
        "print('zeroconf' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout == "False\n", done.stderr


def test_without_zeroconf_a_warning_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mdns, "ZEROCONF", "zeroconf_that_is_not_installed")
    caplog.set_level(logging.INFO, "msgflo")
    asyncio.run(announce_runtime("192.0.2.1", 1, runtime_id="", label=""))
    assert "not announced by multicast DNS: No module named 'zeroconf_that_is_not_installed'" in caplog.text


@pytest.mark.usefixtures("_open_loopback")
@pytest.mark.parametrize("error", [OSError(19, "No such device"), RuntimeError("No adapter found for ::1")], ids=str)
async def test_a_failure_is_logged_once_and_tried_again(
    error: Exception, label: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[object] = []

    def fail(*interfaces: object, **options: object) -> AsyncZeroconf:
        tries.append(interfaces)
        raise error

    monkeypatch.setattr(zeroconf.asyncio, "AsyncZeroconf", fail)
    async with announced(1883, label):
        await until(lambda: len(tries) >= 3)
    assert caplog.text.count(f"not announced by multicast DNS: {error}") == 1


def test_all_addresses_are_those_of_others() -> None:
    assert "127.0.0.1" not in list(mdns._addresses("0.0.0.0"))
    assert "::1" not in list(mdns._addresses("::"))
    assert all(":" not in address for address in mdns._addresses("0.0.0.0"))
    assert list(mdns._addresses("192.0.2.9")) == ["192.0.2.9"]


@pytest.mark.parametrize("label", ["x" * 300, "ü" * 300, "\x07bell", "\ud800", ""])
def test_any_label_fits_into_a_record(label: str) -> None:
    info = mdns._service("_mqtt._tcp.local.", 1, label, {}, frozenset({"127.0.0.1"}))
    name = info.name.split(".")[0]
    assert 0 < len(name.encode()) <= 55
    assert name.isprintable()
