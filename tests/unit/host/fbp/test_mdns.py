"""What a browser of the network's services finds; on loopback, where nobody else hears it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import pytest
from zeroconf.asyncio import AsyncZeroconf

from fbp_socket import run, until
from msgflo_host.fbp import mdns
from msgflo_host.fbp.mdns import Announcement, broker_service, runtime_service


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


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (OSError(19, "No such device"), "[Errno 19] No such device"),
        (RuntimeError("No adapter found for IP address ::1"), "No adapter found for IP address ::1"),
    ],
)
def test_what_goes_wrong_is_said_once(
    wrong: Exception, said: str, label: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[object] = []

    def fail(**options: object) -> AsyncZeroconf:
        tries.append(options)
        raise wrong

    monkeypatch.setattr(mdns, "AsyncZeroconf", fail)
    monkeypatch.setattr(mdns, "LOOK_S", 0.01)

    async def main() -> None:
        async with announced(Announcement(label, [broker_service(1883)], host="127.0.0.1")):
            await until(lambda: len(tries) >= 3)

    run(main)
    assert caplog.text.count(f"not announced by multicast DNS: {said}") == 1


def test_all_addresses_are_those_of_others() -> None:
    assert "127.0.0.1" not in list(mdns._addresses("0.0.0.0"))
    assert "::1" not in list(mdns._addresses("::"))
    assert all(":" not in address for address in mdns._addresses("0.0.0.0"))
    assert list(mdns._addresses("192.0.2.9")) == ["192.0.2.9"]


@pytest.mark.parametrize("label", ["x" * 300, "ü" * 300, "\x07bell", "\ud800", ""])
def test_any_label_fits_into_a_record(label: str) -> None:
    service = runtime_service(1, runtime_id="id", label=label)
    assert len(service.text["label"].encode()) <= 200
    assert service.text["label"].isprintable()
    infos = list(Announcement(label, [service], host="127.0.0.1")._infos(frozenset({"127.0.0.1"})))
    assert len(infos[0].name.split(".")[0].encode()) <= 55
