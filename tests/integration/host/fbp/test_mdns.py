"""What a browser of the network's services finds; on loopback, where nobody else hears it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from fbp_socket import run, until
from msgflo_host.fbp import mdns
from msgflo_host.fbp.mdns import Announcement, broker_service, runtime_service

KINDS = ["_fbp-ws._tcp.local.", "_mqtt._tcp.local."]


class Found:
    """The services that are there, by type and name."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        self.names: set[tuple[str, str]] = set()
        self._zeroconf = zeroconf

    def hear(self, zeroconf: Any, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Added:
            self.names.add((service_type, name))
        elif state_change is ServiceStateChange.Removed:
            self.names.discard((service_type, name))

    async def info(self, kind: str, label: str) -> AsyncServiceInfo:
        name = f"{label}.{kind}"
        await until(lambda: (kind, name) in self.names)
        info = AsyncServiceInfo(kind, name)
        assert await info.async_request(self._zeroconf.zeroconf, 10_000)
        return info


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Found]:
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    found = Found(zeroconf)
    browsing = AsyncServiceBrowser(zeroconf.zeroconf, KINDS, handlers=[found.hear])
    try:
        yield found
    finally:
        await browsing.async_cancel()
        await zeroconf.async_close()


@contextlib.asynccontextmanager
async def announced(announcement: Announcement) -> AsyncIterator[None]:
    task = asyncio.create_task(announcement.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def label() -> str:
    return f"msgflo.test {uuid.uuid4().hex[:12]}"


def test_runtime_and_broker_are_found_and_are_gone_afterwards(label: str) -> None:
    async def main() -> None:
        services = [runtime_service(3569, runtime_id="f18a4924", label=label), broker_service(1883)]
        async with browser() as found:
            async with announced(Announcement(label, services, host="127.0.0.1")):
                runtime = await found.info("_fbp-ws._tcp.local.", label)
                assert runtime.port == 3569
                assert "127.0.0.1" in runtime.parsed_addresses()  # others on this machine share its name
                assert runtime.decoded_properties == {
                    "txtvers": "1", "id": "f18a4924", "type": "msgflo", "label": label,
                }  # fmt: skip
                assert runtime.server == f"{socket.gethostname().split('.')[0]}.local."
                assert (await found.info("_mqtt._tcp.local.", label)).port == 1883
            await until(lambda: not [name for _, name in found.names if label in name])

    run(main)


def test_two_runtimes_of_one_name_are_both_found(label: str) -> None:
    async def main() -> None:
        one, two = (Announcement(label, [broker_service(port)], host="127.0.0.1") for port in (1, 2))
        async with browser() as found, announced(one):
            await found.info("_mqtt._tcp.local.", label)
            async with announced(two):
                assert (await found.info("_mqtt._tcp.local.", f"{label}-2")).port == 2

    run(main)


def test_an_address_that_comes_late_is_announced(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses: list[str] = []
    looks: list[str] = []

    def look(host: str) -> list[str]:
        looks.append(host)
        return addresses

    monkeypatch.setattr(mdns, "_addresses", look)
    monkeypatch.setattr(mdns, "LOOK_S", 0.05)

    async def main() -> None:
        async with browser() as found, announced(Announcement(label, [broker_service(1883)], host="127.0.0.1")):
            await until(lambda: len(looks) >= 3)
            addresses.append("127.0.0.1")
            assert (await found.info("_mqtt._tcp.local.", label)).port == 1883

    run(main)
