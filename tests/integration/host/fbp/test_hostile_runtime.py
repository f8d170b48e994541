"""Clients that mean no good, on the whole program: nothing is written or run that should not be, and others are served."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from brokers import Broker
from editors import NUMBERLESS, Editor, Refused, editor, run
from fbp_socket import AFAR, drained, frame
from fuzz import EXAMPLES, LONG
from systems import Coordinator, until

MAIN = "default/main"
SECRET = "the-owner-of-the-house"
CODE = """\
import pathlib
pathlib.Path(r"{marker}").touch()
from msgflo import Participant
class Evil(Participant):
    component = "home/Evil"
"""


@pytest.fixture
def coordinator(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    """With a component folder `home`, beside which there is another that nobody may write to or run from."""
    (tmp_path / "graph.fbp").write_text("one(core/Repeat) OUT -> IN two(core/Drop)\n")
    home, outside = tmp_path / "home", tmp_path / "outside"
    for folder in (home, outside, outside / "deep"):
        folder.mkdir()
    (outside / "Evil.py").write_text(CODE.format(marker=tmp_path / "evil"))
    (outside / "victim.txt").write_text("as it was\n")
    (home / "Link.py").symlink_to(outside / "victim.txt")
    (home / "Gone.py").symlink_to(outside / "absent.py")
    (home / "away").symlink_to(outside)
    (home / "Suite.py").write_text(CODE.partition("\n")[2].partition("\n")[2])
    (home / "Suite.spec.yaml").symlink_to(outside / "victim.txt")
    with Coordinator(
        "graph.fbp", "--plain", "--componentdir", "home", "--data", "data", "--secret", SECRET,
        broker=broker.url, cwd=tmp_path,
    ) as running:  # fmt: skip
        running.wait(lambda status: status["nodes"])
        until(lambda: "editor" in running.output or running.lines, what="the first lines")
        yield running
        assert running.process is not None
        assert running.process.poll() is None, running.output
        assert "Traceback" not in running.output
        assert SECRET not in running.output


def listing(folder: Path, *but: str) -> dict[str, tuple[int, int, int, bytes]]:
    """All there is in a folder, but for parts of it: kinds, times, sizes and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not any(name == each or name.startswith(f"{each}/") for each in but):
            state = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[name] = (state.st_mode, state.st_mtime_ns if path.is_file() else 0, state.st_size, content)
    return found


async def is_served(client: Editor) -> None:
    assert (await client.ask("runtime", "getruntime"))["type"] == "msgflo"


# -- what is written, and what is run --

NAMES = [
    "..", ".", "../Evil", "home/../Evil", "home/../../Evil", "/Evil", "//Evil", "/dev/null", "/etc/passwd", "home//Evil",
    "home/.Hidden", ".Hidden", "home/.git/hooks/post-commit", "home/away/Evil", "away/Evil", "home/Link", "home/Gone",
    "home/deep/Evil", "home\\..\\Evil", "..\\Evil", "C:\\Evil", "\\\\host\\share", "%2e%2e/Evil", "home/..%2fEvil",
    "home/Evil\x00", "home/Evil\x00.py", "home/Evil\n", " ", "", "home/", "/", "~/Evil", "home/~root", "$HOME/Evil",
    "home/Evil.py", "home/Evil;touch evil", "home/`touch evil`", "home/-c", "-c", "home/" + "x" * 300, "x" * 100_000,
    "home/é", "home/\u202eliv\u2024py", "home/" + "../" * 5_000 + "etc/passwd", "core/Repeat", MAIN, "home/msgflo", "home/os",
]  # fmt: skip


def test_a_name_leads_nowhere_but_into_the_component_folder(coordinator: Coordinator, tmp_path: Path) -> None:
    before = listing(tmp_path)
    marker = tmp_path / "ran"
    sources = [{"name": name} for name in NAMES]
    sources += [{"name": name, "library": "home"} for name in NAMES]
    sources += [{"name": "Evil", "library": name} for name in NAMES if name]
    sources += [
        {"name": "Evil", "library": "home", "language": language} for language in ("", "../x", "json", "sh", "c")
    ]
    sources += [{"name": "Suite", "library": "home", "tests": "topology: x\n"}]

    async def main() -> None:
        async with editor(coordinator.port, secret=SECRET) as client, editor(coordinator.port) as other:
            for number, source in enumerate(sources):
                payload = {"language": "python", "code": CODE.format(marker=marker), **source}
                with pytest.raises(Refused):
                    await client.ask("component", "source", **payload)
                if number % 20 == 0:
                    await is_served(other)

    run(main)
    assert listing(tmp_path) == before
    assert not marker.exists()


