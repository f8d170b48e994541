"""component:* on the running program: lists, and sources that are read and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from editors import Refused
from local_system import LocalSystem
from msgflo_host.builtin.collection import MODULES
from msgflo_host.components.library import load
from msgflo_host.fbp.permissions import ALL
from simulation import taking_part
from systems import Source

MAIN = "default/main"
SECRET = "programmer-of-this-test"
ECHO = """\
from msgflo import Participant, Port


class Echo(Participant):
    label = "{label}"
    inports = [Port("in")]
    outports = [Port("out")]

    def on_in(self, value):
        self.send("out", value)
"""
PLUG = "component: home/Plug\ninports: {power: {queue: 'plug/#ROLE', type: boolean}}\noutports: {}\n"
SUITE = "topic: home/Echo\ncases: []\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "graph.fbp").write_text("five(core/Repeat)\n5 -> IN five\n")
    (folder / "Echo.py").write_text(ECHO.format(label="first"))
    (folder / "Echo.spec.yaml").write_text(SUITE)
    (folder / "Plug.yml").write_text(PLUG)
    return folder


@pytest.fixture
def system(home: Path) -> LocalSystem:
    return LocalSystem(home / "graph.fbp", library=load(home), secrets={SECRET: ALL})


async def test_the_list_holds_what_is_built_in_of_the_folder_and_discovered(system: LocalSystem) -> None:
    async with system.editor() as client:
        async with taking_part(Source("board"), broker=system.broker):
            await client.told("component", "component", name="test/Source")
            listed = await client.listing()
        assert set(listed) == {*MODULES, "home/Echo", "home/Plug", "test/Source"}
        assert client.all("component", "componentsready") == [len(listed)]
        assert [port["id"] for port in listed["home/Echo"]["inPorts"]] == ["in"]
        assert [port["id"] for port in listed["test/Source"]["outPorts"]] == ["out", "value", "error"]


async def test_every_component_and_graph_has_a_source(system: LocalSystem, home: Path) -> None:
    async with system.editor() as client, taking_part(Source("board"), broker=system.broker):
        await client.told("graph", "addnode", id="board")
        for name in await client.listing():
            source = await client.ask("component", "getsource", name=name)
            assert f"{source['library']}/{source['name']}" == name
            assert source["language"] in ("python", "yaml")
            assert source["code"]
        echo = await client.ask("component", "getsource", name="home/Echo")
        assert (echo["code"], echo["tests"]) == ((home / "Echo.py").read_text(), SUITE)
        graph = await client.ask("component", "getsource", name=MAIN)
    assert (graph["name"], graph["language"], "library" in graph) == (MAIN, "json", False)
    document = json.loads(graph["code"])
    assert document["processes"]["five"]["component"] == "core/Repeat"
    assert document["processes"]["board"]["component"] == "test/Source"
    assert document["connections"] == [{"data": 5, "tgt": {"process": "five", "port": "in"}}]


async def test_a_graph_of_another_name_has_a_source_and_what_is_not_there_has_none(system: LocalSystem) -> None:
    async with system.editor() as client:
        await client.ask("graph", "clear", id="plain")
        await client.ask("graph", "addnode", id="a", component="core/Not", graph="plain")
        source = await client.ask("component", "getsource", name="plain")
        assert "library" not in source
        assert list(json.loads(source["code"])["processes"]) == ["a"]
        with pytest.raises(Refused, match='there is no component "home/None"'):
            await client.ask("component", "getsource", name="home/None")
        with pytest.raises(Refused, match='"name" is'):
            await client.ask("component", "getsource")


async def test_a_graph_cannot_be_named_as_a_component_and_hides_the_source_of_none(system: LocalSystem) -> None:
    async with system.editor() as client, system.editor(secret=SECRET) as programmer:
        for name in ("core/Repeat", "home/Echo", "home/Plug"):
            before = await client.ask("component", "getsource", name=name)
            with pytest.raises(Refused, match=f'"id" is "{name}", which is a component; a graph needs another'):
                await client.ask("graph", "clear", id=name)
            assert await client.ask("component", "getsource", name=name) == before
            if name.startswith("home/"):
                await programmer.ask("component", "source", **before)
        await client.ask("graph", "clear", id="home/Other")


async def test_a_source_is_written_answered_once_and_sent_to_others(system: LocalSystem, home: Path) -> None:
    async with system.editor(secret=SECRET) as one, system.editor() as two:
        for each in (one, two):
            await each.ask("runtime", "getruntime")
        code = ECHO.format(label="second")
        source = {"language": "python", "code": code, "tests": SUITE * 2}
        answer = await one.ask("component", "source", name="Echo", library="home", **source)
        assert answer["name"] == "home/Echo"
        assert (home / "Echo.py").read_text() == code
        assert (home / "Echo.spec.yaml").read_text() == SUITE * 2
        await two.told("component", "component", name="home/Echo", description="second")
        new = await one.ask("component", "source", name="New", language="python", code=code)
        assert new["name"] == "home/New"
        await two.told("component", "component", name="home/New")
        answers = [
            frame["payload"]["name"]
            for frame in one.frames
            if frame["command"] == "component" and "responseTo" in frame
        ]
        assert answers == ["home/Echo", "home/New"]
        assert (await two.ask("component", "getsource", name="home/New"))["code"] == code
        heard = [json.dumps(payload) for payload in two.all("component", "component")]
        assert len(heard) == len(set(heard)), "nothing is told twice"


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"name": "main", "library": "default", "language": "json", "code": "{}"}, '"default/main" is a graph'),
    ({"name": "home/Echo", "language": "yaml", "code": PLUG}, "home/Echo is written in python, not in 'yaml'"),
    ({"name": "New", "language": "cobol", "code": "x"}, "no handler for 'cobol'; there are handlers for"),
    ({"name": "New", "language": "python", "code": "def"}, r"New\.py:1:4: invalid syntax"),
    ({"name": "../New", "language": "python", "code": ECHO}, r"component '\.\./New': allowed are"),
    ({"name": "core/Not", "language": "python", "code": ECHO}, "core/Not has no source in the component folder"),
    ({"name": "New", "language": "python"}, '"code" is missing; a text is needed'),
    ({"name": "New", "language": "python", "code": ECHO, "tests": 1}, '"tests" is 1'),
]


async def test_what_cannot_be_written_is_refused(system: LocalSystem, home: Path) -> None:
    before = {file: file.read_text() for file in home.iterdir() if file.is_file()}
    async with system.editor(secret=SECRET) as client:
        for payload, text in REFUSED:
            with pytest.raises(Refused, match=text):
                await client.ask("component", "source", **payload)
    assert {file: file.read_text() for file in home.iterdir() if file.is_file()} == before


async def test_an_edit_on_disk_is_sent_to_all(system: LocalSystem, home: Path) -> None:
    async with system.editor() as one, system.editor() as two:
        for each in (one, two):
            await each.ask("runtime", "getruntime")
        (home / "Echo.py").write_text(ECHO.format(label="edited"))
        for each in (one, two):
            await each.told("component", "component", name="home/Echo", description="edited")
