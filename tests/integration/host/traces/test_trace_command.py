"""`msgflo trace`: from a runtime into a file, and from a file to npm's tools and to editors."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner

from brokers import free_port
from msgflo_host.cli.main import cli
from msgflo_host.errors import MsgfloError
from msgflo_host.fbp.client import Client
from msgflo_host.traces import flowtrace
from msgflo_host.traces.event_ring import Ring

pytestmark = pytest.mark.made_up

MAIN = "default/main"
GRAPH = {
    "processes": {"a": {"component": "x/A"}, "b": {"component": "x/B"}},
    "connections": [{"src": {"process": "a", "port": "out"}, "tgt": {"process": "b", "port": "in"}}],
    "inports": {},
    "outports": {},
}
EDGE = {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}


class Runtime:
    """A runtime that traces: a WebSocket with the answers of trace:*, and a ring with one more event at each dump."""

    def __init__(self, *, capabilities: tuple[str, ...] = ("protocol:trace",), secret: str | None = None) -> None:
        self.port = free_port()
        self.asked: list[tuple[str, Any]] = []
        self.content: Callable[[dict[str, Any]], Any] = json.dumps
        self.ends_at = ""
        """The command after whose answer it is gone."""
        self._capabilities = capabilities
        self._secret = secret
        self._ring = Ring(MAIN)
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def _run(self, ready: threading.Event) -> None:
        application = web.Application()
        application.router.add_get("/", self._serve)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        ready.set()
        await self._ended.wait()
        await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("noflo",))
        await socket.prepare(request)
        self._sockets.add(socket)
        async for frame in socket:
            message = json.loads(frame.data)
            command, payload = self._answer(message)
            answer = {"protocol": message["protocol"], "command": command, "payload": payload}
            await socket.send_json({**answer, "responseTo": message["requestId"]})
            if message["command"] == self.ends_at:
                await socket.close()
        return socket

    def _answer(self, message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        command, payload = message["command"], dict(message["payload"])
        payload.pop("secret", None)
        self.asked.append((command, payload))
        if command == "getruntime":
            allowed = self._capabilities if message.get("secret") == self._secret else ()
            known = {"type": "test", "version": "0.7", "graph": MAIN}
            return "runtime", {**known, "capabilities": allowed, "allCapabilities": self._capabilities}
        if payload["graph"] != MAIN:
            return "error", {"message": "Requested graph not found"}
        if command == "start":
            self._ring.start(1e9, payload["buffersize"])
        if command == "dump":
            for number in range(3):
                self._ring.add("data", {"id": "", "graph": MAIN, **EDGE, "data": {"n": number}}, 1e9 + number / 10)
            content = json.loads(flowtrace.build_text({"type": "test"}, {MAIN: GRAPH}, self._ring.text(), main=MAIN))
            return "dump", {**payload, "flowtrace": self.content(content)}
        return command, payload

    def __enter__(self) -> Runtime:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(ready),))
        self._thread.start()
        assert ready.wait(30)
        return self

    def tell(self, command: str, graph: str) -> None:
        """Tell all that another client has asked for this."""
        message = {"protocol": "trace", "command": command, "payload": {"graph": graph}}
        for socket in self._sockets:
            asyncio.run_coroutine_threadsafe(socket.send_json(message), self._loop).result(30)

    def end(self) -> None:
        """Close all connections and listen no more."""
        self._loop.call_soon_threadsafe(self._ended.set)

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self.end()
        self._thread.join()
        self._loop.close()


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "msgflo_host", "trace", *map(str, arguments)]


@dataclass(frozen=True)
class Done:
    """How a command has ended, and what it has said."""

    returncode: int
    stderr: str


def msgflo(*arguments: str | Path, **environment: str) -> Done:
    """Run a command in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MSGFLO_")]:
            patch.delenv(name)
        done = CliRunner().invoke(cli, ["trace", *map(str, arguments)], env=environment)
    if isinstance(done.exception, MsgfloError):
        return Done(1, f"{done.stderr}msgflo: {done.exception}\n")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Done(done.exit_code, done.stderr)