def test_without_the_right_to_send_sources_nothing_is_written_or_run(coordinator: Coordinator, tmp_path: Path) -> None:
    before = listing(tmp_path)
    marker = tmp_path / "ran"
    payload = {"name": "Evil", "library": "home", "language": "python", "code": CODE.format(marker=marker)}

    async def main() -> None:
        async with (
            editor(coordinator.port) as local,
            editor(coordinator.port, headers=AFAR) as afar,
            editor(coordinator.port, secret="a-secret-of-nobody") as wrong,
        ):
            for client in (local, afar, wrong):
                with pytest.raises(Refused, match="component:source is not permitted"):
                    await client.ask("component", "source", **payload)
            assert listing(tmp_path) == before
        async with editor(coordinator.port, secret=SECRET) as client:
            assert (await client.ask("component", "source", **payload))["name"] == "home/Evil"

    run(main)
    assert [name for name in listing(tmp_path) if name not in before] == ["home/Evil.py"]
    until(marker.exists, seconds=20, what="who may send a source has it run: this test would notice")


def test_a_node_runs_nothing_that_lies_outside_of_the_component_folder(
    coordinator: Coordinator, tmp_path: Path
) -> None:
    names = [
        *filter(None, NAMES),
        "../outside/Evil",
        "home/../outside/Evil",
        "outside/Evil",
        "home/away/Evil.py",
        "away/Evil",
    ]
    names += [str(tmp_path / "outside/Evil.py"), str(tmp_path / "outside/Evil"), "import os", "python:outside/Evil.py"]

    async def main() -> None:
        async with editor(coordinator.port) as client:
            for number, name in enumerate(names):
                with suppress(Refused):  # an empty name, one with a NUL
                    await client.ask("graph", "addnode", graph=MAIN, id=f"n{number}", component=name)
            await client.ask("graph", "addnode", graph=MAIN, id="true", component="home/Suite")
            # Processes are started in the order of the graph.
            assert coordinator.process is not None
            process, commands = psutil.Process(coordinator.process.pid), [""]
            async with asyncio.timeout(30):
                while not any("Suite.py" in command for command in commands):
                    await asyncio.sleep(0.05)
                    with suppress(psutil.Error):
                        commands = [" ".join(child.cmdline()) for child in process.children(recursive=True)]
            assert not [command for command in commands if "outside" in command or "Evil" in command]
            for number in range(len(names)):
                with suppress(Refused):
                    await client.ask("graph", "removenode", graph=MAIN, id=f"n{number}")
            await client.ask("graph", "removenode", graph=MAIN, id="true")

    run(main)
    assert not (tmp_path / "evil").exists()


ROLES = [
    "x; touch ran; true", "x$(touch ran)", "`touch ran`", "' ; touch ran ; '", '"; touch ran; "', "a\u2028touch ran",
    "a && touch ran", "| touch ran", "> ran", "x;touch\\ ran", "x;${IFS}touch${IFS}ran", "*",
]  # fmt: skip


