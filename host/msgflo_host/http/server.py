"""The coordinator's HTTP port: the web page, the state of the system as JSON, and the WebSocket of editors."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Container, Iterable
from pathlib import Path

from aiohttp import web

from ..fbp.websocket import Socket
from ..util.log_filter import LogFilter
from .connection_limit import ConnectionLimit, raise_file_limit
from .page_files import Files
from .security_headers import add_headers

__all__ = ["Server"]

# It would print a traceback, and the data, for each malformed request. Our own faults are logged by `_guard`.
logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL + 1)

WEB = Path(__file__).parent.parent / "web"


class Server:
    """Serves the page on ``/``, on a socket that listens already, and the `routes` beside it.

    A request on ``/`` for a WebSocket goes to `editors`. Requests under other host names than `own_names` are refused.
    """

    def __init__(
        self,
        listener: socket.socket,
        editors: Socket,
        *,
        own_names: Container[str],
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        self._listener = listener
        self._editors = editors
        self._own_names = own_names
        self._files = Files(WEB)
        self._limit = ConnectionLimit()
        self._log_filter = LogFilter()
        application = web.Application(middlewares=[self._guard])
        application.on_response_prepare.append(add_headers)
        application.router.add_get("/", self._page_or_socket)
        application.router.add_routes(routes)
        application.router.add_get("/{name:.+}", self._file)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)

    async def start(self) -> None:
        """Begin to answer."""
        raise_file_limit()
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def run(self) -> None:
        """Limit the connections until cancelled; call it after `start`."""
        assert self._runner.server is not None
        await self._limit.run(self._runner.server)

    async def stop(self) -> None:
        """Close the port."""
        await self._runner.cleanup()

    async def _page_or_socket(self, request: web.Request) -> web.StreamResponse:
        if self._editors.is_for(request):
            return await self._editors.serve(request)
        return await self._files.serve(request, "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await self._files.serve(request, request.match_info["name"])

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse requests under a foreign host name.

        A hostile page can point its own host name at this machine (DNS rebinding) and would then read what we serve.
        """
        if not self._is_for_us(request):
            raise web.HTTPForbidden(
                text="this host name is not served here; use the machine's address, its .local name or localhost, "
                "or start it with --allow-host and the name\n"
            )
        try:
            return await self._limit.note(request, handler)
        except (web.HTTPException, OSError):
            raise
        except Exception as error:
            self._log_filter.log(logging.ERROR, f"an HTTP request has failed: {type(error).__name__}", error)
            raise web.HTTPInternalServerError from None

    def _is_for_us(self, request: web.Request) -> bool:
        try:
            return (request.url.host or "") in self._own_names
        except ValueError:  # a host that is none
            return False
