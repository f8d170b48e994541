"""The coordinator's HTTP port: the web page, the state of the system as JSON, and the WebSocket of editors."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from .fbp.socket import Socket

__all__ = ["Server", "is_own_name"]

WEB = Path(__file__).parent / "web"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Server:
    """Serves the page on ``/`` and what `status` returns on ``/status.json``, on a socket that listens already.

    A request on ``/`` for a WebSocket goes to `editors`.
    """

    def __init__(self, status: Callable[[], dict[str, Any]], listener: socket.socket, editors: Socket) -> None:
        self._status = status
        self._listener = listener
        self._editors = editors
        application = web.Application(middlewares=[_guard])
        application.router.add_get("/", self._page_or_socket)
        application.router.add_get("/status.json", self._answer_status)
        application.router.add_static("/", WEB)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)

    @property
    def url(self) -> str:
        """The page's address as a browser on this machine opens it."""
        host, port = self._listener.getsockname()[:2]
        local = ipaddress.ip_address(host)
        host = "localhost" if local.is_loopback or local.is_unspecified else host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    async def start(self) -> None:
        """Answer from now on."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def stop(self) -> None:
        """Close the port."""
        await self._runner.cleanup()

    async def _page_or_socket(self, request: web.Request) -> web.StreamResponse:
        if self._editors.is_for(request):
            return await self._editors.serve(request)
        return web.FileResponse(WEB / "index.html")

    async def _answer_status(self, request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self._status()), content_type="application/json")


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse requests under a foreign host name, and add the security headers.

    A hostile page can point its own host name at this machine (DNS rebinding) and would then read what we serve.
    """
    if not is_own_name(request.url.host or ""):
        raise web.HTTPForbidden(
            text="this host name is not served here; use the machine's address, its .local name or localhost\n"
        )
    response = await handler(request)
    if not response.prepared:  # else: a WebSocket that has ended
        response.headers.update(HEADERS)
    return response


def is_own_name(host: str) -> bool:
    """Whether a host name can only mean this machine or one in its own network."""
    if "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal")):
        return True  # localhost, a bare or a link-local name: no public DNS server answers for these
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