@contextmanager
def running(*words: str | Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace that was recorded."""
    file = tmp_path_factory.mktemp("traces") / "some.flowtrace.json"
    with Runtime() as runtime:
        answer = msgflo("record", file, "--address", runtime.address, "--seconds", "0.1")
    assert answer.returncode == 0, answer.stderr
    return file


def test_record_writes_what_the_runtime_dumps(tmp_path: Path) -> None:
    file = tmp_path / "some.flowtrace.json"
    with Runtime() as runtime:
        answer = msgflo("record", file, "--address", runtime.address, "--seconds", "0.1", "--events", "50")
    assert answer.returncode == 0, answer.stderr
    assert f"3 events in {file}" in answer.stderr
    dump = {"graph": MAIN, "type": "flowtrace.json"}
    assert runtime.asked[1:] == [
        ("start", {"graph": MAIN, "buffersize": 50}),
        ("dump", dump),
        ("stop", {"graph": MAIN}),
    ]
    trace = flowtrace.load(file)
    assert [event["payload"]["data"]["n"] for event in trace.events] == [0, 1, 2]
    assert trace.graphs == {MAIN: GRAPH}


def test_record_takes_the_secret(tmp_path: Path) -> None:
    with Runtime(secret="opensesame") as runtime:
        refused = msgflo("record", tmp_path / "a.json", "--address", runtime.address, "--seconds", "0.1")
        taken = msgflo(
            "record", tmp_path / "a.json", "--address", runtime.address, "--seconds", "0.1", "--secret", "opensesame"
        )
    assert refused.returncode == 1
    assert "does not let us record; give it a --secret that has protocol:trace" in refused.stderr
    assert taken.returncode == 0, taken.stderr
    assert "opensesame" not in taken.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.json", "--graph", "other"], "refuses trace:start: Requested graph not found"),
        (["no/a.json"], "no/a.json: cannot be written: there is no such folder"),
    ],
)
def test_record_says_what_is_wrong(arguments: list[str], message: str) -> None:
    with Runtime() as runtime:
        answer = msgflo("record", *arguments, "--address", runtime.address, "--seconds", "0.1")
    assert answer.returncode == 1
    assert answer.stderr.startswith("msgflo: ")
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_record_says_when_a_runtime_cannot_trace(tmp_path: Path) -> None:
    with Runtime(capabilities=("protocol:graph",)) as runtime:
        answer = msgflo("record", tmp_path / "a.json", "--address", runtime.address)
    assert answer.returncode == 1
    assert "cannot record: it does not have the capability protocol:trace" in answer.stderr


def test_recorded_trace_is_replayed_by_ours(recorded: Path) -> None:
    ide = "http://app.flowhub.io"
    with running(*command("replay", recorded, "--port", "0", "--speed", "10", "--ide", ide)) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith(f"replaying {MAIN} at ws://127.0.0.1:"), line + process.stderr.read()
        address = line.split()[3].rstrip(";")
        port = address.rpartition(":")[2]
        live = f"{ide}#runtime/endpoint?protocol%3Dwebsocket%26address%3Dws%3A%2F%2F127.0.0.1%3A{port}\n"
        assert process.stderr.readline() == live
        assert asyncio.run(seen(address)) == [0, 1, 2]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--ide", "http://a:port"], 2, "--ide 'http://a:port' is no URL, as in http://app.flowhub.io"),
        (["--speed", "0"], 2, "0.0 is not in the range x>0"),
        (
            ["--host", "192.0.2.1"],
            1,
            "msgflo: port 3333 on 192.0.2.1 cannot be opened: Cannot assign requested address",
        ),
    ],
)
def test_replay_says_what_is_wrong(recorded: Path, arguments: list[str], code: int, message: str) -> None:
    answer = msgflo("replay", recorded, *arguments)
    assert answer.returncode == code
    assert message in answer.stderr


async def seen(address: str) -> list[int]:
    """The data that a client of this runtime sees after the start."""
    async with Client.connect(address, timeout=30) as client:
        assert client.runtime["graph"] == MAIN
        source = await client.request("component", "getsource", {"name": MAIN})
        assert json.loads(source["code"]) == GRAPH
        messages = client.messages()
        await client.request("network", "start", {"graph": MAIN})
        found = []
        async with asyncio.timeout(30):
            async for message in messages:
                if message.command == "data":
                    found.append(message.payload["data"]["n"])
                if message.command == "stopped":
                    break
        return found
