"""Editors of a running coordinator: WebSocket clients of the FBP protocol that keep what they are told, and check each frame."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from event_loop import run_within
from fbp_schemas import check_frame

Frame = dict[str, Any]

PATIENCE_S = 45
NUMBERLESS = {("network", "edges")}  # its schema has no room for `responseTo`


class Refused(AssertionError):
    """The runtime answered with an error; `str()` of this is its text."""


class Editor:
    """One client; `frames` holds all that it was told, each validated against the schemas of npm's fbp-protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, secret: str | None) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.wrong: list[str] = []
        self._secret = secret
        self._numbers = itertools.count(1)
        self._news = asyncio.Event()

    async def read(self) -> None:
        """Take what comes until the connection ends."""
        async for received in self.socket:
            assert received.type is aiohttp.WSMsgType.TEXT, received
            frame = json.loads(received.data)
            try:
                check_frame(received.data)
            except AssertionError as error:
                self.wrong.append(f"{error} in {received.data[:300]}")
            self.frames.append(frame)
            self._news.set()

    async def send(self, protocol: str, command: str, payload: Mapping[str, Any], **more: Any) -> str:
        """Send a request; returns its id."""
        id = str(next(self._numbers))
        secret = {} if self._secret is None else {"secret": self._secret}
        await self.socket.send_json(
            {"protocol": protocol, "command": command, "payload": payload, "requestId": id, **secret, **more}
        )
        return id

    async def ask(self, protocol: str, command: str, **payload: Any) -> Any:
        """Return the payload of the answer; raises Refused where that is an error."""
        since = len(self.frames)
        id = await self.send(protocol, command, payload)
        numberless = (protocol, command) if (protocol, command) in NUMBERLESS else None

        def answers(frame: Frame) -> bool:
            return frame.get("responseTo") == id or (frame["protocol"], frame["command"]) == numberless

        answer = await self._first(answers, since, f"answer to {command}")
        if answer["command"] == "error":
            raise Refused(answer["payload"]["message"])
        return answer["payload"]

    async def listing(self) -> dict[str, Any]:
        """Return all components by name."""
        id = await self.send("component", "list", {})
        await self._first(lambda f: f.get("responseTo") == id and f["command"] == "componentsready", 0, "components")
        return {
            frame["payload"]["name"]: frame["payload"]
            for frame in self.frames
            if frame.get("responseTo") == id and frame["command"] == "component"
        }

    async def told(self, protocol: str, command: str, *, since: int = 0, **fields: Any) -> Frame:
        """Return the first message of that kind whose payload holds these fields, from frame number `since` on."""

        def fits(frame: Frame) -> bool:
            payload = frame["payload"]
            return (frame["protocol"], frame["command"]) == (protocol, command) and all(
                isinstance(payload, dict) and payload.get(key) == value for key, value in fields.items()
            )

        return await self._first(fits, since, f"{protocol}:{command} {fields}")

    def all(self, protocol: str, command: str, *, since: int = 0) -> list[Any]:
        """The payloads of all messages of one kind so far."""
        return [f["payload"] for f in self.frames[since:] if (f["protocol"], f["command"]) == (protocol, command)]

    async def _first(self, fits: Callable[[Frame], bool], since: int, what: str) -> Frame:
        try:
            async with asyncio.timeout(PATIENCE_S / 2):
                while True:
                    for frame in itertools.islice(self.frames, since, None):
                        if fits(frame):
                            return frame
                    since = len(self.frames)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            last = "\n".join(json.dumps(frame)[:300] for frame in self.frames[-20:])
            raise AssertionError(f"{what} has not come; the last that came:\n{last}") from None


@asynccontextmanager
async def editor(port: int, *, secret: str | None = None, **options: Any) -> AsyncIterator[Editor]:
    """An editor of the coordinator on this port; at the end, all that it was told must have kept to the schemas."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{port}/", max_msg_size=0, **options) as socket,
    ):
        client = Editor(socket, secret)
        reading = asyncio.create_task(client.read())
        try:
            yield client
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        assert not client.wrong, "\n".join(client.wrong)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in an event loop, for as long as a slow machine may need."""
    run_within(PATIENCE_S, main)
