"""What the network is told by multicast DNS: where the runtime and the broker are, as far as they are open to it."""

from __future__ import annotations

import asyncio
import importlib
import logging

from .origins import is_loopback

__all__ = ["announce_broker", "announce_runtime"]

log = logging.getLogger("msgflo")

MDNS = f"{__package__}.mdns"


async def announce_runtime(host: str, port: int, *, runtime_id: str, label: str) -> None:
    """Announce the runtime on an IP address and port until cancelled; on loopback, return at once."""
    if not await _may_announce(host):
        return
    from .mdns import Announcement, runtime_service

    await Announcement(label, [runtime_service(port, runtime_id=runtime_id, label=label)], host=host).run()


async def announce_broker(host: str, port: int, *, label: str) -> None:
    """Announce the MQTT broker on an IP address and port until cancelled; on loopback, return at once."""
    if not await _may_announce(host):
        return
    from .mdns import Announcement, broker_service

    await Announcement(label, [broker_service(port)], host=host).run()


async def _may_announce(host: str) -> bool:
    """Whether a port is open to the network, and can be announced. Then python-zeroconf is imported, in a thread: 0.1 s."""
    if is_loopback(host):
        return False
    try:
        await asyncio.to_thread(importlib.import_module, MDNS)
    except ImportError as error:
        log.warning("not announced by multicast DNS: %s", error)
        return False
    return True
