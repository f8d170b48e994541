"""`msgflo run` starts what it consists of, and starts again what dies; the other parts go on meanwhile."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.wire import connect, publish_frame
from brokers import Broker as Mosquitto
from brokers import free_port
from editors import editor, run
from msgflo_host.model.graphs import MAIN
from msgflo_host.wire.lease import COORDINATOR
from systems import Coordinator, Participants, Sink, Source, edge, node, until

GRAPH = "source(test/Source) OUT -> IN sink(test/Sink)\n"


@pytest.fixture
def system(tmp_path: Path) -> Coordinator:
    """One with a Mosquitto of its own, not yet started."""
    (tmp_path / "graph.fbp").write_text(GRAPH)
    own = ("--plain", "--mqtt-port", str(free_port()), "--data", tmp_path / "data")
    return Coordinator(tmp_path / "graph.fbp", *own, broker=None, cwd=tmp_path)


def is_bound(system: Coordinator) -> None:
    system.wait(lambda status: edge(status, "source.out", "sink.in")["kind"] == "direct")


def test_packets_flow_while_the_coordinator_is_dead_and_it_takes_up_what_it_finds(
    system: Coordinator, tmp_path: Path
) -> None:
    source, sink = Source("source"), Sink("sink")

    async def edit() -> None:
        async with editor(system.port) as client:
            await client.ask("graph", "addnode", graph=MAIN, id="new", component="core/Not")

    with system:
        broker = system.wait(lambda status: status["connected"])["broker"]
        with Participants(source, broker=broker), Participants(sink, broker=broker):
            is_bound(system)
            coordinator, mosquitto = system.part("coordinator"), system.part("mosquitto")
            coordinator.suspend()  # as good as dead, and not started again yet
            for number in range(10):
                source.send("out", number)
            until(lambda: sink.received == [*range(10)])
            coordinator.kill()
            coordinator.wait()
            for number in range(10, 20):
                source.send("out", number)
            until(lambda: sink.received == [*range(20)])
            until(lambda: "the coordinator has ended (signal 9); starting it again in 0.1 s" in system.output)
            is_bound(system)
            assert system.part("coordinator").pid != coordinator.pid
            assert system.part("mosquitto").pid == mosquitto.pid
            run(edit)
            source.send("out", 20)
            until(lambda: sink.received == [*range(21)])
        assert system.stop() == 0
    assert (tmp_path / "graph.fbp").read_text() == f"{GRAPH}new(core/Not)\n"
    assert not mosquitto.is_running()


def test_a_network_that_was_stopped_stays_so_when_the_coordinator_has_died_and_after_a_restart(
    system: Coordinator,
) -> None:
    source, sink = Source("source"), Sink("sink")

    async def ask(command: str) -> None:
        async with editor(system.port) as client:
            await client.ask("network", command, graph=MAIN)

    def is_stopped() -> None:
        system.wait(lambda status: "the network is stopped" in str(status["edges"]))

    with system:
        system.wait(lambda status: status["connected"])
        run(lambda: ask("stop"))
        system.part("coordinator").kill()
        until(lambda: "the network was stopped, and stays so until somebody starts it" in system.output)
        is_stopped()
        system.stop()
    with system:
        broker = system.wait(lambda status: status["connected"])["broker"]
        with Participants(source, broker=broker), Participants(sink, broker=broker):
            system.wait(lambda status: node(status, "sink")["state"] == "alive")
            is_stopped()
            run(lambda: ask("start"))
            is_bound(system)
        system.part("coordinator").kill()
        until(lambda: system.output.count("the coordinator has ended") == 2)
        is_bound(system)


ECHO = """
from msgflo import Participant, Port

class Echo(Participant):
    inports = (Port("in"),)
    outports = (Port("out"),)
    def on_in(self, value):
        print("heard", value, flush=True)
        self.send("out", value)
