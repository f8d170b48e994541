"""The connected clients, and what is on its way to each: a slow one delays nobody, and holds a bounded amount of memory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..events import Events
from .envelope import encode, message
from .events import ClientJoined, ClientLeft, ClientSees
from .permissions import may_see, sees_secure

__all__ = ["ClientHandle", "ClientList", "Frame"]

log = logging.getLogger("msgflo")

MAX_FRAMES = 10_000
MAX_BYTES = 16 * 1024 * 1024  # of frames that wait; a single frame may be longer
BEHIND = 1000  # frames that wait: what can be left out is left out then
MAX_CLIENTS = 256
MAX_STRANGERS = 64  # clients that have shown no secret yet and may do nothing
MAX_STRANGERS_EACH = 16  # of them, from one address
PUT_OUT_S = 2.0  # for the end that both sides agree on
HOLD_S = 2.0  # that an answer waits at most


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame for a client; a closing one has a code of RFC 6455, §7.4, and its reason as data."""

    kind: Literal["text", "ping", "pong", "close"]
    data: bytes = b""
    code: int = 0


class _Gate:
    """Stands in a queue before what waits until something has happened."""

    is_open = False


class ClientHandle:
    """One connected client; `local` ones are on this machine.

    `capabilities` say what it sees: those of the last good secret that it has shown, or of a client without one. `heard`
    becomes true with each sign of life; `abort` ends the connection at once.
    """

    def __init__(
        self, *, remote: str, local: bool, capabilities: frozenset[str], abort: Callable[[], None] = lambda: None
    ) -> None:
        self.remote = remote
        self.local = local
        self.capabilities = capabilities
        self.abort = abort
        self.heard = True
        self.closed = False
        self._queue: deque[Frame | _Gate] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()

    def may_see(self, protocol: str, command: str) -> bool:
        """Whether it is sent this command when that goes to all."""
        return may_see(self.capabilities, protocol, command)

    @property
    def sees_secure(self) -> bool:
        """Whether it is shown secure initial packets."""
        return sees_secure(self.capabilities)

    @property
    def behind(self) -> bool:
        """Whether so much waits for it that it should be spared what can be left out, such as the packets on edges."""
        return len(self._queue) >= BEHIND or self._bytes >= MAX_BYTES // 2

    def send(self, frame: Mapping[str, Any] | bytes) -> None:
        """Put a message, or one that is encoded already, into its queue. Never waits, never fails.

        A client that leaves more than 10 000 frames or 16 MiB unread is disconnected.
        """
        if not self.closed:
            self._put(Frame("text", frame if isinstance(frame, bytes) else encode(frame)))

    def hold(self) -> Callable[[], None]:
        """Let what is sent from now on wait until the function that is returned is called, or 2 s are over.

        So an answer comes when what it says is true, and nothing that was sent after it overtakes it.
        """
        gate = _Gate()
        self._queue.append(gate)

        def release() -> None:
            gate.is_open = True
            timer.cancel()
            self._filled.set()

        timer = asyncio.get_running_loop().call_later(HOLD_S, release)
        return release

    def pong(self, data: bytes) -> None:
        """Answer a ping."""
        if not self.closed:
            self._put(Frame("pong", data))

    def close(self, code: int, reason: str) -> None:
        """End the connection after what is in the queue; `reason` is for the client, at most 120 ASCII characters."""
        if not self.closed:
            self._queue = deque(each for each in self._queue if isinstance(each, Frame))
            self._put(Frame("close", reason.encode("ascii", "replace")[:120], code))
            self.closed = True

    def leave(self) -> None:
        """Send nothing any more, and forget what waits."""
        self.closed = True
        self._queue.clear()
        self._bytes = 0

    async def next_frame(self) -> Frame:
        """Wait for the next one to send, and take it out of the queue."""
        while True:
            while self._queue and (isinstance(first := self._queue[0], Frame) or first.is_open):
                self._queue.popleft()
                if isinstance(first, Frame):
                    self._bytes -= len(first.data)
                    return first
            self._filled.clear()
            await self._filled.wait()

    def _put(self, frame: Frame) -> None:
        if self._queue and (len(self._queue) >= MAX_FRAMES or self._bytes + len(frame.data) > MAX_BYTES):
            log.warning("editor at %s disconnected: it does not read what it is sent", self.remote)
            self.leave()
            self.abort()
            return
        self._queue.append(frame)
        self._bytes += len(frame.data)
        self._filled.set()


class ClientList:
    """All clients; who comes and goes, and sees other things, is told as events."""

    def __init__(
        self,
        events: Events | None = None,
        *,
        limit: int = MAX_CLIENTS,
        strangers: int = MAX_STRANGERS,
        strangers_each: int = MAX_STRANGERS_EACH,
    ) -> None:
        self.events = events or Events()
        self._clients: dict[ClientHandle, None] = {}
        self._limit = limit
        self._strangers = strangers
        self._strangers_each = strangers_each

    def __iter__(self) -> Iterator[ClientHandle]:
        return iter(list(self._clients))

    def __len__(self) -> int:
        return len(self._clients)

    def make_room(self, client: ClientHandle) -> bool:
        """Whether one more client like this one can be served; the oldest stranger in its place is put out for it.

        Everybody from elsewhere comes as a stranger, who shows a secret only then: who just waits must keep nobody out.
        """
        strangers = [each for each in self._clients if not each.capabilities]
        near = [each for each in strangers if each.remote == client.remote]
        if not client.capabilities and len(near) >= self._strangers_each:
            self._put_out(near[0])
        elif (not client.capabilities and len(strangers) >= self._strangers) or len(self._clients) >= self._limit:
            if not strangers:
                return False
            self._put_out(strangers[0])
        return True

    def add(self, client: ClientHandle) -> None:
        """Count a client in."""
        self._clients[client] = None
        self.events.tell(ClientJoined(client))

    def let_see(self, client: ClientHandle, capabilities: frozenset[str]) -> None:
        """A client has shown a good secret, and sees what that allows from now on."""
        if client.capabilities != capabilities:
            client.capabilities = capabilities
            self.events.tell(ClientSees(client))

    def remove(self, client: ClientHandle) -> None:
        """Forget a client that has gone."""
        client.leave()
        self._forget(client)

    def _put_out(self, client: ClientHandle) -> None:
        client.close(1008, "no secret, and others have come")  # RFC 6455, §7.4.1: policy violation
        asyncio.get_running_loop().call_later(PUT_OUT_S, client.abort)
        self._forget(client)

    def _forget(self, client: ClientHandle) -> None:
        if client in self._clients:
            del self._clients[client]
            self.events.tell(ClientLeft(client))

    def broadcast(
        self,
        protocol: str,
        command: str,
        payload: object,
        *,
        masked: object | None = None,
        but: ClientHandle | None = None,
    ) -> None:
        """Send a message to all that may see it, encoded once; `masked` to those who see nothing secure; `but` one, who knows."""
        frames: dict[bool, bytes] = {}
        for client in self:
            if client is but or not client.may_see(protocol, command):
                continue
            whole = masked is None or client.sees_secure
            if whole not in frames:
                frames[whole] = encode(message(protocol, command, payload if whole else masked))
            client.send(frames[whole])

    def close(self, code: int = 1001, reason: str = "the runtime stops") -> None:
        """End all connections."""
        for client in self._clients:
            client.close(code, reason)
