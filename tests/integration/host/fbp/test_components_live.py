"""Components of a folder as an editor meets them, in the real program: started, edited, and misbehaving."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from brokers import Broker
from editors import Editor, editor, run
from systems import Coordinator, until

MAIN = "default/main"
SECRET = "a-secret-of-the-test"

ECHO = """
import os, sys
from msgflo import Participant, Port

class Echo(Participant):
    label = "{word}"
    inports = [Port("in")]
    outports = [Port("out", state=True)]
    def on_in(self, value):
        print("printed")
        print("complained", file=sys.stderr)
        self.send("out", ["{word}", value, self.role, os.environ["MSGFLO_BROKER"]])
"""


def fill(folder: Path, **files: str) -> None:
    """Write files; `__` in a name stands for its dot."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


CONFIG = """
handlers: {.sh: "sh #FILENAME #ROLE", .js: "python #FILENAME #ROLE"}
programs: {plug: "python program.py"}
"""
PROGRAM = "import sys, time\nprint('I run', flush=True)\ntime.sleep({})\nsys.exit(3)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "home"
    fill(folder, msgflo__yaml=CONFIG, program__py=PROGRAM.format(1000), Echo__py=ECHO.replace("{word}", "one"))
    return folder


@pytest.fixture(scope="module")
def coordinator(shared_broker: Broker, folder: Path) -> Iterator[Coordinator]:
    """`msgflo run` with a folder of components, for all tests; each has nodes of its own and removes them."""
    options = ("--componentdir", folder, "--plain", "--secret", SECRET, "--data", folder.parent / "data")
    with Coordinator(*options, broker=shared_broker.url, cwd=folder.parent) as running:
        running.wait(lambda status: status["connected"])
        yield running


@asynccontextmanager
async def at(coordinator: Coordinator, *, secret: str | None = None) -> AsyncIterator[Editor]:
    """An editor that is told what happens."""
    async with editor(coordinator.port, secret=secret) as client:
        await client.ask("runtime", "getruntime")
        yield client


async def add(client: Editor, **nodes: str) -> None:
    """Add nodes to the main graph, by their components."""
    for id, component in nodes.items():
        await client.ask("graph", "addnode", graph=MAIN, id=id, component=component, metadata={})


async def join(client: Editor, src: str, tgt: str) -> None:
    (node, port), (other, inport) = src.split("."), tgt.split(".")
    ends = {"src": {"node": node, "port": port}, "tgt": {"node": other, "port": inport}}
    await client.ask("graph", "addedge", graph=MAIN, **ends)


async def feed(client: Editor, value: Any, tgt: str) -> None:
    """Give a node an initial packet."""
    node, port = tgt.split(".")
    await client.ask("graph", "addinitial", graph=MAIN, src={"data": value}, tgt={"node": node, "port": port})


async def came(client: Editor, accept: Callable[[Any], bool], *, since: int = 0) -> Any:
    """Return the first packet on an edge that is accepted."""
    while True:
        frame = await client.told("network", "data", since=since)
        if accept(frame["payload"]["data"]):
            return frame["payload"]["data"]
        since = client.frames.index(frame, since) + 1


async def soon(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


def processes(coordinator: Coordinator, *words: str) -> list[psutil.Process]:
    """Return the coordinator's processes with these words in their command."""
    assert coordinator.process is not None
    found = []
    for process in psutil.Process(coordinator.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if set(words) <= set(process.cmdline()):
                found.append(process)
    return found


async def test_a_node_is_a_process_from_addnode_to_removenode_also_where_its_source_is_edited_meanwhile(
    coordinator: Coordinator, shared_broker: Broker
) -> None:
    source = {"name": "Echo", "library": "home", "language": "python"}
    async with at(coordinator, secret=SECRET) as one, at(coordinator) as two:
        await add(one, echo="home/Echo", seen="core/Repeat")
        await join(one, "echo.out", "seen.in")
        await feed(one, "hello", "echo.in")
        for each in (one, two):
            said = await came(each, lambda data: isinstance(data, list))
            assert said == ["one", "hello", "echo", shared_broker.url]
            for line in ("echo: printed", "echo: complained"):
                await each.told("network", "output", message=line)
        await one.ask("component", "source", **source, code=ECHO.replace("{word}", "two"))
        await came(two, lambda data: data[:2] == ["two", "hello"])
        assert not two.all("network", "processerror")  # that it was ended is no news to who edits it
        (process,) = processes(coordinator, "Echo.py", "participant")
        since = len(two.frames)
        await one.ask("graph", "removenode", graph=MAIN, id="echo")
        await soon(lambda: not process.is_running())
        await asyncio.to_thread(coordinator.wait, lambda status: all(each["id"] != "echo" for each in status["nodes"]))
        await two.ask("network", "getstatus", graph=MAIN)
        # While it ends, it is not taken for one that somebody else has started.
        assert not [each for each in two.all("graph", "addnode", since=since) if each["id"] == "echo"]
        assert not two.all("network", "processerror", since=since)


async def test_nodes_of_a_component_that_joins_the_folder_are_run_for_each_graph(
    coordinator: Coordinator, folder: Path
) -> None:
    def roles() -> set[str]:
        commands = [process.cmdline() for process in processes(coordinator, "Late.py", "participant")]
        return {words[words.index("Late.py") + 1] for words in commands}

    async with at(coordinator) as client:
        await client.ask("graph", "clear", id="other/graph", name="graph", main=False)
        for graph in (MAIN, "other/graph"):
            await client.ask("graph", "addnode", graph=graph, id="late", component="home/Late", metadata={})
        fill(folder, Late__py=ECHO)
        await soon(lambda: len(roles()) == 2)
        assert roles() == {"late", "other%2Fgraph/late"}
        for graph in (MAIN, "other/graph"):
            await client.ask("graph", "removenode", graph=graph, id="late")


SCRIPT = """
import sys
from msgflo import Participant, Port, serve

class Script(Participant):
    component = "home/Script"
    inports = [Port("of-script")]
    def process(self, inport, msg): ...

serve(Script(sys.argv[1]))
"""
LEGACY = """
import msgflo

class Legacy(msgflo.Participant):
    def __init__(self, role):
        ports = [{"id": "of-" + "legacy", "type": "any"}]
        msgflo.Participant.__init__(self, {"component": "home/Legacy", "label": "", "inports": ports, "outports": []}, role)
    def process(self, inport, msg): ...

msgflo.main(Legacy)
"""
DEVICE = "component: home/Device\ninports: {of-device: {queue: '#ROLE/x'}}\noutports: {}\n"


async def test_files_in_other_languages_for_msgflos_library_and_of_foreign_devices_are_components(
    coordinator: Coordinator, folder: Path
) -> None:
    fill(folder, Script__js=SCRIPT, Legacy__py=LEGACY, Device__yml=DEVICE)
    kinds = ("Script", "Legacy", "Device")

    def all_alive(status: dict[str, Any]) -> bool:
        states = {each["id"]: each["state"] for each in status["nodes"]}
        return all(states.get(kind) == "alive" for kind in kinds)

    async with at(coordinator) as client:
        await add(client, **{kind: f"home/{kind}" for kind in kinds})
        await asyncio.to_thread(coordinator.wait, all_alive)
        listed = await client.listing()
        for kind in kinds:
            assert [port["id"] for port in listed[f"home/{kind}"]["inPorts"]] == [f"of-{kind.lower()}"]
            await client.ask("graph", "removenode", graph=MAIN, id=kind)


async def test_the_reason_of_a_crash_is_sent_also_to_a_later_editor(coordinator: Coordinator, folder: Path) -> None:
    fill(folder, Crash__py="from msgflo import Participant\nimport no_such_module\n")
    reason = "ended (exit code 1): msgflo: Crash.py:2: ModuleNotFoundError: No module named 'no_such_module'"
    async with at(coordinator) as client:
        await add(client, crash="home/Crash")
        error = f"{reason}; it is started again in 0.5 s"
        await client.told("network", "processerror", graph=MAIN, id="crash", error=error)
        async with at(coordinator) as later:
            told = await later.told("network", "processerror", graph=MAIN, id="crash")
            assert told["payload"]["error"].startswith(reason)
        await client.ask("graph", "removenode", graph=MAIN, id="crash")


SHELL = """
sleep MARK &
setsid sleep MARK &
(trap '' TERM HUP; sleep MARK & wait; wait) &
sleep MARK
"""
STUBBORN = """
components: {home/Stubborn: "python stubborn.py #ROLE MARK"}
handlers: {.sh: "sh #FILENAME #ROLE"}
programs: {beside: "sh -c 'sleep MARK & sleep MARK'"}
"""


def test_nothing_that_components_and_programs_have_started_outlives_the_coordinator(
    broker: Broker, tmp_path: Path
) -> None:
    mark = str(random.randrange(10**8, 10**9))
    stubborn = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)\n"
    shell, config = SHELL.replace("MARK", mark), STUBBORN.replace("MARK", mark)
    fill(tmp_path / "home", Shell__sh=shell, stubborn__py=stubborn, msgflo__yaml=config)

    def left() -> list[list[str]]:
        commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        return [words for words in commands if mark in " ".join(words)]

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as one:
            await add(one, **{f"shell-{mark}": "home/Shell", "stubborn": "home/Stubborn"})
            await soon(lambda: sum(words[0] == "sleep" for words in left()) == 6)
            await soon(lambda: {"Shell.sh", "stubborn.py", "-c"} <= {word for words in left() for word in words})

    assert not left()
    with Coordinator("--plain", "--componentdir", tmp_path / "home", broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        run(lambda: main(coordinator))
        coordinator.stop()
        until(lambda: not left(), what=str(left()))