def test_a_name_of_a_node_and_its_initial_packets_are_never_run(coordinator: Coordinator, tmp_path: Path) -> None:
    command = """sh -c 'printf "started %s with %s" "$1" "$2"; echo; exec sleep 100' sh #ROLE #IIPS"""
    (tmp_path / "home/msgflo.yaml").write_text(f"components:\n  sh/Legacy: {json.dumps(command)}\n")
    refused = ["x\ntouch ran\n", "x\x00", "\x1b"]

    async def main() -> None:
        async with editor(coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            await client.told("component", "component", name="sh/Legacy")
            for role in ROLES:
                initial = {"src": {"data": role}, "tgt": {"node": role, "port": "in"}}
                await client.ask("graph", "addnode", graph=MAIN, id=role, component="sh/Legacy")
                await client.ask("graph", "addinitial", graph=MAIN, **initial)
            for role in refused:
                with pytest.raises(Refused, match="which is not allowed"):
                    await client.ask("graph", "addnode", graph=MAIN, id=role, component="sh/Legacy")
            await client.ask("graph", "addnode", graph=MAIN, id="-c", component="sh/Legacy")
            for role in ROLES:
                iips = json.dumps({"in": role}, ensure_ascii=False, separators=(",", ":"))
                await client.told("network", "output", message=f"{role}: started {role} with {iips}")
            assert not any("started -c" in each["message"] for each in client.all("network", "output"))

    run(main)
    assert not list(tmp_path.rglob("ran"))


# -- frames --


def test_what_is_renamed_to_its_own_name_goes_on(coordinator: Coordinator) -> None:
    async def main() -> None:
        async with editor(coordinator.port) as client, editor(coordinator.port) as other:
            for graph in (MAIN, "other"):
                with suppress(Refused):
                    await client.ask("graph", "clear", id="other")
                await client.ask("graph", "addnode", graph=graph, id="count", component="core/Counter")
                await client.ask("graph", "addinport", graph=graph, public="in", node="count", port="in")
                await client.ask("graph", "addgroup", graph=graph, name="g", nodes=["count"])
                await client.ask("network", "start", graph=graph)
                for command, name in (("renamenode", "count"), ("renameinport", "in"), ("renamegroup", "g")):
                    payload = {"from": name, "to": name, "graph": graph}
                    assert await client.ask("graph", command, **payload) == payload
                    await client.ask("network", "start", graph=graph)  # what was asked for before is in force then
            await is_served(other)
            assert not [frame for frame in other.frames if frame["command"].startswith("rename")]

    run(main)


def _end(node: str, port: str) -> dict[str, Any]:
    return {"node": node, "port": port}


_EDGE = {"src": _end("one", "out"), "tgt": _end("two", "in")}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("runtime", "getruntime", {}),
    ("runtime", "packet", {"port": "in", "event": "data", "payload": {"a": [1]}}),
    ("component", "list", {}),
    ("component", "getsource", {"name": "core/Repeat"}),
    ("component", "getsource", {"name": "home/Suite"}),
    ("component", "source", {"name": "New", "library": "home", "language": "python", "code": "x = 1", "tests": ""}),
    (
        "graph",
        "clear",
        {"id": "fixture.1", "name": "n", "main": False, "library": "l", "icon": "i", "description": "d"},
    ),
    ("graph", "addnode", {"id": "three", "component": "core/Repeat", "metadata": {"x": 1, "y": 2.5, "label": "L"}}),
    ("graph", "changenode", {"id": "one", "metadata": {"x": None}}),
    ("graph", "renamenode", {"from": "three", "to": "four"}),
    ("graph", "removenode", {"id": "four"}),
    ("graph", "addedge", {**_EDGE, "metadata": {"route": 1, "secure": True, "schema": "text/plain"}}),
    ("graph", "changeedge", {**_EDGE, "metadata": {"route": None}}),
    ("graph", "removeedge", _EDGE),
    ("graph", "addinitial", {"src": {"data": {"deep": [[1.5, None, "x"]]}}, "tgt": _end("one", "in"), "metadata": {}}),
    ("graph", "removeinitial", {"src": {"data": 1}, "tgt": _end("one", "in")}),
    ("graph", "addinport", {"public": "in", "node": "one", "port": "in", "metadata": {"x": 1}}),
    ("graph", "renameinport", {"from": "in", "to": "into"}),
    ("graph", "removeinport", {"public": "into"}),
    ("graph", "addoutport", {"public": "out", "node": "one", "port": "out"}),
    ("graph", "removeoutport", {"public": "out"}),
    ("graph", "addgroup", {"name": "g", "nodes": ["one"], "metadata": {"description": "d"}}),
    ("graph", "changegroup", {"name": "g", "metadata": {"description": None}}),
    ("graph", "renamegroup", {"from": "g", "to": "h"}),
    ("graph", "removegroup", {"name": "g"}),
    ("network", "edges", {"edges": [_EDGE]}),
    ("network", "start", {}),
    ("network", "getstatus", {}),
    ("network", "debug", {"enable": True}),
    ("network", "stop", {}),
    ("trace", "start", {"buffersize": 100}),
    ("trace", "dump", {"type": "flowtrace.json"}),
    ("trace", "clear", {}),
    ("trace", "stop", {}),
]
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**29, 1e300, "", "x", "..", "\x00", "é\u2028", "\U0001f600", "x" * 5000, [], {}, [[[]]],
    {"node": "one"}, {"": ""}, ["one", 1], MAIN, "core/Repeat", "$SYS/#", "fbp/#", "+", "a" * 300,
]  # fmt: skip


