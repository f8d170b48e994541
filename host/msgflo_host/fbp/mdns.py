"""Tells the network where the runtime and the broker are, by multicast DNS: ``_fbp-ws._tcp`` and ``_mqtt._tcp``.

To be imported only where a port is open to the network: python-zeroconf is not needed elsewhere. The records are those of
https://flowbased.github.io/fbp-protocol/, DNS-SD those of RFC 6763.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import ifaddr
from zeroconf import Error, InterfaceChoice, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

__all__ = ["Announcement", "Service", "broker_service", "runtime_service"]

log = logging.getLogger("msgflo")
# It warns at each packet that an interface refuses, and goes on.
logging.getLogger("zeroconf").setLevel(logging.CRITICAL)

LOOK_S = 30.0  # between looks at the machine's addresses, which may come late and change
_MAX_LABEL = 55  # bytes, of 63: two names alike get a number
_MAX_TEXT = 200  # bytes, of 255 with the key


@dataclass(frozen=True, slots=True)
class Service:
    """One service on a TCP port; `text` is its TXT record."""

    type: str
    port: int
    text: dict[str, str]


def runtime_service(port: int, *, runtime_id: str, label: str) -> Service:
    """The FBP protocol over WebSocket."""
    text = {"txtvers": "1", "id": runtime_id, "type": "msgflo", "label": _cut(label, _MAX_TEXT)}
    return Service("_fbp-ws._tcp", port, text)


def broker_service(port: int) -> Service:
    """The MQTT broker."""
    return Service("_mqtt._tcp", port, {})


class Announcement:
    """Announces services of this machine under the name `label` while `run` runs.

    `host` is the IP address on which they listen; 0.0.0.0 and :: stand for all that the machine has.
    """

    def __init__(self, label: str, services: list[Service], *, host: str) -> None:
        self._label = _cut(label, _MAX_LABEL) or "msgflo"
        self._services = services
        self._host = host
        self._announced: frozenset[str] = frozenset()
        self._zeroconf: AsyncZeroconf | None = None
        self._said = False

    async def run(self) -> None:
        """Announce until cancelled, anew when the addresses change; what goes wrong is said once and tried again."""
        try:
            while True:
                addresses = frozenset(_addresses(self._host))
                if addresses != self._announced:
                    await self._withdraw()
                    if addresses:
                        await self._announce(addresses)
                await asyncio.sleep(LOOK_S)
        finally:
            await self._withdraw()

    async def _announce(self, addresses: frozenset[str]) -> None:
        try:
            self._zeroconf = AsyncZeroconf(
                interfaces=sorted(addresses) if self._host in addresses else InterfaceChoice.All,
                ip_version=IPVersion.V6Only if ":" in self._host else IPVersion.V4Only,
            )
            register = partial(self._zeroconf.async_register_service, allow_name_change=True)
            await asyncio.gather(*[await register(info) for info in self._infos(addresses)])
            self._announced = addresses
        except (OSError, RuntimeError, Error) as error:  # RuntimeError: an interface has gone meanwhile
            if not self._said:
                log.warning("not announced by multicast DNS: %s", str(error) or type(error).__name__)
                self._said = True
            await self._withdraw()

    async def _withdraw(self) -> None:
        self._announced = frozenset()
        if self._zeroconf is not None:
            zeroconf, self._zeroconf = self._zeroconf, None
            with suppress(OSError, Error):
                await zeroconf.async_close()

    def _infos(self, addresses: frozenset[str]) -> Iterator[ServiceInfo]:
        server = f"{socket.gethostname().split('.')[0] or 'msgflo'}.local."
        for service in self._services:
            kind = f"{service.type}.local."
            yield ServiceInfo(
                kind, f"{self._label}.{kind}", port=service.port, properties=service.text, server=server,
                parsed_addresses=sorted(addresses),
            )  # fmt: skip


def _addresses(host: str) -> Iterator[str]:
    """The addresses under which others reach what listens on a host address."""
    wanted = ipaddress.ip_address(host)
    if not wanted.is_unspecified:
        yield host
        return
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            found = ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0].split("%")[0])
            if found.version == wanted.version and not found.is_loopback and not found.is_link_local:
                yield str(found)


def _cut(text: str, size: int) -> str:
    """What of a text is printable, in at most so many bytes of UTF-8."""
    printable = "".join(character for character in text if character.isprintable())
    return printable.encode(errors="replace")[:size].decode(errors="ignore").strip()
