"""A client of the FBP network protocol: sends requests to a runtime, and receives its messages.

The protocol: https://flowbased.github.io/fbp-protocol/. Runtimes of version 0.8 name the request in each answer. Older ones
get one request at a time, and the first message of the expected kind is the answer.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import weakref
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from ..errors import ClientError, system_reason
from ..util.quoting import quoted
from .envelope import NUMBERLESS, answer_to

__all__ = ["Client", "Message"]

TIMEOUT_S = 10.0
_MAX_FRAME = 64 * 1024 * 1024  # a trace comes in one message
_HEARTBEAT_S = 30.0
_AN_ADDRESS = "the address of a runtime, as in ws://127.0.0.1:3569"
_ALSO = {("network", "debug"): ("setdebug",)}
"""The specification names no answer; NoFlo sends this one."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a runtime: the answer to the request `response_to`, or news, or in old runtimes either."""

    protocol: str
    command: str
    payload: Any
    response_to: str | None = None


@dataclass(eq=False, slots=True)
class _Request:
    """A request without an answer; `parts` are the components that a listing has brought so far."""

    id: str
    protocol: str
    command: str
    answer: asyncio.Future[Any]
    parts: list[Any] = field(default_factory=list)

    @property
    def expects(self) -> tuple[str, ...]:
        return answer_to(self.protocol, self.command), *_ALSO.get((self.protocol, self.command), ())