class Mutations:
    """Frames made of valid ones: fields replaced, taken out, added and equal, letters exchanged, or nothing but noise."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)

    def noise(self) -> bytes:
        return self._random.randbytes(self._random.randrange(1, 300))

    def frame(self) -> str:
        protocol, command, payload = self._random.choice(REQUESTS)
        request = {"protocol": protocol, "command": command, "payload": {"graph": MAIN, **payload}}
        if self._random.random() < 0.3:
            request["requestId"] = f"r{next(self._numbers)}"
        if self._random.random() < 0.9:
            request["secret"] = SECRET
        mutated = json.loads(json.dumps(request))
        for _ in range(self._random.randrange(4)):
            self._replace_something(mutated)
        text = json.dumps(mutated)
        way = self._random.random()
        if way < 0.2:
            return self._misspelt(text)
        if way < 0.25:
            return "".join(chr(self._random.randrange(0xD800)) for _ in range(self._random.randrange(200)))
        return text

    def _replace_something(self, request: dict[str, Any]) -> None:
        inner: Any = request["payload"] if isinstance(request.get("payload"), dict) else request
        while inner:
            key = self._random.choice(list(inner))
            if isinstance(inner[key], dict) and self._random.random() < 0.6:
                inner = inner[key]
                continue
            way = self._random.random()
            if way < 0.2:
                del inner[key]
            elif way < 0.3:
                inner[str(self._random.choice(ODD))[:100]] = self._random.choice(ODD)
            elif way < 0.5:
                inner[key] = self._random.choice(list(inner.values()))  # from here to here, to the node's own port
            else:
                inner[key] = self._random.choice(ODD)
            return

    def _misspelt(self, text: str) -> str:
        letters = list(text)
        for _ in range(self._random.randint(1, 5)):
            at = self._random.randrange(len(letters))
            letters[at : at + self._random.randrange(3)] = self._random.choice(
                ["", '"', "{", "]", "9", "\\", "\x01", "ü"]
            )
        return "".join(letters)


def asked(text: str) -> list[str]:
    """The number of a request, if a text is one that has any."""
    try:
        request = json.loads(text)
    except ValueError:
        return []
    if not isinstance(request, dict) or not isinstance(request.get("payload"), dict):
        return []
    named = all(isinstance(request.get(key), str) for key in ("protocol", "command", "requestId"))
    if named and (request["protocol"], request["command"]) in NUMBERLESS:
        return []
    return [request["requestId"]] if named and text.isprintable() else []


@pytest.mark.timeout(180 + EXAMPLES)
@(pytest.mark.soak if LONG else lambda test: test)
def test_mutated_frames_are_each_answered_within_the_schemas_and_write_nothing(
    coordinator: Coordinator, tmp_path: Path
) -> None:
    before = listing(tmp_path, "home")
    home = set(listing(tmp_path / "home"))
    mutations = Mutations(3569)
    part = 250

    async def main() -> None:
        async with editor(coordinator.port) as other, editor(coordinator.port, secret=SECRET) as client:
            numbers: list[str] = []
            for number in range(part):
                text = mutations.frame()
                numbers += asked(text)
                await client.socket.send_str(text)
                if number % 50 == 0:
                    await is_served(other)
            await is_served(client)  # all before it have been answered, and nothing has ended the connection
            assert numbers
            assert [each for each in numbers if not any(f.get("responseTo") == each for f in client.frames)] == []
            for each in (client, other):
                await each.ask("graph", "clear", id=MAIN)

    for _ in range(max(400, EXAMPLES) // part + 1):
        run(main)
    assert listing(tmp_path, "home") == before
    new = set(listing(tmp_path / "home")) - home
    assert not [name for name in new if "/" in name or name.startswith(".")]


def test_ten_thousand_random_and_mutated_frames_stop_nothing_and_write_nothing(
    coordinator: Coordinator, tmp_path: Path
) -> None:
    before = listing(tmp_path, "home")
    home = set(listing(tmp_path / "home"))
    mutations = Mutations(3571)
    # A wrong secret takes half a second each time, which is another test's.
    frames = (text for text in iter(mutations.frame, None) if SECRET in text or "secret" not in text)
    part = 500

    async def main() -> None:
        address = f"ws://127.0.0.1:{coordinator.port}/"
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as client:
            for text in itertools.islice(frames, part):
                await client.send_str(text)
            last = {"protocol": "runtime", "command": "getruntime", "requestId": "last", "secret": SECRET}
            await client.send_json(last)
            while json.loads(await client.receive_str()).get("responseTo") != "last":
                pass
        async with editor(coordinator.port) as other:
            await is_served(other)
            await other.ask("graph", "clear", id=MAIN)

    for _ in range(10_000 // part):
        run(main)
    assert listing(tmp_path, "home") == before
    new = set(listing(tmp_path / "home")) - home
    assert not [name for name in new if "/" in name or name.startswith(".")]


@pytest.mark.timeout(180 + EXAMPLES)
@(pytest.mark.soak if LONG else lambda test: test)
def test_random_bytes_in_place_of_frames_end_only_their_own_connection(coordinator: Coordinator) -> None:
    mutations = Mutations(3570)

    async def main() -> None:
        async with editor(coordinator.port) as other:
            for number in range(max(100, EXAMPLES // 10)):
                reader, writer = await _raw(coordinator)
                with suppress(ConnectionError):
                    writer.write(mutations.noise())
                    await writer.drain()
                    writer.write_eof()
                    await drained(reader)
                writer.close()
                if number % 20 == 0:
                    await is_served(other)
            await is_served(other)

    run(main)


# -- more than there is room for --


def test_a_frame_of_100_mb_is_not_kept_and_others_are_answered_meanwhile(coordinator: Coordinator) -> None:
    assert coordinator.process is not None
    process = psutil.Process(coordinator.process.pid)

    async def main() -> None:
        async with editor(coordinator.port) as other:
            await is_served(other)
            before = process.memory_info().rss
            reader, writer = await _raw(coordinator)
            ended = asyncio.create_task(drained(reader))
            writer.write(frame(b"x" * 100, length=100_000_000))
            with suppress(ConnectionError):
                for _ in range(100):
                    if ended.done():
                        break
                    writer.write(b"x" * 1_000_000)
                    await writer.drain()
                    await is_served(other)
            writer.close()
            assert (await ended).rindex(b"\x88") >= 0  # a closing frame
            assert process.memory_info().rss - before < 30_000_000

    run(main)


def test_a_thousand_editors_are_not_served_but_those_who_were_there_are(coordinator: Coordinator) -> None:
    async def main() -> None:
        async with editor(coordinator.port) as first, AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
            accepted, refused = 0, 0

            async def come(headers: dict[str, str]) -> None:
                nonlocal accepted, refused
                try:
                    socket = await session.ws_connect(f"ws://127.0.0.1:{coordinator.port}/", headers=headers)
                except (aiohttp.ClientError, OSError):
                    refused += 1
                else:
                    accepted += 1
                    stack.push_async_callback(socket.close)

            coming = [asyncio.create_task(come(AFAR if number % 2 else {})) for number in range(1000)]
            while not all(task.done() for task in coming):
                await is_served(first)
                await asyncio.sleep(0.05)
            assert accepted + refused == 1000
            assert accepted > 100
            assert refused > 100
            await is_served(first)
        async with asyncio.timeout(20):
            while True:
                with suppress(aiohttp.ClientError):
                    async with editor(coordinator.port) as another:
                        await is_served(another)
                        break
                await asyncio.sleep(0.1)

    run(main)


def test_a_client_that_never_reads_is_left_behind(coordinator: Coordinator) -> None:
    assert coordinator.process is not None
    process = psutil.Process(coordinator.process.pid)

    async def main() -> None:
        async with editor(coordinator.port) as other:
            _, writer = await _raw(coordinator)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            before = process.memory_info().rss
            text, sent = "x" * 60_000, 0
            while "it does not read what it is sent" not in coordinator.output:
                sent += 1
                node = {"id": "one", "graph": MAIN, "metadata": {"text": f"{sent} {text}"}}
                assert (await other.ask("graph", "changenode", **node))["id"] == "one"
                assert sent < 500
            assert sent > 50
            assert process.memory_info().rss - before < 60_000_000
            await is_served(other)
            writer.close()

    run(main)
    assert coordinator.output.count("it does not read what it is sent") == 1


async def _raw(coordinator: Coordinator) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", coordinator.port)
    writer.write(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{coordinator.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer
