"""Components of a folder as an editor meets them, in the real program: started, edited, and misbehaving."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import msgflo
from brokers import Broker
from editors import Editor, Refused, editor, run
from fbp_service import joined, read, service_of
from msgflo_host.components import Components
from msgflo_host.components import processes as processes_module
from msgflo_host.coordinator import Coordinator as InProcess
from msgflo_host.graph import fbp_format
from msgflo_host.library import load
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


@contextmanager
def running(broker: Broker, folder: Path, graph: str = "") -> Iterator[Coordinator]:
    """`msgflo run` with a folder of components."""
    (folder.parent / "graph.fbp").write_text(graph)
    options: list[str | Path] = [
        "--componentdir",
        folder,
        "--plain",
        "--secret",
        SECRET,
        "--data",
        folder.parent / "data",
    ]
    with Coordinator(folder.parent / "graph.fbp", *options, broker=broker.url, cwd=folder.parent) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield coordinator


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
    """What the coordinator runs with these words in its command."""
    assert coordinator.process is not None
    found = []
    for process in psutil.Process(coordinator.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if set(words) <= set(process.cmdline()):
                found.append(process)
    return found


def test_a_node_is_a_process_from_addnode_to_removenode_with_its_broker_and_role(
    broker: Broker, tmp_path: Path
) -> None:
    fill(tmp_path / "home", Echo__py=ECHO.replace("{word}", "one"))

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as one, at(coordinator) as two:
            assert not processes(coordinator, "Echo.py", "participant")
            await add(one, echo="home/Echo", seen="core/Repeat")
            await join(one, "echo.out", "seen.in")
            await feed(one, "hello", "echo.in")
            for each in (one, two):
                said = await came(each, lambda data: isinstance(data, list))
                assert said == ["one", "hello", "echo", broker.url]
                for line in ("echo: printed", "echo: complained"):
                    await each.told("network", "output", message=line)
            (process,) = processes(coordinator, "Echo.py", "participant")
            since = len(two.frames)
            await one.ask("graph", "removenode", graph=MAIN, id="echo")
            await soon(lambda: not process.is_running())
            await asyncio.to_thread(
                coordinator.wait, lambda status: all(each["id"] != "echo" for each in status["nodes"])
            )
            await two.ask("network", "getstatus", graph=MAIN)
            # While it ends, it is not taken for one that somebody else has started.
            assert not [each for each in two.all("graph", "addnode", since=since) if each["id"] == "echo"]
            assert not two.all("network", "processerror", since=since)

    with running(broker, tmp_path / "home") as coordinator:
        run(lambda: main(coordinator))


def test_an_edited_source_starts_its_nodes_again_with_the_initial_packets_of_the_graph(
    broker: Broker, tmp_path: Path
) -> None:
    folder = tmp_path / "home"
    fill(folder, Echo__py=ECHO.replace("{word}", "one"))
    source = {"name": "Echo", "library": "home", "language": "python"}

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator, secret=SECRET) as one, at(coordinator) as two:
            await soon(lambda: processes(coordinator, "Echo.py", "participant"))
            with pytest.raises(Refused, match="not permitted"):
                await two.ask("component", "source", **source, code=ECHO.replace("{word}", "no"))
            said = await one.ask("component", "source", **source, code=ECHO.replace("{word}", "two"))
            assert said["description"] == "two"
            await two.told("component", "component", name="home/Echo", description="two")
            await came(two, lambda data: data[:2] == ["two", "hello"])
            fill(folder, Echo__py=ECHO.replace("{word}", "three"))
            await two.told("component", "component", name="home/Echo", description="three")
            await came(two, lambda data: data[:2] == ["three", "hello"])
            assert not two.all("network", "processerror")  # that it was ended is no news to who edits it
            assert (await two.ask("component", "getsource", name="home/Echo"))["code"] == ECHO.replace(
                "{word}", "three"
            )

    graph = "'hello' -> IN echo(home/Echo) OUT -> IN seen(core/Repeat)\n"
    with running(broker, folder, graph) as coordinator:
        run(lambda: main(coordinator))


HOSTILE = [
    ("..", "home"), ("../escape", "home"), ("/tmp/escape", ""), ("home/../../escape", ""), ("escape", ".."), ("escape", "/"),
    (".hidden", "home"), ("_private", "home"), ("a/b", "home"), ("a\\b", "home"), ("a\x00b", "home"), ("", "home"),
    ("a" * 300, "home"), ("Not", "core"), ("new", "elsewhere"), ("%2e%2e", "home"), ("Echo.py", "home"), ("os", "home"),
]  # fmt: skip
"""Names and libraries that no file of the folder may have."""


def test_no_source_is_written_outside_the_folder_nor_without_permission(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "scratch" / "home"
    folder.parent.mkdir()
    fill(folder, Echo__py=ECHO.replace("{word}", "one"))
    code = f"open({str(tmp_path / 'executed')!r}, 'w')\nfrom msgflo import Participant\nclass A(Participant): pass\n"

    def files() -> set[Path]:
        return {each for each in tmp_path.rglob("*") if "__pycache__" not in each.parts}

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator, secret=SECRET) as one, at(coordinator) as stranger:
            before = files()
            for name, library in HOSTILE:
                with pytest.raises(Refused):
                    await one.ask("component", "source", name=name, library=library, language="python", code=code)
                with pytest.raises(Refused):
                    await one.ask("component", "getsource", name=f"{library}/{name}.py")
            with pytest.raises(Refused, match="not permitted"):
                await stranger.ask("component", "source", name="New", library="home", language="python", code=code)
            assert files() == before
            # Only who may write does so; the file is run then, if only to be asked what it is.
            await one.ask("component", "source", name="New", library="home", language="python", code=code)
            await soon((tmp_path / "executed").exists)
            assert files() == before | {folder / "New.py", tmp_path / "executed"}

    with running(broker, folder) as coordinator:
        run(lambda: main(coordinator))


PACKAGE = '{"name": "@me/parts", "msgflo": {"handlers": {".js": "python #FILENAME #ROLE"}}}'
SCRIPT = """
import sys
from msgflo import Participant, Port, serve

