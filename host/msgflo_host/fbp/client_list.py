"""The connected clients and their queues: a slow one delays no other, and takes a bounded amount of memory."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..model.events import Events
from .envelope import encode, message
from .permissions import may_see, sees_secure

__all__ = [
    "Broadcast",
    "ClientAccessChanged",
    "ClientHandle",
    "ClientIntroduced",
    "ClientLeft",
    "ClientList",
    "Frame",
    "RecordingChanged",
]

log = logging.getLogger("msgflo")

MAX_FRAMES = 10_000
MAX_BYTES = 16 * 1024 * 1024  # of frames that wait; a single frame may be longer
BEHIND = 1000  # frames that wait: packets are left out then
MAX_CLIENTS = 256
DISCONNECT_S = 2.0  # for the end that both sides agree on
HOLD_S = 2.0  # that an answer waits at most


@dataclass(frozen=True, slots=True)
class Frame:
    """A text for a client; a closing frame has a code of RFC 6455, §7.4, and its reason as data."""

    data: bytes
    code: int = 0


@dataclass
class _Gate:
    """Stands in a queue before what waits until something has happened, or its time is over."""

    deadline: float
    is_open: bool = False


class ClientHandle:
    """One connected client; `local` ones are on this machine.

    `capabilities` are those of the last good secret that it has shown, or of a client without one. `abort` ends the
    connection at once.
    """

    def __init__(
        self, *, remote: str, local: bool, capabilities: frozenset[str], abort: Callable[[], None] = lambda: None
    ) -> None:
        self.remote = remote
        self.local = local
        self.capabilities = capabilities
        self.abort = abort
        self.closed = False
        self._queue: deque[Frame | _Gate] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()

    def may_see(self, protocol: str, command: str) -> bool:
        """Return whether it is sent this command when that goes to all."""
        return may_see(self.capabilities, protocol, command)

    @property
    def sees_secure(self) -> bool:
        """Return whether it is shown secure initial packets."""
        return sees_secure(self.capabilities)

    @property
    def behind(self) -> bool:
        """Return whether so much waits for it that packets on edges are left out."""
        return len(self._queue) >= BEHIND or self._bytes >= MAX_BYTES // 2

    def send(self, frame: Mapping[str, Any] | bytes) -> None:
        """Put a message, or one that is encoded already, into its queue. Never waits, never fails.

        A client that leaves more than 10 000 frames or 16 MiB unread is disconnected.
        """
        if not self.closed:
            self._put(Frame(frame if isinstance(frame, bytes) else encode(frame)))

    def hold(self) -> Callable[[], None]:
        """Let later frames wait until the returned function is called, or 2 s are over.

        So an answer comes when its content is true, and no later frame overtakes it.
        """
        gate = _Gate(time.monotonic() + HOLD_S)
        self._queue.append(gate)

        def release() -> None:
            gate.is_open = True
            self._filled.set()

        return release

    def close(self, code: int, reason: str) -> None:
        """End the connection after the queue; `reason` is for the client, at most 120 ASCII characters."""
        if not self.closed:
            self._queue = deque(each for each in self._queue if isinstance(each, Frame))
            self._put(Frame(reason.encode("ascii", "replace")[:120], code))
            self.closed = True

    def leave(self) -> None:
        """Send nothing more, and empty the queue."""
        self.closed = True
        self._queue.clear()
        self._bytes = 0

    async def next_frame(self) -> Frame:
        """Wait for the next frame, and take it out of the queue."""
        while True:
            left = None
            while self._queue:
                first = self._queue[0]
                if isinstance(first, _Gate) and not first.is_open:
                    left = first.deadline - time.monotonic()
                    if left > 0:
                        break
                self._queue.popleft()
                if isinstance(first, Frame):
                    self._bytes -= len(first.data)
                    return first
            self._filled.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
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


@dataclass(frozen=True, slots=True)
class ClientAccessChanged:
    """A client has connected, or its capabilities have changed."""

    client: ClientHandle


@dataclass(frozen=True, slots=True)
class ClientIntroduced:
    """A client has received runtime:runtime; more messages about the state may follow."""

    client: ClientHandle


@dataclass(frozen=True, slots=True)
class ClientLeft:
    """A client has disconnected."""

    client: ClientHandle


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A message to all clients that may see it."""

    protocol: str
    command: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """The set of recorded graphs has changed."""


class ClientList:
    """All clients; emits an event when one connects, disconnects, or gets other capabilities."""

    def __init__(self, events: Events | None = None, *, limit: int = MAX_CLIENTS) -> None:
        self.events = events or Events()
        self._clients: dict[ClientHandle, None] = {}
        self._limit = limit

    def __iter__(self) -> Iterator[ClientHandle]:
        return iter(list(self._clients))

    def __len__(self) -> int:
        return len(self._clients)

    def admit(self) -> bool:
        """Return whether one more client can be served; the oldest without capabilities is disconnected for it.

        Clients of other machines connect before they show a secret, so that idle ones must not keep others out.
        """
        if len(self._clients) < self._limit:
            return True
        stranger = next((each for each in self._clients if not each.capabilities), None)
        if stranger is not None:
            self._disconnect(stranger)
        return stranger is not None

    def add(self, client: ClientHandle) -> None:
        """Add a client."""
        self._clients[client] = None
        self.events.emit(ClientAccessChanged(client))

    def grant(self, client: ClientHandle, capabilities: frozenset[str]) -> None:
        """Give a client the capabilities of the secret that it has shown."""
        if client.capabilities != capabilities:
            client.capabilities = capabilities
            self.events.emit(ClientAccessChanged(client))

    def remove(self, client: ClientHandle) -> None:
        """Forget a client that has disconnected."""
        client.leave()
        self._forget(client)

    def _disconnect(self, client: ClientHandle) -> None:
        client.close(1008, "no secret, and others have come")  # RFC 6455, §7.4.1: policy violation
        asyncio.get_running_loop().call_later(DISCONNECT_S, client.abort)
        self._forget(client)

    def _forget(self, client: ClientHandle) -> None:
        if client in self._clients:
            del self._clients[client]
            self.events.emit(ClientLeft(client))

    def broadcast(
        self,
        protocol: str,
        command: str,
        payload: object,
        *,
        masked: object | None = None,
        but: ClientHandle | None = None,
    ) -> None:
        """Send a message to all that may see it, but one; encoded once. `masked` is for those that see no secure data."""
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
