"""What the page has to know of this machine beside the graph: how a browser reaches the broker, and what there is here."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from ..library import Library
from ..mosquitto_config import is_loopback
from .gate import Gate
from .policy import Policy

if TYPE_CHECKING:
    from ..broker import OwnBroker

__all__ = ["Page"]

CAPABILITY = "protocol:network"  # who may start, stop and see all packets; an account of the broker is no less


class Page:
    """Answers ``/page.json``. `own_broker` is our own broker, None where another one is used.

    `boards()` tells whether there are port maps to start boards from. `library` is where components are written.
    """

    def __init__(
        self, gate: Gate, own_broker: OwnBroker | None, *, boards: Callable[[], bool], library: Library
    ) -> None:
        self._gate = gate
        self._own_broker = own_broker
        self._boards = boards
        self._library = library

    @property
    def policy(self) -> Policy:
        """What a browser may load and reach."""
        if self._own_broker is None:
            return Policy()
        return Policy(self._own_broker["websocket_port"], _own_host(self._own_broker))

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Answer requests of a server."""
        router.add_get("/page.json", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        await self._gate.require(request, CAPABILITY)
        mqtt, reason = self._mqtt(request)
        told = {"mqtt": mqtt, "mqtt_reason": reason, "boards": self._boards(), "components": self._components()}
        return web.Response(body=msgspec.json.encode(told), content_type="application/json")

    def _components(self) -> dict[str, Any] | None:
        """The components of the folder, where new ones go, and the file that the first of them needs beside it."""
        library = self._library
        if library.folder is None:
            return None
        folder = str(library.folder.absolute())
        return {"names": library.names(), "folder": folder, "suffixes": library.suffixes, "creates": library.creates}

    def _mqtt(self, request: web.Request) -> tuple[dict[str, Any] | None, str | None]:
        """The account and the port, with `host` where that is another than the page's; or why there is none."""
        own_broker = self._own_broker
        if own_broker is None:
            return None, (
                "The coordinator uses a broker that is not its own, so this page has no account there: "
                "virtual devices and instruments need the coordinator's own Mosquitto."
            )
        if is_loopback(own_broker["host"]) and not self._gate.is_local(request):
            return None, (
                "The broker listens on the coordinator's machine only. Started with --mqtt-host 0.0.0.0 it can be reached "
                "from here, too."
            )
        user, password = own_broker["page_account"]
        place = {"host": _own_host(own_broker), "port": own_broker["websocket_port"]}
        return {**place, "user": user, "password": password}, None


def _own_host(own_broker: OwnBroker) -> str | None:
    """The address of a broker that is not reached under the name by which the page is."""
    address = ipaddress.ip_address(own_broker["host"])
    return None if address.is_unspecified or address.is_loopback else own_broker["host"]
