"""The command as a process: beside a coordinator on a real broker, into a pipe, and where it cannot start.

What each command does and says is tested in unit/host/test_cli.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import psutil
import pytest

from brokers import Broker
from systems import Coordinator, Participants, Sink, Source, edge, until


def msgflo(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with nothing of ours in the environment but what is given."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    return subprocess.run(
        [sys.executable, "-m", "msgflo_host", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, env=inherited | environment, check=False,
    )  # fmt: skip


def test_commands_ask_a_coordinator_and_use_its_broker(shared_broker: Broker, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("source(test/Source) OUT -> IN sink(test/Sink)\n")
    source, sink = Source("source"), Sink("sink")
    with (
        Coordinator(graph, broker=shared_broker.url) as coordinator,
        Participants(source, sink, broker=shared_broker.url),
    ):
        coordinator.wait(lambda status: edge(status, "source.out", "sink.in")["kind"] == "direct")
        where = {"MSGFLO_COORDINATOR": f"http://127.0.0.1:{coordinator.port}"}
        assert "source.out → sink.in: direct" in msgflo("list", **where).stdout
        assert msgflo("send", "sink.in", '"by name"', **where).returncode == 0
        until(lambda: "by name" in sink.received)
        watching = subprocess.Popen(
            [sys.executable, "-m", "msgflo_host", "watch", "--json", "-n", "1", "sink.in"],
            stdout=subprocess.PIPE, text=True, env=os.environ | where,
        )  # fmt: skip
        until(lambda: source.send("out", 7) or watching.poll() is not None)
        assert watching.stdout is not None
        assert json.loads(watching.stdout.read())["value"] == 7


@pytest.mark.parametrize("arguments", [("--no-such-option",), ("--broker", "amqp://here")])
def test_a_wrong_command_line_leaves_nothing_running(arguments: tuple[str, ...], tmp_path: Path) -> None:
    mark = {"TEST_MARK": str(tmp_path)}
    done = msgflo("run", *arguments, **mark)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr

    def those_left() -> list[int]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().items() >= mark.items() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
        return found

    until(lambda: not those_left())


def test_watch_ends_without_a_word_when_nobody_reads_it_any_more(shared_broker: Broker) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "watch", "watched", "--broker", shared_broker.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stdout is not None
    assert watching.stderr is not None
    until(lambda: " 1 watched\n" in shared_broker.log)
    watching.stdout.close()

    def ended() -> bool:
        paho.mqtt.publish.single("watched", "1", hostname="127.0.0.1", port=shared_broker.port)
        return watching.poll() is not None

    until(ended)
    assert (watching.returncode, watching.stderr.read()) == (1, "")


def test_a_graph_that_is_not_there_is_named_in_one_line() -> None:
    answer = msgflo("run", "absent.fbp")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("msgflo: absent.fbp: ")
    assert answer.stderr.count("\n") == 1


def test_where_a_library_cannot_be_imported_the_cause_is_seen(tmp_path: Path) -> None:
    (tmp_path / "msgflo.py").write_text("raise ImportError('libexpat.so.1 is missing')\n")
    answer = msgflo("send", "lamp/on", "true", "--broker", "mqtt://localhost", PYTHONPATH=str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.endswith("\nImportError: libexpat.so.1 is missing\n")


ONE_SHOT = {
    "send": ["send", "x", "1"],
    "list": ["list"],
    "forget": ["forget", "somebody"],
}
WAITING = {
    "watch": ["watch", "x"],
    "register": ["register", "plug:plug.yml"],
    "participant": ["participant", "part.py", "part"],
    "forward": ["forward"],
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[dict[str, list[str]], str], dict[str, subprocess.Popen[bytes]]]]:
    """Start commands at the same time, each with its stderr in a file of its name; they are ended with the test."""
    (tmp_path / "plug.yml").write_text("component: home/Plug\ninports: {power: {queue: plug/power}}\n")
    (tmp_path / "part.py").write_text("from msgflo import Participant\nclass Part(Participant): ...\n")
    started: list[subprocess.Popen[bytes]] = []

    def begin(commands: dict[str, list[str]], broker: str) -> dict[str, subprocess.Popen[bytes]]:
        processes = {}
        named = {"MSGFLO_BROKER": broker, "MSGFLO_COORDINATOR": "http://127.0.0.1:1"}
        for name, arguments in commands.items():
            with (tmp_path / name).open("wb") as stderr:
                processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "msgflo_host", *arguments],
                    stdout=subprocess.DEVNULL, stderr=stderr, cwd=tmp_path, env=os.environ | named,
                )  # fmt: skip
        started.extend(processes.values())
        return processes

    yield begin
    for process in started:
        process.kill()
        process.wait()


def test_a_login_that_is_refused_ends_every_command_with_one_line(start: Any, tmp_path: Path) -> None:
    with Broker(users={"anna": "right"}) as broker:
        started = start(ONE_SHOT | WAITING, broker.url.replace("//", "//anna:wr0ng@"))
        for name, process in started.items():
            assert process.wait(30) == 1, name
            url = broker.url.replace("//", "//anna:***@")
            expected = f"msgflo: {url} refused the connection: not authorised (code 5)\n"
            assert (tmp_path / name).read_text() == expected, name


def test_a_broker_that_is_away_is_waited_for_unless_there_is_one_thing_to_do(start: Any, tmp_path: Path) -> None:
    broker = Broker()
    for name, process in start(ONE_SHOT, broker.url).items():
        assert process.wait(30) == 1, name
        refused = f"msgflo: {broker.url}: connection refused (does a broker run there?)\n"
        assert (tmp_path / name).read_text() == refused, name
    waiting = start(WAITING, broker.url)
    until(lambda: all("connection refused" in (tmp_path / name).read_text() for name in WAITING))
    with broker:
        for client in ("msgflo-watch-", "msgflo-foreign-", "part", "msgflo-forwarder"):
            until(lambda client=client: f" as {client}" in broker.log)
        for name, process in waiting.items():
            assert process.poll() is None
            first = (tmp_path / name).read_text().splitlines()[0]
            assert f"{broker.url}: connection refused (does a broker run there?)" in first, name
            assert (tmp_path / name).read_text().count("refused") == 1, name


def test_list_shows_who_is_announced_where_no_coordinator_answers(shared_broker: Broker) -> None:
    with Participants(Sink("only-sink"), broker=shared_broker.url):
        done = msgflo("list", "--broker", shared_broker.url, MSGFLO_COORDINATOR="http://127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert "only-sink (test/Sink): alive\n    → in (any) only-sink/in\n" in done.stdout