"""


def test_components_run_on_while_the_coordinator_is_dead_or_stands_still_and_end_when_they_are_removed(
    system: Coordinator, tmp_path: Path
) -> None:
    (tmp_path / "msgflo.yaml").write_text("namespace: home\n")
    (tmp_path / "Echo.py").write_text(ECHO)
    (tmp_path / "graph.fbp").write_text(
        "source(test/Source) OUT -> IN echo(home/Echo) OUT -> IN sink(test/Sink)\nother(home/Echo)\n"
    )
    source, sink = Source("source"), Sink("sink")

    async def remove() -> None:
        async with editor(system.port) as client:
            await client.ask("graph", "removenode", graph=MAIN, id="other")

    def echoed(number: int) -> None:
        def is_heard() -> bool:
            source.send("out", number)  # a component that has just started may not be bound yet
            return number in sink.received

        until(is_heard)

    with system:
        broker = system.wait(lambda status: status["connected"])["broker"]
        with Participants(source, broker=broker), Participants(sink, broker=broker):
            echoed(0)
            until(lambda: "echo: heard 0" in system.output)
            echo, other = component(system, "echo"), component(system, "other")
            system.part("coordinator").kill()
            until(lambda: "the coordinator has ended" in system.output)
            echoed(1)
            system.wait(lambda status: node(status, "echo")["state"] == "alive")
            until(lambda: "echo: heard 1" in system.output)  # printed while there was nobody to tell
            assert (component(system, "echo").pid, component(system, "other").pid) == (echo.pid, other.pid)
            coordinator = system.part("coordinator")
            coordinator.suspend()
            echo.kill()
            echo.wait()
            echoed(2)
            coordinator.resume()
            run(remove)
            _, left = psutil.wait_procs([other], timeout=20)
            assert left == []
            system.wait(lambda status: "other" not in [each["id"] for each in status["nodes"]])
            echo = component(system, "echo")
        assert system.stop() == 0
    assert not echo.is_running()


def test_built_in_components_go_on_while_the_coordinator_is_dead_and_remember_when_they_are_killed(
    system: Coordinator, tmp_path: Path
) -> None:
    (tmp_path / "graph.fbp").write_text("source(test/Source) OUT -> IN count(core/Counter) OUT -> IN sink(test/Sink)\n")
    source, sink = Source("source"), Sink("sink")
    with system:
        broker = system.wait(lambda status: status["connected"])["broker"]
        with Participants(source, sink, broker=broker):
            system.wait(lambda status: [each["kind"] for each in status["edges"]] == ["direct", "direct"])
            source.send("out", 1)
            until(lambda: sink.received == [1])
            system.part("coordinator").send_signal(signal.SIGSTOP)
            for number in range(2, 10):
                source.send("out", 1)
                until(lambda number=number: sink.received[-1] == number)
            data_plane = system.part("forward")
            data_plane.kill()
            until(lambda: system.parts("forward") not in ([], [data_plane]))
            # What is sent while its subscriptions are gone is lost.
            until(lambda: source.send("out", 1) or len(sink.received) > 9)
            assert sink.received[9] == 10, "it has counted on"
            system.part("coordinator").send_signal(signal.SIGCONT)
            system.wait(lambda status: status["connected"])


def test_whoever_claims_to_be_in_charge_ends_no_process_of_ours(broker: Mosquitto, tmp_path: Path) -> None:
    with Coordinator("--plain", broker=broker.url, cwd=tmp_path) as system:
        system.wait(lambda status: status["connected"])
        parts = [system.part("coordinator"), system.part("forward")]
        numbers = itertools.count()

        def claim_again() -> bool:
            claim = {"id": "other", "host": "pi", "process": 1, "seconds": 1e6 + next(numbers)}
            with connect(broker.port, "other") as other:
                other.sendall(publish_frame(COORDINATOR, json.dumps(claim).encode(), retain=True))
            return "another coordinator is in charge of this broker (process 1 on pi): this one waits" in system.output

        until(claim_again)
        with connect(broker.port, "other") as other:
            other.sendall(publish_frame(COORDINATOR, b"", retain=True))  # it has ended
        until(lambda: "in charge again" in system.output)
        assert [system.part("coordinator"), system.part("forward")] == parts


@pytest.mark.parametrize("after", [0.0, 0.1, 0.2, 0.4])
def test_a_coordinator_that_is_killed_while_it_starts_is_started_again(system: Coordinator, after: float) -> None:
    with system:
        until(lambda: system.parts("coordinator"))
        time.sleep(after)
        system.part("coordinator").kill()
        system.wait(lambda status: status["connected"])
        assert "the coordinator has ended (signal 9); starting it again in 0.1 s" in system.output


def test_who_is_there_and_what_is_bound_is_saved_by_the_broker_soon(system: Coordinator, tmp_path: Path) -> None:
    saved = tmp_path / "data/mosquitto.db"
    with system:
        broker = system.wait(lambda status: status["connected"])["broker"]
        with Participants(Source("source"), Sink("sink"), broker=broker):
            is_bound(system)
            until(lambda: saved.exists() and b"fbp/bind/sink" in saved.read_bytes())


def component(system: Coordinator, role: str) -> psutil.Process:
    """The process that plays a role."""
    return system.part(f"participant Echo.py {role}")


def test_the_end_of_the_supervisor_whichever_way_ends_all(system: Coordinator) -> None:
    for end in (signal.SIGTERM, signal.SIGKILL):
        system.start()
        system.wait(lambda status: status["connected"])
        parts = [system.part("coordinator"), system.part("mosquitto")]
        assert system.process is not None
        system.process.send_signal(end)
        system.process.wait()
        _, left = psutil.wait_procs(parts, timeout=20)
        assert left == []


def test_ctrl_z_has_the_coordinator_stand_still_and_nothing_else(system: Coordinator) -> None:
    with system:
        system.wait(lambda status: status["connected"])
        coordinator, mosquitto = system.part("coordinator"), system.part("mosquitto")
        assert system.process is not None
        system.process.send_signal(signal.SIGTSTP)
        until(lambda: coordinator.status() == psutil.STATUS_STOPPED)
        assert mosquitto.status() != psutil.STATUS_STOPPED
        until(lambda: psutil.Process(system.process and system.process.pid).status() == psutil.STATUS_STOPPED)
        system.process.send_signal(signal.SIGCONT)
        system.wait(lambda status: status["connected"])


def test_a_graph_that_is_broken_by_the_next_start_ends_nothing_else(system: Coordinator, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    with system:
        system.wait(lambda status: status["connected"])
        mosquitto = system.part("mosquitto")
        graph.write_text("source(test/Source) OUT ->\n")
        until(lambda: "the graph stays as it was" in system.output)
        system.part("coordinator").kill()
        until(lambda: "the coordinator has ended (exit code 1)" in system.output)
        graph.write_text(GRAPH)
        system.wait(lambda status: status["connected"] and not status["graph_trouble"])
        assert system.part("mosquitto").pid == mosquitto.pid


def test_by_itself_the_coordinator_needs_a_broker(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "msgflo_host", "coordinator", "--port", str(free_port())]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert result.returncode == 1
    assert result.stderr == (
        "msgflo: which broker? Name it with --broker or MSGFLO_BROKER; `msgflo run` starts one of its own\n"
    )