class Script(Participant):
    component = "parts/Script"
    inports = [Port("of-script")]
    def process(self, inport, msg): ...

serve(Script(sys.argv[1]))
"""
LEGACY = """
import msgflo

class Legacy(msgflo.Participant):
    def __init__(self, role):
        ports = [{"id": "of-" + "legacy", "type": "any"}]
        msgflo.Participant.__init__(self, {"component": "parts/Legacy", "label": "", "inports": ports, "outports": []}, role)
    def process(self, inport, msg): ...

msgflo.main(Legacy)
"""
DEVICE = "component: parts/Device\ninports: {of-device: {queue: '#ROLE/x'}}\noutports: {}\n"


def test_files_in_other_languages_for_msgflos_library_and_of_foreign_devices_are_components(
    broker: Broker, tmp_path: Path
) -> None:
    folder = tmp_path / "home"
    fill(folder, package__json=PACKAGE, Script__js=SCRIPT, Legacy__py=LEGACY, Device__yml=DEVICE)
    kinds = ("Script", "Legacy", "Device")

    def all_alive(status: dict[str, Any]) -> bool:
        return {each["id"]: each["state"] for each in status["nodes"]} == dict.fromkeys(kinds, "alive")

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as client:
            await add(client, **{kind: f"parts/{kind}" for kind in kinds})
            await asyncio.to_thread(coordinator.wait, all_alive)
            listed = await client.listing()
            for kind in kinds:
                assert [port["id"] for port in listed[f"parts/{kind}"]["inPorts"]] == [f"of-{kind.lower()}"]

    with running(broker, folder) as coordinator:
        run(lambda: main(coordinator))


LOUD = """
import sys, time
from msgflo import Participant