class Client:
    """A connection to a runtime, made by `connect`.

    `runtime` is the runtime's description of itself, its `runtime:runtime`.

        async with Client.connect("ws://127.0.0.1:3569") as client:
            status = await client.request("network", "getstatus", {"graph": "default/main"})
            async for message in client.messages():
                ...
    """

    def __init__(self, address: str, socket: aiohttp.ClientWebSocketResponse, secret: str | None, timeout: float):
        self.address = address
        self.runtime: dict[str, Any] = {}
        self._socket = socket
        self._secret = secret
        self._timeout = timeout
        self._requests: dict[str, _Request] = {}
        self._count = 0
        self._numbers_answers = False
        self._turn = asyncio.Lock()
        self._queues: weakref.WeakSet[asyncio.Queue[Message | None]] = weakref.WeakSet()  # of readers
        self._ended: str | None = None

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, address: str, *, secret: str | None = None, timeout: float = TIMEOUT_S
    ) -> AsyncIterator[Client]:
        """Connect to the runtime at a ws:// or wss:// address; `timeout` in seconds is for this and for each request.

        Raises ClientError when nothing, or something else, answers there.
        """
        if not address.startswith(("ws://", "wss://")):
            raise ClientError(f"{quoted(address)} is not {_AN_ADDRESS}")
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            socket = await _open(session, address, timeout)
            stack.push_async_callback(socket.close)
            client = cls(address, socket, secret, timeout)
            stack.push_async_callback(_finish, asyncio.create_task(client._read()))
            client.runtime = await client._ask("runtime", "getruntime", {}, timeout)
            yield client

    @property
    def connected(self) -> bool:
        """Return whether the runtime is still there."""
        return self._ended is None

    async def request(
        self, protocol: str, command: str, payload: Mapping[str, Any], *, timeout: float | None = None
    ) -> Any:
        """Return the payload of the answer; for component:list, the payloads of all component:component.

        Raises ClientError when the runtime refuses, is gone, or is silent for `timeout` seconds.
        """
        seconds = self._timeout if timeout is None else timeout
        if self._numbers_answers:
            return await self._ask(protocol, command, payload, seconds)
        async with self._turn:
            return await self._ask(protocol, command, payload, seconds)

    def messages(self) -> AsyncIterator[Message]:
        """Return all later messages of the runtime, answers included; ends with the connection."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._queues.add(queue)
        if self._ended is not None:
            queue.put_nowait(None)
        return _until_end(queue)

    async def _ask(self, protocol: str, command: str, payload: Mapping[str, Any], timeout: float) -> Any:
        self._count += 1
        request = _Request(str(self._count), protocol, command, asyncio.get_running_loop().create_future())
        frame: dict[str, Any] = {"protocol": protocol, "command": command, "payload": dict(payload)}
        if self._secret is not None:
            frame["secret"] = frame["payload"]["secret"] = self._secret  # 0.8 reads the one, 0.7 the other
        frame["requestId"] = request.id
        self._requests[request.id] = request
        try:
            async with asyncio.timeout(timeout):
                await self._send(json.dumps(frame))
                return await request.answer
        except TimeoutError:
            raise ClientError(f"{self.address} does not answer {protocol}:{command} within {timeout:g} s") from None
        finally:
            del self._requests[request.id]

    async def _send(self, text: str) -> None:
        if self._ended is not None:
            raise ClientError(self._ended)
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, ConnectionError):
            raise ClientError(f"{self.address} has closed the connection") from None

    async def _read(self) -> None:
        ended = f"{self.address} has closed the connection"
        try:
            async for frame in self._socket:
                self._take(_parse(frame))
        except ValueError as wrong:
            ended = f"{self.address} sends {wrong}"
        finally:
            self._ended = ended
            for request in self._requests.values():
                if not request.answer.done():
                    request.answer.set_exception(ClientError(ended))
            for queue in self._queues:
                queue.put_nowait(None)

    def _take(self, message: Message) -> None:
        for queue in self._queues:
            queue.put_nowait(message)
        request = self._asked_for(message)
        if request is None or request.answer.done():
            return
        if message.command == "error":
            text = message.payload.get("message") if isinstance(message.payload, dict) else message.payload
            what = f"{request.protocol}:{request.command}"
            request.answer.set_exception(ClientError(f"{self.address} refuses {what}: {text}"))
        elif request.command == "list" and message.command == "component":
            request.parts.append(message.payload)
        else:
            request.answer.set_result(request.parts if request.command == "list" else message.payload)

    def _asked_for(self, message: Message) -> _Request | None:
        """Return the request that a message answers, or belongs to."""
        if message.response_to is not None:
            self._numbers_answers = True
            return self._requests.get(message.response_to)
        if self._numbers_answers and (message.protocol, message.command) not in NUMBERLESS:
            return None
        for request in self._requests.values():
            parts = ("component",) if request.command == "list" else ()
            fits = message.protocol == request.protocol and message.command in (*request.expects, *parts, "error")
            if fits and not request.answer.done():
                return request
        return None


async def _until_end(queue: asyncio.Queue[Message | None]) -> AsyncIterator[Message]:
    while (message := await queue.get()) is not None:
        yield message


async def _open(session: aiohttp.ClientSession, address: str, timeout: float) -> aiohttp.ClientWebSocketResponse:
    try:
        async with asyncio.timeout(timeout):
            # NoFlo's runtimes refuse clients that do not offer this sub-protocol.
            return await session.ws_connect(
                address, protocols=("noflo",), heartbeat=_HEARTBEAT_S, max_msg_size=_MAX_FRAME
            )
    except TimeoutError:
        raise ClientError(f"no runtime answers at {address} within {timeout:g} s") from None
    except aiohttp.WSServerHandshakeError as wrong:
        raise ClientError(f"{address} answers {wrong.status}: is that a runtime?") from None
    except aiohttp.InvalidURL:
        raise ClientError(f"{quoted(address)} is not {_AN_ADDRESS}") from None
    except (aiohttp.ClientError, OSError, ValueError) as wrong:
        raise ClientError(f"no runtime answers at {address} ({_reason(wrong)})") from None


def _reason(wrong: Exception) -> str:
    """Return the system's own reason; aiohttp's text has the address again, and more."""
    if isinstance(wrong, aiohttp.ClientConnectorCertificateError):
        wrong = wrong.certificate_error
    elif isinstance(wrong, aiohttp.ClientConnectorError):
        wrong = wrong.os_error
    if isinstance(wrong, ssl.SSLError):
        return f"TLS: {getattr(wrong, 'verify_message', '') or (wrong.reason or 'it fails').replace('_', ' ').lower()}"
    return system_reason(wrong) if isinstance(wrong, OSError) else str(wrong)


async def _finish(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])  # `await task` would swallow a cancellation of ours
    if not task.cancelled():
        task.result()


def _parse(frame: aiohttp.WSMessage) -> Message:
    """Return the message of a frame; raises ValueError, whose text completes "… sends "."""
    if frame.type is aiohttp.WSMsgType.ERROR:
        raise ValueError(f"what cannot be read: {frame.data}")
    if frame.type is not aiohttp.WSMsgType.TEXT:
        raise ValueError("bytes where a text is needed: is that a runtime?")
    try:
        value = json.loads(frame.data)
        protocol, command, payload = value["protocol"], value["command"], value.get("payload")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"no message of the protocol but {quoted(frame.data)}") from None
    if not isinstance(protocol, str) or not isinstance(command, str):
        raise ValueError(f"no message of the protocol but {quoted(frame.data)}")
    answers = value.get("responseTo")
    return Message(protocol, command, payload, answers if isinstance(answers, str) else None)
