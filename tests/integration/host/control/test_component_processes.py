"""Components of a folder, run for the nodes of a graph: edits, mistakes, and what others notice of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

import msgflo
from brokers import Broker
from event_loop import until
from msgflo_host.components import live_folder
from msgflo_host.components.library import load
from msgflo_host.control import component_processes as package
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.graph.graph_files import load as load_graph
from msgflo_host.model.events import ComponentCrashed, ComponentFaulty, ComponentPrinted, ComponentSilent, Notice
from msgflo_host.processes import runner as processes
from systems import Participants, Sink

pytestmark = pytest.mark.asyncio_loop

ECHO = """
from msgflo import Participant, Port

class Echo(Participant):
    inports = (Port("in"),)
    outports = (Port("out", state=True),)
    def on_in(self, value):
        self.send("out", "{word} " + value)
"""
GRAPH = "'hello' -> IN echo(home/Echo) OUT -> IN sink(test/Sink)\n"


@pytest.fixture(autouse=True)
def folders_are_looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_folder, "POLL_S", 0.05)


def fill(folder: Path, **files: str) -> Path:
    """Write files; `__` in a name stands for its dot."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


class Broadcast:
    """What the coordinator was told of its components."""

    def __init__(self, components: Components) -> None:
        self.output: list[tuple[str, str]] = []
        self.crashes: list[tuple[str, str, float]] = []
        self.silent: list[str] = []
        listen = components._coordinator.events.listen
        listen(ComponentPrinted, lambda event: self.output.append((event.role, event.text)))
        listen(ComponentCrashed, lambda event: self.crashes.append((event.role, event.how, event.delay_s)))
        listen(ComponentSilent, lambda event: self.silent.append(event.role))


@asynccontextmanager
async def running(
    broker: Broker, graph: Path, folder: Path
) -> AsyncIterator[tuple[Coordinator, Components, Broadcast]]:
    """A coordinator and its components in this process."""
    coordinator = Coordinator(msgflo.Broker.parse(broker.url), load_graph(graph))
    components = Components(load(folder), coordinator)
    told = Broadcast(components)
    tasks = [asyncio.create_task(coordinator.run()), asyncio.create_task(components.run())]
    try:
        yield coordinator, components, told
    finally:
        await components.stop()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def test_an_edited_source_starts_its_nodes_again_with_the_initial_packets_and_leaves_others_alone(
    broker: Broker, tmp_path: Path
) -> None:
    folder = fill(tmp_path / "home", Echo__py=ECHO.replace("{word}", "one"), Other__py=ECHO)
    graph = tmp_path / "graph.fbp"
    graph.write_text(GRAPH + "other(home/Other)\n")
    sink = Sink("sink")
    with Participants(sink, broker=broker.url):
        async with running(broker, graph, folder) as (coordinator, components, _):
            library = components.library
            alive = coordinator.registry.state
            await until(lambda: "one hello" in sink.received and alive("other") == "alive")
            (other,) = programs("Other.py")
            fill(folder, Echo__py=ECHO.replace("{word}", "two"))  # by hand
            await until(lambda: "two hello" in sink.received)
            library.write("Echo", "python", ECHO.replace("{word}", "three"))  # by an editor
            await until(lambda: "three hello" in sink.received)
            assert [each.pid for each in programs("Other.py")] == [other.pid]


def programs(file: str) -> list[psutil.Process]:
    """Our children that run a component in this file."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if file in process.cmdline() and "participant" in process.cmdline():
                found.append(process)
    return found


async def test_mistakes_in_components_are_notified_and_leave_others_alone(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(
        tmp_path / "home",
        Echo__py=ECHO.replace("{word}", "one"),
        Crash__py="import no_such_module  # Participant\n",
        Hang__py="import time  # Participant\nprint('hanging')\ntime.sleep(1000)\n",
    )
    graph = tmp_path / "graph.fbp"
    graph.write_text(GRAPH)
    sink = Sink("sink")
    with Participants(sink, broker=broker.url):
        async with running(broker, graph, folder) as (coordinator, components, told):
            await until(lambda: coordinator.registry.state("echo") == "alive")
            monkeypatch.setattr(processes, "SETTLED_S", 0.2)
            monkeypatch.setattr(processes, "FIRST_RESTART_S", 0.01)
            for name in ("Crash", "Hang"):
                coordinator.graphs.edit("default/main", "addnode", {"id": name.lower(), "component": f"home/{name}"})
            await until(lambda: "hang" in told.silent and len(told.crashes) >= 2 and ("hang", "hanging") in told.output)
            await until(lambda: "one hello" in sink.received)
            components._settled("echo")  # it has begun long before the others
    assert {role for role, _, _ in told.crashes} == {"crash"}
    assert [delay for _, _, delay in told.crashes[:2]] == [0.01, 0.02]
    assert "Crash.py:1: ModuleNotFoundError: No module named 'no_such_module'" in told.crashes[0][1]
    assert "echo" not in told.silent


async def test_components_with_the_names_of_modules_that_others_need_leave_them_alone(
    broker: Broker, tmp_path: Path
) -> None:
    code = ECHO.replace("{word}", "one")
    folder = fill(tmp_path / "home", click__py=code, random__py=code)
    fill(folder, Echo__py="import random\nimport helper\nrandom.random()\n" + code, helper__py="")
    graph = tmp_path / "graph.fbp"
    graph.write_text(GRAPH + "".join(f"{name}(home/{name})\n" for name in ("click", "random")))
    sink = Sink("sink")
    with Participants(sink, broker=broker.url):
        async with running(broker, graph, folder) as (coordinator, _, told):
            roles = ("echo", "click", "random")
            await until(lambda: told.crashes or {*map(coordinator.registry.state, roles)} == {"alive"})
            assert told.crashes == []
            await until(lambda: "one hello" in sink.received)


SCRIPT = """
import json, os, sys
from msgflo import Participant, Port, serve