class Loud(Participant):
    label = "prints 10 MB a second"
    def start(self):
        while True:
            sys.stdout.write(("x" * 99 + "\\n") * 1000)
            time.sleep(0.01)
"""
TROUBLE = {
    "Crash__py": "from msgflo import Participant\nimport no_such_module\n",
    "Hang__py": "import time\nfrom msgflo import Participant\nprint('here I hang', flush=True)\ntime.sleep(1000)\n",
    "Loud__py": LOUD,
}


def test_components_that_crash_hang_and_flood_are_reported_and_the_rest_is_unaffected(
    broker: Broker, tmp_path: Path
) -> None:
    folder = tmp_path / "home"
    fill(folder, Echo__py=ECHO.replace("{word}", "one"), **TROUBLE)

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as one, at(coordinator) as two:
            await add(one, crash="home/Crash", hang="home/Hang", loud="home/Loud")
            reason = "ended (exit code 1): msgflo: Crash.py:2: ModuleNotFoundError: No module named 'no_such_module'"
            for each in (one, two):
                for again in ("1 s", "2 s"):
                    error = f"{reason}; it is started again in {again}"
                    await each.told("network", "processerror", graph=MAIN, id="crash", error=error)
                await each.told("network", "output", message="hang: here I hang")
                for id in ("crash", "hang"):
                    await each.told("network", "icon", graph=MAIN, id=id, icon="hourglass-o")
            await soon(lambda: any(map(is_count, one.all("network", "output"))))

            # Meanwhile everything else goes on: requests, packets, edits.
            since = len(two.frames)
            for number in range(100):
                assert (await two.ask("network", "getstatus", graph=MAIN))["started"]
                await feed(two, f"again {number}", "echo.in")
            await came(one, lambda data: data[:2] == ["one", "again 99"])
            assert len(two.all("network", "output", since=since)) < 2000
            await two.ask("graph", "removenode", graph=MAIN, id="loud")
            await soon(lambda: not processes(coordinator, "Loud.py", "participant"))
            assert not [each for each in two.all("network", "processerror") if each["id"] in ("echo", "seen")]

    def is_count(payload: dict[str, Any]) -> bool:
        message = str(payload["message"])
        return message.startswith("loud: (") and message.endswith(" lines left out)")

    graph = "'hello' -> IN echo(home/Echo) OUT -> IN seen(core/Repeat)\n"
    with running(broker, folder, graph) as coordinator:
        run(lambda: main(coordinator))


def test_a_component_that_hangs_is_reported(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes_module, "SETTLED_S", 3.0)
    fill(tmp_path / "home", **TROUBLE)

    async def main() -> None:
        graph = fbp_format.parse("hang(home/Hang)\n")
        coordinator = InProcess(msgflo.Broker.parse(broker.url), graph)
        components = Components(load(tmp_path / "home"), coordinator)
        client, frames = joined(service_of(coordinator, components)), []
        tasks = [asyncio.create_task(each.run()) for each in (coordinator, components)]
        async with asyncio.timeout(60):
            while not any(frame["command"] == "processerror" for frame in frames):
                await asyncio.sleep(0.05)
                frames += read(client)
        await components.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        errors = [frame["payload"] for frame in frames + read(client) if frame["command"] == "processerror"]
        assert errors == [{"graph": MAIN, "id": "hang", "error": "it runs, and has not announced itself"}]

    asyncio.run(main())


@pytest.mark.soak
def test_a_component_that_hangs_is_reported_after_30_s(broker: Broker, tmp_path: Path) -> None:
    fill(tmp_path / "home", **TROUBLE)

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as one:
            await soon(lambda: one.all("network", "processerror"))
            (said,) = one.all("network", "processerror")
            assert said == {"graph": MAIN, "id": "hang", "error": "it runs, and has not announced itself"}

    with running(broker, tmp_path / "home", "hang(home/Hang)\n") as coordinator:
        run(lambda: main(coordinator))


BLOCK = """
import asyncio, os, sys, time
from msgflo import Participant, Port, Session
from msgflo.threads import run_until_signal

