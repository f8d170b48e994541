"""The WebSocket on which a trace is replayed, for several clients."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from ..errors import RequestError
from ..traces.flowtrace import Trace
from ..util.open_port import open_port
from .client_list import ClientHandle, ClientList
from .envelope import Request, encode, message, refusal
from .origins import Origins
from .permissions import Permissions
from .replay import CAPABILITIES, Message, Replay
from .websocket import Socket

__all__ = ["ReplayServer"]


class ReplayServer:
    """Replays a trace to all clients. Of web pages, only those of this machine and of `ide` (a URL) may connect.

    Raises TraceError where the trace cannot be replayed, ServerError or ValueError where `ide` is no URL.
    """

    def __init__(self, trace: Trace, *, speed: float = 1.0, ide: str | None = None) -> None:
        self.replay = Replay(trace, self._broadcast, speed=speed)
        page = urlsplit(ide) if ide is not None else None
        origins = Origins([f"{page.scheme}://{page.netloc}"] if page is not None else [], own_names=())
        allowed = frozenset(CAPABILITIES)
        self._clients = ClientList()
        self._asking: ClientHandle | None = None
        self._socket = Socket(self._clients, self._handle, Permissions({}, local=allowed, remote=allowed), origins)
        application = web.Application()
        application.router.add_get("/", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (0 chooses a free one); raises ServerError when it cannot be opened."""
        await self._runner.setup()
        await web.SockSite(self._runner, open_port(host, port)).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End the replay and close all connections."""
        await self.replay.close()
        self._clients.close(reason="the replay ends")
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        if not Socket.is_for(request):
            raise web.HTTPUpgradeRequired(text="editors connect here by WebSocket\n")
        return await self._socket.serve(request)

    def _handle(self, client: ClientHandle, request: Request) -> None:
        self._asking = client
        try:
            for answer in self.replay.answer(request.protocol, request.command, request.payload):
                client.send(message(**answer, response_to=request.id))
        except RequestError as refused:
            client.send(refusal(request, str(refused)))
        finally:
            self._asking = None

    def _broadcast(self, news: Message) -> None:
        frame = encode(news)
        for client in self._clients:
            if client is not self._asking:
                client.send(frame)
