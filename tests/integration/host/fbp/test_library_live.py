"""What editors see of a library in the real program: components that do not run, their ports, trouble and sources."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from brokers import Broker
from editors import Editor, editor, run
from paths import ROOT
from systems import Coordinator, Participants, Source

MAIN = "default/main"

ASKED = """
import os, time
from msgflo import Participant, Port

with open({log!r}, "a") as log:
    log.write("{name} %d\\n" % os.nice(0))
time.sleep({pause})

class Part(Participant):
    inports = [Port(each) for each in ("{port}",)]
    def process(self, inport, msg): ...
"""
PLAIN = "    outports = [Port('out', 'number', 'What comes')]\n"
HIDDEN = "    outports = [Port('out' + 'put')]\n"
PART = "from msgflo import Participant, Port\nclass Part(Participant):\n"


@contextmanager
def running(broker: Broker, folder: Path, scratch: Path, graph: str = "") -> Iterator[Coordinator]:
    """`msgflo run` with a folder of components."""
    (scratch / "graph.fbp").write_text(graph)
    options = ("--componentdir", folder, "--plain", "--data", scratch / "data")
    with Coordinator(scratch / "graph.fbp", *options, broker=broker.url, cwd=scratch) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield coordinator


def fill(folder: Path, **files: str) -> Path:
    """Write files; `__` in a name stands for its dot."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


