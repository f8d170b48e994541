"""Systems of two versions: today's, and the one that `record.py` has recorded."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import pytest

import msgflo
from brokers import Broker, free_port
from interpreters import CPYTHON, MICROPYTHON, Interpreter
from listening import Ear, retained
from msgflo_host.boards.update import update
from msgflo_host.graph import graph_files
from small_board import SmallBoard, config, firmware
from systems import Coordinator, edge, node, until

HERE = Path(__file__).parent
RECORDED = HERE / "e759e21"
COUNT = 25

pytestmark = pytest.mark.skipif(MICROPYTHON.missing is not None, reason=str(MICROPYTHON.missing))


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the earlier version."""
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(RECORDED / "code.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


class Program:
    """`participants.py`, with today's library or that in a folder; a context manager."""

    def __init__(self, name: str, broker: Broker, interpreter: Interpreter, *folders: Path) -> None:
        self.name = name
        self.packets: list[dict[str, Any]] = []
        """What its sink has received."""
        self.logged: list[str] = []
        self._start = lambda: interpreter.start(HERE / "participants.py", name, broker.url, folders=folders)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                self.packets.append(json.loads(line))
            else:
                self.logged.append(line)

    def __enter__(self) -> Program:
        self._process = self._start()
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait(10)
        self._reader.join(10)


@pytest.fixture
def ear(broker: Broker) -> Iterator[Ear]:
    ear = Ear(broker)
    yield ear
    ear.stop()


def project(folder: Path, broker: Broker, *names: str) -> Coordinator:
    """Sources and sinks of these names and a foreign device, each joined to each; not yet started."""
    shutil.copytree(RECORDED / "home/foreign", folder / "foreign")
    nodes = [f"{name}_source(test/Source)\n{name}_sink(test/Sink)\n" for name in names]
    edges = [f"{source}_source OUT -> IN {sink}_sink\n" for source in names for sink in names]
    edges += [f"{name}_source OUT -> POWER plug\nplug STATE -> IN {name}_sink\n" for name in names]
    (folder / "graph.fbp").write_text("".join([*nodes, "plug(test/Plug)\n", *edges]))
    return Coordinator("graph.fbp", "--foreign", "foreign", "--data", "data", broker=broker.url, cwd=folder)


def subscribers(broker: Broker, topic: str) -> set[str]:
    """The client ids of those who have subscribed to a topic with QoS 1."""
    return set(re.findall(rf"^\d+: (\S+) 1 {re.escape(topic)}$", broker.log, re.MULTILINE))


def every_packet_arrives_once(coordinator: Coordinator, broker: Broker, ear: Ear, programs: list[Program]) -> None:
    """Wait until all is bound, and let each source send numbered packets."""
    coordinator.wait(lambda status: all(each["kind"] in ("direct", "forwarded") for each in status["edges"]))
    names = [program.name for program in programs]
    status = coordinator.status()
    for name in names:
        assert edge(status, f"{name}_source.out", "plug.power")["kind"] == "forwarded"
        assert edge(status, "plug.state", f"{name}_sink.in")["kind"] == "direct"

    # An earlier library does not report when it has subscribed, but the broker's log does. The client id of a program is
    # that of its source.
    sources = [f"{name}_source" for name in names]
    until(lambda: all(len(subscribers(broker, f"{source}/out")) > len(names) for source in sources))
    until(lambda: subscribers(broker, "plug/state").issuperset(sources))
    for source in sources:
        ear.say(f"{source}/count", COUNT)
    for number in range(COUNT):
        ear.say("plug/state", {"from": "plug", "number": number})

    def numbers(packets: list[dict[str, Any]], source: str) -> list[int]:
        return [packet["number"] for packet in packets if packet["from"] == source]

    def at_plug() -> list[dict[str, Any]]:
        return [value for topic, value in list(ear.heard) if topic == "plug/set"]

    received = [(program.packets, source) for program in programs for source in [*sources, "plug"]]
    for packets, source in received:
        until(lambda packets=packets, source=source: len(numbers(packets, source)) >= COUNT)
        assert numbers(packets, source) == [*range(COUNT)]
    for source in sources:
        until(lambda source=source: len(numbers(at_plug(), source)) >= COUNT)
        assert numbers(at_plug(), source) == [*range(COUNT)]


def test_participants_of_an_earlier_version_are_served(broker: Broker, ear: Ear, earlier: Path, tmp_path: Path) -> None:
    recorded = json.loads((RECORDED / "retained.json").read_text())
    messages = [{"topic": topic, "payload": payload, "retain": True} for topic, payload in recorded.items()]
    paho.mqtt.publish.multiple(messages, "127.0.0.1", broker.port)
    coordinator = project(tmp_path, broker, "py", "micro", "new")
    old = [
        Program(name, broker, each, earlier / "firmware") for name, each in (("py", CPYTHON), ("micro", MICROPYTHON))
    ]
    programs = [*old, Program("new", broker, CPYTHON)]
    with ExitStack() as stack:
        for program in programs:
            stack.enter_context(program)
        stack.enter_context(coordinator)
        every_packet_arrives_once(coordinator, broker, ear, programs)
        lists = {topic: json.loads(text) for topic, text in retained(broker, "fbp/bind/+").items()}
    sources = {"in": ["micro_source/out", "new_source/out", "plug/state", "py_source/out"]}
    assert lists["fbp/bind/py_sink"] == lists["fbp/bind/micro_sink"] == sources
    assert lists["fbp/bind/new_sink"].keys() == {"in", ""}
    assert [program.logged for program in old] == [[], []]
    assert "does not confirm" not in coordinator.output


def test_an_earlier_coordinator_binds_participants_of_today(
    broker: Broker, ear: Ear, earlier: Path, tmp_path: Path
) -> None:
    today = {"in": ["gone"], "": {"version": 7, "states": ["gone"]}}  # who goes back has lists of today
    ear.say("fbp/bind/py_sink", today, retain=True)
    coordinator = project(tmp_path, broker, "py", "micro")
    coordinator.environment = {"PYTHONPATH": f"{earlier / 'host'}:{earlier / 'firmware'}"}
    programs = [Program("py", broker, CPYTHON), Program("micro", broker, MICROPYTHON)]
    with programs[0], programs[1], coordinator:
        every_packet_arrives_once(coordinator, broker, ear, programs)


def test_a_project_of_an_earlier_version_is_taken_over_whole(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(RECORDED / "home", home)
    (home / "data").chmod(0o700)
    before = {file.name: file.read_text() for file in home.glob("graph.*")}
    own = ("--foreign", "foreign", "--data", "data", "--mqtt-port", str(free_port()))
    with Coordinator("graph.fbp", *own, broker=None, cwd=home) as coordinator:
        # Those that were there are known, and their edges active.
        status = coordinator.wait(
            lambda status: all(each["kind"] in ("direct", "forwarded") for each in status["edges"])
        )
        assert len(status["edges"]) == 8
        assert all(node(status, name)["instances"] for name in ("py_source", "py_sink", "micro_source", "micro_sink"))
        runtime_id = (RECORDED / "home/data/runtime-id").read_text().strip()
        until(lambda: runtime_id in coordinator.output)  # editors know it again
    for file in ("fbp-secret", "secret", "runtime-id"):
        assert (home / "data" / file).read_text() == (RECORDED / "home/data" / file).read_text()
    for name, text in before.items():
        assert (home / name).read_text() == text
        graph_files.save(tmp_path / name, graph_files.load(home / name))
        assert (tmp_path / name).read_text() == text


def test_a_board_of_an_earlier_version_is_updated_over_the_network(
    broker: Broker, earlier: Path, tmp_path: Path
) -> None:
    board, version = SmallBoard(tmp_path), "2" * 12
    shutil.copytree(earlier / "board", board.flash, dirs_exist_ok=True)
    settings = board.flash / "a/board.json"
    where = {"broker": {"host": "127.0.0.1", "port": broker.port}, "devices": []}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | where))
    new = firmware(config(broker.url, version=version))
    with board:
        board.wait_for("here is shed-board")
        key = bytes.fromhex((board.flash / "key").read_text())
        address = msgflo.Broker.parse(broker.url)
        assert asyncio.run(update(address, new, name="shed", version=version, key=key)).running == version
        announced = json.loads(retained(broker, "fbp/participant/shed-board")["fbp/participant/shed-board"])
        assert announced["payload"]["confirms"], "it runs today's library"
