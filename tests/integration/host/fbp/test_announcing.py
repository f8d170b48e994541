"""Who is told of our ports by multicast DNS; heard on loopback, where nobody else hears it."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from brokers import free_port
from fbp_socket import run
from msgflo_host.fbp import mdns_announcements
from msgflo_host.fbp.mdns_announcements import announce_broker, announce_runtime
from systems import Coordinator

OPEN = """
import socket
from msgflo_host.fbp import mdns_announcements
mdns_announcements.is_loopback = lambda host: False
socket.gethostname = lambda: {name!r}
"""


def test_what_is_on_loopback_is_not_announced_and_costs_no_memory() -> None:
    program = (
        "import asyncio, sys; from msgflo_host.fbp.mdns_announcements import announce_broker, announce_runtime\n"
        "asyncio.run(announce_runtime('127.0.0.1', 1, runtime_id='', label=''))\n"
        "asyncio.run(announce_broker('::1', 1, label=''))\n"
        "print('zeroconf' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout == "False\n", done.stderr


def test_a_run_that_is_open_announces_runtime_and_broker(tmp_path: Path) -> None:
    """Of loopback it is made to believe that it is open."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    (tmp_path / "sitecustomize.py").write_text(OPEN.format(name=name))
    mqtt_port, id = free_port(), str(uuid.uuid4())
    coordinator = Coordinator("--mqtt-port", str(mqtt_port), "--runtime-id", id, broker=None, cwd=tmp_path)
    coordinator.environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}

    async def main() -> None:
        zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        try:
            label = f"MsgFlo on {name}"
            runtime = AsyncServiceInfo("_fbp-ws._tcp.local.", f"{label}._fbp-ws._tcp.local.")
            broker = AsyncServiceInfo("_mqtt._tcp.local.", f"{label}._mqtt._tcp.local.")
            for each in (runtime, broker):
                assert await each.async_request(zeroconf.zeroconf, 20_000), coordinator.output
            assert (runtime.port, broker.port) == (coordinator.port, mqtt_port)
            assert runtime.decoded_properties == {"txtvers": "1", "id": id, "type": "msgflo", "label": label}
        finally:
            await zeroconf.async_close()

    with coordinator:
        run(main)


@pytest.mark.parametrize("what", ["runtime", "broker"])
def test_without_zeroconf_it_is_said(
    what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mdns_announcements, "MDNS", "zeroconf_that_is_not_installed")
    caplog.set_level(logging.INFO, "msgflo")
    if what == "runtime":
        asyncio.run(announce_runtime("192.0.2.1", 1, runtime_id="", label=""))
    else:
        asyncio.run(announce_broker("192.0.2.1", 1, label=""))
    assert "not announced by multicast DNS: No module named 'zeroconf_that_is_not_installed'" in caplog.text