async def soon(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


def ids(ports: list[dict[str, Any]]) -> list[str]:
    return [port["id"] for port in ports]


async def told_ports(client: Editor, name: str, *inports: str) -> None:
    """Wait until an editor was told that a component has these inports."""
    await soon(
        lambda: any(
            each["name"] == name and ids(each["inPorts"]) == list(inports)
            for each in client.all("component", "component")
        )
    )


def test_components_that_do_not_run_are_listed_with_their_ports(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with editor(coordinator.port) as client:
            listed = await client.listing()
            lamp = listed["demo/Lamp"]
            assert lamp["description"] == "Shows a level as a colour and says when it is too high"
            assert lamp["icon"] == "lightbulb-o"
            assert ids(lamp["inPorts"]) == ["level", "limit", "cooling"]
            assert [(port["id"], port["type"]) for port in lamp["outPorts"]] == [
                ("color", "string"),
                ("alarm", "boolean"),
            ]
            assert ids(listed["demo/Machine"]["outPorts"]) == ["load", "memory", "temperature"]
            assert ids(listed["demo/Fan"]["inPorts"]) == ["power"]

    with running(broker, ROOT / "examples/demo", tmp_path) as coordinator:
        run(main)


def test_each_is_asked_once_for_each_version_at_low_priority(broker: Broker, tmp_path: Path) -> None:
    log = tmp_path / "asked"

    def code(name: str, port: str) -> str:
        return ASKED.format(log=str(log), name=name, port=port, pause=0)

    folder = fill(tmp_path / "home", **{f"{name}__py": code(name, "a") for name in "ABC"})

    async def main() -> None:
        async with editor(coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            await soon(lambda: log.exists() and len(log.read_text().splitlines()) == 3)
            fill(folder, B__py=code("B", "b"))
            await told_ports(client, "home/B", "b")
            for _ in range(3):
                listed = await client.listing()
                assert [ids(listed[f"home/{name}"]["inPorts"]) for name in "ABC"] == [["a"], ["b"], ["a"]]
            fill(folder, D__py=code("D", "d"))
            await told_ports(client, "home/D", "d")

    with running(broker, folder, tmp_path) as coordinator:
        run(main)
    lines = log.read_text().splitlines()
    assert Counter(line.split()[0] for line in lines) == {"A": 1, "B": 2, "C": 1, "D": 1}
    assert {int(line.split()[1]) for line in lines} == {min(os.nice(0) + 10, 19)}


def test_fifty_components_delay_nothing(broker: Broker, tmp_path: Path) -> None:
    log = tmp_path / "asked"
    code = ASKED.format(log=str(log), name="part", port="x", pause=1) + PLAIN
    folder = fill(tmp_path / "home", **{f"Part{number}__py": code for number in range(50)})

    async def main() -> None:
        async with editor(coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            assert sum(name.startswith("home/") for name in await client.listing()) == 50
            tgt = {"node": "one", "port": "in"}
            await client.ask("graph", "addinitial", graph=MAIN, src={"data": "through"}, tgt=tgt)
            await client.told("network", "data", graph=MAIN, id="one() OUT -> IN two()", data="through")
            assert not log.exists() or len(log.read_text().splitlines()) < 50

    with running(broker, folder, tmp_path, "one(core/Repeat) OUT -> IN two(core/Repeat)\n") as coordinator:
        run(main)
        assert coordinator.stop() == 0


def test_trouble_at_import_is_said_once_and_listed_as_the_reason(broker: Broker, tmp_path: Path) -> None:
    crash, hang = "import no_such_module\n", "import time; time.sleep(1000)\n"
    folder = fill(
        tmp_path / "home",
        Crash__py=crash + PART + HIDDEN,
        Hang__py=hang + PART + HIDDEN,
        Board__py=crash + PART + PLAIN,
    )
    reason = "Crash.py:1: ModuleNotFoundError: No module named 'no_such_module'"

    async def main() -> None:
        async with editor(coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            await soon(lambda: "has not said what it is" in coordinator.output)
            listed = await client.listing()
            assert listed["home/Crash"]["description"].endswith(reason)
            assert listed["home/Hang"]["description"] == "Hang.py: has not said what it is within 10 s"
            # Its ports are plain to see, so it is only its description that tells.
            assert ids(listed["home/Board"]["outPorts"]) == ["out"]
            assert "no_such_module" in listed["home/Board"]["description"]

    with running(broker, folder, tmp_path) as coordinator:
        run(main)
    assert coordinator.output.count("its ports are not known") == 2
    assert coordinator.output.count(reason) == 1
    assert "home/Board" not in coordinator.output


def test_every_component_of_each_kind_has_a_source(broker: Broker, tmp_path: Path) -> None:
    config = "components: {home/Ready: 'sleep 1000', other/Away: away.yml}\nhandlers: {.sh: 'sh #FILENAME #ROLE'}\n"
    device = "component: x/Device\ninports: {on: {queue: '#ROLE/on'}}\noutports: {}\n"
    folder = fill(
        tmp_path / "home",
        msgflo__yaml=config,
        Part__py=PART + PLAIN,
        Run__sh="sleep 1000\n",
        Fan__yml=device,
        away__yml=device,
    )

    async def main() -> None:
        async with editor(coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            while "test/Source" not in (listed := await client.listing()):
                await asyncio.sleep(0.02)
            languages = {}
            for name in listed:
                source = await client.ask("component", "getsource", name=name)
                assert f"{source.get('library')}/{source['name']}" == name
                assert source["code"].strip()
                languages[name] = source["language"]
            assert not {"json", "fbp"} & set(languages.values())
            expected = {"core/Not": "python", "home/Part": "python", "home/Run": "shell", "test/Source": "yaml"}
            expected |= dict.fromkeys(("home/Ready", "home/Fan", "other/Away"), "yaml")
            assert {name: languages[name] for name in expected} == expected

    with running(broker, folder, tmp_path) as coordinator, Participants(Source("source"), broker=broker.url):
        coordinator.wait(lambda status: status["nodes"])
        run(main)


def test_nodes_of_a_component_that_joins_the_folder_are_run_for_each_graph(broker: Broker, tmp_path: Path) -> None:
    folder = fill(tmp_path / "home", Other__py=PART + PLAIN)

    def roles() -> set[str]:
        assert coordinator.process is not None
        children = []
        for each in psutil.Process(coordinator.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # one that was asked what it is has ended
                children.append(each.cmdline())
        return {
            words[words.index("Late.py") + 1] for words in children if "Late.py" in words and "participant" in words
        }

    async def main() -> None:
        async with editor(coordinator.port) as client:
            await client.ask("graph", "clear", id="other/graph", name="graph", main=False)
            for graph in (MAIN, "other/graph"):
                await client.ask("graph", "addnode", graph=graph, id="late", component="home/Late", metadata={})
            fill(folder, Late__py=PART + PLAIN)
            await soon(lambda: len(roles()) == 2)
            assert roles() == {"late", "other%2Fgraph/late"}

    with running(broker, folder, tmp_path) as coordinator:
        run(main)