class Part(Participant):
    label = "in another language"
    outports = (Port("iips", state=True),)
    def start(self):
        self.send("iips", json.loads(sys.argv[2]))

serve(Part(sys.argv[1]))
"""


async def test_a_handler_gets_role_and_initial_packets_but_secure_ones_and_its_component_is_known_once_it_runs(
    broker: Broker, tmp_path: Path
) -> None:
    config = "handlers: {.js: \"python #FILENAME #ROLE '#IIPS'\"}\n"
    folder = fill(tmp_path / "home", Part__js=SCRIPT, msgflo__yaml=config)
    graph = tmp_path / "graph.json"
    data = {
        "processes": {"part": {"component": "home/Part"}, "sink": {"component": "test/Sink"}},
        "connections": [
            {"data": {"a": ["#ROLE", 'it\'s "x"']}, "tgt": {"process": "part", "port": "settings"}},
            {"data": "hidden", "tgt": {"process": "part", "port": "password"}, "metadata": {"secure": True}},
            {"src": {"process": "part", "port": "iips"}, "tgt": {"process": "sink", "port": "in"}},
        ],
    }
    graph.write_text(json.dumps(data))
    sink = Sink("sink")
    with Participants(sink, broker=broker.url):
        async with running(broker, graph, folder) as (_, components, _):
            library = components.library
            assert library.info("home/Part").description == ""
            await until(lambda: sink.received)
            await until(lambda: library.info("home/Part").description)
            assert library.info("home/Part").description == "in another language"
            assert [port.id for port in library.info("home/Part").outports] == ["iips"]
    assert sink.received[0] == {"settings": {"a": ["#ROLE", 'it\'s "x"']}}


async def test_where_the_file_of_a_component_is_deleted_that_is_logged_and_nothing_else(
    broker: Broker, tmp_path: Path
) -> None:
    named = ECHO.replace("{word}", "1") + "    component = 'other/Echo'\n"
    folder = fill(tmp_path / "home", Echo__py=named, Other__py=named)
    graph = tmp_path / "graph.fbp"
    graph.write_text("echo(home/Echo)\n")
    said: list[tuple[str, str]] = []
    gone = [("echo", 'is no longer run: the library has no component "home/Echo" any more')]
    async with running(broker, graph, folder) as (coordinator, _, _):
        coordinator.events.listen(ComponentFaulty, lambda event: said.append((event.role, event.text)))
        await until(lambda: coordinator.registry.state("echo") == "alive")
        (folder / "Echo.py").unlink()
        await until(lambda: said and coordinator.registry.get("echo") is None)
        assert said == gone
        fill(folder, Echo__py=named)
        await until(lambda: coordinator.registry.state("echo") == "alive" and not coordinator.node_errors.get("echo"))
        (folder / "Echo.py").unlink()
        await until(lambda: said == gone * 2)


async def test_only_so_many_processes_are_started_and_that_is_logged_whenever_it_begins(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MOST_PROCESSES", 2)
    folder = fill(tmp_path / "home", msgflo__yaml="components: {home/Echo: sleep 1000}\n")
    graph = tmp_path / "graph.fbp"
    graph.write_text("".join(f"{name}(home/Echo)\n" for name in "abcd"))
    said: list[str] = []
    text = "2 nodes run as processes; the others wait until one of these is removed"
    node_error = "is not started: 2 nodes run as processes already"
    async with running(broker, graph, folder) as (coordinator, ours, _):
        coordinator.events.listen(Notice, lambda event: said.append(event.text))
        edit = coordinator.graphs.edit

        def node_errors() -> dict[str, str | None]:
            return {role: coordinator.node_errors.get(role) for role in "abcd" if coordinator.node_errors.get(role)}

        await until(lambda: said == [text])
        assert {*ours._processes.commands} == {"a", "b"}
        await until(lambda: node_errors() == dict.fromkeys("cd", node_error))
        edit("default/main", "removenode", {"id": "a"})
        await until(lambda: {*ours._processes.commands} == {"b", "c"} and node_errors() == {"d": node_error})
        edit("default/main", "removenode", {"id": "b"})
        await until(lambda: {*ours._processes.commands} == {"c", "d"} and not node_errors())
        assert said == [text]
        edit("default/main", "addnode", {"id": "a", "component": "home/Echo"})
        await until(lambda: said == [text, text] and node_errors() == {"a": node_error})
        fill(folder, msgflo__yaml="components: {home/Other: sleep 1000}\n")
        gone = 'is no longer run: the library has no component "home/Echo" any more'
        await until(lambda: node_errors() == dict.fromkeys("acd", gone))