class Block(Participant):
    component = "home/Block"
    inports = [Port("in")]
    def on_in(self, value):
        print("blocked", flush=True)
        time.sleep(1000)

asyncio.run(run_until_signal(Session([Block(sys.argv[1])], os.environ["MSGFLO_BROKER"], keepalive=2)))
"""


def test_a_component_that_blocks_in_a_handler_is_reported_and_can_be_removed(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    fill(folder, block__py=BLOCK, msgflo__yaml="components: {home/Block: 'python block.py #ROLE'}\n")

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as one, at(coordinator) as two:
            await add(one, block="home/Block")
            await one.told("network", "icon", graph=MAIN, id="block", icon="cog")  # it has announced itself
            await feed(one, 1, "block.in")
            for each in (one, two):
                await each.told("network", "output", message="block: blocked")
                await each.told("network", "processerror", graph=MAIN, id="block", error="lost (connection lost)")
                await each.told("network", "icon", graph=MAIN, id="block", icon="chain-broken")
            (process,) = processes(coordinator, "block.py")
            await feed(two, "through", "seen.in")
            await came(one, lambda data: data == "through")
            await two.ask("graph", "removenode", graph=MAIN, id="block")
            await soon(lambda: not process.is_running())

    with running(broker, folder, "seen(core/Repeat) OUT -> IN end(core/Repeat)\n") as coordinator:
        run(lambda: main(coordinator))


def test_a_node_that_is_called_like_a_program_leaves_it_alone(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    config = 'programs: {plug: "python program.py"}\n'
    code = "import sys, time\nprint('I run', flush=True)\ntime.sleep({})\nsys.exit(3)\n"
    fill(folder, program__py=code.format(1000), Echo__py=ECHO.replace("{word}", "one"), msgflo__yaml=config)

    async def main(coordinator: Coordinator) -> None:
        async with at(coordinator) as one:
            await soon(lambda: processes(coordinator, "program.py"))
            (before,) = processes(coordinator, "program.py")
            await add(one, **{"program plug": "home/Echo"})
            await feed(one, "hello", "program plug.in")
            await one.told("network", "output", message="program plug: printed")
            assert processes(coordinator, "program.py") == [before]
            since = len(one.frames)
            fill(folder, program__py=code.format(0))
            await one.told(
                "network",
                "output",
                since=since,
                message="program plug: ended (exit code 3): I run; it is started again in 1 s",
            )
            assert not one.all("network", "processerror")
            await one.ask("graph", "removenode", graph=MAIN, id="program plug")
            await soon(lambda: not processes(coordinator, "Echo.py", "participant"))
            await one.told(
                "network", "output", message="program plug: ended (exit code 3): I run; it is started again in 2 s"
            )

    with running(broker, folder) as coordinator:
        run(lambda: main(coordinator))


SHELL = """
sleep MARK &
setsid sleep MARK &
(trap '' TERM HUP; sleep MARK & wait; wait) &
sleep MARK
"""
CONFIG = """
components: {home/Stubborn: "python stubborn.py #ROLE MARK"}
handlers: {.sh: "sh #FILENAME #ROLE"}
programs: {beside: "sh -c 'sleep MARK & sleep MARK'"}
"""


@pytest.mark.parametrize("how", [Coordinator.kill, Coordinator.stop], ids=["killed", "stopped"])
def test_nothing_that_components_and_programs_have_started_outlives_the_coordinator(
    broker: Broker, tmp_path: Path, how: Callable[[Coordinator], Any]
) -> None:
    mark = str(random.randrange(10**8, 10**9))
    stubborn = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)\n"
    shell, config = SHELL.replace("MARK", mark), CONFIG.replace("MARK", mark)
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
    with running(broker, tmp_path / "home") as coordinator:
        run(lambda: main(coordinator))
        how(coordinator)
        until(lambda: not left(), what=str(left()))
