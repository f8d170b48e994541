"""Clients that mean no good: names that lead elsewhere, and frames of all kinds; nothing is written that should not be."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from editors import NUMBERLESS, Editor, Refused
from fuzz import EXAMPLES, LONG
from hostile_names import MAIN, NAMES
from local_system import LocalSystem
from msgflo_host.components.library import load
from msgflo_host.fbp.permissions import ALL

SECRET = "the-owner-of-the-house"
CODE = """\
from msgflo import Participant
class Evil(Participant):
    component = "home/Evil"
"""


@pytest.fixture
def system(tmp_path: Path) -> LocalSystem:
    """With a component folder `home`, beside which there is another that nobody may write to or read from."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    for folder in (home, outside, outside / "deep"):
        folder.mkdir()
    (outside / "Evil.py").write_text(CODE)
    (outside / "victim.txt").write_text("as it was\n")
    (home / "Link.py").symlink_to(outside / "victim.txt")
    (home / "Gone.py").symlink_to(outside / "absent.py")
    (home / "away").symlink_to(outside)
    (home / "Suite.py").write_text(CODE)
    (home / "Suite.spec.yaml").symlink_to(outside / "victim.txt")
    return LocalSystem("one(core/Repeat) OUT -> IN two(core/Drop)\n", secrets={SECRET: ALL}, library=load(home))


@pytest.fixture(autouse=True)
def nothing_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of ours may fail, and no secret is logged."""
    yield
    assert not [record for record in caplog.get_records("call") if record.exc_info]
    assert SECRET not in caplog.text


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


def test_a_name_leads_nowhere_but_into_the_component_folder(system: LocalSystem, tmp_path: Path) -> None:
    before = listing(tmp_path)
    sources = [{"name": name} for name in NAMES]
    sources += [{"name": name, "library": "home"} for name in NAMES]
    sources += [{"name": "Evil", "library": name} for name in NAMES if name]
    sources += [
        {"name": "Evil", "library": "home", "language": language} for language in ("", "../x", "json", "sh", "c")
    ]
    sources += [{"name": "Suite", "library": "home", "tests": "topology: x\n"}]

    async def main() -> None:
        async with system.editor(secret=SECRET) as client, system.editor() as other:
            for number, source in enumerate(sources):
                payload = {"language": "python", "code": CODE, **source}
                with pytest.raises(Refused):
                    await client.ask("component", "source", **payload)
                if number % 20 == 0:
                    await is_served(other)

    system.run(main)
    assert listing(tmp_path) == before


def test_what_is_renamed_to_its_own_name_goes_on(system: LocalSystem) -> None:
    async def main() -> None:
        async with system.editor() as client, system.editor() as other:
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

    system.run(main)


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
    system: LocalSystem, tmp_path: Path
) -> None:
    before = listing(tmp_path, "home")
    home = set(listing(tmp_path / "home"))
    mutations = Mutations(3569)
    part = 250

    async def main() -> None:
        async with system.editor() as other, system.editor(secret=SECRET) as client:
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
        system.run(main)
    assert listing(tmp_path, "home") == before
    new = set(listing(tmp_path / "home")) - home
    assert not [name for name in new if "/" in name or name.startswith(".")]
