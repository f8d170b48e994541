"""Announces the runtime and the broker by multicast DNS: ``_fbp-ws._tcp`` and ``_mqtt._tcp``.

Only services that are open to the network are announced. The records are those of
https://flowbased.github.io/fbp-protocol/, DNS-SD those of RFC 6763.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from .origins import is_loopback

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

__all__ = ["announce_broker", "announce_runtime"]

log = logging.getLogger("msgflo")
# It warns at each packet that an interface refuses, and goes on.
logging.getLogger("zeroconf").setLevel(logging.CRITICAL)

ZEROCONF = "zeroconf.asyncio"
CHECK_S = 30.0  # between checks of the machine's addresses, which may come late and change
_MAX_LABEL = 55  # bytes, of 63: two names alike get a number
_MAX_TEXT = 200  # bytes, of 255 with the key


async def announce_runtime(host: str, port: int, *, runtime_id: str, label: str) -> None:
    """Announce the runtime on an IP address and port until cancelled; on loopback, return at once.

    0.0.0.0 and :: stand for all addresses of this machine.
    """
    text = {"txtvers": "1", "id": runtime_id, "type": "msgflo", "label": _cut(label, _MAX_TEXT)}
    await _announce("_fbp-ws._tcp.local.", host, port, label, text)


async def announce_broker(host: str, port: int, *, label: str) -> None:
    """Announce the MQTT broker on an IP address and port until cancelled; on loopback, return at once."""
    await _announce("_mqtt._tcp.local.", host, port, label, {})


async def _announce(kind: str, host: str, port: int, label: str, text: dict[str, str]) -> None:
    """Announce a service, again when the addresses change. A failure is logged once and tried again."""
    if is_loopback(host):
        return
    try:
        await asyncio.to_thread(importlib.import_module, ZEROCONF)  # takes 0.1 s
    except ImportError as error:
        log.warning("not announced by multicast DNS: %s", error)
        return
    from zeroconf import Error

    announced: frozenset[str] = frozenset()
    zeroconf: AsyncZeroconf | None = None
    has_failed = False
    try:
        while True:
            addresses = frozenset(_addresses(host))
            if addresses != announced:
                await _close(zeroconf)
                zeroconf, announced = None, frozenset()
                try:
                    zeroconf = _open(host, addresses) if addresses else None
                    if zeroconf is not None:
                        info = _service(kind, port, label, text, addresses)
                        await (await zeroconf.async_register_service(info, allow_name_change=True))
                        announced = addresses
                except (OSError, RuntimeError, Error) as error:  # RuntimeError: an interface has gone meanwhile
                    if not has_failed:
                        log.warning("not announced by multicast DNS: %s", str(error) or type(error).__name__)
                    has_failed = True
            await asyncio.sleep(CHECK_S)
    finally:
        await _close(zeroconf)


def _open(host: str, addresses: frozenset[str]) -> AsyncZeroconf:
    from zeroconf import InterfaceChoice, IPVersion
    from zeroconf.asyncio import AsyncZeroconf

    interfaces = sorted(addresses) if host in addresses else InterfaceChoice.All
    return AsyncZeroconf(interfaces, ip_version=IPVersion.V6Only if ":" in host else IPVersion.V4Only)


async def _close(zeroconf: AsyncZeroconf | None) -> None:
    from zeroconf import Error

    if zeroconf is not None:
        with suppress(OSError, Error):
            await zeroconf.async_close()


def _service(kind: str, port: int, label: str, text: dict[str, str], addresses: frozenset[str]) -> ServiceInfo:
    from zeroconf import ServiceInfo

    name = f"{_cut(label, _MAX_LABEL) or 'msgflo'}.{kind}"
    server = f"{socket.gethostname().split('.')[0] or 'msgflo'}.local."
    return ServiceInfo(kind, name, port=port, properties=text, server=server, parsed_addresses=sorted(addresses))


def _addresses(host: str) -> Iterator[str]:
    """Yield the addresses under which others reach what listens on a host address."""
    import ifaddr

    asked = ipaddress.ip_address(host)
    if not asked.is_unspecified:
        yield host
        return
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            found = ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0].split("%")[0])
            if found.version == asked.version and not found.is_loopback and not found.is_link_local:
                yield str(found)


def _cut(text: str, size: int) -> str:
    """Return the printable characters of a text that fit into so many bytes of UTF-8."""
    printable = "".join(character for character in text if character.isprintable())
    return printable.encode(errors="replace")[:size].decode(errors="ignore").strip()
